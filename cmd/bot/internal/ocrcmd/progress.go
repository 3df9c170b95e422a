package ocrcmd

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rivo/uniseg"

	"slackocr/ocr"
)

// progressPause is the time between two updates of the line of progress.
const progressPause = 200 * time.Millisecond

// A progress keeps a line on standard error that shows the work of bot ocr:
// the file, the page, the words so far and the seconds. A nil progress writes
// nothing.
type progress struct {
	w       io.Writer
	columns int // of the terminal
	words   atomic.Int64
	counted time.Time // time of the last count; used by the reading goroutine only

	steps chan step // each is answered on shown
	shown chan struct{}
	ended chan struct{}
}

// A step is the present work of bot ocr. The zero step removes the line.
type step struct {
	name        string
	page, pages int // page is 0 until the file is open
	started     time.Time
}

// newProgress returns nil unless standard error is a terminal that can erase a
// line. The caller must close the progress.
func newProgress(to Terminal) *progress {
	if !to.ShowProgress {
		return nil
	}
	p := &progress{
		w: to.Stderr, columns: to.Columns,
		steps: make(chan step), shown: make(chan struct{}), ended: make(chan struct{}),
	}
	go p.run()
	return p
}

// run owns the line until close.
func (p *progress) run() {
	defer close(p.ended)
	tick := time.NewTicker(progressPause)
	defer tick.Stop()
	var now step
	for {
		select {
		case <-tick.C:
			if now.name != "" {
				p.write(now)
			}
		case next, more := <-p.steps:
			if !more {
				return
			}
			if now.name != "" || next.name != "" {
				p.write(next)
			}
			now = next
			p.shown <- struct{}{}
		}
	}
}

// write replaces the line. Errors are ignored, since missing progress is no
// reason to end.
func (p *progress) write(s step) {
	fmt.Fprint(p.w, "\r\x1b[K")
	if s.name == "" {
		return
	}
	facts := ""
	if s.page > 0 {
		facts = fmt.Sprintf(" · page %d of %d · %s", s.page, s.pages, countWords(int(p.words.Load())))
	}
	facts += fmt.Sprintf(" · %.0f s", time.Since(s.started).Seconds())
	name := shownName(s.name)
	if room := p.columns - 1 - uniseg.StringWidth("Reading "+facts); uniseg.StringWidth(name) > room {
		name = cutToWidth(name, room-1) + "…"
	}
	fmt.Fprint(p.w, "Reading "+name+facts)
}

// set shows a step, and returns when the step is on the terminal, so that the
// caller may write there after a zero step.
func (p *progress) set(s step) {
	if p == nil {
		return
	}
	p.steps <- s
	<-p.shown
}

// start shows the first step of a file.
func (p *progress) start(name string, started time.Time) {
	if p != nil {
		p.words.Store(0)
		p.set(step{name: name, started: started})
	}
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

// finish removes the line and writes a permanent one.
func (p *progress) finish(r Result, started time.Time) {
	if p == nil {
		return
	}
	p.set(step{})
	if r.Error != "" {
		return // the caller says why
	}
	pages := ""
	if r.Pages > 1 {
		pages = " · " + countPages(r.Pages)
	}
	fmt.Fprintf(p.w, "Read %s%s · %s · %.1f s\n", shownName(r.Name), pages, countWords(r.Words), time.Since(started).Seconds())
}

// close removes the line and waits for the goroutine's end.
func (p *progress) close() {
	if p == nil {
		return
	}
	p.set(step{})
	close(p.steps)
	<-p.ended
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

// A clearing writer removes the line of progress before it writes to the same
// terminal.
type clearing struct {
	progress *progress
	w        io.Writer
}

func (c clearing) Write(text []byte) (int, error) {
	c.progress.set(step{})
	return c.w.Write(text)
}
