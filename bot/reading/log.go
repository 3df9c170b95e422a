package reading

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

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

// modeLabel returns the label's value for a mode, which may be an unknown mode
// in an old record.
func modeLabel(kind ocr.Kind) string {
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

// startLog prepares the log and the metrics of an ask. Text that an earlier
// process showed is not measured again.
func (r *run) startLog() {
	r.log = r.Log.With("request", r.requestID())
	shown, began := r.state.Reply.TS != "", r.state.Began
	r.firstText = sync.OnceFunc(func() {
		if !shown {
			r.Metrics.FirstText.Observe(max(0, time.Since(began)).Seconds())
		}
	})
}

// requestID returns the name of the ask in sentences about a failure.
func (r *run) requestID() string { return RequestID(r.job.Record().Key) }

// noteIncomplete keeps the reason for an incomplete text, for the reply and for the log
// line of [run.logDelivered]. The first reason counts.
func (r *run) noteIncomplete(i int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live[i].err == nil {
		r.live[i].err = err
	}
}

// whyIncomplete returns the first reason for an incomplete text.
func (r *run) whyIncomplete(i int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live[i].err
}

// logDelivered writes the log line of a delivered file, and counts the file.
func (r *run) logDelivered(i int) {
	r.mu.Lock()
	f, began, err := r.state.Files[i], r.state.Began, r.live[i].err
	r.mu.Unlock()
	outcome := OutcomeFailed
	switch {
	case f.stopped():
		outcome = OutcomeStopped
	case f.Delivery.NotPosted:
	case f.Failure != nil && f.Outcome.HasText, f.Outcome.Missing > 0:
		outcome = OutcomePartial
	case f.Failure != nil:
	case f.Outcome.HasText:
		outcome = OutcomeRead
	default:
		outcome = OutcomeEmpty
	}
	if f.Outcome.HasText && !f.Delivery.NotPosted {
		r.firstText()
		r.Metrics.WholeText.Observe(max(0, time.Since(began)).Seconds())
	}
	mode := modeLabel(r.Mode.Kind)
	r.Metrics.Files.WithLabelValues(mode, outcome).Inc()
	about := []any{
		"outcome", outcome, "mode", mode, "file", r.Files[i].Slack.ID, "channel", r.Channel,
		"pages", max(f.Outcome.Pages, 1), "words", f.Outcome.Words, "seconds", f.Outcome.Took.Round(time.Millisecond).Seconds(),
		"attempts", r.job.Record().Attempts + 1,
	}
	if n := f.Outcome.OwnText; n > 0 {
		about = append(about, "own_text", n)
	}
	if err != nil {
		about = append(about, "error", err)
	} else if f.Failure != nil {
		about = append(about, "error", string(f.Failure.Kind))
	}
	r.log.Info("read", about...)
}

// Counter counts what this process works on, such as files that wait for the
// model, by person and by channel. The zero value is ready to use.
type Counter struct {
	mu sync.Mutex     // guards n
	n  map[string]int // by the id of a person or channel
}

// Number returns the number for a person, and for a channel.
func (w *Counter) Number(person, channel string) (own, here int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n[person], w.n[channel]
}

// Add adds n, which may be negative.
func (w *Counter) Add(person, channel string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n == nil {
		w.n = map[string]int{}
	}
	for _, id := range []string{person, channel} {
		if w.n[id] += n; w.n[id] <= 0 {
			delete(w.n, id)
		}
	}
}
