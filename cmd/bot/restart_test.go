package main

import (
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/words/wordstest"
)

// BenchmarkRestart kills the program with 14 images in flight, in two asks and in
// fourteen, starts it again, and reports how long it takes until its first write to
// Slack, until the last text is posted, and from then until all replies are closed.
func BenchmarkRestart(b *testing.B) {
	b.Run("asks=2", func(b *testing.B) { benchmarkRestart(b, 10, 4) })
	b.Run("asks=14", func(b *testing.B) { benchmarkRestart(b, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) })
}

func benchmarkRestart(b *testing.B, files ...int) {
	all := 0
	for _, n := range files {
		all += n
	}
	for b.Loop() {
		b.StopTimer()
		var slow atomic.Bool
		slow.Store(true)
		var running atomic.Int64
		o := openOffice(b, func(w http.ResponseWriter, r *http.Request) {
			running.Add(1)
			writeText(w, "some text")
			if slow.Load() {
				<-r.Context().Done()
				return
			}
			writeEnd(w)
		})
		environ := append(o.environ, "DATA_DIR="+b.TempDir(), "LOG_LEVEL=error", "OCR_CONCURRENCY=14")
		first := start(b, environ)
		o.wait(b, "it listens", func() bool { return o.ws.Connections() > 0 })
		var asks []askedAt
		for i, n := range files {
			channel := o.ws.AddChannel(fmt.Sprint("c", i), false, o.ann, o.app.BotUserID)
			asks = append(asks, askedAt{channel, o.post(b, channel, slices.Repeat([]localslack.Upload{tinyPicture("a.png")}, n)...)})
		}
		o.wait(b, "all are being read", func() bool {
			return o.said(wordstest.AnyReading(), asks...) == len(files) && running.Load() >= int64(all)
		})
		_ = first.Process.Kill()
		_ = first.Wait()
		slow.Store(false)
		before := len(o.ws.Calls())
		begun := time.Now()
		b.StartTimer()
		second := start(b, environ)
		o.wait(b, "all texts are posted", func() bool { return o.said("a.png", asks...) == all })
		texts := time.Since(begun)
		o.wait(b, "all replies are closed", func() bool { return o.said(wordstest.AnyRead(), asks...) == len(files) })
		b.ReportMetric((time.Since(begun) - texts).Seconds(), "s/closed")
		b.ReportMetric(texts.Seconds(), "s/restart")
		for _, c := range o.ws.Calls()[before:] {
			if c.Method == "chat.update" || c.Method == "chat.postMessage" {
				b.ReportMetric(c.Time.Sub(begun).Seconds(), "s/first-write")
				break
			}
		}
		b.StopTimer()
		_ = second.Process.Kill()
		_ = second.Wait()
		b.StartTimer()
	}
}
