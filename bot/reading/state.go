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

// State is everything that is saved of an ask during and after the reading, so
// that another process can go on. Its phases only move forward, and each is
// saved before its effect.
type State struct {
	Began     time.Time
	Phase     Phase
	Reply     post.PostState
	Elsewhere string `json:",omitempty"` // direct message for the texts, if the conversation accepts no more
	Files     []FileState
}

// Phase is the progress of an ask.
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
	StoppedBy string         `json:",omitempty"` // the person who stopped the file
	File      *slack.File    `json:",omitempty"` // Slack's information about the file, if the event lacked some
	Outcome   Outcome
	Delivery  Delivery
}

// FilePhase is the progress of a file.
type FilePhase string

// The phases of a file. A file that waits for its turn has none.
const (
	Reading   FilePhase = "reading"   // it was begun
	Finished  FilePhase = "finished"  // its text is kept: it is this one and no other, whoever goes on
	Delivered FilePhase = "delivered" // its text is posted, or there is none
)

// Outcome is the result of reading a file.
type Outcome struct {
	HasText   bool
	Words     int // words of the pages, without the separators
	Pages     int
	LeftOut   int           // pages over the limit
	Missing   int           // pages that could not be read
	SmallCopy bool          // it was read from a smaller copy that Slack made
	Damaged   bool          `json:",omitempty"` // a page could not be decoded whole
	Places    []Place       `json:",omitempty"` // marked places of the words that were looked for
	Found     int           // places in all
	Took      time.Duration // from the ask to the whole text
}

// caveats returns the remarks about missing parts of a file, to follow its
// line.
func (o Outcome) caveats(f ask.File) string {
	return words.PagesLeftOut(o.LeftOut) + words.FromSmallCopy(o.SmallCopy, ask.PDF(f.Slack)) + words.DamagedFile(o.Damaged)
}

// Place is a place on a piece of the file.
type Place struct {
	Piece int
	page.Area
}

// Delivery lists the posts of a file's result.
type Delivery struct {
	Parts     []post.PostState   `json:",omitempty"` // the text's messages
	Upload    post.UploadState   // the text as a file
	NoUpload  bool               `json:",omitempty"` // all of the text goes as messages
	Marked    []post.UploadState `json:",omitempty"` // pictures with the places framed
	NotMarked bool               `json:",omitempty"` // those could not be posted
	Lost      bool               `json:",omitempty"` // Slack did not accept the text
}

// oldProgress is the state in a record of an earlier version, in which a job
// was one file.
type oldProgress struct {
	oldOutcome
	Began     time.Time
	Asked     int
	Posted    post.PostState
	Cause     string
	Parts     []post.PostState
	Upload    post.UploadState
	NoFile    bool
	Found     int
	Marked    []post.UploadState
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

// oldStopped is the cause in a record of an earlier version for a text that a
// person stopped.
const oldStopped = "somebody stopped me."

// upgrade returns the state for an earlier version's record. kept must be true
// if the file's text was saved as final.
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
		f.Failure = &words.Failure{Kind: words.OldSentence, OldText: o.Cause}
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

// DecodeState returns the state of an ask's record, of this version or an
// earlier one, and completes the ask's files with saved information. kept must
// be true if the text of an earlier version's file was saved as final.
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

// Numbers of a job's texts: each file has a range of numbers. An earlier
// version saved the texts of its only file under the numbers of the first file
// here.
const (
	wholeText   = 0 // the file's text, final
	partialText = 1 // the longest start of the text, until the text is final
	firstPiece  = 2 // the pieces of a file with several pieces
	fileStride  = 10_000
)

// TextOf returns the number of a file's final text among the texts of its job.
func TextOf(file int) int { return file*fileStride + wholeText }

// run is the reading of an ask by this process.
type run struct {
	*Reader
	ask.Ask
	job    *jobs.Job
	log    *logLines
	thread *post.Thread
	reply  *post.Reply
	live   *live
	// draining ends with the job's context, or when the bot starts no more
	// work. hardStop ends when the bot ends, whoever stopped the job.
	draining, hardStop context.Context
	counted            atomic.Int64 // files that are counted as waiting
	places             places       // of the files in the line for the model

	mu    sync.Mutex // guards the fields below; never held during I/O
	state State
	saves saves
}

// saves tracks which changes of a state are saved.
type saves struct {
	change  int           // number of changes
	saved   int           // number of the last saved change
	running chan struct{} // closed when the present save ends, or nil
}

// update changes the state and returns when the change is saved. Changes
// during a save are saved together.
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

// clone returns a copy that shares no memory that is written to.
func (s State) clone() State {
	s.Files = slices.Clone(s.Files)
	for i := range s.Files {
		d := &s.Files[i].Delivery
		d.Parts, d.Marked = slices.Clone(d.Parts), slices.Clone(d.Marked)
	}
	return s
}

// snapshot returns the present state.
func (r *run) snapshot() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.clone()
}

// file returns the present state of a file.
func (r *run) file(i int) FileState { return r.snapshot().Files[i] }

// updateFile is update for the state of a file.
func (r *run) updateFile(ctx context.Context, i int, edit func(*FileState)) error {
	return r.update(ctx, func(s *State) { edit(&s.Files[i]) })
}

// once returns a copy of the saved state of a message that is posted once, and
// a function that saves the copy in its place.
func (r *run) once(place func(*State) *post.PostState) (*post.PostState, post.SaveFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := *place(&r.state)
	return &state, func(ctx context.Context) error {
		now := state
		return r.update(ctx, func(s *State) { *place(s) = now })
	}
}

// onceFile is once for an upload.
func (r *run) onceFile(place func(*State) *post.UploadState) (*post.UploadState, post.SaveFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := *place(&r.state)
	return &state, func(ctx context.Context) error {
		now := state
		return r.update(ctx, func(s *State) { *place(s) = now })
	}
}

// keep saves the final text of a file, and then that the file is finished:
// from then on the text never changes, whichever process goes on.
func (r *run) keep(ctx context.Context, i int, text string, o Outcome, why *words.Failure) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	if err := r.saveText(ctx, i, wholeText, text); err != nil {
		return err
	}
	o.HasText, o.Took = text != "", time.Since(r.began())
	if why != nil { // otherwise the words were counted without the separators
		o.Words = ocr.CountWords(text)
	}
	return r.updateFile(ctx, i, func(f *FileState) {
		f.Phase, f.Failure, f.Outcome = Finished, why, o
		if why != nil && why.Kind == words.Stopped {
			f.StoppedBy = r.stoppedBy(i)
		}
	})
}

// saveText saves a text of a file, unless the file is erased, even if it was
// erased before the text was saved.
func (r *run) saveText(ctx context.Context, i, n int, text string) error {
	err := r.job.SavePage(ctx, TextOf(i)+n, text)
	if r.erased(i) {
		err = errors.Join(err, r.Jobs.ErasePages(ctx, r.job.Record().Key, TextOf(i), TextOf(i+1)))
	}
	return err
}

// stoppedBy returns the person who stopped a file, or the ask.
func (r *run) stoppedBy(i int) string {
	record := r.job.Record()
	if by := record.StoppedItems[i]; by != "" {
		return by
	}
	return record.StoppedBy
}

func (r *run) began() time.Time { return r.snapshot().Began }

// settling bounds the writes after the end of a job's context.
const settling = 2 * time.Second
