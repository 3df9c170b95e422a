package reading

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// Metrics count files and pages. Their labels have a handful of values.
type Metrics struct {
	Files      *prometheus.CounterVec // finished ones, by mode and outcome
	Pages      *prometheus.CounterVec // pieces, by outcome
	Downloaded *prometheus.CounterVec // bytes, by source
	FirstText  prometheus.Histogram   // seconds from the ask until text was to be seen
	WholeText  prometheus.Histogram   // seconds from the ask until a file's text was posted
}

// How the reading of a file can end for good.
const (
	OutcomeRead    = "read"    // its text was posted
	OutcomeEmpty   = "empty"   // there was no text in it
	OutcomePartial = "partial" // a part of its text, and why it is no more
	OutcomeFailed  = "failed"
	OutcomeStopped = "stopped" // by a person
)

// ModeLabel is a mode as a label's value: a record may name one that is not known
// any more.
func ModeLabel(kind ocr.Kind) string {
	switch kind {
	case "":
		return string(ocr.Markdown)
	case ocr.Markdown, ocr.Plain, ocr.Figure, ocr.Describe, ocr.Locate, ocr.Prompt:
		return string(kind)
	}
	return "other"
}

// page counts a piece whose reading has ended.
func (m *Metrics) page(err error) {
	outcome := "read"
	if err != nil {
		outcome = "failed"
	}
	m.Pages.WithLabelValues(outcome).Inc()
}

// RequestID is a short name of a job, for the log and for people who ask about
// it. It tells nothing of the job.
func RequestID(key string) string {
	sum := sha256.Sum256([]byte(key))
	name := hex.EncodeToString(sum[:4])
	return name[:4] + "-" + name[4:]
}

// logLines is what the log and the metrics are told of one ask by this process.
type logLines struct {
	*slog.Logger        // names the request
	request      string // as people are told it, where something went wrong
	metrics      *Metrics
	ask          ask.Ask
	began        time.Time
	attempt      int
	firstText    func() // measures when text was to be seen

	mu   sync.Mutex // guards errs
	errs []error    // why the text of a file is not whole
}

// newLog begins with an ask. What an earlier process has shown is not measured again.
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

// lacks notes why the text of a file is not whole; the first reason counts.
func (l *logLines) lacks(i int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.errs[i] == nil {
		l.errs[i] = err
	}
}

// posted notes that the whole text of a file stands in Slack.
func (l *logLines) posted(i int, text string) {
	if text != "" {
		l.firstText()
		l.metrics.WholeText.Observe(max(0, time.Since(l.began)).Seconds())
	}
}

// finished writes the one line about a file that is finished, and counts it.
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
