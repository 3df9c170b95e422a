package bot_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// lines are those of the log with these words in it. The bot has stopped.
func (h *house) lines(words string) (found []string) {
	for line := range strings.Lines(h.log.String()) {
		if strings.Contains(line, words) {
			found = append(found, line)
		}
	}
	return found
}

// TestNameInTheLog: the name that a person was told leads to all that the log
// has of their request, and to no other.
func TestNameInTheLog(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { w.fail(401, `{"error":{"type":"auth_error"}}`) })
		bad := wordstest.RequestName.FindString(h.closed(h.post("page.png")))
		h.model.will(func(w *stream) { w.text("some text"); w.end("stop") })
		good := h.post("page.png")
		if line := h.closed(good); wordstest.RequestName.MatchString(line) {
			t.Errorf("a success names its request: %q", line)
		}
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
		lines := h.lines("msg=read ")
		if len(lines) != 2 || !strings.Contains(lines[0], "request="+bad+" outcome=failed") ||
			strings.Contains(lines[1], bad) || !strings.Contains(lines[1], "outcome=read") {
			t.Errorf("the person was told %q, the log says\n%s", bad, strings.Join(lines, ""))
		}
		if bad == "" || strings.Contains(lines[0]+lines[1], "page.png") {
			t.Errorf("%q, and the log says\n%s", bad, strings.Join(lines, ""))
		}
	})
}

// TestOneLineALife: a request that is tried again, or goes on in another
// process, has one line of its end, which counts the attempts.
func TestOneLineALife(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { w.fail(500, `{"error":{"message":"oops"}}`) })
		ts := h.post("page.png")
		h.wait("it will be tried again", func() bool { return wordstest.Normalize(h.reply(ts)) == notYet("page.png", words.ModelDown) })
		h.model.will(nil)
		h.restart()
		h.closed(ts)
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
		lines := h.lines("msg=read ")
		if len(lines) != 1 || !strings.Contains(lines[0], "attempts=2") || strings.Contains(lines[0], "error=") {
			t.Errorf("its end is told so: %q", lines)
		}
		for _, line := range h.lines("an attempt failed") {
			if wordstest.RequestName.FindString(line) != wordstest.RequestName.FindString(lines[0]) {
				t.Errorf("%q and %q are about the same request", line, lines[0])
			}
		}
	})
}

// TestOwnTextInTheLog: the line of a PDF counts the pages whose own text stands in place
// of the model's, also those that an earlier process read.
func TestOwnTextInTheLog(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext (poppler-utils) is not installed")
	}
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Concurrency = 1 })
		h.model.will(func(w *stream) {
			w.slowly(4*time.Second, "words")
			w.end("content_filter")
		})
		ts := h.postFile("letter.pdf", letters(3))
		h.wait("a page is read", func() bool { return strings.HasPrefix(h.reply(ts), readingPage("letter.pdf", 2, 3)) })
		h.restart()
		h.closed(ts)
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
		if lines := h.lines("msg=read "); len(lines) != 1 || !strings.Contains(lines[0], "outcome=read") || !strings.Contains(lines[0], "own_text=3") {
			t.Errorf("the log says\n%s", strings.Join(lines, ""))
		}
	})
}
