package bot

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slackocr/bot/jobs"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// life is what the log and the metrics are told of one request by this process.
type life struct {
	metrics *metrics
	log     *slog.Logger // names the request
	id      string       // as people are told it, where something went wrong
	first   func()       // measures when text was to be seen
	whole   func()       // and when all of it was

	ended bool  // there was something to read, and what came of it was kept
	words int   // of its text
	gaps  int   // pages that are missing in it
	lost  bool  // Slack did not take it
	lacks error // why that is not whole
}

// logOf is a log whose lines name the job that they are about.
func (b *Bot) logOf(job *jobs.Job) *slog.Logger {
	return b.log.With("request", job.Record().RequestID())
}

// newLife begins with a request. What an earlier process has shown of it is not
// measured again.
func (b *Bot) newLife(s *story) life {
	measure := func(h prometheus.Histogram, when bool) func() {
		return sync.OnceFunc(func() {
			if when {
				h.Observe(max(0, time.Since(s.Began)).Seconds())
			}
		})
	}
	return life{
		metrics: b.metrics, log: b.logOf(s.job), id: s.job.Record().RequestID(),
		first: measure(b.metrics.firstText, s.Posted.TS == ""), whole: measure(b.metrics.wholeText, true),
	}
}

// posted notes that the whole text stands in Slack.
func (l *life) posted(text string) {
	if text != "" {
		l.first()
		l.whole()
	}
}

// finished writes the one line of a request's life, and counts it.
func (s *story) finished(as jobs.State) {
	mode := s.Mode.Kind
	if mode == "" {
		mode = ocr.Markdown
	}
	if s.Pages > 1 {
		s.words = s.Words // without what stands between the pages
	}
	outcome := outcomeFailed
	switch {
	case as == jobs.Stopped:
		outcome = outcomeStopped
	case s.lost:
	case as == jobs.Failed && s.words > 0, s.gaps > 0:
		outcome = outcomePartial
	case as == jobs.Failed:
	case !s.ended:
		s.log.Debug("nothing to read", "file", s.File.ID, "channel", s.Channel)
		return
	case s.words > 0:
		outcome = outcomeRead
	default:
		outcome = outcomeEmpty
	}
	s.metrics.requests.WithLabelValues(known(mode), outcome).Inc()
	about := []any{
		"outcome", outcome, "mode", string(mode), "file", s.File.ID, "channel", s.Channel,
		"pages", max(s.Pages, 1), "words", s.words, "seconds", time.Since(s.Began).Round(time.Millisecond).Seconds(),
		"attempts", s.job.Record().Attempts + 1,
	}
	if s.lacks != nil {
		about = append(about, "error", s.lacks)
	}
	s.log.Info("read", about...)
}

// known is a mode as a label's value: a record may name one that is not known
// any more.
func known(kind ocr.Kind) string {
	for _, m := range modes {
		if m == string(kind) {
			return m
		}
	}
	return "other"
}

// referred is a failure that whoever runs the bot can look up under a name.
type referred struct {
	error
	id string
}

func (r referred) Unwrap() error { return r.error }

// refer gives a failure the request's name, where it is for whoever runs the bot
// to mend.
func (l *life) refer(err error) error {
	if _, done := errors.AsType[referred](err); done || err == nil || !ours(err) {
		return err
	}
	return referred{err, l.id}
}

// ours reports whether a failure lies with the bot, its endpoint or its
// settings, and not with the file or the person.
func ours(err error) bool {
	if e, ok := errors.AsType[*ocr.Error](err); ok {
		return e.Class != ocr.Refused && e.Class != ocr.TooLarge
	}
	return temporary(err) || errors.Is(err, errAsked) || errors.Is(err, page.ErrNoTool)
}
