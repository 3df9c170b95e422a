package bot_test

import (
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr"
)

// TestFilesBehindRedirects, as on Enterprise Grid, and a download that fails once
// in the way of Slack's file servers.
func TestFilesBehindRedirects(t *testing.T) {
	for name, behave := range map[string]func(ws *localslack.Workspace){
		"url_private": func(ws *localslack.Workspace) {
			ws.SetBehaviour(localslack.Behaviour{Redirect: localslack.RedirectPrivate})
		},
		"both": func(ws *localslack.Workspace) {
			ws.SetBehaviour(localslack.Behaviour{Redirect: localslack.RedirectAll})
		},
		"serving error": func(ws *localslack.Workspace) {
			ws.Fail(localslack.Fault{Method: "download", Times: 1, ServingError: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				behave(h.ws)
				h.closesWith(h.post("page.png"), readLine("page.png", 2, 1))
			})
		})
	}
}

// TestFilesThatAreNotReady are waited for, and nothing is said of it.
func TestFilesThatAreNotReady(t *testing.T) {
	for name, scan := range map[string]localslack.Scan{
		"no address": localslack.ScanNoAddress, "no type": localslack.ScanNoType, "a stream of bytes": localslack.ScanOctetStream,
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.ws.SetBehaviour(localslack.Behaviour{ScanTime: 2 * time.Second, Scan: scan})
				ts := h.post("page.png")
				h.closesWith(ts, readLine("page.png", 2, 1))
				if n := h.count(ts, "page.png"); n != 1 {
					t.Errorf("%d texts\n%s", n, h.show())
				}
				// What turns out to be no picture is left alone.
				h.postData(h.ann, h.channel, "", "notes", []byte("some notes"))
				h.idle(1, "a text file")
			})
		})
	}
}

// TestReplyBeforeFilesAreReady: the reply of several files stands within a second. Meanwhile
// a file can be deleted, and the next process goes on in the same reply.
func TestReplyBeforeFilesAreReady(t *testing.T) {
	for name, scan := range map[string]localslack.Scan{"no address": localslack.ScanNoAddress, "no type": localslack.ScanNoType} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.ws.SetBehaviour(localslack.Behaviour{ScanTime: 12 * time.Second, Scan: scan})
				ts := h.three()
				h.pass(time.Second)
				reading := words.Reading("")
				h.list(ts, words.Reading(words.Files(3, ocr.Mode{})), words.Of("a.png", reading), words.Of("b.png", reading), words.Of("c.png", reading))
				if err := h.ws.DeleteFile(h.ann, h.ws.Thread(h.channel, ts)[0].Files[1].ID); err != nil {
					t.Fatal(err)
				}
				h.restart()
				h.closed(ts)
				h.list(ts, wordstest.ReadFiles(2, 2, "markdown"), fileLine("a.png", 2), fileLine("c.png", 2))
				h.whole(ts, "a.png", "c.png")
			})
		})
	}
}

// TestFileThatIsNeverReady is given up with a sentence.
func TestFileThatIsNeverReady(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.ws.SetBehaviour(localslack.Behaviour{ScanTime: 100 * time.Hour, Scan: localslack.ScanNoAddress})
		ts := h.post("page.png")
		h.closesWith(ts, notRead("page.png", 0, words.NotReady))
	})
}

// TestFileThatNeverHasAType is waited for once, whether its reply waits for that or not,
// and then read.
func TestFileThatNeverHasAType(t *testing.T) {
	for name, tt := range map[string]struct {
		file   string
		shared bool // with another workspace: the event has no name
	}{
		"named as a picture": {file: "page.png"},
		"named otherwise":    {file: "page"},
		"without a name":     {file: "page.png", shared: true},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				if tt.shared {
					h.ws.Join(h.channel, h.ws.AddPerson(localslack.Person{Name: "eve", Home: localslack.HomePartner}))
				}
				h.ws.SetBehaviour(localslack.Behaviour{ScanTime: 100 * time.Hour, Scan: localslack.ScanNoType})
				posted := time.Now()
				h.closesWith(h.postData(h.ann, h.channel, "", tt.file, picture), readLine(tt.file, 2, 1))
				if took := time.Since(posted); took > 30*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// TestStopWhileAFileIsNotReady hands the job back at once, and another process reads it.
func TestStopWhileAFileIsNotReady(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.ws.SetBehaviour(localslack.Behaviour{ScanTime: 12 * time.Second, Scan: localslack.ScanNoAddress})
		ts := h.post("page.png")
		h.pass(3 * time.Second)
		begun := time.Now()
		h.stop()
		if took := time.Since(begun); took > time.Second {
			t.Errorf("the bot ended after %s", took)
		}
		h.start()
		h.closesWith(ts, readLine("page.png", 2, 1))
	})
}

// TestStreamsOfBytes: the content says what a file is. Unasked it is looked at
// where its name says that it is a picture.
func TestStreamsOfBytes(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.ws.SetBehaviour(localslack.Behaviour{OctetStream: true})
		h.postData(h.ann, h.channel, "", "data.bin", picture)
		h.postData(h.ann, h.channel, "", "noname", picture)
		h.idle(0, "files that do not look like pictures")
		h.closed(h.post("page.png"))
		h.idle(1, "a picture by its name")
		h.postData(h.ann, h.channel, h.named(""), "mention.bin", picture)
		h.waitFor(h.channel, "mention.bin", 1)
		ts := h.postData(h.ann, h.channel, "", "shortcut.bin", picture)
		if err := h.ws.Shortcut(h.Context(), h.ann, h.channel, ts, "extract"); err != nil {
			t.Fatal(err)
		}
		h.waitFor(h.channel, "shortcut.bin", 1)
		h.postData(h.ann, h.direct(h.ann), "", "direct.bin", picture)
		h.waitFor(h.direct(h.ann), "direct.bin", 1)
		h.command(h.ann, h.channel, "last")
		h.idle(5, "the newest picture")
		if n := h.times(h.channel, "page.png"); n != 2 {
			t.Errorf("it was read %d times", n)
		}
		h.postData(h.ann, h.direct(h.ann), "", "words.bin", []byte("just words"))
		h.waitFor(h.direct(h.ann), notRead("words.bin", 0, words.Unsupported), 1)
	})
}
