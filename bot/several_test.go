package bot_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/bot/reading"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr"
)

// pictureOf is a picture that the model can tell from others by its height, see
// [stream.height].
func pictureOf(height int) []byte {
	m := image.NewGray(image.Rect(0, 0, 60, height))
	m.SetGray(3, 3, color.Gray{Y: 255})
	var b bytes.Buffer
	_ = png.Encode(&b, m) // to memory
	return b.Bytes()
}

// three posts a.png, b.png and c.png, which are 40, 60 and 80 pixels high.
func (h *house) three() (ts string) {
	h.Helper()
	return h.postFiles(
		localslack.Upload{Name: "a.png", Data: pictureOf(40)}, localslack.Upload{Name: "b.png", Data: pictureOf(60)},
		localslack.Upload{Name: "c.png", Data: pictureOf(80)},
	)
}

// linkPattern is a link in mrkdwn.
var linkPattern = regexp.MustCompile(`<[^|<>]*\|([^<>]*)>`)

// lines are what a message says in small print, in sections and in the labels of
// links, without the addresses of these.
func lines(m localslack.Message) (all []string) {
	var blocks []struct {
		Type     string
		Text     json.RawMessage
		Elements []struct{ Text json.RawMessage }
	}
	_ = json.Unmarshal(m.Blocks, &blocks) // it was JSON
	for _, b := range blocks {
		switch b.Type {
		case "section":
			var text struct{ Text string }
			_ = json.Unmarshal(b.Text, &text)
			all = append(all, strings.Split(text.Text, "\n")...)
		case "context":
			var words []string
			for _, e := range b.Elements {
				var text string
				_ = json.Unmarshal(e.Text, &text)
				text = linkPattern.ReplaceAllString(strings.ReplaceAll(text, "\u200b", ""), "$1")
				words = append(words, text)
			}
			all = append(all, strings.ReplaceAll(strings.Join(words, " "), "\u200b", ""))
		}
	}
	return all
}

// replyLines are the lines of a live reply, or none before it is posted.
func (h *house) replyLines(ts string) []string {
	if all := h.answers(ts); len(all) > 0 {
		return lines(all[0])
	}
	return nil
}

// lineOf waits until the live reply of ts has a line that begins so, normalized.
func (h *house) lineOf(ts, line string) {
	h.Helper()
	h.wait("a line with "+line, func() bool {
		return slices.ContainsFunc(h.replyLines(ts), func(l string) bool { return strings.HasPrefix(wordstest.Normalize(l), line) })
	})
}

// list checks the lines of a reply, normalized, of which each begins as want says.
func (h *house) list(ts string, want ...string) {
	h.Helper()
	got := h.replyLines(ts)
	same := slices.EqualFunc(got, want, func(line, prefix string) bool { return strings.HasPrefix(wordstest.Normalize(line), prefix) })
	if !same {
		h.Errorf("the reply says\n%q, want\n%q", got, want)
	}
}

// texts are the results of a thread: the markdown by the name in the notification.
func (h *house) texts(ts string) map[string]string {
	texts := map[string]string{}
	for _, m := range h.answers(ts)[1:] {
		name, _, _ := strings.Cut(m.Text, ":")
		texts[name] += markdown(m)
	}
	return texts
}

// TestStopOneFileOfSeveral by the menu: it keeps its text, and the others go on.
func TestStopOneFileOfSeveral(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.text("first words ")
			if w.pause(20*time.Second) == nil {
				w.text("and the rest")
			}
			w.end("stop")
		})
		ts := h.three()
		h.lineOf(ts, fileLine("b.png", 2))
		reply := h.answers(ts)[0].TS
		for _, name := range []string{"a.png", "b.png", "c.png"} {
			if !strings.Contains(string(h.answers(ts)[0].Blocks), `"text":"`+name+`"`) {
				t.Errorf("%s is not in the menu: %s", name, h.answers(ts)[0].Blocks)
			}
		}
		h.press(h.ann, h.channel, reply, "stop-file", "1")
		h.lineOf(ts, words.Of("b.png", words.FileStopped))
		h.wait("its text", func() bool { return h.count(ts, "b.png: first words") == 1 })
		if n := len(h.answers(ts)); n != 2 {
			t.Errorf("%d messages, want the reply and one text", n)
		}
		h.wait("the menu is without it", func() bool { return !strings.Contains(string(h.answers(ts)[0].Blocks), `"value":"1"`) })
		h.closed(ts)
		h.list(ts, wordstest.ReadFiles(2, 3, "markdown"), fileLine("a.png", 5), words.Of("b.png", words.FileStopped), fileLine("c.png", 5))
		want := map[string]string{"a.png": "first words and the rest", "b.png": "first words", "c.png": "first words and the rest"}
		if got := h.texts(ts); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the texts are %q, want %q", got, want)
		}
		h.idle(3, "each once")
	})
}

// TestStopAllOfSeveral ends every request, and keeps each text.
func TestStopAllOfSeveral(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { w.text("first words"); _ = w.pause(time.Minute); w.end("stop") })
		ts := h.postFiles(
			localslack.Upload{Name: "a.png", Data: picture}, localslack.Upload{Name: "b.png", Data: picture}, localslack.Upload{Name: "c.png", Data: picture},
			localslack.Upload{Name: "d.png", Data: picture}, localslack.Upload{Name: "waits.png", Data: picture}, // four turns
		)
		h.wait("four are read", func() bool {
			return strings.Count(strings.Join(h.replyLines(ts), "\n"), words.Summary(2, 1, 0)) == 4
		})
		pressed := time.Now()
		h.press(h.ann, h.channel, h.answers(ts)[0].TS, "stop")
		h.closed(ts)
		if took := time.Since(pressed); took > 10*time.Second {
			t.Errorf("that took %s", took)
		}
		want := []string{wordstest.ReadFiles(0, 5, "markdown")}
		for _, name := range []string{"a.png", "b.png", "c.png", "d.png", "waits.png"} {
			want = append(want, words.Of(name, words.FileStopped))
		}
		h.list(ts, want...)
		if n := h.count(ts, wordstest.AnyRead()); len(h.texts(ts)) != 4 || n != 1 {
			t.Errorf("the texts are %q", h.texts(ts))
		}
		h.idle(4, "stopped")
	})
}

// TestOneOfSeveralFails with a part of its text, one has none, one is damaged: the
// list says each, and what may help is offered.
func TestOneOfSeveralFails(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			switch w.height() {
			case 40:
				w.text("only the beginning")
				w.end("length")
			case 60:
				w.end("stop")
			default:
				w.text("some text")
				w.end("stop")
			}
		})
		ts := h.postFiles(
			localslack.Upload{Name: "cut.png", Data: pictureOf(40)}, localslack.Upload{Name: "blank.png", Data: pictureOf(60)},
			localslack.Upload{Name: "whole.png", Data: pictureOf(80)}, localslack.Upload{Name: "broken.png", Data: picture[:40]},
		)
		h.closed(ts)
		h.list(
			ts, wordstest.ReadFiles(2, 4, "markdown"), words.Of("cut.png", words.NotRead("", 3, failure(words.Truncated))), words.Of("blank.png", words.NothingFound("", ocr.Markdown, "")),
			fileLine("whole.png", 2), words.Of("broken.png", words.NotRead("", 0, failure(words.Damaged))),
		)
		want := map[string]string{"cut.png": "only the beginning", "whole.png": "some text"}
		if got := h.texts(ts); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the texts are %q, want %q", got, want)
		}
		var reply []struct {
			BlockID  string `json:"block_id"`
			Elements []struct {
				ActionID string `json:"action_id"`
			}
		}
		if err := json.Unmarshal(h.answers(ts)[0].Blocks, &reply); err != nil {
			t.Fatal(err)
		}
		offered := map[string][]string{}
		for _, b := range reply {
			for _, e := range b.Elements {
				if e.ActionID != "" {
					number, _, _ := strings.Cut(strings.TrimPrefix(b.BlockID, "file:"), ":")
					offered[number] = append(offered[number], e.ActionID)
				}
			}
		}
		if want := map[string][]string{"1": {"again"}}; fmt.Sprint(offered) != fmt.Sprint(want) {
			t.Errorf("the reply offers %v, want %v", offered, want)
		}
	})
}

// TestLocateInSeveral says in the line of each file how often the words were found.
func TestLocateInSeveral(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.three()
		h.closed(ts)
		h.model.will(func(w *stream) {
			if w.height() == 60 {
				w.text("<|ref|>total<|/ref|><|det|>[[100, 100, 500, 300], [600, 600, 900, 700]]<|/det|>")
			}
			w.end("stop")
		})
		h.talk(h.ann, h.channel, ts, "locate: total")
		for name, found := range map[string]int{"a.png": 0, "b.png": 2, "c.png": 0} {
			line := words.Of(name, words.Located("", "total", found, ""))
			h.wait(line, func() bool {
				return slices.ContainsFunc(h.answers(ts), func(m localslack.Message) bool { return slices.Contains(lines(m), line) })
			})
		}
	})
}

// TestFilesOfTheSameName are told apart in texts, in the list and in what is uploaded.
func TestFilesOfTheSameName(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.write(parts(2))
		ts := h.post("image.png", "image.png", "Image.PNG")
		h.closed(ts)
		h.list(ts, wordstest.ReadFiles(3, 3, "markdown"), fileLine("image.png", 4000), fileLine("image.png (2)", 4000), fileLine("Image.PNG (3)", 4000))
		names, _ := h.filesOf(ts)
		slices.Sort(names)
		if want := []string{"Image-3.md", "image-2.md", "image.md"}; !slices.Equal(names, want) {
			t.Errorf("the files are %q, want %q", names, want)
		}
		headers := map[string]int{}
		for _, m := range h.answers(ts)[1:] {
			if len(m.Files) == 0 {
				headers[lines(m)[0]]++
			}
		}
		for _, name := range []string{"image.png", "image.png (2)", "Image.PNG (3)"} {
			for part := 1; part <= 2; part++ {
				header := words.Of(name, words.Part(part, 2, 0, 0))
				if headers[header]+headers[words.Of(header, words.Summary(4000, 1, 0))] != 1 {
					t.Errorf("there is no %q in %v", header, headers)
				}
			}
		}
	})
}

// TestMoreThanTenFiles of one message are several asks, each with its own reply, and
// each file is read once.
func TestMoreThanTenFiles(t *testing.T) {
	inFakeTime(t, func(h *house) {
		var files []localslack.File
		elsewhere := h.ws.AddChannel("elsewhere", false, h.ann)
		for n := 23; n > 0; n -= 10 { // one upload has ten at most
			h.postIn(h.ann, elsewhere, "", "", slices.Repeat([]string{"image.png"}, min(n, 10))...)
		}
		for _, m := range h.ws.Messages(elsewhere) {
			files = append(files, m.Files...)
		}
		ts := h.talk(h.ann, h.channel, "", "look")
		h.ws.Emit(h.app.AppID, map[string]any{
			"type": "message", "subtype": "file_share", "channel": h.channel, "user": h.ann, "ts": ts, "channel_type": "channel", "files": files,
		})
		h.wait("all are read", func() bool { return h.count(ts, wordstest.AnyRead()) == 3 })
		h.pass(time.Minute)
		if ten, rest := h.count(ts, wordstest.ReadFiles(10, 10, "markdown")), h.count(ts, wordstest.ReadFiles(3, 3, "markdown")); ten != 2 || rest != 1 {
			t.Errorf("%d replies about ten files, %d about three\n%s", ten, rest, h.show())
		}
		seen := map[string]int{}
		for _, m := range h.answers(ts) {
			if name, _, text := strings.Cut(m.Text, ": "); text {
				seen[name]++
			}
		}
		for i := range 23 {
			name := "image.png"
			if i > 0 {
				name = fmt.Sprintf("image.png (%d)", i+1)
			}
			if seen[name] != 1 {
				t.Errorf("%s has %d texts", name, seen[name])
			}
		}
		h.idle(23, "each once")
		h.noRateLimit()
	})
}

// TestOneOfSeveralWaitsForAnotherAttempt while the others are delivered.
func TestOneOfSeveralWaitsForAnotherAttempt(t *testing.T) {
	inFakeTime(t, func(h *house) {
		failed := 0
		h.model.will(func(w *stream) {
			if w.height() == 60 && failed < 2 { // what one attempt may ask
				failed++
				w.fail(500, `{"error":{"message":"overloaded"}}`)
				return
			}
			w.text("some text")
			if w.height() == 80 {
				_ = w.pause(20 * time.Second)
			}
			w.end("stop")
		})
		ts := h.three()
		h.lineOf(ts, words.Of("b.png", words.NotYetOfSeveral(failure(words.ModelDown))))
		waits := wordstest.Normalize(words.Of("b.png", words.NotYet("", failure(words.ModelDown), time.Second)))
		h.lineOf(ts, waits)
		if a, c := h.count(ts, "a.png: some text"), h.count(ts, "c.png: some text"); a != 1 || c != 1 {
			t.Errorf("%d and %d texts of the others", a, c)
		}
		h.list(ts, words.Reading(words.Files(3, ocr.Mode{})), fileLine("a.png", 2), waits, fileLine("c.png", 2))
		h.wait("it is read", func() bool { return h.count(ts, wordstest.ReadFiles(3, 3, "markdown")) == 1 })
		h.whole(ts, "a.png", "b.png", "c.png")
		h.list(ts, wordstest.ReadFiles(3, 3, "markdown"), fileLine("a.png", 2), fileLine("b.png", 2), fileLine("c.png", 2))
	})
}

// TestPlaceBehindAFileThatIsNotRead: a file that failed before its turn is not ahead of
// the others of its message.
func TestPlaceBehindAFileThatIsNotRead(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Concurrency = 1 })
		h.model.will(func(w *stream) { _ = w.pause(time.Minute); w.text("text"); w.end("stop") })
		h.post("before.png")
		h.wait("it is read", func() bool { return h.requests() == 1 })
		ts := h.say(h.ann, localslack.Post{
			Channel: h.channel, Text: h.named(""), Files: []localslack.Upload{{Name: "notes.txt", Data: []byte("notes")}, {Name: "b.png", Data: picture}},
		})
		h.wait("a reply", func() bool { return len(h.answers(ts)) > 0 })
		if got, want := h.replyLines(ts)[2], words.Of("b.png", words.Waiting("", 0)); got != want {
			t.Errorf("the reply begins with %q, want %q", got, want)
		}
	})
}

// TestNamesOfSharedChannels: an event of a channel that is shared with another workspace
// has no names. What Slack tells of them later counts, also in a download.
func TestNamesOfSharedChannels(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.ws.Join(h.channel, h.ws.AddPerson(localslack.Person{Name: "eve", Home: localslack.HomePartner}))
		ts := h.post("page.png", "image.png", "image.png")
		h.closed(ts)
		h.list(ts, wordstest.ReadFiles(3, 3, "markdown"), fileLine("page.png", 2), fileLine("image.png", 2), fileLine("image.png (2)", 2))
		h.whole(ts, "page.png", "image.png", "image.png (2)")
		for _, m := range h.answers(ts)[1:] {
			h.press(h.ann, h.channel, m.TS, reading.DownloadID)
		}
		h.pass(time.Minute)
		got := h.results(ts)[3:]
		slices.Sort(got)
		if want := []string{"file image-2.md", "file image.md", "file page.md"}; !slices.Equal(got, want) {
			t.Errorf("the files are %q, want %q", got, want)
		}
	})
}

// TestRestartWithSeveralFiles goes on in the same reply: with one that is delivered,
// one in the middle and one that is not begun.
func TestRestartWithSeveralFiles(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			if w.height() != 40 {
				w.text("begun ")
				if w.pause(20*time.Second) != nil {
					return
				}
			}
			w.text("some text")
			w.end("stop")
		})
		ts := h.three()
		h.wait("one is delivered", func() bool { return h.count(ts, "a.png: some text") == 1 })
		h.lineOf(ts, fileLine("b.png", 1))
		h.restart()
		h.closed(ts)
		h.list(ts, wordstest.ReadFiles(3, 3, "markdown"), fileLine("a.png", 2), fileLine("b.png", 3), fileLine("c.png", 3))
		h.whole(ts, "a.png", "b.png", "c.png")
	})
}

// TestTenPictures are eleven messages at most, and far fewer edits than ten replies
// would take.
func TestTenPictures(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { w.slowly(500*time.Millisecond, "one", "two", "three", "four", "five"); w.end("stop") })
		ts := h.post(ten()...)
		h.closed(ts)
		h.pass(time.Minute)
		h.whole(ts, ten()...)
		if n := h.calls("chat.postMessage")[""]; n != 11 {
			t.Errorf("%d messages, want 11", n)
		}
		h.noRateLimit()
	})
}

// ten are the names of ten pictures.
func ten() (names []string) {
	for i := range 10 {
		names = append(names, fmt.Sprintf("page%d.png", i))
	}
	return names
}

// TestLiveReplyOfTenIsNeverRefused, whatever the model writes and the files are called.
func TestLiveReplyOfTenIsNeverRefused(t *testing.T) {
	family := strings.Repeat("👨‍👩‍👧‍👦", 30)
	for name, tt := range map[string]struct{ text, name string }{
		"headings":      {strings.Repeat("# A heading\n\nwords\n\n", 60), "page.png"},
		"rules":         {strings.Repeat("words\n\n---\n\n", 100), "page.png"},
		"tables":        {strings.Repeat("| a | b |\n| --- | --- |\n| 1 | 2 |\n\nwords\n\n", 60), "page.png"},
		"a wide table":  {strings.Repeat("| a ", 40) + "|\n" + strings.Repeat("| - ", 40) + "|\n" + strings.Repeat(strings.Repeat("| a ", 40)+"|\n", 30), "page.png"},
		"brackets":      {strings.Repeat("<&>", 3000), "page.png"},
		"code":          {"```\n" + strings.Repeat("# no heading\n---\n", 200), "page.png"},
		"lists":         {strings.Repeat("- a\n  - b\n    1. c\n", 200), "page.png"},
		"one line":      {strings.Repeat("word", 4000), "page.png"},
		"mentions":      {strings.Repeat("<!channel> <@U123> ", 300), "<!channel> & <@U123>.png"},
		"long names":    {"words", strings.Repeat("é", 200) + ".png"},
		"joined signs":  {"words", family + ".png"},
		"marks":         {"words", strings.Repeat("e\u0301\u0302\u0303", 50) + ".png"},
		"markdown name": {"words", "*a* _b_ `c` ~d~ :tada: |.png"},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.will(func(w *stream) {
					for piece := range slices.Chunk([]rune(tt.text), len([]rune(tt.text))/4+1) {
						w.text(string(piece))
						_ = w.pause(2 * time.Second)
					}
					w.end("stop")
				})
				ts := h.post(slices.Repeat([]string{tt.name}, 10)...)
				h.pass(3 * time.Minute)
				for _, method := range []string{"chat.postMessage", "chat.update"} {
					for code, n := range h.calls(method) {
						if code != "" {
							t.Errorf("%s: %d × %s", method, n, code)
						}
					}
				}
				h.closesWith(ts, words.ReadFiles(10, 10, ocr.Mode{}, time.Second))
			})
		})
	}
}
