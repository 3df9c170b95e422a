package jobs

import (
	"context"
	"errors"
	"fmt"
)

// StopItem asks for one item of a job to end, by its number from 0 to 999: the
// contexts that [Job.Item] made for it end with [ErrStopped], wherever the job
// runs, at once or within a third of the lease. A job that waits for its next
// attempt goes on waiting, and its work finds the item stopped then. Who asked
// first is in the record; a finished job stays as it is.
func (q *Queue) StopItem(ctx context.Context, key string, item int, by string) error {
	return q.markItem(ctx, key, item, by, func(s *state) bool {
		_, stopped := s.Items[item]
		return stopped || s.State.final()
	})
}

// DropItem is StopItem for an item that is of no use to anybody any more: by is in the
// record whoever stopped it before, also where the job is finished.
func (q *Queue) DropItem(ctx context.Context, key string, item int, by string) error {
	return q.markItem(ctx, key, item, by, func(s *state) bool { return s.State == Erased || s.Items[item] == by })
}

// markItem notes who stopped an item, unless the state says that nothing changes.
func (q *Queue) markItem(ctx context.Context, key string, item int, by string, unchanged func(*state) bool) error {
	if item < 0 || item >= maxItem {
		return fmt.Errorf("%w: it has no item %d", ErrNotFound, item)
	}
	if len(by) > maxName {
		return ErrTooLarge
	}
	id := token(key)
	if _, err := q.store.Get(ctx, ordersOf(id)); err != nil {
		return err
	}
	_, err := q.change(ctx, id, func(s *state) error {
		if unchanged(s) {
			return errNoChange
		}
		if s.Items == nil {
			s.Items = map[int]string{}
		}
		s.Items[item] = by
		return nil
	})
	switch {
	case errors.Is(err, errNoChange):
		return nil
	case err != nil:
		return err
	}
	return q.store.Signal(ctx, id)
}

// itemContext ends the context of a job's item.
type itemContext struct {
	item int
	end  context.CancelCauseFunc
}

// Item returns a context for one item of the job, which ends with ctx, and with
// [ErrStopped] as its cause when a person stops the item: at once where that was
// before. cancel frees what it holds.
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

// stopItems ends the contexts of the items that were stopped; j.mu is held.
func (j *Job) stopItems() {
	for c := range j.items {
		if _, stopped := j.state.Items[c.item]; stopped {
			c.end(ErrStopped)
			delete(j.items, c)
		}
	}
}
