package reading

import (
	"sync"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
)

// live holds the contents of the reply while files are read. Its methods may
// be called from any goroutine.
type live struct {
	run *run

	mu      sync.Mutex // guards the fields below
	reply   *post.Reply
	files   []liveFile
	againIn time.Duration // time to the next attempt after this attempt ended, else 0
}

// liveFile is the part of the reply about an unfinished file.
type liveFile struct {
	stage stage
	line  int    // number of files ahead, if queued
	text  string // text of an earlier attempt, until there is more
	pages *pages // the pages being read, or nil
	err   error  // reason for the end of this attempt
}

// stage is the thing that a file waits for.
type stage int

const (
	untold     stage = iota // not started
	queued                  // a turn at the model
	endpoint                // the model's endpoint
	beingRead               // nothing
	fileFailed              // the next attempt
)

func newLive(r *run) *live { return &live{run: r, files: make([]liveFile, len(r.Files))} }

// attach starts to keep the reply up to date.
func (l *live) attach(reply *post.Reply) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reply = reply
}

// set changes the contents about a file.
func (l *live) set(i int, about post.Change, edit func(*liveFile)) {
	l.mu.Lock()
	edit(&l.files[i])
	reply := l.reply
	if about == post.QueueChange {
		for _, f := range l.files {
			if f.pages != nil || f.stage == beingRead {
				about = post.StatusChange // there is more to show than a place in a queue
			}
		}
	}
	l.mu.Unlock()
	if reply != nil {
		reply.Changed(about)
	}
}

// missing records, before the reply is open, that a file cannot be read.
func (l *live) missing(i int, err error) { l.files[i].err = err }

// missed returns the error of missing.
func (l *live) missed(i int) error { return l.failure(i) }

// before shows the text of an earlier attempt.
func (l *live) before(i int, text string) {
	l.set(i, post.TextChange, func(f *liveFile) { f.text = text })
}

// ahead shows the number of files ahead of a file.
func (l *live) ahead(i, n int) {
	l.mu.Lock()
	begun := l.files[i].pages != nil // then a later page waits
	l.mu.Unlock()
	if !begun {
		l.set(i, post.QueueChange, func(f *liveFile) { f.stage, f.line = queued, n })
	}
}

// down shows that a file waits for the endpoint.
func (l *live) down(i int) {
	l.set(i, post.StatusChange, func(f *liveFile) { f.stage = endpoint })
}

// turn shows that a file waits for nothing any more.
func (l *live) turn(i int) {
	l.mu.Lock()
	waited := l.files[i].stage
	l.mu.Unlock()
	if waited != beingRead {
		l.set(i, post.StatusChange, func(f *liveFile) { f.stage = beingRead })
	}
}

// reading shows that work on a file has begun.
func (l *live) reading(i int) { l.turn(i) }

// show shows pages as they grow.
func (l *live) show(i int, p *pages) {
	l.set(i, post.StatusChange, func(f *liveFile) { f.stage, f.pages = beingRead, p })
}

// grown notes that a file has more text.
func (l *live) grown(i int) { l.set(i, post.TextChange, func(*liveFile) {}) }

// failed shows how this attempt at a file ended, and keeps its text.
func (l *live) failed(i int, text string, err error) {
	if err != nil {
		l.set(i, post.StatusChange, func(f *liveFile) { f.stage, f.pages, f.text, f.err = fileFailed, nil, text, err })
	}
}

// failure returns the reason for the end of this attempt at a file.
func (l *live) failure(i int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.files[i].err
}

// again shows the time to the next attempt.
func (l *live) again(in time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.againIn = in
}

// view returns the present contents of the reply.
func (l *live) view() post.View {
	r, state := l.run, l.run.snapshot()
	l.mu.Lock()
	files, againIn := append([]liveFile(nil), l.files...), l.againIn
	l.mu.Unlock()
	v := post.View{Head: r.head(), Buttons: r.runningButtons(state)}
	if !r.single() {
		v.Lines = append(v.Lines, post.Line{Caption: post.Plain(words.Reading(r.Title()))})
	}
	for i, f := range files {
		if r.erased(i) {
			continue
		}
		text := ""
		if state.Files[i].Phase != Delivered {
			text = f.shown()
		}
		t := post.Text{Markdown: text}
		line := post.Plain(f.alone(r, i, text, againIn))
		if !r.single() {
			t.Name = slackmd.Name(r.Files[i].Name())
			line = post.Plain(words.Of(t.Name, f.amongOthers(r, i, state.Files[i], text, againIn)))
		}
		if text != "" {
			v.Texts = append(v.Texts, t)
		}
		v.Lines = append(v.Lines, post.Line{Caption: line})
	}
	return v
}

// shown returns the text of the file so far.
func (f liveFile) shown() string {
	if f.pages != nil {
		if text := f.pages.shown(); text != "" {
			return text
		}
	}
	return f.text
}

// waitsForEndpoint reports whether the file waits because the endpoint is
// down.
func (f liveFile) waitsForEndpoint(r *run) bool {
	idle := f.pages == nil || f.pages.running.Load() == 0
	return idle && (f.stage == endpoint || f.stage != fileFailed && !r.Model.Down().IsZero())
}

// alone returns the line about the only file of an ask.
func (f liveFile) alone(r *run, i int, text string, againIn time.Duration) string {
	what := r.What(i)
	switch {
	case f.stage == fileFailed && againIn > 0:
		return words.NotYet(what, FailureOf(f.err), againIn)
	case f.waitsForEndpoint(r):
		return words.Down(what)
	case f.stage == queued:
		return words.Waiting(what, f.line)
	case f.stage == untold:
		if ahead := r.Turns.ahead(r.Person); ahead >= 0 {
			return words.Waiting(what, ahead)
		}
	case f.pages != nil && text != "":
		return words.ReadingOn(what, f.pages.progress(text))
	}
	return words.Reading(what)
}

// amongOthers returns the state of a file in its line of a list.
func (f liveFile) amongOthers(r *run, i int, s FileState, text string, againIn time.Duration) string {
	switch {
	case s.Phase == Finished, s.Phase == Delivered:
		return finishedLine(r.Files[i], s)
	case f.stage == fileFailed && againIn > 0:
		return words.FileNotYet(FailureOf(f.err), againIn)
	case f.waitsForEndpoint(r):
		return words.FileDown
	case f.stage == queued:
		return words.Queued(f.line)
	case f.stage == untold:
		if ahead := r.Turns.ahead(r.Person); ahead >= 0 {
			return words.Queued(ahead + i)
		}
	case f.pages != nil && text != "":
		return f.pages.progress(text).String()
	}
	return words.FileReading
}

// finishedLine returns the state of a finished file in its line of a list.
func finishedLine(file ask.File, s FileState) string {
	switch {
	case s.Failure != nil && s.Failure.Kind == words.Stopped:
		return words.FileStopped
	case s.Failure != nil:
		return words.FileNotRead(s.Outcome.Words, s.Failure)
	case !s.Outcome.HasText:
		return words.FileEmpty + s.Outcome.caveats(file)
	}
	return words.Summary(s.Outcome.Words, s.Outcome.Pages, 0) + s.Outcome.caveats(file)
}
