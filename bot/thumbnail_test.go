package bot_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/jobs"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr"
	"slackocr/ocr/page/pagetest"
)

// film begins like a HEIC file with a film and no picture, which is not read.
const film = "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic\x00\x00\x00\x08moov"

// postWithThumbnail posts a picture of which Slack has a smaller copy, and has it
// read in a mode.
func (h *house) postWithThumbnail(name, data string, small []byte, mode ocr.Mode) (ts string) {
	h.Helper()
	return h.postWithCopy(name, data, "thumb_1024", small, mode)
}

// postWithCopy names the field of the file that has the copy's address.
func (h *house) postWithCopy(name, data, field string, small []byte, mode ocr.Mode) (ts string) {
	h.Helper()
	ts = h.say(h.ann, localslack.Post{Channel: h.channel, Files: []localslack.Upload{
		{Name: name, Data: []byte(data)}, {Name: "thumbnail.png", Data: small},
	}})
	files := h.ws.Thread(h.channel, ts)[0].Files
	request, err := json.Marshal(map[string]any{"Read": map[string]any{
		"Channel": h.channel, "Ask": ts, "Root": ts, "Person": h.ann, "Meant": true, "Mode": mode,
		"File": map[string]string{
			"id": files[0].ID, "name": name, "mimetype": files[0].Mimetype,
			"url_private": files[0].URLPrivate, "url_private_download": files[0].URLPrivateDownload, field: files[1].URLPrivate,
		},
	}})
	if err != nil {
		h.Fatal(err)
	}
	if _, err := h.queue.Enqueue(h.Context(), jobs.Record{Key: "small/" + ts, Thread: h.channel + "/" + ts, Request: request}); err != nil {
		h.Fatal(err)
	}
	return ts
}

// startUnasked starts a bot that reads nothing unasked, and one page at a time.
func (h *house) startUnasked() {
	h.startAs(func(c *bot.Config) { c.AutoRead, c.Concurrency = bot.ReadOff, 1 })
}

// TestPictureThatIsTooMuchIsReadFromItsThumbnail, though there is one turn at the
// model only.
func TestPictureThatIsTooMuchIsReadFromItsThumbnail(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startUnasked()
		ts := h.postWithThumbnail("photo.heic", film, picture, ocr.Mode{})
		h.closesWith(ts, readLine("photo.heic", 2, 1)+words.FromSmallCopy(true, false))
		if got := h.results(ts); !slices.Equal(got, []string{"some text"}) {
			t.Errorf("results %q", got)
		}
	})
}

// TestEveryCopyIsTried, for each reason why a file cannot be opened.
func TestEveryCopyIsTried(t *testing.T) {
	for _, tt := range []struct{ name, data, field string }{
		{"photo.heic", film, "thumb_960"},
		{"drawing.psd", "8BPS\x00\x01", "thumb_800"},
		{"drawing.png", "8BPS\x00\x01", "thumb_720"},
		{"broken.png", string(picture[:20]), "thumb_480"},
		{"broken.gif", "GIF89a\x01\x00\x01\x00\x00\x00\x00;", "thumb_360"},
		{"broken.pdf", "%PDF-1.7\n%%EOF\n", "thumb_pdf"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.startUnasked()
				ts := h.postWithCopy(tt.name, tt.data, tt.field, picture, ocr.Mode{})
				h.closesWith(ts, readLine(tt.name, 2, 1)+words.FromSmallCopy(true, tt.field == "thumb_pdf"))
			})
		})
	}
}

// TestPictureThatIsCut is read as far as it goes, and the last line says so.
func TestPictureThatIsCut(t *testing.T) {
	inFakeTime(t, func(h *house) {
		page := pagetest.PNG(pagetest.Letter, pagetest.Layout{DPI: 50})
		ts := h.postFile("page.png", page[:len(page)/2])
		h.closesWith(ts, readLine("page.png", 2, 1)+words.DamagedFile(true))
	})
}

// TestThumbnailIsMarkedAfterARestart: the words were found on the smaller copy,
// and that one is framed.
func TestThumbnailIsMarkedAfterARestart(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startUnasked()
		h.model.write("<|ref|>total<|/ref|><|det|>[[100, 100, 500, 300]]<|/det|>")
		clear := h.ws.Fail(localslack.Fault{Method: "files.getUploadURLExternal", Status: 500})
		ts := h.postWithThumbnail("photo.heic", film, picture, ocr.Mode{Kind: ocr.Locate, Argument: "total"})
		h.wait("it is found", func() bool { return len(h.callsOf("files.getUploadURLExternal")) > 0 })
		h.pass(time.Second)
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
		clear()
		h.start()
		h.closesWith(ts, words.Located("photo.heic", "total", 1, words.FromSmallCopy(true, false)))
		if got := h.results(ts); !slices.Equal(got, []string{"file photo-locate.png"}) {
			t.Errorf("results %q", got)
		}
	})
}

// TestThumbnailThatIsGone leaves what was wrong with the file itself.
func TestThumbnailThatIsGone(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startUnasked()
		h.ws.Fail(localslack.Fault{Method: "download", After: 1, Status: 404})
		ts := h.postWithThumbnail("photo.heic", film, picture, ocr.Mode{})
		h.closesWith(ts, notRead("photo.heic", 0, words.NoDecoder))
	})
}

// TestDrawingsAreLeftAlone where they were only posted; who asks is answered.
func TestDrawingsAreLeftAlone(t *testing.T) {
	inFakeTime(t, func(h *house) {
		const psd = "8BPS\x00\x01"
		ts := h.postFile("drawing.psd", []byte(psd))
		h.pass(time.Minute)
		if n := len(h.answers(ts)); n != 0 {
			t.Errorf("%d answers to what was only posted", n)
		}
		h.talk(h.ann, h.channel, ts, h.named("text"))
		h.closesWith(ts, notRead(words.FileAndMode("drawing.psd", wordstest.Mode("text")), 0, words.Unsupported))
	})
}
