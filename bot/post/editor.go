package post

import (
	"context"
	"errors"
	"time"
)

// editor sends interim edits while editing lasts: one in flight, the latest
// view wins, an unchanged one is not sent. An edit in flight ends only with ctx.
// What Slack refuses is sent in a simpler form, and so is all that follows: it
// may be one heading among others.
func (r *Reply) editor(ctx, editing context.Context, shown Message) {
	defer close(r.ended)
	defer r.drop()
	pacer := r.thread.pacer
	budget := pacer.method("chat.update")
	form, pause := formatted, Pace
	for {
		turn := r.turn(editing, budget)
		if turn == nil {
			return
		}
		want, since := r.now()
		want.form = form
		m := want.message()
		if m.same(shown) {
			budget.giveBack(turn)
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
		if sleep(editing, time.Until(sent.Add(pause))) != nil {
			return
		}
	}
}

// refusedPause is the least time between two edits where Slack refuses even the
// simplest form.
const refusedPause = 30 * time.Second

// turn waits until there is something to show and it is this reply's turn. It
// returns nil when editing ends.
func (r *Reply) turn(editing context.Context, budget *bucket) *waiter {
	for {
		if _, since := r.waits(); since.IsZero() {
			select {
			case <-r.changed:
				continue
			case <-editing.Done():
				return nil
			}
		}
		if w, ended := r.queue(editing, budget); w != nil || ended {
			return w
		}
	}
}

// queue waits for a turn, until this reply is more or less urgent than it was: then
// it returns nil.
func (r *Reply) queue(editing context.Context, budget *bucket) (w *waiter, ended bool) {
	u, since := r.waits()
	w = budget.enter(u, since)
	for {
		select {
		case <-w.turn:
			return w, false
		case <-r.changed:
			if now, _ := r.waits(); now != u {
				budget.leave(w)
				return nil, false
			}
		case <-editing.Done():
			budget.leave(w)
			return nil, true
		}
	}
}

// waits tells how urgent the next edit is and since when there has been something
// to show.
func (r *Reply) waits() (urgency, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.urgency(), r.since
}

// urgency is that of the next interim edit. The caller holds mu.
func (r *Reply) urgency() urgency {
	switch {
	case r.idle:
		return idle
	case r.text && !r.begun:
		return first
	}
	return interim
}

// now is what the reply should show, which from here on counts as shown. since is
// the time of the oldest change that it shows.
func (r *Reply) now() (v View, since time.Time) {
	r.mu.Lock()
	since, r.since = r.since, time.Time{}
	r.mu.Unlock()
	return r.view(), since
}

// showed notes that the reply shows v.
func (r *Reply) showed(v View) {
	r.mu.Lock()
	begins := !r.begun && v.hasText()
	r.begun = r.begun || begins
	r.mu.Unlock()
	if begins && r.shown != nil {
		r.shown()
	}
}

// refused notes that the reply cannot be edited any more, if err says so.
func (r *Reply) refused(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if Gone(err) {
		r.gone = err
	}
}

// unshown takes back that what there was since then is shown. Slack may still
// carry a late edit out.
func (r *Reply) unshown(since time.Time, late bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since = since
	if late {
		r.late = time.Now()
	}
}

// drop counts a change that will not be shown any more.
func (r *Reply) drop() {
	if _, since := r.waits(); !since.IsZero() {
		r.thread.pacer.counts.edits(0, 1)
	}
}
