package jobs

import (
	"context"
	"sync"
	"time"
)

type FollowUp struct {
	Key, Kind string
	Due       time.Time
}

var stub = make(chan FollowUp, 1000)

func (q *Queue) AddFollowUp(ctx context.Context, f FollowUp) error { q.stub() <- f; return nil }

var stubs sync.Map

func (q *Queue) stub() chan FollowUp { c, _ := stubs.LoadOrStore(q, make(chan FollowUp, 1000)); return c.(chan FollowUp) }
func (q *Queue) RunFollowUps(ctx context.Context, do func(context.Context, FollowUp) error) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		select {
		case f := <-q.stub():
			wg.Go(func() { sleep(ctx, time.Until(f.Due)); do(ctx, f) })
		case <-ctx.Done():
			return
		}
	}
}
