package jobs

import (
	"context"
	"fmt"
)

// StopItem asks for the end of one item of a job, by its number from 0 to 999:
// the contexts that [Job.Item] made for the item end with [ErrStopped], in any
// replica, at once or within a third of the lease. A job that waits for its
// next attempt keeps waiting, and its work then finds the item stopped. The
// record names the first person who asked. A finished job is not changed.
func (q *Queue) StopItem(ctx context.Context, key string, item int, by string) error {
	return q.markItem(ctx, key, item, by, func(s *state) bool {
		_, stopped := s.Items[item]
		return stopped || s.State.final()
	})
}

// DropItem is StopItem for an item that nobody needs any more: by replaces an
// earlier person in the record, even in a finished job.
func (q *Queue) DropItem(ctx context.Context, key string, item int, by string) error {
	return q.markItem(ctx, key, item, by, func(s *state) bool { return s.State == Erased || s.Items[item] == by })
}

// markItem records who stopped an item, unless unchanged returns true.
func (q *Queue) markItem(ctx context.Context, key string, item int, by string, unchanged func(*state) bool) error {
	if item < 0 || item >= maxItem {
		return fmt.Errorf("%w: it has no item %d", ErrNotFound, item)
	}
	if len(by) > maxName {
		return ErrTooLarge
	}
	e, _, changed, err := q.mark(ctx, key, func(s *state) bool {
		if unchanged(s) {
			return false
		}
		if s.Items == nil {
			s.Items = map[int]string{}
		}
		s.Items[item] = by
		return true
	})
	if err != nil || !changed {
		return err
	}
	return q.store.Signal(signalSubject, idOf(e.Key))
}

// itemContext ends the context of a job's item.
type itemContext struct {
	item int
	end  context.CancelCauseFunc
}

// Item returns a context for an item of the job. The context ends with ctx, or
// with [ErrStopped] as its cause when a person stops the item, at once if the
// item is stopped already. cancel frees the resources.
func (j *Job) Item(ctx context.Context, item int) (_ context.Context, cancel context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	c := &itemContext{item, end}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.items == nil {
		j.items = map[*itemContext]struct{}{}
	}
	j.items[c] = struct{}{}
	j.stopItems()
	return ctx, func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.items, c)
		end(nil)
	}
}

// stopItems ends the contexts of the stopped items. The caller must hold j.mu.
func (j *Job) stopItems() {
	for c := range j.items {
		if _, stopped := j.state.Items[c.item]; stopped {
			c.end(ErrStopped)
			delete(j.items, c)
		}
	}
}
