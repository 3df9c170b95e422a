package reading

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/words"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// State is all that is saved of an ask while it is read and after: what another
// process needs to go on. Its phases only move forward, and each is saved before
// its effect.
type State struct {
	Began     time.Time
	Phase     Phase
	Reply     post.Once
	Elsewhere string `json:",omitempty"` // direct message for the texts, where the conversation takes nothing more
	Files     []FileState
}

// Phase is how far an ask has come.
type Phase string

// The phases of an ask. A new one has none.
const (
	Opened Phase = "opened" // the reply is posted
	Closed Phase = "closed" // all files are delivered; the reply's last edit may be due
)

// FileState is how far a file has come.
type FileState struct {
	Phase     FilePhase
	Starts    int            `json:",omitempty"` // of the reading after which nothing was heard of it: crashes
	Failure   *words.Failure `json:",omitempty"` // why the text is not whole
	StoppedBy string         `json:",omitempty"` // who stopped it
	File      *slack.File    `json:",omitempty"` // what files.info said of it, where the event said too little
	Outcome   Outcome
	Delivery  Delivery
}

// FilePhase is how far a file has come.
type FilePhase string

// The phases of a file. One that waits for its turn at the model has none.
const (
	Reading   FilePhase = "reading"   // it was begun
	Finished  FilePhase = "finished"  // its text is kept: it is this one and no other, whoever goes on
	Delivered FilePhase = "delivered" // its text is posted, or there is none
)

// Outcome is what was read of a file.
type Outcome struct {
	HasText   bool
	Words     int // of the pages, without what stands between them
	Pages     int
	LeftOut   int           // pages over the limit
	Missing   int           // pages that could not be read
	SmallCopy bool          // it was read from a smaller copy that Slack made
	Damaged   bool          `json:",omitempty"` // a page could not be decoded whole
	Places    []Place       `json:",omitempty"` // of what was looked for: those that are marked
	Found     int           // places in all
	Took      time.Duration // from the ask until the text was whole
}

// caveats say what of a file was not read, as what follows its line.
func (o Outcome) caveats(f ask.File) string {
	return words.PagesLeftOut(o.LeftOut) + words.FromSmallCopy(o.SmallCopy, ask.PDF(f.Slack)) + words.DamagedFile(o.Damaged)
}

// Place is a place on a piece of the file.
type Place struct {
	Piece int
	page.Area
}

// Delivery is what was posted of a file.
type Delivery struct {
	Parts     []post.Once     `json:",omitempty"` // the text's messages
	Upload    post.OnceFile   // the text as a file
	NoUpload  bool            `json:",omitempty"` // all of the text goes as messages
	Marked    []post.OnceFile `json:",omitempty"` // pictures with the places framed
	NotMarked bool            `json:",omitempty"` // those could not be posted
	Lost      bool            `json:",omitempty"` // Slack did not accept the text
}

// oldProgress is what an earlier version saved of a job, which was one file.
type oldProgress struct {
	oldOutcome
	Began     time.Time
	Asked     int
	Posted    post.Once
	Cause     string
	Parts     []post.Once
	Upload    post.OnceFile
	NoFile    bool
	Found     int
	Marked    []post.OnceFile
	Elsewhere string
	Text      bool
}

// oldOutcome is the result of a reading in the records of an earlier version.
type oldOutcome struct {
	Pages int
	Left  int
	Words int
	Small bool
	Boxes []Place
}

// oldStopped is the cause that an earlier version saved of a text that a person stopped.
const oldStopped = "somebody stopped me."

// upgrade makes a state of what an earlier version saved with a record. kept reports
// whether the file's text was kept as final.
func (o oldProgress) upgrade(r jobs.Record, kept bool) State {
	f := FileState{
		Starts: max(0, o.Asked/2-r.Attempts), // each attempt had two requests, and not all of them were crashes
		Outcome: Outcome{
			HasText: o.Text, Words: o.Words, Pages: o.Pages, LeftOut: o.Left, SmallCopy: o.Small, Places: o.Boxes, Found: o.Found,
		},
		Delivery: Delivery{Parts: o.Parts, Upload: o.Upload, NoUpload: o.NoFile, Marked: o.Marked},
	}
	switch o.Cause {
	case "":
	case oldStopped:
		f.Failure, f.StoppedBy = words.Failed(words.Stopped), r.StoppedBy
	default:
		f.Failure = &words.Failure{Kind: words.Told, Sentence: o.Cause}
	}
	if kept {
		f.Phase, f.Outcome.Took = Finished, max(0, r.Updated.Sub(r.Created))
	}
	s := State{Began: o.Began, Reply: o.Posted, Elsewhere: o.Elsewhere, Files: []FileState{f}}
	if o.Posted.TS != "" {
		s.Phase = Opened
	}
	return s
}

// DecodeState returns the state of an ask's record, this version's or an earlier
// one's, and completes the ask's files with what was looked up of them. kept reports whether the text of an earlier version's file was kept.
func DecodeState(r jobs.Record, a *ask.Ask, kept bool) (State, error) {
	var s State
	if r.Progress != nil {
		var old oldProgress
		if err := json.Unmarshal(r.Progress, &s); err != nil {
			return State{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		if s.Files == nil && json.Unmarshal(r.Progress, &old) == nil {
			s = old.upgrade(r, kept)
		}
	}
	if s.Began.IsZero() {
		s.Began = r.Created
	}
	for len(s.Files) < len(a.Files) {
		s.Files = append(s.Files, FileState{})
	}
	for i := range a.Files {
		if looked := s.Files[i].File; looked != nil {
			a.Files[i].Slack = *looked
		}
	}
	return s, nil
}

// Texts of a job, as they are kept: each file has a range of numbers. An earlier
// version kept those of its one file under the same numbers as the first has here.
const (
	wholeText   = 0 // the file's text, final
	partialText = 1 // the longest start of it, while it is not
	firstPiece  = 2 // the pieces of a file that has several
	fileStride  = 10_000
)

// TextOf is the number of a file's final text among the kept texts of its job.
func TextOf(file int) int { return file*fileStride + wholeText }

// run is the reading of one ask by this process.
type run struct {
	*Reader
	ask.Ask
	job    *jobs.Job
	log    *logLines
	thread *post.Thread
	reply  *post.Reply
	live   *live
	// draining ends when the bot takes nothing up any more, and with the job's
	// context. hardStop ends when the bot does, whoever stopped the job.
	draining, hardStop context.Context
	counted            atomic.Int64 // files that are counted as waiting
	places             places       // of the files in the line for the model

	mu    sync.Mutex // guards what follows; never held over I/O
	state State
	saves saves
}

// saves are how far the changes of a state are saved.
type saves struct {
	change  int           // counts the changes
	saved   int           // the last one that is saved
	running chan struct{} // closed when the save under way ends; nil for none
}

// update changes the state and returns when that is saved. Changes that are made
// while another one is being saved are saved together.
func (r *run) update(ctx context.Context, edit func(*State)) error {
	r.mu.Lock()
	edit(&r.state)
	r.saves.change++
	mine := r.saves.change
	for r.saves.saved < mine {
		if wait := r.saves.running; wait != nil {
			r.mu.Unlock()
			select {
			case <-wait:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			r.mu.Lock()
			continue
		}
		now, snapshot := r.saves.change, r.state.clone()
		done := make(chan struct{})
		r.saves.running = done
		r.mu.Unlock()
		err := r.job.Save(ctx, snapshot)
		r.mu.Lock()
		r.saves.running = nil
		close(done)
		if err != nil {
			r.mu.Unlock()
			return err
		}
		r.saves.saved = max(r.saves.saved, now)
	}
	r.mu.Unlock()
	return nil
}

// clone is a copy that shares nothing that is written to.
func (s State) clone() State {
	s.Files = slices.Clone(s.Files)
	for i := range s.Files {
		d := &s.Files[i].Delivery
		d.Parts, d.Marked = slices.Clone(d.Parts), slices.Clone(d.Marked)
	}
	return s
}

// snapshot is the state as it is now.
func (r *run) snapshot() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.clone()
}

// file is the state of a file as it is now.
func (r *run) file(i int) FileState { return r.snapshot().Files[i] }

// updateFile is update for the state of one file.
func (r *run) updateFile(ctx context.Context, i int, edit func(*FileState)) error {
	return r.update(ctx, func(s *State) { edit(&s.Files[i]) })
}

// once is a copy of what is kept of a message that is posted once, and what saves
// it in its place.
func (r *run) once(place func(*State) *post.Once) (*post.Once, post.Save) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := *place(&r.state)
	return &state, func(ctx context.Context) error {
		now := state
		return r.update(ctx, func(s *State) { *place(s) = now })
	}
}

// onceFile is once for an upload.
func (r *run) onceFile(place func(*State) *post.OnceFile) (*post.OnceFile, post.Save) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := *place(&r.state)
	return &state, func(ctx context.Context) error {
		now := state
		return r.update(ctx, func(s *State) { *place(s) = now })
	}
}

// keep keeps the text that is going to be posted of a file, and then that it is
// finished: from there on it is this text and no other, whoever goes on.
func (r *run) keep(ctx context.Context, i int, text string, o Outcome, why *words.Failure) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	if err := r.saveText(ctx, i, wholeText, text); err != nil {
		return err
	}
	o.HasText, o.Took = text != "", time.Since(r.began())
	if why != nil { // else it was counted without what stands between the pages
		o.Words = ocr.CountWords(text)
	}
	return r.updateFile(ctx, i, func(f *FileState) {
		f.Phase, f.Failure, f.Outcome = Finished, why, o
		if why != nil && why.Kind == words.Stopped {
			f.StoppedBy = r.stoppedBy(i)
		}
	})
}

// saveText keeps one of the texts of a file, unless the file is erased: it may have
// been erased before the text was there.
func (r *run) saveText(ctx context.Context, i, n int, text string) error {
	err := r.job.SavePage(ctx, TextOf(i)+n, text)
	if r.erased(i) {
		err = errors.Join(err, r.Jobs.ErasePages(ctx, r.job.Record().Key, TextOf(i), TextOf(i+1)))
	}
	return err
}

// stoppedBy is who stopped a file, or the ask.
func (r *run) stoppedBy(i int) string {
	record := r.job.Record()
	if by := record.StoppedItems[i]; by != "" {
		return by
	}
	return record.StoppedBy
}

func (r *run) began() time.Time { return r.snapshot().Began }

// settling bounds what is written after a job's context has ended.
const settling = 2 * time.Second
