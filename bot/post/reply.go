package post

import (
	"context"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

// Pace is the least time between two edits of one reply.
const Pace = 1200 * time.Millisecond

// Reply is the live message of one job. Open posts it, Write and Describe
// change it, Close or Trail leaves it with its last line. Write and Describe
// return at once, however slow Slack is, and may be called from any goroutine.
type Reply struct {
	thread  *Thread
	ts      string
	head    Note               // shown all along
	buttons *slack.ActionBlock // shown until Close
	shown   func()             // called with the first text, or nil

	mu       sync.Mutex // guards what follows
	text     []byte
	describe func(text string) string
	patient  bool      // there is nothing to see but a place in a line
	begun    bool      // text was shown
	since    time.Time // of the oldest change that was not shown; zero for none
	late     time.Time // when an edit was given up that Slack may still carry out
	lost     error     // what Slack said when the message could not be edited any more

	changed chan struct{}      // holds one wake-up for the editor
	stop    context.CancelFunc // begins no further interim edit
	ended   chan struct{}      // closed when the editor has ended
}

// Opening is how a reply begins.
type Opening struct {
	Key     string        // tells this reply from all other posts
	After   string        // timestamp of a message that was there before
	First   bool          // of its ask: it goes before all other posts
	Line    func() string // called when the turn to post has come
	Head    Note          // shown all along
	Buttons *slack.ActionBlock
	// Shown is called once text is to be seen for the first time, by this
	// process; nil: nobody wants to know.
	Shown func()
}

// Open posts a reply, once (see [Thread.Post]), and starts its editor, which
// ends with Close, Leave or ctx. The reply's own thread is Reply.Thread.
func Open(ctx context.Context, t *Thread, o Opening, state *Once, save Save) (*Reply, error) {
	u := opening
	if o.First {
		u = greeting
	}
	shown := Live{} // by us; not what another process left there
	late := func(m *Message) {
		shown = Live{Head: o.Head, Line: Plain(o.Line()), Buttons: o.Buttons}
		now := shown.message()
		m.Blocks, m.Fallback = now.Blocks, now.Fallback
	}
	if err := t.postOnce(ctx, Message{Key: o.Key, After: o.After}, u, late, state, save); err != nil {
		return nil, err
	}
	editing, stop := context.WithCancel(ctx)
	r := &Reply{
		thread: t, ts: state.TS, head: o.Head, buttons: o.Buttons, shown: o.Shown, describe: func(string) string { return o.Line() },
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

// Write changes the text: keep bytes of it stand, and add follows.
func (r *Reply) Write(keep int, add string) {
	r.change(func() { r.text = append(r.text[:min(max(keep, 0), len(r.text))], add...) })
}

// Describe sets what the line under the text says. line is called for each
// edit, with the text so far.
func (r *Reply) Describe(line func(text string) string) {
	r.change(func() { r.describe, r.patient = line, false })
}

// Wait sets a line that leaves the budget to replies with more to say, for up
// to half a minute.
func (r *Reply) Wait(line string) {
	r.change(func() { r.describe, r.patient = func(string) string { return line }, true })
}

// change makes a change of what the reply shows. The editor is woken only where
// that changes what it waits for.
func (r *Reply) change(f func()) {
	r.mu.Lock()
	before, waiting := r.urgency(), !r.since.IsZero()
	f()
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

// Gone is what Slack said when the reply, or its channel, could not be edited any
// more, and nil as long as it can: then no further edit is tried, and what is
// left to say must be said elsewhere (see [PlaceGone]).
func (r *Reply) Gone() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost
}

// Close ends the live edits, waits for one that is on its way so that it
// cannot overwrite the last one, and leaves the reply with l under its head. It
// goes before all live edits: for what nobody has been told otherwise. Either
// Close or Trail is called, once.
func (r *Reply) Close(ctx context.Context, l Live) error { return r.close(ctx, final, l) }

// Trail is Close where the result stands in the thread already: the edit takes
// its turn among the live edits of other replies.
func (r *Reply) Trail(ctx context.Context, l Live) error { return r.close(ctx, interim, l) }

func (r *Reply) close(ctx context.Context, u urgency, l Live) error {
	r.Leave()
	l.Head = r.head
	err := r.last(ctx, u, l)
	if fate, _ := judge(err); l.Text != "" && fate == refused && !gone(err) {
		l.Text = "" // it may be what Slack refuses
		err = r.last(ctx, u, l)
	}
	if again := time.Until(r.late.Add(lateness)); !r.late.IsZero() && err == nil && again > 0 {
		if err := sleep(ctx, again); err != nil {
			return err
		}
		err = r.last(ctx, u, l)
	}
	return err
}

// lateness is how long after it was given up an edit is expected to overwrite
// a later one.
const lateness = 5 * time.Second

// last makes a closing edit.
func (r *Reply) last(ctx context.Context, u urgency, l Live) error {
	if err := r.Gone(); err != nil {
		return err
	}
	edit := r.edit(l)
	edit.urgency = u
	err := r.thread.write(ctx, edit)
	r.note(err)
	return err
}

// note remembers that the reply is gone.
func (r *Reply) note(err error) {
	if gone(err) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lost = err
	}
}

// Leave ends the live edits and waits for one that is on its way. The reply
// stays as it is, for another process to go on with. It may be called again.
func (r *Reply) Leave() {
	r.stop()
	<-r.ended
}

// edit is the call that makes the reply show l.
func (r *Reply) edit(l Live) call {
	return call{method: "chat.update", urgency: interim, do: func(ctx context.Context) error {
		m := l.message()
		_, _, _, err := r.thread.api.UpdateMessageContext(ctx, r.thread.channel, r.ts,
			slack.MsgOptionText(m.Fallback, false), slack.MsgOptionBlocks(m.Blocks...))
		return err
	}}
}
