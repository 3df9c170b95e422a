package bot_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
	"slackocr/ocr"
	"slackocr/ocr/page/pagetest"
)

// scan is a PDF of so many pages. A page shows nothing: what it says is the
// model's to tell.
func scan(t testing.TB, pages int) []byte {
	t.Helper()
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Skip("pdftoppm (poppler-utils) is not installed")
	}
	var jpegs [][]byte
	for i := range pages {
		m := image.NewGray(image.Rect(0, 0, 60, 80))
		m.SetGray(3+i, 3, color.Gray{Y: 255})
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, nil); err != nil {
			t.Fatal(err)
		}
		jpegs = append(jpegs, b.Bytes())
	}
	return pagetest.Scan(72, jpegs...)
}

// TestPagesAreReadAtOnceAndShownInOrder, at least three times as fast as one by
// one where four requests run at once.
func TestPagesAreReadAtOnceAndShownInOrder(t *testing.T) {
	took := map[int]time.Duration{}
	for _, concurrency := range []int{1, 4} {
		inBubble(t, func(h *house) {
			h.startAs(func(c *bot.Config) { c.Concurrency = concurrency })
			h.model.will(func(w *stream) {
				n, _ := h.model.count()
				w.slowly(time.Second, fmt.Sprintf("page%d", n), "goes", "on")
				w.end("stop")
			})
			posted := time.Now()
			ts := h.postFile("scan.pdf", scan(t, 12))
			h.wait("progress by pages", func() bool { return strings.HasPrefix(h.reply(ts), readingPage("scan.pdf", 5, 12)) })
			h.closesWith(ts, readLine("scan.pdf", 36, 12))
			took[concurrency] = time.Since(posted)
			text := strings.Join(h.results(ts), "\n")
			at := -1
			for n := 2; n <= 12; n++ {
				next := strings.Index(text, slackmd.PageBreak(n, 12))
				if next <= at {
					t.Fatalf("page %d stands at %d, the one before at %d:\n%s", n, next, at, text)
				}
				at = next
			}
			if n := strings.Count(text, "goes on"); n != 12 {
				t.Errorf("%d pages, want 12:\n%s", n, text)
			}
			if _, most := h.model.count(); most != concurrency {
				t.Errorf("%d requests at once, want %d", most, concurrency)
			}
		})
	}
	if took[4]*3 > took[1] {
		t.Errorf("four at once took %s, one by one %s", took[4], took[1])
	}
}

// TestPageThatFailsLeavesAGap with its reason, and the others stand.
func TestPageThatFailsLeavesAGap(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Concurrency = 1 })
		h.model.will(func(w *stream) {
			switch n, _ := h.model.count(); n {
			case 2:
				w.fail(400, `{"error":{"message":"moderation","type":"invalid_messages","code":"invalid_messages"}}`)
			case 3, 4: // whole, and its upper half
				w.text("the start of it")
				w.end("length")
			default:
				w.text("all of it")
				w.end("stop")
			}
		})
		ts := h.postFile("scan.pdf", scan(t, 4))
		h.closesWith(ts, readLine("scan.pdf", 10, 4))
		text := strings.Join(h.results(ts), "\n")
		for _, want := range []string{
			words.PageMissing(2, false, false, failure(words.ModelRefused)),
			"the start of it\n", words.PageMissing(3, true, false, failure(words.Truncated)),
		} {
			if strings.Count(text, want) != 1 {
				t.Errorf("%q is not there once:\n%s", want, text)
			}
		}
		if n := strings.Count(text, "all of it"); n != 2 {
			t.Errorf("%d whole pages, want 2:\n%s", n, text)
		}
	})
}

// TestFinishedPagesAreNotReadAgain after a restart in the middle.
func TestFinishedPagesAreNotReadAgain(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Concurrency = 1 })
		h.model.will(func(w *stream) {
			n, _ := h.model.count()
			w.slowly(4*time.Second, fmt.Sprintf("request%d", n))
			w.end("stop")
		})
		ts := h.postFile("scan.pdf", scan(t, 5))
		h.wait("three pages are read", func() bool { return strings.HasPrefix(h.reply(ts), readingPage("scan.pdf", 4, 5)) })
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
		h.start()
		h.closed(ts)
		if n := h.requests(); n > 6 {
			t.Errorf("%d requests for five pages", n)
		}
		text := strings.Join(h.results(ts), "\n")
		for _, want := range []string{"request1", "request2", "request3", slackmd.PageBreak(5, 5)} {
			if strings.Count(text, want) != 1 {
				t.Errorf("%q is not there once:\n%s", want, text)
			}
		}
	})
}

// TestPagesThatFailForAWhile are tried again, and only those.
func TestPagesThatFailForAWhile(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Concurrency = 1 })
		h.model.will(func(w *stream) {
			if n, _ := h.model.count(); n == 2 || n == 3 {
				w.fail(429, "slow down")
				return
			}
			w.text("good")
			w.end("stop")
		})
		ts := h.postFile("scan.pdf", scan(t, 3))
		h.closesWith(ts, readLine("scan.pdf", 3, 3))
		if text := strings.Join(h.results(ts), "\n"); strings.Count(text, "good") != 3 || strings.Contains(text, gap(2, false, false)) {
			t.Errorf("the text is\n%s", text)
		}
		if n := h.requests(); n != 5 {
			t.Errorf("%d requests, want 5", n)
		}
	})
}

// TestPagesOverTheBoundAreNamed.
func TestPagesOverTheBoundAreNamed(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.MaxPages = 2 })
		ts := h.postFile("scan.pdf", scan(t, 5))
		h.closesWith(ts, readLine("scan.pdf", 4, 2)+words.PagesLeftOut(3))
	})
}

// TestFilesThatCannotBeOpened get their own sentence.
func TestFilesThatCannotBeOpened(t *testing.T) {
	for name, tt := range map[string]struct {
		data []byte
		kind words.Kind
	}{
		"empty.pdf": {[]byte("%PDF-1.7\n%%EOF\n"), words.BrokenPDF},
		"cut.png":   {picture[:20], words.Damaged},
		"page.png":  {[]byte("<!doctype html><title>x</title>"), words.NotFile},
		"svg.png":   {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), words.Unsupported},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				ts := h.postFile(name, tt.data)
				h.closesWith(ts, notRead(name, 0, tt.kind))
				if got := h.results(ts); len(slices.Compact(got)) != 0 {
					t.Errorf("results %q", got)
				}
			})
		})
	}
}

// TestPagesWithoutText are nothing, and not a list of their numbers.
func TestPagesWithoutText(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.MaxPages = 2 })
		h.model.write("\n")
		ts := h.postFile("scan.pdf", scan(t, 3))
		h.closesWith(ts, words.NothingFound("scan.pdf", ocr.Markdown, words.PagesLeftOut(1)))
		if got := h.results(ts); len(got) != 0 {
			t.Errorf("results %q", got)
		}
	})
}

// TestPageThatIsCutKeepsToItself: what is open where a page was cut swallows
// neither the note about it nor the next page.
func TestPageThatIsCutKeepsToItself(t *testing.T) {
	for name, cut := range map[string]string{
		"code":         "Some code:\n\n```go\nfunc main() {",
		"a table":      "<table><tr><td>Item</td><td>Price</td></tr><tr><td>Milk",
		"mathematics":  "It follows\n\n\\[ x = y",
		"mathematics$": "It follows\n\n$$\nx = y",
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.startAs(func(c *bot.Config) { c.Concurrency = 1 })
				h.model.will(func(w *stream) {
					if n, _ := h.model.count(); n <= 2 { // whole, and its upper half
						w.text(cut)
						w.end("length")
						return
					}
					w.text("<table><tr><td>next</td></tr></table>\n\n\\[ z \\]\n\n$$ z $$\n\n```\nz\n```\n")
					w.end("stop")
				})
				ts := h.postFile("scan.pdf", scan(t, 2))
				h.closed(ts)
				text := strings.Join(h.results(ts), "\n")
				want := "\n\n" + words.PageMissing(1, true, false, failure(words.Truncated)) + slackmd.PageBreak(2, 2) + "|"
				if strings.Count(text, want) != 1 {
					t.Errorf("%q is not there once:\n%s", want, text)
				}
				if strings.Count(text, "```")%2 != 0 {
					t.Errorf("code stays open:\n%s", text)
				}
			})
		})
	}
}

// TestStopLetsPagesEnd that need no longer than the grace.
func TestStopLetsPagesEnd(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Concurrency = 2 })
		h.model.will(func(w *stream) {
			w.slowly(3*time.Second, "words") // of a grace of 4 s
			w.end("stop")
		})
		ts := h.postFile("scan.pdf", scan(t, 4))
		h.wait("two pages are read", func() bool { return h.requests() == 2 && markdown(h.answers(ts)[0]) != "" })
		h.restart()
		h.closed(ts)
		if n := h.requests(); n != 4 {
			t.Errorf("%d requests for four pages", n)
		}
	})
}
