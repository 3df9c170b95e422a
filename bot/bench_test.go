package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
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
