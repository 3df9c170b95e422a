package check

import (
	"context"
	"log/slog"
)

// Brief checks, while the bot starts, for problems that nobody would
// notice before the first picture, and logs a warning for each. No request
// costs money. The bot itself reports problems that end its start. The
// returned function ends the check and waits for its end.
func (k *Checker) Brief(ctx context.Context, log *slog.Logger) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		well := true
		for f := range k.run(ctx, nil, k.briefProbes()) {
			if ctx.Err() != nil {
				continue // the bot's end caused the finding
			}
			if !f.OK && f.Check != "bot token" { // which ends the bot, or is asked for again
				well = false
				log.Warn("the start-up check found a problem", "check", f.Check, "found", f.Found, "remedy", f.Remedy)
			}
		}
		if well && ctx.Err() == nil {
			log.Info("the start-up check is done: scopes, endpoint, disk and programs are fine")
		}
	}()
	return func() {
		stop()
		<-ended
	}
}
