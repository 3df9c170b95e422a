package post

import (
	"context"
	"errors"
	"reflect"
	"time"

	"slackocr/bot/share"
	"slackocr/bot/sleep"
)

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
	form, pause := formatted, Pace
	for {
		turn := r.turn(editing)
		if turn == nil {
			return
		}
		since := r.setChangedAt(time.Time{}) // changes from now on are not in the view
		view := r.view()
		view.form = form
		m := view.Message()
		if reflect.DeepEqual(m, shown) {
			turn.GiveBack()
			continue
		}
		sent := time.Now()
		err := pacer.try(ctx, r.thread.fenced(r.thread.edit(r.ts, m, interim)), turn)
		outcome, _ := classify(err)
		if outcome != succeeded {
			r.setChangedAt(since)
		}
		switch {
		case outcome == succeeded:
			shown, pause = m, Pace
			r.noteText(view)
		case outcome == refused && contentRefused(err):
			if pause = Pace; form == withoutText {
				pause = refusedPause
			}
			form = min(form+1, withoutText)
		case outcome == refused:
			if Gone(err) {
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

// refusedPause is the least time between two edits if Slack refuses even the
// simplest form.
const refusedPause = 30 * time.Second

// turn waits until there is something to show and the turn of this reply has
// come. When editing ends, turn returns nil.
func (r *Reply) turn(editing context.Context) *share.Turn {
	var turn *share.Turn
	var entered priority
	for {
		priority, since := r.waiting()
		if turn != nil && priority != entered {
			turn.GiveBack()
			turn = nil
		}
		if turn == nil && !since.IsZero() {
			turn, entered = r.thread.client.pacer.enter(call{method: "chat.update", priority: priority}, since), priority
		}
		var served <-chan struct{}
		if turn != nil {
			served = turn.Served()
		}
		select {
		case <-served:
			if turn.Take() {
				return turn
			}
		case <-r.changed:
		case <-editing.Done():
			if turn != nil {
				turn.GiveBack()
			}
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
