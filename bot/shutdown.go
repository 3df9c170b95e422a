package bot

import (
	"context"
	"time"

	"slackocr/bot/jobs"
	"slackocr/bot/reading"
)

// Grace is the time that running jobs have when the bot stops.
const Grace = 4 * time.Second

// newShutdown returns a shutdown that starts with the end of ctx: Draining ends at
// once, HardStop after Grace, both with jobs.ErrClosing as the cause. release frees
// the resources.
func newShutdown(ctx context.Context) (down reading.Shutdown, release func()) {
	draining, stopDraining := context.WithCancelCause(context.WithoutCancel(ctx))
	hardStop, stopHard := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		stopDraining(jobs.ErrClosing)
		time.AfterFunc(Grace, func() { stopHard(jobs.ErrClosing) })
	})
	return reading.Shutdown{Draining: draining, HardStop: hardStop}, func() {
		stop()
		stopDraining(nil)
		stopHard(nil)
	}
}
