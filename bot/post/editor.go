package post

import (
	"context"
	"errors"
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
	defer r.drop()
	pacer := r.thread.client.pacer
	form, pause := formatted, Pace
	for {
		turn := r.turn(editing)
		if turn == nil {
			return
		}
		want, since := r.now()
		want.form = form
		m := want.Message()
		if m.same(shown) {
			turn.GiveBack()
			continue
		}
		sent := time.Now()
		err := pacer.try(ctx, r.thread.fenced(r.thread.edit(r.ts, m, interim)), turn)
		switch fate, _ := judge(err); fate {
		case done:
			shown, pause = m, Pace
			r.showed(want)
		case refused:
			r.refused(err)
			if !contentRefused(err) {
				return
			}
			if pause = Pace; form == withoutText {
				pause = refusedPause
			}
			form = min(form+1, withoutText)
			r.unshown(since, false)
		default:
			r.unshown(since, errors.Is(err, errTooSlow) || errors.Is(err, context.DeadlineExceeded))
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
	for {
		if _, since := r.waits(); since.IsZero() {
			select {
			case <-r.changed:
				continue
			case <-editing.Done():
				return nil
			}
		}
		if w, ended := r.queue(editing); w != nil || ended {
			return w
		}
	}
}

// queue waits for a turn. If the urgency of this reply changes first, queue
// returns nil.
func (r *Reply) queue(editing context.Context) (w *share.Turn, ended bool) {
	u, since := r.waits()
	w = r.thread.client.pacer.enter(call{method: "chat.update", urgency: u}, since)
	for {
		select {
		case <-w.Served():
			if w.Take() {
				return w, false
			}
		case <-r.changed:
			if now, _ := r.waits(); now != u {
				w.GiveBack()
				return nil, false
			}
		case <-editing.Done():
			w.GiveBack()
			return nil, true
		}
	}
}

// waits returns the urgency of the next edit and the time of the oldest
// unshown change.
func (r *Reply) waits() (urgency, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.urgency(), r.since
}

// urgency returns the urgency of the next interim edit. The caller must hold
// mu.
func (r *Reply) urgency() urgency {
	switch {
	case r.idle:
		return idle
	case r.text && !r.begun:
		return first
	}
	return interim
}

// now returns the view to show, which from now on counts as shown. since is
// the time of the oldest change in the view.
func (r *Reply) now() (v View, since time.Time) {
	r.mu.Lock()
	since, r.since = r.since, time.Time{}
	r.mu.Unlock()
	return r.view(), since
}

// showed records that the reply shows v.
func (r *Reply) showed(v View) {
	r.mu.Lock()
	begins := !r.begun && v.hasText()
	r.begun = r.begun || begins
	r.mu.Unlock()
	if begins && r.shown != nil {
		r.shown()
	}
}

// refused records that the reply cannot be edited any more, if err says so.
func (r *Reply) refused(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if Gone(err) {
		r.gone = err
	}
}

// unshown records that changes since the given time are not shown after all.
// If late is true, Slack may still carry the edit out.
func (r *Reply) unshown(since time.Time, late bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since = since
	if late {
		r.late = time.Now()
	}
}

// drop counts a change that will never be shown.
func (r *Reply) drop() {
	if _, since := r.waits(); !since.IsZero() {
		r.thread.client.pacer.counters.dropped.Inc()
	}
}
