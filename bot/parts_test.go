package bot_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// TestManyPlacesAreFound: more than can be kept of a job are counted all the same.
func TestManyPlacesAreFound(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.postFile("scan.pdf", scan(t, 20))
		h.closed(ts)
		h.model.will(func(w *stream) {
			for i := range 200 {
				w.text(fmt.Sprintf("<|ref|>%s<|/ref|><|det|>[[%d, %d, %d, 999]]<|/det|>", strings.Repeat("total", 30), i, i*i%700, i+5+i%7))
			}
			w.end("stop")
		})
		h.talk(h.ann, h.channel, ts, "locate: total")
		h.wait("all are counted", func() bool { return h.count(ts, words.Located("scan.pdf", "total", 4000, "")) == 1 })
	})
}

// TestPartThatFails of a tall picture is not taken for its whole page.
func TestPartThatFails(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 200, 6000))
	for i := range m.Pix {
		m.Pix[i] = 0xFF
	}
	for y := 0; y < 6000; y += 40 { // lines of something, and blank rows
		for x := range 150 {
			m.Pix[y*m.Stride+x] = 0
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Concurrency = 1 })
		h.model.will(func(w *stream) {
			if n, _ := h.model.count(); n == 2 {
				w.fail(400, `{"error":{"message":"moderation","type":"invalid_messages","code":"invalid_messages"}}`)
				return
			}
			w.text("a part\n")
			w.end("stop")
		})
		ts := h.postFile("tall.png", b.Bytes())
		h.closed(ts)
		h.closesWith(ts, readLine("tall.png", (h.requests()-1)*2, 1))
		want := "a part\n\n" + words.PageMissing(1, false, true, failure(words.ModelRefused)) + "\n\na part"
		if text := strings.Join(h.results(ts), "\n"); !strings.HasPrefix(text, want) {
			t.Errorf("the text is\n%s", text)
		}
	})
}

// TestTextThatIsTooLongToKeep is said to be so.
func TestTextThatIsTooLongToKeep(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			line := strings.Repeat("a long line ", 5000)
			for range 62 {
				w.text(line + "\n")
			}
			w.end("stop")
		})
		ts := h.postFile("scan.pdf", scan(t, 2))
		h.closesWith(ts, notRead("scan.pdf", 0, words.TextTooLong))
	})
}

// TestTextStaysWhileItIsReadAgain until there is another one.
func TestTextStaysWhileItIsReadAgain(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			if n, _ := h.model.count(); n <= 2 {
				w.text("first words ")
				w.drop()
			}
			_ = w.pause(20 * time.Second)
			w.text("all the words")
			w.end("stop")
		})
		ts := h.post("page.png")
		h.wait("another attempt", func() bool { return wordstest.Normalize(h.reply(ts)) == notYet("page.png", words.ModelCutOff) })
		h.pass(15 * time.Second)
		if n := h.requests(); n != 3 {
			t.Fatalf("%d requests, want a third that runs", n)
		}
		if text := markdown(h.answers(ts)[0]); text != "first words" || !strings.HasPrefix(h.reply(ts), words.Reading("page.png")) {
			t.Errorf("the reply says %q and shows %q", h.reply(ts), text)
		}
		h.closed(ts)
		if got := h.results(ts); !slices.Equal(got, []string{"all the words"}) {
			t.Errorf("results %q", got)
		}
	})
}
