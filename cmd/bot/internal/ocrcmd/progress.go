package ocrcmd

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rivo/uniseg"

	"slackocr/ocr"
)

// progressPause is the time between two updates of the line of progress.
const progressPause = 200 * time.Millisecond

// A progress keeps a line on standard error that shows the work of bot ocr:
// the file, the page, the words so far and the seconds. A nil progress writes
// nothing. Only the goroutine that reads may call the methods.
type progress struct {
	w       io.Writer
	columns int // of the terminal
	words   atomic.Int64
	counted time.Time // time of the last count
	stop    func()    // ends the updates; nil if there is no line
}

// A step is the present work of bot ocr.
type step struct {
	name        string
	page, pages int // page is 0 until the file is open
	started     time.Time
}

// newProgress returns nil unless standard error is a terminal that can erase a
// line.
func newProgress(to Terminal) *progress {
	if !to.ShowProgress {
		return nil
	}
	return &progress{w: to.Stderr, columns: to.Columns}
}

// show shows a step and updates the line until the next call of show or hide.
func (p *progress) show(s step) {
	if p == nil {
		return
	}
	p.hide()
	if s.page == 0 {
		p.words.Store(0)
	}
	p.write(s)
	ctx, cancel := context.WithCancel(context.Background())
	var updating sync.WaitGroup
	updating.Go(func() {
		tick := time.NewTicker(progressPause)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.write(s)
			case <-ctx.Done():
				return
			}
		}
	})
	p.stop = func() {
		cancel()
		updating.Wait()
	}
}

// hide removes the line, so that the caller may write to the terminal.
func (p *progress) hide() {
	if p == nil || p.stop == nil {
		return
	}
	p.stop()
	p.stop = nil
	fmt.Fprint(p.w, eraseLine)
}

const eraseLine = "\r\x1b[K"

// write replaces the line. Errors are ignored, since missing progress is no
// reason to end.
func (p *progress) write(s step) {
	facts := ""
	if s.page > 0 {
		facts = fmt.Sprintf(" · page %d of %d · %s", s.page, s.pages, countWords(int(p.words.Load())))
	}
	facts += fmt.Sprintf(" · %.0f s", time.Since(s.started).Seconds())
	name := shownName(s.name)
	if room := p.columns - 1 - uniseg.StringWidth("Reading "+facts); uniseg.StringWidth(name) > room {
		name = cutToWidth(name, room-1) + "…"
	}
	fmt.Fprint(p.w, eraseLine+"Reading "+name+facts)
}

// setWords counts the words of the earlier pages and of this page's text for
// the next update.
func (p *progress) setWords(before int, text *ocr.Text) {
	if p == nil || time.Since(p.counted) < progressPause {
		return // counting takes longer for a longer text
	}
	p.counted = time.Now()
	p.words.Store(int64(before + ocr.CountWords(text.String())))
}

// finish removes the line and writes a permanent one, unless the file was not
// read.
func (p *progress) finish(r Result, started time.Time) {
	p.hide()
	if p == nil || r.Error != "" {
		return
	}
	pages := ""
	if r.Pages > 1 {
		pages = " · " + countPages(r.Pages)
	}
	fmt.Fprintf(p.w, "Read %s%s · %s · %.1f s\n", shownName(r.Name), pages, countWords(r.Words), time.Since(started).Seconds())
}

func countWords(n int) string {
	if n == 1 {
		return "1 word"
	}
	return fmt.Sprintf("%d words", n)
}

// cutToWidth returns the start of s that takes at most width columns.
func cutToWidth(s string, width int) string {
	var b strings.Builder
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if width -= g.Width(); width < 0 {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String()
}
