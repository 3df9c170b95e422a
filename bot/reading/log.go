package reading

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// Metrics count files and pages. Each label has only a few values.
type Metrics struct {
	Files      *prometheus.CounterVec // finished files, by mode and outcome
	Pages      *prometheus.CounterVec // pieces, by outcome
	Downloaded *prometheus.CounterVec // bytes, by source
	FirstText  prometheus.Histogram   // seconds from the ask to the first visible text
	WholeText  prometheus.Histogram   // seconds from the ask to the posted text of a file
}

// The outcomes of a file.
const (
	OutcomeRead    = "read"    // the text was posted
	OutcomeEmpty   = "empty"   // the file has no text
	OutcomePartial = "partial" // a part of the text, with the reason
	OutcomeFailed  = "failed"
	OutcomeStopped = "stopped" // by a person
)

// ModeLabel returns the label's value for a mode, which may be an unknown mode
// in an old record.
func ModeLabel(kind ocr.Kind) string {
	kind = cmp.Or(kind, ocr.Markdown)
	if !slices.Contains(ocr.Kinds(), kind) {
		return "other"
	}
	return string(kind)
}

// page counts a finished piece.
func (m *Metrics) page(err error) {
	outcome := "read"
	if err != nil {
		outcome = "failed"
	}
	m.Pages.WithLabelValues(outcome).Inc()
}

// RequestID returns a short name of a job for the log and for people who
// report a problem. The name reveals nothing about the job.
func RequestID(key string) string {
	sum := sha256.Sum256([]byte(key))
	name := hex.EncodeToString(sum[:4])
	return name[:4] + "-" + name[4:]
}

// logLines collects the entries of this process for the log and the metrics of
// an ask.
type logLines struct {
	*slog.Logger        // names the request
	request      string // the request's name in sentences about a failure
	metrics      *Metrics
	ask          ask.Ask
	began        time.Time
	attempt      int
	firstText    func() // measures the time to the first visible text

	mu   sync.Mutex // guards errs
	errs []error    // reasons for incomplete texts, by file
}

// newLog returns the log of an ask. Text that an earlier process showed is not
// measured again.
func (rd *Reader) newLog(record jobs.Record, s State, a ask.Ask) *logLines {
	id := RequestID(record.Key)
	l := &logLines{
		Logger: rd.Log.With("request", id), request: id, metrics: rd.Metrics, ask: a, began: s.Began,
		attempt: record.Attempts + 1, errs: make([]error, len(a.Files)),
	}
	shown := s.Reply.TS != ""
	l.firstText = sync.OnceFunc(func() {
		if !shown {
			l.metrics.FirstText.Observe(max(0, time.Since(l.began)).Seconds())
		}
	})
	return l
}

// lacks records the reason for an incomplete text; the first reason counts.
func (l *logLines) lacks(i int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.errs[i] == nil {
		l.errs[i] = err
	}
}

// posted records that the whole text of a file is in Slack.
func (l *logLines) posted(i int, text string) {
	if text != "" {
		l.firstText()
		l.metrics.WholeText.Observe(max(0, time.Since(l.began)).Seconds())
	}
}

// finished writes the log line of a finished file, and counts the file.
func (l *logLines) finished(i int, f FileState) {
	outcome := OutcomeFailed
	switch {
	case f.Failure != nil && f.Failure.Kind == words.Stopped:
		outcome = OutcomeStopped
	case f.Delivery.Lost:
	case f.Failure != nil && f.Outcome.HasText, f.Outcome.Missing > 0:
		outcome = OutcomePartial
	case f.Failure != nil:
	case f.Outcome.HasText:
		outcome = OutcomeRead
	default:
		outcome = OutcomeEmpty
	}
	mode := ModeLabel(l.ask.Mode.Kind)
	l.metrics.Files.WithLabelValues(mode, outcome).Inc()
	about := []any{
		"outcome", outcome, "mode", mode, "file", l.ask.Files[i].Slack.ID, "channel", l.ask.Channel,
		"pages", max(f.Outcome.Pages, 1), "words", f.Outcome.Words, "seconds", f.Outcome.Took.Round(time.Millisecond).Seconds(),
		"attempts", l.attempt,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.errs[i]; err != nil {
		about = append(about, "error", err)
	} else if f.Failure != nil {
		about = append(about, "error", string(f.Failure.Kind))
	}
	l.Info("read", about...)
}
