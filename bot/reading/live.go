package reading

import (
	"slices"
	"sync"
	"time"

	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
)

// liveReply holds the contents of the reply while files are read. Its methods may
// be called from any goroutine.
type liveReply struct {
	run *run

	mu      sync.Mutex // guards the fields below
	files   []liveFile
	retryIn time.Duration // time to the next attempt after this attempt ended, else 0
}

// liveFile is the part of the reply about an unfinished file.
type liveFile struct {
	stage stage
	ahead int    // number of pages ahead, if queued
	text  string // text of an earlier attempt, until there is more
	pages *pages // the pages being read, or nil
	err   error  // reason for the end of this attempt
}

// stage is how far this attempt at a file is.
type stage int

const (
	notStarted stage = iota
	queued           // waits for a turn at the model
	modelDown        // waits for the model's endpoint
	inWork
	fileFailed // waits for the next attempt
)

func newLive(r *run) *liveReply { return &liveReply{run: r, files: make([]liveFile, len(r.Files))} }

// set changes the contents about a file.
func (l *liveReply) set(i int, about post.Change, edit func(*liveFile)) {
	l.mu.Lock()
	edit(&l.files[i])
	if about == post.QueueChange && slices.ContainsFunc(l.files, func(f liveFile) bool { return f.pages != nil || f.stage == inWork }) {
		about = post.StatusChange // there is more to show than a place in a queue
	}
	l.mu.Unlock()
	l.changed(about)
}

// changed has the reply show the present contents, if it is open.
func (l *liveReply) changed(about post.Change) {
	if l.run.reply != nil {
		l.run.reply.Changed(about)
	}
}

// setEarlierText shows the text of an earlier attempt.
func (l *liveReply) setEarlierText(i int, text string) {
	l.set(i, post.TextChange, func(f *liveFile) { f.text = text })
}

// setQueued shows the number of pages ahead of a file.
func (l *liveReply) setQueued(i, ahead int) {
	l.mu.Lock()
	f := l.files[i]
	l.mu.Unlock()
	if f.pages == nil || f.pages.running.Load() == 0 && f.shown() == "" { // otherwise a later page waits
		l.set(i, post.QueueChange, func(f *liveFile) { f.stage, f.ahead = queued, ahead })
	}
}

// setModelDown shows that a file waits for the endpoint.
func (l *liveReply) setModelDown(i int) {
	l.set(i, post.StatusChange, func(f *liveFile) { f.stage = modelDown })
}

// setInWork shows that a file waits for nothing any more.
func (l *liveReply) setInWork(i int) {
	l.mu.Lock()
	before := l.files[i].stage
	l.mu.Unlock()
	if before != inWork {
		l.set(i, post.StatusChange, func(f *liveFile) { f.stage = inWork })
	}
}

// setPages shows pages as they grow.
func (l *liveReply) setPages(i int, p *pages) {
	l.set(i, post.StatusChange, func(f *liveFile) { f.stage, f.pages = inWork, p })
}

// setFailed ends this attempt at a file with an error, and shows the text so
// far.
func (l *liveReply) setFailed(i int, text string, err error) {
	l.set(i, post.StatusChange, func(f *liveFile) { f.stage, f.pages, f.text, f.err = fileFailed, nil, text, err })
}

// failure returns the reason for the end of this attempt at a file.
func (l *liveReply) failure(i int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.files[i].err
}

// setRetryIn sets the time to the next attempt.
func (l *liveReply) setRetryIn(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retryIn = d
}

// view returns the present contents of the reply.
func (l *liveReply) view() post.View {
	r, state := l.run, l.run.snapshot()
	l.mu.Lock()
	files, retryIn := slices.Clone(l.files), l.retryIn
	l.mu.Unlock()
	v := post.View{Head: headOf(r.Ask), Buttons: r.runningButtons(state)}
	if len(files) > 1 {
		v.Lines = append(v.Lines, post.Line{Caption: post.Plain(words.Reading(r.Title()))})
	}
	for i, f := range files {
		if r.erased(i) {
			continue
		}
		saved, text := state.Files[i], ""
		if saved.Phase != Delivered {
			text = f.shown()
		}
		name, line := "", f.line(r, i, text, retryIn)
		if len(files) > 1 {
			name = slackmd.Name(r.Files[i].Name())
			if !saved.unread() {
				line = finishedLine(r.job.Record().Key, r.Ask, i, saved)
			}
			line = words.Of(name, line)
		}
		if text != "" {
			v.Texts = append(v.Texts, post.Text{Name: name, Markdown: text})
		}
		v.Lines = append(v.Lines, post.Line{Caption: post.Plain(line)})
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

// line returns the line about an unfinished file with its text so far.
func (f liveFile) line(r *run, i int, text string, retryIn time.Duration) string {
	title := lineTitle(r.Ask, i)
	idle := f.pages == nil || f.pages.running.Load() == 0
	switch {
	case f.stage == fileFailed && retryIn > 0:
		return words.NotYet(title, FailureOf(f.err), retryIn)
	case idle && (f.stage == modelDown || f.stage != fileFailed && !r.Model.Down().IsZero()):
		return words.Down(title)
	case f.stage == queued:
		return words.Waiting(title, f.ahead)
	case f.stage == notStarted:
		if ahead := r.Turns.ahead(r.Person); ahead >= 0 {
			return words.Waiting(title, ahead+i)
		}
	case f.pages != nil && text != "":
		return words.ReadingOn(title, f.pages.progress(text))
	}
	return words.Reading(title)
}
