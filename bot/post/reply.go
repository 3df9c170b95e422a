package post

import (
	"context"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

// Pace is the least time between two edits of one reply.
const Pace = 1200 * time.Millisecond

// Reply is the live message of one job. Open posts it, and its editor keeps it like
// what Opening.View returns, as far as Slack's budget allows. Changed returns at
// once, however slow Slack is, and may be called from any goroutine.
type Reply struct {
	thread *Thread
	ts     string
	view   func() View
	shown  func() // called with the first text, or nil

	mu    sync.Mutex // guards what follows
	idle  bool       // there is nothing to show but a place in a line
	text  bool       // there is text
	begun bool       // text was shown
	since time.Time  // of the oldest change that was not shown; zero for none
	late  time.Time  // when an edit was given up that Slack may still carry out
	gone  error      // what Slack said when the message could not be edited any more

	changed chan struct{}      // holds one wake-up for the editor
	stop    context.CancelFunc // begins no further interim edit
	ended   chan struct{}      // closed when the editor has ended
}

// Change says what a change of the view is about. Text goes before all else.
type Change int

// The kinds of changes.
const (
	QueueChange  Change = iota // only the place in a line: it leaves the budget to others for half a minute
	StatusChange               // what is being done
	TextChange                 // there is text
)

// Opening is how a reply begins.
type Opening struct {
	Key   string // tells this reply from all other posts
	After string // timestamp of a message that was there before
	// View returns what the reply is to show now. It is called when the turn to
	// post or to edit has come, from another goroutine.
	View func() View
	// Shown is called once text is to be seen for the first time, by this
	// process; nil: nobody wants to know.
	Shown func()
}

// Open posts a reply, once (see [Thread.Post]), and starts its editor, which
// ends with Close, Leave or ctx. The reply's own thread is Reply.Thread.
func Open(ctx context.Context, t *Thread, o Opening, state *Once, save Save) (*Reply, error) {
	var shown Message // by us; not what another process left there
	late := func(m *Message) {
		shown = o.View().message()
		m.Blocks, m.Fallback = shown.Blocks, shown.Fallback
	}
	if err := t.postOnce(ctx, Message{Key: o.Key, After: o.After}, greeting, late, state, save); err != nil {
		return nil, err
	}
	editing, stop := context.WithCancel(ctx)
	r := &Reply{
		thread: t, ts: state.TS, view: o.View, shown: o.Shown,
		changed: make(chan struct{}, 1), stop: stop, ended: make(chan struct{}),
	}
	go r.editor(ctx, editing, shown)
	return r, nil
}

// Thread is where the reply's result goes: the thread it stands in, or the one
// under it where it stands in the channel.
func (r *Reply) Thread() *Thread {
	if r.thread.ts == "" {
		return r.thread.Under(r.ts)
	}
	return r.thread
}

// TS is the reply's timestamp.
func (r *Reply) TS() string { return r.ts }

// Changed tells the editor that the view is another one now. The editor is woken
// only where that changes what it waits for.
func (r *Reply) Changed(about Change) {
	r.mu.Lock()
	before, waiting := r.urgency(), !r.since.IsZero()
	r.idle = about == QueueChange
	r.text = r.text || about == TextChange
	wake := !waiting || r.urgency() != before
	if !waiting {
		r.since = time.Now()
	}
	r.mu.Unlock()
	if waiting {
		r.thread.pacer.counts.edits(1, 0)
	}
	if wake {
		select {
		case r.changed <- struct{}{}:
		default: // the editor has a wake-up waiting
		}
	}
}

// Close ends the live edits, waits for one that is on its way so that it
// cannot overwrite the last one, and leaves the reply with v. It goes before all
// live edits: for what nobody has been told otherwise.
func (r *Reply) Close(ctx context.Context, v View) error {
	late := r.Leave()
	err := r.Gone()
	if err != nil {
		return err
	}
	err = r.thread.Edit(ctx, r.ts, v, Urgent)
	if late && err == nil {
		if err := sleep(ctx, Lateness); err != nil {
			return err
		}
		err = r.thread.Edit(ctx, r.ts, v, Urgent)
	}
	return err
}

// Gone is what Slack said when the reply could not be edited any more, and nil as long
// as it can: see [Gone].
func (r *Reply) Gone() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gone
}

// Lateness is how long after it was given up an edit may overwrite a later one.
const Lateness = 5 * time.Second

// Leave ends the live edits and waits for one that is on its way. The reply
// stays as it is. late reports that Slack may still carry out an edit that was
// given up: an edit that comes now is to be made again after [Lateness]. Leave
// may be called again.
func (r *Reply) Leave() (late bool) {
	r.stop()
	<-r.ended
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.late.IsZero() && time.Since(r.late) < Lateness
}

// When says when an edit is made: before all live edits, or in its turn among them.
type When bool

// The two turns of an edit.
const (
	Urgent  When = false
	InOrder When = true
)

// Edit makes the message ts of the thread show v. A text that Slack refuses is left
// out. [PlaceGone] and [Gone] tell why it cannot be edited any more.
func (t *Thread) Edit(ctx context.Context, ts string, v View, when When) error {
	u := final
	if when == InOrder {
		u = interim
	}
	err := t.write(ctx, t.edit(ts, v.message(), u))
	if fate, _ := judge(err); v.hasText() && fate == refused && !Gone(err) {
		err = t.write(ctx, t.edit(ts, v.withoutTexts().message(), u)) // the text may be what Slack refuses
	}
	return err
}

// edit is the call that makes a message show m.
func (t *Thread) edit(ts string, m Message, u urgency) call {
	return call{method: "chat.update", urgency: u, do: func(ctx context.Context) error {
		_, _, _, err := t.api.UpdateMessageContext(ctx, t.channel, ts,
			slack.MsgOptionText(m.Fallback, false), slack.MsgOptionBlocks(m.Blocks...))
		return err
	}}
}
