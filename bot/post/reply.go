package post

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/guard"
	"slackocr/bot/share"
	"slackocr/bot/sleep"
)

// pace is the least time between two edits of a reply.
const pace = 1200 * time.Millisecond

// Reply is the live message of a job. Open posts the message, and an editor
// then edits it to show Opening.View, as far as Slack's budget allows. Changed
// returns at once, however slow Slack is, and may be called from any
// goroutine.
type Reply struct {
	thread *Thread
	ts     string
	view   func() View
	onText func() // called with the first text, or nil
	log    *slog.Logger

	mu        sync.Mutex // guards the fields below
	queued    bool       // there is nothing to show but a place in a queue
	hasText   bool       // there is text
	textShown bool       // text was shown
	changedAt time.Time  // time of the oldest change that is not shown, or zero

	changed chan struct{}      // holds a wake-up for the editor
	stop    context.CancelFunc // ends interim edits
	ended   chan struct{}      // closed after the editor's end
	// Of the editor, and of others after its end.
	lostEditAt time.Time // time at which an edit was given up that Slack may still carry out
	gone       error     // Slack's error if the message cannot be edited any more
}

// Change is the kind of a change of the view. Text has priority.
type Change int

// The kinds of changes.
const (
	QueueChange  Change = iota // only the place in a queue, which leaves the budget to others for half a minute
	StatusChange               // the progress
	TextChange                 // there is text
)

// Opening describes a new reply.
type Opening struct {
	Key   string // identifies this reply among all posts
	After string // timestamp of an earlier message
	// View returns the present contents. Another goroutine calls View when the
	// turn to post or to edit has come.
	View func() View
	// Log is told of a panic in a live edit, which ends the live edits of this reply
	// and nothing else.
	Log *slog.Logger
	// OnText, unless nil, is called when this process shows text for the first
	// time.
	OnText func()
}

// Open posts a reply, once (see [Thread.Post]), and starts its editor, which
// ends with Close, Detach or ctx.
func Open(ctx context.Context, t *Thread, o Opening, state *PostState, save SaveFunc) (*Reply, error) {
	var shown Message // shown by this process, not by an earlier one
	render := func(m *Message) {
		shown = o.View().Message()
		m.Blocks, m.Fallback = shown.Blocks, shown.Fallback
	}
	if err := t.postOnce(ctx, Message{Key: o.Key, After: o.After}, firstReply, render, state, save); err != nil {
		return nil, err
	}
	editing, stop := context.WithCancel(ctx)
	r := &Reply{
		thread: t, ts: state.TS, view: o.View, onText: o.OnText, log: o.Log,
		changed: make(chan struct{}, 1), stop: stop, ended: make(chan struct{}),
	}
	go r.editor(ctx, editing, shown)
	return r, nil
}

// Changed tells the editor that the view has changed. The editor wakes only if
// the change matters for its wait.
func (r *Reply) Changed(about Change) {
	r.mu.Lock()
	before, waiting := r.priority(), !r.changedAt.IsZero()
	r.queued = about == QueueChange
	r.hasText = r.hasText || about == TextChange
	wake := !waiting || r.priority() != before
	if !waiting {
		r.changedAt = time.Now()
	}
	r.mu.Unlock()
	if waiting {
		r.thread.client.pacer.counters.coalesced.Inc()
	}
	if wake {
		select {
		case r.changed <- struct{}{}:
		default: // the editor has a wake-up already
		}
	}
}

// editor sends interim edits until editing ends: one edit in flight, the
// latest view wins, and an unchanged view is not sent. Only the end of ctx
// ends an edit in flight. If Slack refuses an edit, that edit and all later
// edits have a simpler form, since any heading may be the cause.
func (r *Reply) editor(ctx, editing context.Context, shown Message) {
	defer close(r.ended)
	pacer := r.thread.client.pacer
	defer func() {
		if _, since := r.waiting(); !since.IsZero() {
			pacer.counters.dropped.Inc()
		}
	}()
	form, pause := formatted, pace
	for {
		turn := r.turn(editing)
		if turn == nil {
			return
		}
		since := r.setChangedAt(time.Time{}) // changes from now on are not in the view
		view, m, ok := r.contents(form)
		if !ok || reflect.DeepEqual(m, shown) {
			turn.GiveBack()
			if !ok {
				return
			}
			continue
		}
		sent := time.Now()
		err := guard.Run(r.log, "an edit panicked", func() error {
			return pacer.try(ctx, r.thread.fenced(r.thread.edit(r.ts, m, interim)), turn)
		})
		outcome, _ := classify(err)
		if outcome != succeeded {
			r.setChangedAt(since)
		}
		switch {
		case outcome == succeeded:
			shown, pause = m, pace
			r.noteText(view)
		case errors.Is(err, guard.ErrPanicked):
			return
		case contentRefused(err):
			if pause = pace; form == withoutText {
				pause = refusedPause
			}
			form = min(form+1, withoutText)
		case outcome == refused:
			if gone(err) {
				r.gone = err
			}
			return
		case errors.Is(err, errTooSlow), errors.Is(err, context.DeadlineExceeded):
			r.lostEditAt = time.Now()
		}
		if sleep.For(editing, time.Until(sent.Add(pause))) != nil {
			return
		}
	}
}

// contents returns the present view in a form, and its message. After a panic ok is
// false.
func (r *Reply) contents(f form) (view View, m Message, ok bool) {
	err := guard.Run(r.log, "showing a text panicked", func() error {
		view = r.view()
		view.form = f
		m = view.Message()
		return nil
	})
	return view, m, err == nil
}

// refusedPause is the least time between two edits if Slack refuses even the
// simplest form.
const refusedPause = 30 * time.Second

// turn waits until there is something to show and the turn of this reply has
// come. When editing ends, turn returns nil.
func (r *Reply) turn(editing context.Context) *share.Turn {
	for {
		priority, since := r.waiting()
		if since.IsZero() {
			select {
			case <-r.changed:
				continue
			case <-editing.Done():
				return nil
			}
		}
		turn := r.thread.client.pacer.enter(call{method: "chat.update", priority: priority}, since)
		switch err := turn.Wait(editing, r.changed, func(int) {}); {
		case err == nil:
			return turn
		case !errors.Is(err, share.ErrGivenUp): // otherwise the priority has changed
			return nil
		}
	}
}

// waiting returns the priority of the next edit and the time of the oldest
// change that is not shown.
func (r *Reply) waiting() (priority, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.priority(), r.changedAt
}

// priority returns the priority of the next interim edit. The caller must hold
// mu.
func (r *Reply) priority() priority {
	switch {
	case r.queued:
		return queuePosition
	case r.hasText && !r.textShown:
		return firstText
	}
	return interim
}

// setChangedAt sets the time of the oldest change that is not shown, and
// returns the time before.
func (r *Reply) setChangedAt(t time.Time) (before time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, r.changedAt = r.changedAt, t
	return before
}

// noteText records that the reply shows v, which may have the first text.
func (r *Reply) noteText(v View) {
	r.mu.Lock()
	first := !r.textShown && v.hasText()
	r.textShown = r.textShown || first
	r.mu.Unlock()
	if first && r.onText != nil {
		r.onText()
	}
}

// Close ends the live edits, waits for an edit in flight, which could
// otherwise overwrite the last edit, and makes the reply show v. The last edit
// goes before all live edits, since people learn its contents nowhere else.
func (r *Reply) Close(ctx context.Context, v View) error {
	lostEdit, err := r.Detach()
	if err != nil {
		return err
	}
	err = r.thread.show(ctx, r.ts, v, final)
	if lostEdit && err == nil {
		if err := sleep.For(ctx, LostEditWindow); err != nil {
			return err
		}
		err = r.thread.show(ctx, r.ts, v, final)
	}
	return err
}

// LostEditWindow is the time for which an abandoned edit may still overwrite a
// later one.
const LostEditWindow = 5 * time.Second

// Detach ends the live edits and waits for an edit in flight. The reply stays
// as it is. If lostEdit is true, Slack may still carry out an abandoned edit,
// and the caller must repeat the next edit after [LostEditWindow]. err is
// Slack's error if the reply cannot be edited any more. Detach may be called
// again.
func (r *Reply) Detach() (lostEdit bool, err error) {
	r.stop()
	<-r.ended
	return !r.lostEditAt.IsZero() && time.Since(r.lostEditAt) < LostEditWindow, r.gone
}

// Edit makes the message ts of the thread show v, in the order of the live
// edits. A text that Slack refuses is left out.
func (t *Thread) Edit(ctx context.Context, ts string, v View) error {
	return t.show(ctx, ts, v, interim)
}

// show is Edit for any priority.
func (t *Thread) show(ctx context.Context, ts string, v View, p priority) error {
	err := t.write(ctx, t.edit(ts, v.Message(), p))
	if v.hasText() && contentRefused(err) {
		v.form = withoutText
		err = t.write(ctx, t.edit(ts, v.Message(), p))
	}
	return err
}

// edit returns the call that makes a message show m.
func (t *Thread) edit(ts string, m Message, p priority) call {
	return call{method: "chat.update", priority: p, do: func(ctx context.Context) error {
		_, _, _, err := t.client.api.UpdateMessageContext(ctx, t.channel, ts,
			slack.MsgOptionText(m.Fallback, false), slack.MsgOptionBlocks(m.Blocks...))
		return err
	}}
}
