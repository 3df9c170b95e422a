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
	"slackocr/cmd/bot/internal/officetest"
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
		o := officetest.Open(b, func(w http.ResponseWriter, r *http.Request) {
			running.Add(1)
			officetest.WriteText(w, "some text")
			if slow.Load() {
				<-r.Context().Done()
				return
			}
			officetest.WriteEnd(w)
		})
		environ := append(o.Environ, "DATA_DIR="+b.TempDir(), "LOG_LEVEL=error", "OCR_CONCURRENCY=14")
		first := start(b, environ)
		o.Wait(b, "it listens", func() bool { return o.Workspace.Connections() > 0 })
		var asks []officetest.Asked
		for i, n := range files {
			channel := o.Workspace.AddChannel(fmt.Sprint("c", i), false, o.Ann, o.App.BotUserID)
			asks = append(asks, officetest.Asked{Channel: channel, TS: o.Post(b, channel, slices.Repeat([]localslack.Upload{officetest.TinyPicture("a.png")}, n)...)})
		}
		o.Wait(b, "all are being read", func() bool {
			return o.Said(wordstest.AnyReading(), asks...) == len(files) && running.Load() >= int64(all)
		})
		_ = first.Process.Kill()
		_ = first.Wait()
		slow.Store(false)
		before := len(o.Workspace.Calls())
		begun := time.Now()
		b.StartTimer()
		second := start(b, environ)
		o.Wait(b, "all texts are posted", func() bool { return o.Said("a.png", asks...) == all })
		texts := time.Since(begun)
		o.Wait(b, "all replies are closed", func() bool { return o.Said(wordstest.AnyRead(), asks...) == len(files) })
		b.ReportMetric((time.Since(begun) - texts).Seconds(), "s/closed")
		b.ReportMetric(texts.Seconds(), "s/restart")
		for _, c := range o.Workspace.Calls()[before:] {
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
