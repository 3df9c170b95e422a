package bot

import (
	"context"
	"time"

	"slackocr/bot/jobs"
)

// Grace is the time that running jobs have when the bot stops.
const Grace = 4 * time.Second

// phases holds two contexts that end in turn when the bot stops, with
// jobs.ErrClosing as the cause: waiting at once, ending after Grace.
type phases struct {
	waiting, ending context.Context
}

// newPhases returns phases that start to end with ctx. release frees their
// resources.
func newPhases(ctx context.Context) (p *phases, release func()) {
	waiting, stopWaiting := context.WithCancelCause(context.WithoutCancel(ctx))
	ending, stopEnding := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		stopWaiting(jobs.ErrClosing)
		time.AfterFunc(Grace, func() { stopEnding(jobs.ErrClosing) })
	})
	return &phases{waiting: waiting, ending: ending}, func() {
		stop()
		stopWaiting(nil)
		stopEnding(nil)
	}
}
