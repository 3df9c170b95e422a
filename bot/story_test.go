package bot_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot"
	"slackocr/bot/jobs/kv/kvtest"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr"
)

func TestImageBecomesMarkdownInItsThread(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.slowly(500*time.Millisecond, "# Title\n\none", "two", "three", "four", "five", "<!channel>")
			w.end("stop")
		})
		posted := time.Now()
		ts := h.post("page.png")
		h.wait("a reply", func() bool { return h.reply(ts) == words.Reading("page.png") })
		if took := time.Since(posted); took > time.Second {
			t.Errorf("the reply took %s", took)
		}
		h.wait("text is visible", func() bool { return strings.Contains(markdown(h.answers(ts)[0]), "one") })
		if took := time.Since(posted); took > 1200*time.Millisecond {
			t.Errorf("the first text was visible after %s", took)
		}
		h.wait("it grows in place", func() bool { return strings.Contains(markdown(h.answers(ts)[0]), "three") })
		if n := len(h.answers(ts)); n != 1 {
			t.Errorf("%d messages while the model writes, want the reply alone", n)
		}
		if line := h.closed(ts); line != words.Read("page.png", 6, 1, 3*time.Second) {
			t.Errorf("the last line is %q", line)
		}
		want := []string{"# Title\n\none two three four five &lt;!channel&gt;"}
		if got := h.results(ts); !slices.Equal(got, want) {
			t.Errorf("results %q, want %q", got, want)
		}
		if m := h.answers(ts)[0]; markdown(m) != "" || m.Edited != nil {
			t.Errorf("the reply did not shrink to one line: %q", markdown(m))
		}
		h.noRateLimit()
	})
}

func TestWhereImagesAreRead(t *testing.T) {
	inFakeTime(t, func(h *house) {
		private := h.ws.AddChannel("private", true, h.ann, h.app.BotUserID)
		dm := h.ws.AddDM(h.ann, h.app.BotUserID)
		group := h.ws.AddDM(h.ann, h.app.BotUserID, h.ws.AddUser("bob"))
		for _, channel := range []string{h.channel, private, dm, group} {
			file := []localslack.Upload{{Name: "a.png", Data: picture}}
			parent := h.talk(h.ann, channel, "", "words")
			for _, p := range []localslack.Post{
				{Channel: channel, Files: file},
				{Channel: channel, Thread: parent, Files: file},
				{Channel: channel, Text: "<@" + h.app.BotUserID + "> read this", Files: file},
			} {
				ts := h.say(h.ann, p)
				root := ts
				if p.Thread != "" {
					root = p.Thread
				}
				h.wait("read in "+channel, func() bool {
					last := ""
					for _, m := range h.ws.Thread(channel, root) {
						if m.User == h.app.BotUserID && strings.HasPrefix(m.Text, wordstest.ReadAs("a.png", "markdown")) {
							last = m.Text
						}
					}
					return last != ""
				})
			}
		}
		if n, _ := h.model.count(); n != 12 {
			t.Errorf("the model was asked %d times for 12 images", n)
		}
		h.noRateLimit()
	})
}

func TestLongResult(t *testing.T) {
	paragraph := strings.Repeat("word ", 199) + "end😀"
	for _, tt := range []struct {
		name  string
		chars int
		fault localslack.Fault
		want  func(results []string) bool
		file  bool // the last line names the file
	}{
		{"two messages and a file", 15_000, localslack.Fault{}, func(r []string) bool {
			return len(r) == 3 && r[2] == "file page.md"
		}, true},
		{"one message and a file", 50_000, localslack.Fault{}, func(r []string) bool {
			return len(r) == 2 && r[1] == "file page.md"
		}, true},
		{"all messages where the upload fails", 50_000, localslack.Fault{Method: "files.getUploadURLExternal", Error: "missing_scope"}, func(r []string) bool {
			return len(r) == 6
		}, false},
		{"all messages where sharing the upload fails", 50_000, localslack.Fault{Method: "files.completeUploadExternal", Error: "posting_to_channel_denied"}, func(r []string) bool {
			return len(r) == 6
		}, false},
		{"one file where the answer to its content is lost", 50_000, localslack.Fault{Method: "upload", Times: 1, Applied: true, Reset: true}, func(r []string) bool {
			return len(r) == 2 && r[1] == "file page.md"
		}, true},
		{"one file where the place to upload is lost", 50_000, localslack.Fault{Method: "files.getUploadURLExternal", Times: 1, Applied: true, Reset: true}, func(r []string) bool {
			return len(r) == 2 && r[1] == "file page.md"
		}, true},
		{"one file where the answer to the upload is lost", 50_000, localslack.Fault{Method: "files.completeUploadExternal", Times: 1, Applied: true, Reset: true}, func(r []string) bool {
			return len(r) == 2 && r[1] == "file page.md"
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				text := strings.Repeat(paragraph+"\n\n", tt.chars/len(paragraph)+1)
				h.model.will(func(w *stream) {
					for piece := range slices.Chunk([]rune(text), 999) {
						w.text(string(piece))
					}
					w.end("stop")
				})
				if tt.fault.Method != "" {
					h.ws.Fail(tt.fault)
				}
				ts := h.post("page.png")
				line := readLine("page.png", ocr.CountWords(text), 1)
				if tt.file {
					line += words.InFile("page.md")
				}
				h.closesWith(ts, line)
				results := h.results(ts)
				if !tt.want(results) {
					t.Errorf("%d results: %.80q", len(results), results)
				}
				if all := strings.Join(results, "\n\n"); len(results) == 6 && all != strings.TrimSpace(text) {
					t.Error("the messages together are not the whole text")
				}
				for _, m := range h.answers(ts) {
					for _, f := range m.Files {
						if content, _ := h.ws.FileContent(f.ID); string(content) != text {
							t.Errorf("the file has %d bytes of %d", len(content), len(text))
						}
					}
				}
				h.noRateLimit()
			})
		})
	}
}

func TestManyImagesAtOnce(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			for i := range 20 {
				w.slowly(500*time.Millisecond, fmt.Sprintf("word%d", i))
			}
			w.end("stop")
		})
		var names []string
		for i := range 10 {
			names = append(names, fmt.Sprintf("page%d.png", i))
		}
		ts := h.post(names...)
		h.wait("who waits is told", func() bool {
			return len(h.answers(ts)) > 0 && strings.Contains(string(h.answers(ts)[0].Blocks), words.Waiting("", 1))
		})
		if line := h.closed(ts); line != words.ReadFiles(10, 10, ocr.Mode{}, 30*time.Second) {
			t.Errorf("the last line is %q", line)
		}
		h.whole(ts, names...)
		blocks := string(h.answers(ts)[0].Blocks)
		for i, name := range names {
			if link := h.ws.Permalink(h.channel, h.answers(ts)[1+i].TS); !strings.Contains(blocks, strings.ReplaceAll(link, "&", "\\u0026")) || !strings.Contains(blocks, name) {
				t.Errorf("the list lacks %s or %s: %s", name, link, blocks)
			}
		}
		if _, most := h.model.count(); most != 4 {
			t.Errorf("%d requests at once, want 4", most)
		}
		h.noRateLimit()
	})
}

func TestPictureWithoutText(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { w.end("stop") })
		ts := h.post("cat.png")
		h.closesWith(ts, words.NothingFound("cat.png", ocr.Markdown, ""))
		if got := h.results(ts); len(got) != 0 {
			t.Errorf("results %q", got)
		}
	})
}

func TestNothingElseIsAnswered(t *testing.T) {
	inFakeTime(t, func(h *house) {
		other := h.ws.Install(localslack.App{Name: "other", Scopes: []string{"chat:write", "files:write"}})
		h.ws.Join(h.channel, other.BotUserID)
		for _, text := range []string{"hello", "text", "again"} {
			h.talk(h.ann, h.channel, "", text)
		}
		api := slack.New(other.BotToken, slack.OptionAPIURL("http://localhost/api/"), slack.OptionHTTPClient(h.client()))
		if _, err := api.UploadFileContext(h.Context(), slack.UploadFileParameters{
			Filename: "a.png", FileSize: len(picture), Reader: bytes.NewReader(picture), Channel: h.channel,
		}); err != nil {
			t.Fatal(err)
		}
		h.say(h.ann, localslack.Post{Channel: h.channel, Files: []localslack.Upload{{Name: "a.txt", Data: []byte("some words")}}})
		ts := h.post("page.png")
		h.closed(ts)
		if err := h.ws.Edit(h.ann, h.channel, ts, "an edit"); err != nil {
			t.Fatal(err)
		}
		h.closed(h.post("next.png")) // whatever the rest would start has started
		if n := h.calls("chat.postMessage")[""]; n != 4 {
			t.Errorf("%d posts for two images\n%s", n, h.show())
		}
	})
}

// TestTwoBotsDoNotAnswerEachOther: each gets the other's posts and edits, and its
// own, as events.
func TestTwoBotsDoNotAnswerEachOther(t *testing.T) {
	inFakeTime(t, func(h *house) {
		manifest, err := localslack.ParseManifest(bot.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		other := h.ws.Install(manifest)
		h.ws.Join(h.channel, other.BotUserID)
		stop := h.runBeside(other, &kvtest.Memory{})

		h.model.will(func(w *stream) {
			w.text(strings.Repeat("a word ", 2500)) // two messages and a file
			w.end("stop")
		})
		ts := h.post("page.png")
		h.wait("both have answered", func() bool {
			n := 0
			for _, m := range h.ws.Thread(h.channel, ts) {
				if strings.HasPrefix(m.Text, wordstest.ReadAs("page.png", "markdown")) {
					n++
				}
			}
			return n == 2
		})
		stop()
		h.stop()
		if n := len(h.ws.Thread(h.channel, ts)); n != 1+2*4 {
			t.Errorf("%d messages in the thread, want 9\n%s", n, h.show())
		}
		if n, _ := h.model.count(); n != 2 {
			t.Errorf("the model was asked %d times", n)
		}
	})
}

// TestFilesAreReadInTheirOrder: the files of a message come to the model, and their
// texts to the thread, in the order in which they were posted.
func TestFilesAreReadInTheirOrder(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Concurrency = 1 })
		h.model.will(func(w *stream) {
			w.slowly(time.Second, "some", "text")
			w.end("stop")
		})
		var names, read []string
		for i := range 8 {
			names = append(names, fmt.Sprintf("%d.png", i))
		}
		ts := h.post(names...)
		h.closed(ts)
		for _, m := range h.answers(ts)[1:] {
			name, _, _ := strings.Cut(m.Text, ":")
			read = append(read, name)
		}
		if !slices.Equal(read, names) {
			t.Errorf("read in the order %v", read)
		}
	})
}
