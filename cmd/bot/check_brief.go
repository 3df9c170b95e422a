package main

import (
	"context"
	"log/slog"
	"time"
)

// checkInBrief checks, while the bot starts, for problems that nobody would
// notice before the first picture, and logs a warning for each. No request
// costs money. The bot itself reports problems that end its start. The
// returned function ends the check and waits for its end.
func checkInBrief(ctx context.Context, c config, environ []string, log *slog.Logger) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		hide := newRedactor(c, environ)
		well := true
		for f := range runProbes(ctx, nil, briefProbes(c)) {
			if ctx.Err() != nil {
				continue // the bot's end caused the finding
			}
			if !f.OK && f.Check != "bot token" { // which ends the bot, or is asked for again
				well = false
				log.Warn("the start-up check found a problem", "check", f.Check, "found", printed(hide(f.Found)), "remedy", hide(f.Remedy))
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

func briefProbes(c config) []probe {
	return []probe{
		{"scopes", nil, 15 * time.Second, func(ctx context.Context) []finding { return checkBotToken(ctx, c, false) }},
		{"endpoint", nil, 30 * time.Second, func(ctx context.Context) []finding { return one(checkReach(ctx, c)) }},
		{"temporary files", nil, 10 * time.Second, func(context.Context) []finding { return one(checkTemp(c)) }},
		{"decoder", nil, 20 * time.Second, func(ctx context.Context) []finding { return one(checkDecoder(ctx)) }},
		{"poppler", nil, 20 * time.Second, func(ctx context.Context) []finding { return one(checkPoppler(ctx)) }},
		{"libtiff", nil, 20 * time.Second, func(ctx context.Context) []finding { return one(checkLibtiff(ctx)) }},
		{"libheif", nil, 20 * time.Second, func(ctx context.Context) []finding { return one(checkLibheif(ctx)) }},
	}
}
