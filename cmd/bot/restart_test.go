package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/ocr/page/pagetest"
)

// BenchmarkRestart kills the program with 20 images in flight, starts it again,
// and reports how long it takes until the last text is posted. The killed
// process's leases last 10 s of that.
func BenchmarkRestart(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		var slow atomic.Bool
		slow.Store(true)
		o := openOffice(b, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"some text\"}}]}\n\n")
			w.(http.Flusher).Flush()
			if slow.Load() {
				<-r.Context().Done()
				return
			}
			fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
		})
		environ := append(o.environ, "DATA_DIR="+b.TempDir(), "LOG_LEVEL=error")
		first := start(b, environ)
		o.wait(b, "it listens", func() bool { return o.ws.Connections() > 0 })
		picture := pagetest.PNG("x", pagetest.Layout{Width: 2, Height: 1})
		channels, asks := make([]string, 20), make([]string, 20)
		for i := range 20 {
			channels[i] = o.ws.AddChannel(fmt.Sprint("c", i), false, o.ann, o.app.BotUserID)
			var err error
			if asks[i], err = o.ws.Post(o.ann, localslack.Post{Channel: channels[i], Files: []localslack.Upload{{Name: "a.png", Data: picture}}}); err != nil {
				b.Fatal(err)
			}
		}
		said := func(prefix string) (n int) {
			for i := range 20 {
				for _, m := range o.ws.Thread(channels[i], asks[i])[1:] {
					if strings.HasPrefix(m.Text, prefix) {
						n++
					}
				}
			}
			return n
		}
		o.wait(b, "all are taken up", func() bool { return said("") == 20 })
		_ = first.Process.Kill()
		_ = first.Wait()
		slow.Store(false)
		begun := time.Now()
		b.StartTimer()
		second := start(b, environ)
		o.wait(b, "all texts are posted", func() bool { return said("a.png: ") == 20 })
		b.ReportMetric(time.Since(begun).Seconds(), "s/restart")
		b.StopTimer()
		_ = second.Process.Kill()
		_ = second.Wait()
		b.StartTimer()
	}
}
