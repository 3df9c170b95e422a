package bot_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// BenchmarkImage reads one image in real time, in a workspace of its own each
// time, with a model that writes 100 words in a second. It reports, in
// milliseconds, how long people wait: 95 of 100 times no longer than p95.
func BenchmarkImage(b *testing.B) {
	var reply, visible, final []time.Duration
	for b.Loop() {
		h := build(b)
		h.start()
		var begun, ended time.Time // of the model's writing
		h.model.will(func(w *stream) {
			begun = time.Now()
			for i := range 100 {
				w.slowly(10*time.Millisecond, fmt.Sprintf("word%d", i))
			}
			ended = time.Now()
			w.end("stop")
		})
		posted := time.Now()
		ts := h.post("page.png")
		h.wait("a reply", func() bool { return h.reply(ts) != "" })
		reply = append(reply, time.Since(posted))
		h.wait("text", func() bool { return strings.Contains(markdown(h.answers(ts)[0]), "word0") })
		visible = append(visible, time.Since(begun))
		h.wait("the final text", func() bool { return len(h.answers(ts)) == 2 })
		final = append(final, time.Since(ended))
		h.close()
	}
	for name, waits := range map[string][]time.Duration{"event→reply": reply, "first-text→visible": visible, "last-text→final": final} {
		slices.Sort(waits)
		b.ReportMetric(float64(waits[len(waits)*95/100].Microseconds())/1000, name+"-p95-ms")
	}
	b.ReportMetric(0, "ns/op") // how long the model writes says nothing
}

// BenchmarkPDFText reports how long people wait for the text that a PDF
// carries, from the event to the live reply that shows the text, in
// milliseconds. Files are opened as the bot opens them, in processes of its own
// program. The model writes nothing before.
func BenchmarkPDFText(b *testing.B) {
	program := filepath.Join(b.TempDir(), "bot")
	compile := exec.Command("go", "build", "-o", program, "../cmd/bot")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := compile.CombinedOutput(); err != nil {
		b.Fatalf("building the bot: %v\n%s", err, said)
	}
	for _, pages := range []int{1, 50} {
		b.Run(fmt.Sprintf("pages=%d", pages), func(b *testing.B) {
			file := letters(pages)
			var waits []time.Duration
			for b.Loop() {
				h := build(b)
				h.startAs(func(c *bot.Config) {
					c.Decoder = page.NewDecoder(page.DecoderConfig{Command: []string{program, "decode"}})
				})
				shown := make(chan struct{})
				h.model.will(func(w *stream) {
					<-shown
					w.text("The end.")
					w.end("stop")
				})
				posted := time.Now()
				ts := h.postFile("letter.pdf", file)
				h.wait("the text", func() bool {
					answers := h.answers(ts)
					return len(answers) > 0 && strings.Contains(markdown(answers[0]), "line 7 of the letter")
				})
				waits = append(waits, time.Since(posted))
				close(shown)
				h.close()
			}
			slices.Sort(waits)
			for name, share := range map[string]int{"p50-ms": 50, "p95-ms": 95} {
				b.ReportMetric(float64(waits[len(waits)*share/100].Microseconds())/1000, name)
			}
			b.ReportMetric(0, "ns/op") // it includes the start of a workspace
		})
	}
}

// letters returns a PDF of pages that carry their texts.
func letters(pages int) []byte {
	var sheets []pagetest.Sheet
	for n := range pages {
		var s pagetest.Sheet
		for i := range 50 {
			s.Texts = append(s.Texts, pagetest.Text{
				X: 60, Y: 80 + 14*float64(i), Text: fmt.Sprintf("Page %d: this is line %d of the letter, which a program has written.", n+1, i+1),
			})
		}
		sheets = append(sheets, s)
	}
	return pagetest.TextPDF(sheets...)
}
