package bot_test

import (
	"bytes"
	"image"
	_ "image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr"
)

// TestSameAnswerIsNotShownAsNew: an endpoint may not look at its prompt.
func TestSameAnswerIsNotShownAsNew(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.write("# Prices\n\n| a | 1 |\n| --- | --- |\n| b | 2 |")
		ts := h.post("page.png")
		h.closed(ts)
		for _, mode := range []string{"describe", "figure", "prompt: Write the table as CSV"} {
			before := len(h.answers(ts))
			h.talk(h.ann, h.channel, ts, mode)
			want := notRead(words.FileAndMode("page.png", wordstest.Mode(mode)), 0, words.SameText)
			h.wait("it is said", func() bool { return h.count(ts, want) == 1 })
			if after := len(h.answers(ts)); after != before+1 {
				t.Errorf("%s: %d messages more, want the reply alone\n%s", mode, after-before, h.show())
			}
		}
		// Another answer is one, and so are the same words in the form that was asked for.
		h.model.write("```\nPrices\na,1\nb,2\n```")
		h.talk(h.ann, h.channel, ts, "prompt: Write the prices as CSV")
		h.wait("the CSV is shown", func() bool { return slices.Contains(h.results(ts), "```\nPrices\na,1\nb,2\n```") })
		h.model.write("A table of prices on white paper.")
		h.talk(h.ann, h.channel, ts, "describe")
		h.wait("it is shown", func() bool { return slices.Contains(h.results(ts), "A table of prices on white paper.") })
		// Two questions may have the same answer.
		h.model.write("Yes.")
		for i, prompt := range []string{"prompt: Is it signed?", "prompt: Is it dated?"} {
			h.talk(h.ann, h.channel, ts, prompt)
			h.wait("the answer", func() bool { return h.count(ts, wordstest.ReadAs("page.png", prompt)) == i+1 })
		}
	})
}

// TestLocate frames what was found on the picture.
func TestLocate(t *testing.T) {
	for name, answer := range map[string]string{
		"found":     "<|ref|>total<|/ref|><|det|>[[100, 100, 500, 300], [600, 600, 900, 700]]<|/det|>",
		"not found": "",
		"in words":  "I see no such thing.",
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				ts := h.post("page.png")
				h.closed(ts)
				h.model.will(func(w *stream) { w.text(answer); w.end("stop") })
				h.talk(h.ann, h.channel, ts, "locate: total")
				line := map[string]string{
					"found":     words.Located("page.png", "total", 2, ""),
					"not found": words.Located("page.png", "total", 0, ""),
					"in words":  wordstest.ReadAs("page.png", "locate: total"),
				}[name]
				h.wait(line, func() bool { return h.count(ts, line) == 1 })
				results := h.results(ts)
				files := slices.DeleteFunc(slices.Clone(results), func(r string) bool { return !strings.HasPrefix(r, "file ") })
				if want := name == "found"; want != slices.Equal(files, []string{"file page-locate.png"}) {
					t.Fatalf("results %q", results)
				}
				if said := answer != "" && slices.Contains(results, answer); said != (name == "in words") {
					t.Errorf("results %q", results)
				}
				if name != "found" {
					return
				}
				_, contents := h.filesOf(ts)
				if pixel := at(t, contents["page-locate.png"], 4, 3); pixel == at(t, string(picture), 4, 3) {
					t.Error("nothing is framed")
				}
			})
		})
	}
}

func at(t *testing.T, data string, x, y int) [3]uint32 {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader([]byte(data)))
	if err != nil {
		t.Fatal(err)
	}
	r, g, b, _ := m.At(x, y).RGBA()
	return [3]uint32{r, g, b}
}

// TestLoopIsCutAndSaid, and what was good is kept.
func TestLoopIsCutAndSaid(t *testing.T) {
	inBubble(t, func(h *house) {
		h.stopLoops = true
		h.start()
		h.model.will(func(w *stream) {
			w.text("The first lines are good.\n\n")
			for range 400 {
				w.text("The same line comes again and again.\n")
				if w.pause(10*time.Millisecond) != nil {
					return
				}
			}
			w.end("stop")
		})
		ts := h.post("page.png")
		h.closed(ts)
		results := h.results(ts)
		if len(results) != 1 || strings.Count(results[0], "again and again") != 1 || !strings.HasPrefix(results[0], "The first lines are good.") {
			t.Fatalf("results %q", results)
		}
		h.closesWith(ts, notRead("page.png", ocr.CountWords(results[0]), words.Looped))
	})
}

// TestEndpointThatIsDown: who asks meanwhile is told within two seconds that they
// wait, no attempt is lost however long that takes, and the work goes on by
// itself.
func TestEndpointThatIsDown(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { w.fail(503, "oops") })
		first := h.post("first.png")
		h.wait("the first waits", func() bool { return h.reply(first) == words.Down("first.png") })
		posted := time.Now()
		second := h.post("second.png")
		h.wait("the second is told", func() bool { return h.reply(second) == words.Down("second.png") })
		if took := time.Since(posted); took > 2*time.Second {
			t.Errorf("told after %s", took)
		}
		h.lineOf(h.post("a.png", "b.png"), words.Of("b.png", words.Down("")))
		h.pass(3 * time.Hour)
		if line := h.reply(second); line != words.Down("second.png") {
			t.Errorf("after three hours it says %q", line)
		}
		h.model.will(nil)
		back := time.Now()
		for _, ts := range []string{first, second} {
			if line := h.closed(ts); !strings.HasPrefix(line, wordstest.AnyRead()) {
				t.Errorf("the person sees %q", line)
			}
			if got := h.results(ts); !slices.Equal(got, []string{"some text"}) {
				t.Errorf("results %q", got)
			}
		}
		if took := time.Since(back); took > time.Minute {
			t.Errorf("it went on after %s", took)
		}
		h.noRateLimit()
	})
}

// TestPageInWorkDuringAnOutage: while one part of a file is still being written, the
// reply tells the progress of that part, although the other parts wait for the endpoint.
func TestPageInWorkDuringAnOutage(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Concurrency = 2 })
		h.model.will(func(w *stream) {
			if n, _ := h.model.count(); n > 1 {
				_ = w.pause(time.Second)
				w.fail(503, "oops")
				return
			}
			w.slowly(time.Second, strings.Fields(strings.Repeat("word ", 60))...)
			w.end("stop")
		})
		ts := h.postFile("tall.png", tallPicture(9000))
		h.pass(20 * time.Second)
		other := h.post("other.png")
		h.wait("the endpoint is down", func() bool { return h.reply(other) == words.Down("other.png") })
		h.pass(10 * time.Second)
		if line := h.reply(ts); !strings.HasPrefix(line, words.Reading("tall.png")+" ") {
			t.Errorf("the line is %q", line)
		}
		h.model.will(nil)
		if line := h.closed(ts); !strings.HasPrefix(line, wordstest.AnyRead()) {
			t.Errorf("the person sees %q", line)
		}
	})
}

// TestEndpointThatGoesDown: who waits in the line already is told within two
// seconds too, and so is who has read some pages of a file.
func TestEndpointThatGoesDown(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Concurrency = 1 })
		down := make(chan time.Time, 1)
		h.model.will(func(w *stream) {
			n, _ := h.model.count()
			if n <= 2 {
				w.text("a page")
				w.end("stop")
				return
			}
			_ = w.pause(20 * time.Second)
			w.fail(503, "oops")
			if n == 5 {
				down <- time.Now()
			}
		})
		scanned := h.postFile("scan.pdf", scan(t, 4))
		h.wait("two pages are read", func() bool { return strings.HasPrefix(h.reply(scanned), readingPage("scan.pdf", 3, 4)) })
		first, second := h.post("first.png"), h.post("second.png")
		h.wait("they wait", func() bool { return h.reply(first) != "" && h.reply(second) != "" })
		since := <-down
		h.wait("the one that is not being read is told", func() bool {
			return h.reply(first) == words.Down("first.png") || h.reply(second) == words.Down("second.png")
		})
		if took := time.Since(since); took > 2*time.Second {
			t.Errorf("told after %s", took)
		}
		h.wait("the pages are told", func() bool { return h.reply(scanned) == words.Down("scan.pdf") })
		if text := markdown(h.answers(scanned)[0]); !strings.Contains(text, words.PageToCome(3)) || strings.Contains(text, gap(3, false, false)) {
			t.Errorf("the reply shows\n%s", text)
		}
		h.model.will(nil)
		for _, ts := range []string{scanned, first, second} {
			if line := h.closed(ts); !strings.HasPrefix(line, wordstest.AnyRead()) {
				t.Errorf("the person sees %q", line)
			}
		}
		if text := strings.Join(h.results(scanned), "\n"); strings.Count(text, "a page") != 2 || strings.Count(text, "some text") != 2 {
			t.Errorf("the text is\n%s", text)
		}
	})
}
