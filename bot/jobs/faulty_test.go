package jobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"slackocr/bot/jobs/kv"
)

// faulty is a store that fails where a test says so.
type faulty struct {
	kv.Store
	fault func(call string) fault // nil: none
	held  func()                  // before a lease is handed over
}

type fault int

const (
	none fault = iota
	failed
	applied // and failed all the same
)

func (f *faulty) do(call string, real func() error) error {
	how := none
	if f.fault != nil {
		how = f.fault(call)
	}
	if how == failed {
		return fmt.Errorf("%w: a fault", ErrUnavailable)
	}
	if err := real(); err != nil || how == none {
		return err
	}
	return fmt.Errorf("%w: a fault after the fact", ErrUnavailable)
}

func (f *faulty) Create(ctx context.Context, key, filter string, value []byte) error {
	return f.do("Create", func() error { return f.Store.Create(ctx, key, filter, value) })
}

func (f *faulty) Get(ctx context.Context, filter string) (e kv.Entry, err error) {
	err = f.do("Get", func() error { e, err = f.Store.Get(ctx, filter); return err })
	return e, err
}

func (f *faulty) List(ctx context.Context, n int, filters ...string) (list []kv.Entry, err error) {
	err = f.do("List", func() error { list, err = f.Store.List(ctx, n, filters...); return err })
	return list, err
}

func (f *faulty) Erase(ctx context.Context, key string) error {
	return f.do("Erase", func() error { return f.Store.Erase(ctx, key) })
}

func (f *faulty) Remove(ctx context.Context, key string, revision uint64) error {
	return f.do("Remove", func() error {
		if err := ctx.Err(); err != nil { // which is why it could not be done in time
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return f.Store.Remove(ctx, key, revision)
	})
}

func (f *faulty) Put(ctx context.Context, key string, value []byte) error {
	return f.do("Put", func() error { return f.Store.Put(ctx, key, value) })
}

func (f *faulty) Update(ctx context.Context, key string, value []byte, revision uint64) error {
	call := "Update"
	if kind, _, _ := strings.Cut(key, "."); strings.HasPrefix(kind, "page") {
		call += " " + kind // the others are of states
	}
	return f.do(call, func() error { return f.Store.Update(ctx, key, value, revision) })
}

func (f *faulty) Lease(ctx context.Context, queue string) (l kv.Lease, err error) {
	err = f.do("kv.Lease", func() error { l, err = f.Store.Lease(ctx, queue); return err })
	if err != nil {
		return nil, err
	}
	if f.held != nil {
		f.held()
	}
	return &faultyLease{l, f}, nil
}

type faultyLease struct {
	kv.Lease
	f *faulty
}

func (l *faultyLease) Renew(ctx context.Context) error {
	return l.f.do("Renew", func() error { return l.Lease.Renew(ctx) })
}

func (l *faultyLease) Finish(ctx context.Context) error {
	return l.f.do("Finish", func() error { return l.Lease.Finish(ctx) })
}

func (l *faultyLease) Return(ctx context.Context, after time.Duration) error {
	return l.f.do("Return", func() error { return l.Lease.Return(ctx, after) })
}
