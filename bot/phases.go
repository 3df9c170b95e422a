package bot

import (
	"context"
	"time"

	"slackocr/bot/jobs"
)

// Grace is how long running jobs may go on when the bot stops.
const Grace = 4 * time.Second

// phases are contexts that end one after the other when the bot stops, with
// jobs.ErrClosing as the cause: waiting at once, ending after the grace.
type phases struct {
	waiting, ending context.Context
}

// newPhases begins to end when ctx does. release frees what they hold.
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
