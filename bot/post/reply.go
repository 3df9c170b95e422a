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
// change it, Close leaves it with its last line. Write and Describe return at
// once and may be called from any goroutine; Close is called once.
type Reply struct {
	thread *Thread
	ts     string

	head     Note               // shown all along
	buttons  *slack.ActionBlock // shown until Close
	mu       sync.Mutex         // guards text, describe and patient
	text     []byte
	describe func(text string) string
	patient  bool // there is nothing to see but a place in a line

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
		thread: t, ts: state.TS, head: o.Head, buttons: o.Buttons, describe: func(string) string { return o.Line() },
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

func (r *Reply) change(f func()) {
	r.mu.Lock()
	f()
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default: // the editor has a wake-up waiting
	}
}

// Close ends the live edits, waits for one that is on its way so that it
// cannot overwrite the last one, and leaves the reply with l under its head.
func (r *Reply) Close(ctx context.Context, l Live) error {
	r.Leave()
	l.Head = r.head
	err := r.thread.write(ctx, r.edit(l))
	if l.Text != "" && gone(err) {
		err = r.thread.write(ctx, r.edit(Live{Head: l.Head, Line: l.Line, Buttons: l.Buttons})) // the text itself may be what Slack refuses
	}
	return err
}

// Leave ends the live edits and waits for one that is on its way. The reply
// stays as it is, for another process to go on with. It may be called again.
func (r *Reply) Leave() {
	r.stop()
	<-r.ended
}

// editor sends interim edits while editing lasts: one in flight, the latest
// text wins, an unchanged one is not sent. An edit in flight ends only with ctx.
func (r *Reply) editor(ctx, editing context.Context, shown Live) {
	defer close(r.ended)
	budget := r.thread.pacer.methods["chat.update"]
	last := time.Now()        // edit
	again := time.NewTimer(0) // wakes the editor for what it could not show
	defer again.Stop()
	for {
		select {
		case <-r.changed:
		case <-again.C:
		case <-editing.Done():
			return
		}
		want, patient := r.now()
		switch {
		case want == shown:
			continue
		case patient && budget.spare():
		case patient && time.Since(last) < patience:
			again.Reset(patience / 10)
			continue
		case budget.take(editing, interim) != nil:
			return
		}
		want, _ = r.now() // the wait may have been long
		err := r.thread.pacer.try(ctx, r.thread.fenced(r.edit(want)))
		last = time.Now()
		switch {
		case gone(err):
			return
		case err == nil:
			shown = want
		default:
			again.Reset(Pace)
		}
		if sleep(editing, Pace) != nil {
			return
		}
	}
}

// patience is how long a reply that has nothing to show leaves the budget to
// those that have.
const patience = 30 * time.Second

// now is what the reply should show.
func (r *Reply) now() (l Live, patient bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := string(r.text)
	return Live{Head: r.head, Text: text, Line: Plain(r.describe(text)), Buttons: r.buttons}, r.patient
}

// edit is the call that makes the reply show l.
func (r *Reply) edit(l Live) call {
	return call{method: "chat.update", urgency: final, do: func(ctx context.Context) error {
		m := l.message()
		_, _, _, err := r.thread.api.UpdateMessageContext(ctx, r.thread.channel, r.ts,
			slack.MsgOptionText(m.Fallback, false), slack.MsgOptionBlocks(m.Blocks...))
		return err
	}}
}
