// Package sleep waits for a time that a context can end.
package sleep

import (
	"context"
	"time"
)

// For waits for d, or returns the cause if ctx ends first.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
