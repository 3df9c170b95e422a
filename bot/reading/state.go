package reading

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/words"
	"slackocr/ocr/page"
)

// State is everything that is saved of an ask during and after the reading, so
// that another process can go on. Its phases only move forward, and each is
// saved before its effect.
type State struct {
	Began      time.Time
	Phase      Phase
	Reply      post.PostState
	FallbackDM string `json:"Elsewhere,omitempty"` // direct message for the texts, if the conversation accepts no more
	Files      []FileState
}

// Phase is the progress of an ask. Until the ask is closed, the state of the reply and
// the phases of the files tell the progress.
type Phase string

// Closed means that all files are delivered. The reply's last edit may be due.
const Closed Phase = "closed"

// FileState is how far a file has come.
type FileState struct {
	Phase    FilePhase
	Starts   int            `json:",omitempty"` // starts of the file that neither gave text nor ended: crashes of the bot
	Failure  *words.Failure `json:",omitempty"` // why the text is not whole
	File     *slack.File    `json:",omitempty"` // Slack's information about the file, if the event lacked some
	Outcome  Outcome
	Delivery Delivery
}

// unread reports whether the file is still to be read.
func (f FileState) unread() bool { return f.Phase != Finished && f.Phase != Delivered }

// unread returns the number of files that are still to be read.
func (s State) unread() (n int) {
	for _, f := range s.Files {
		if f.unread() {
			n++
		}
	}
	return n
}

// stopped reports whether a person stopped the file.
func (f FileState) stopped() bool { return f.Failure != nil && f.Failure.Kind == words.Stopped }

// FilePhase is the progress of a file.
type FilePhase string

// The phases of a file. A file that is still to be read has none.
const (
	Finished  FilePhase = "finished"  // its text is saved, and never changes
	Delivered FilePhase = "delivered" // its text is posted, or there is none
)

// Outcome is the result of reading a file.
type Outcome struct {
	HasText   bool
	Words     int // words of the pages, without the separators
	Pages     int
	LeftOut   int           // pages over the limit
	Missing   int           // pages that could not be read
	OwnText   int           `json:",omitempty"` // pieces with the PDF's own text in place of the model's
	SmallCopy bool          // it was read from a smaller copy that Slack made
	Damaged   bool          `json:",omitempty"` // a page could not be decoded whole
	Places    []Place       `json:",omitempty"` // marked places of the words that were looked for
	Found     int           // places in all
	Took      time.Duration // from the ask to the whole text
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
	NoUpload  bool               `json:",omitempty"`     // all of the text goes as messages
	Marked    []post.UploadState `json:",omitempty"`     // pictures with the places framed
	NotMarked bool               `json:",omitempty"`     // those could not be posted
	NotPosted bool               `json:"Lost,omitempty"` // Slack did not accept the text
}

// oldProgress is the state in a record of an earlier version, in which a job
// was one file. The fields that have the same names now are in State (Began and
// Elsewhere), Outcome (Pages, Words and Found) and Delivery (Parts, Upload and
// Marked).
type oldProgress struct {
	Outcome
	Delivery
	Asked  int
	Posted post.PostState
	Cause  string
	NoFile bool
	Text   bool
	Left   int
	Small  bool
	Boxes  []Place
}

// oldStopped is the cause in a record of an earlier version for a text that a
// person stopped.
const oldStopped = "somebody stopped me."

// upgrade turns s, which was decoded from an earlier version's record, into
// the state of this version. final must be true if the file's text was saved as
// final.
func (o oldProgress) upgrade(s *State, r jobs.Record, final bool) {
	f := FileState{
		Starts:  max(0, o.Asked/2-r.Attempts), // each attempt had two requests, and not all of them were crashes
		Outcome: o.Outcome, Delivery: o.Delivery,
	}
	f.Outcome.HasText, f.Outcome.LeftOut, f.Outcome.SmallCopy, f.Outcome.Places = o.Text, o.Left, o.Small, o.Boxes
	f.Delivery.NoUpload = o.NoFile
	switch o.Cause {
	case "":
	case oldStopped:
		f.Failure = words.Failed(words.Stopped)
	default:
		f.Failure = &words.Failure{Kind: words.OldSentence, OldText: o.Cause}
	}
	if final {
		f.Phase, f.Outcome.Took = Finished, max(0, r.Updated.Sub(r.Created))
	}
	s.Reply, s.Files = o.Posted, []FileState{f}
}

// DecodeState returns the state of an ask's record, of this version or an
// earlier one, and completes the ask's files with saved information. final must
// be true if the text of an earlier version's file was saved as final.
func DecodeState(r jobs.Record, a *ask.Ask, final bool) (State, error) {
	var s State
	if r.Progress != nil {
		var old oldProgress
		if err := json.Unmarshal(r.Progress, &s); err != nil {
			return State{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		if s.Files == nil && json.Unmarshal(r.Progress, &old) == nil {
			old.upgrade(&s, r, final)
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
			a.SetInfo(i, *looked)
		}
	}
	return s, nil
}

// AskOf returns the ask of a record. For other jobs ok is false.
func AskOf(r jobs.Record) (a ask.Ask, ok bool) {
	var t struct {
		Ask  *ask.Ask
		Read *ask.Request // of an earlier version
	}
	switch err := json.Unmarshal(r.Request, &t); {
	case err != nil:
		return ask.Ask{}, false
	case t.Ask != nil:
		return *t.Ask, true
	case t.Read != nil:
		return t.Read.Upgrade(), true
	}
	return ask.Ask{}, false
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

// update changes the state and returns when the change is saved. Changes
// during a save are saved together.
func (r *run) update(ctx context.Context, edit func(*State)) error {
	r.mu.Lock()
	edit(&r.state)
	r.changes++
	mine := r.changes
	r.mu.Unlock()
	select {
	case r.saving <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-r.saving }()
	if r.saved >= mine {
		return nil
	}
	r.mu.Lock()
	now, snapshot := r.changes, r.state.clone()
	r.mu.Unlock()
	if err := r.job.Save(ctx, snapshot); err != nil {
		return err
	}
	r.saved = now
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

// once returns a copy of a field of the state, a [post.PostState] or [post.UploadState],
// and a function that saves the changed copy in the field.
func once[T any](r *run, field func(*State) *T) (*T, post.SaveFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := *field(&r.state)
	return &state, func(ctx context.Context) error {
		now := state
		return r.update(ctx, func(s *State) { *field(s) = now })
	}
}

// element returns element n of a list, which grows if necessary.
func element[T any](list *[]T, n int) *T {
	for len(*list) <= n {
		*list = append(*list, *new(T))
	}
	return &(*list)[n]
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

// settleTimeout bounds the writes after the end of a job's context.
const settleTimeout = 2 * time.Second

// settling returns a context for the last writes of the work with ctx, which ends
// settleTimeout after ctx.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	writing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(settleTimeout, cancel) })
	return writing, func() {
		stop()
		cancel()
	}
}
