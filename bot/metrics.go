package bot

import (
	"errors"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"slackocr/bot/jobs"
	"slackocr/bot/reading"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// metrics count the bot's work. No label holds an id, a name or a text, and
// each label has a few values. Names and units follow
// https://prometheus.io/docs/practices/naming.
type metrics struct {
	registry          *prometheus.Registry
	factory           promauto.Factory // for the registry
	reading           *reading.Metrics
	notTaken          *prometheus.CounterVec
	retries, connects prometheus.Counter

	// Of the requests to the endpoint.
	modelErrors               *prometheus.CounterVec
	modelRetries, loops, cuts prometheus.Counter
	sentBytes, receivedBytes  prometheus.Counter
	modelFirstText, modelTook prometheus.Histogram
}

func newMetrics() *metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewBuildInfoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	factory := promauto.With(prometheus.WrapRegistererWithPrefix("slackocr_", registry))
	counter := func(name, help string) prometheus.Counter {
		return factory.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	// All values of a label exist from the start, because an alert cannot see the
	// first increase of a new series.
	counters := func(name, help, label string, values ...string) *prometheus.CounterVec {
		vector := factory.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
		for _, value := range values {
			vector.WithLabelValues(value)
		}
		return vector
	}
	seconds := func(name, help string) prometheus.Histogram {
		return factory.NewHistogram(prometheus.HistogramOpts{
			Name: name, Help: help, Buckets: []float64{.1, .25, .5, 1, 2, 3, 5, 8, 15, 30, 60, 120, 300, 600, 1800, 3600},
		})
	}
	files := factory.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Finished files, by mode and outcome."}, []string{"mode", "outcome"})
	for _, kind := range ocr.Kinds() {
		for _, outcome := range []string{reading.OutcomeRead, reading.OutcomeEmpty, reading.OutcomePartial, reading.OutcomeFailed, reading.OutcomeStopped} {
			files.WithLabelValues(string(kind), outcome)
		}
	}
	var classes []string
	for _, class := range ocr.Classes() {
		classes = append(classes, label(class))
	}
	return &metrics{
		registry: registry, factory: factory,
		reading: &reading.Metrics{
			Files:      files,
			Pages:      counters("pages_total", "Pages, and parts of tall pages, by whether the model read them.", "outcome", "read", "failed"),
			Downloaded: counters("download_bytes_total", "Bytes of downloaded files.", "source", "slack", "web"),
			FirstText:  seconds("first_text_seconds", "Time from the ask to the first text that is visible in Slack."),
			WholeText:  seconds("whole_text_seconds", "Time from the ask to the whole text in Slack."),
		},
		notTaken: counters("requests_not_taken_total", "Requests that could not be stored, by reason. Slack sends some of them again.", "reason", "full", "unavailable", "other"),
		retries:  counter("request_retries_total", "Failed attempts at a file that are repeated later."),
		connects: counter("socket_connects_total", "Connections to Slack; all but the first are reconnects."),

		modelErrors:    counters("model_errors_total", "Requests that failed, by the class of the failure.", "class", classes...),
		modelRetries:   counter("model_retries_total", "Requests that were not the first for their page."),
		loops:          counter("model_loops_total", "Answers that were ended because the model repeated itself."),
		cuts:           counter("model_cuts_total", "Answers that reached the model's limit."),
		sentBytes:      counter("model_sent_bytes_total", "Bytes of pictures that were sent to the endpoint, before base64."),
		receivedBytes:  counter("model_received_bytes_total", "Bytes of text from the endpoint."),
		modelFirstText: seconds("model_first_text_seconds", "Time from a request to the endpoint to its first text."),
		modelTook:      seconds("model_request_seconds", "Duration of requests to the endpoint, including failed ones."),
	}
}

// label returns the label's value for a class of errors.
func label(class ocr.Class) string { return strings.ReplaceAll(class.String(), " ", "_") }

// attempt counts a request to the endpoint.
func (m *metrics) attempt(t ocr.Attempt) {
	m.sentBytes.Add(float64(t.ImageBytes))
	m.receivedBytes.Add(float64(t.Text))
	m.modelTook.Observe(t.Took.Seconds())
	if t.First > 0 {
		m.modelFirstText.Observe(t.First.Seconds())
	}
	if e, ok := errors.AsType[*ocr.Error](t.Err); ok {
		m.modelErrors.WithLabelValues(label(e.Class)).Inc()
	}
	if t.Number > 1 {
		m.modelRetries.Inc()
	}
	if t.Looped {
		m.loops.Inc()
	}
	if t.Cut {
		m.cuts.Inc()
	}
}

// refused counts a request that could not be stored.
func (m *metrics) refused(err error) {
	reason := "other"
	switch {
	case errors.Is(err, jobs.ErrFull):
		reason = "full"
	case errors.Is(err, jobs.ErrUnavailable):
		reason = "unavailable"
	}
	m.notTaken.WithLabelValues(reason).Inc()
}

// Metrics returns all metrics of the bot, for Prometheus.
func (b *Bot) Metrics() prometheus.Gatherer { return b.metrics.registry }

// watch registers the values that the bot's parts count themselves. Reading them
// waits for nothing.
func (m *metrics) watch(b *Bot) {
	gauge := func(name, help string, value func() float64) {
		m.factory.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	turns, decoder := b.reader.Turns, b.config.Decoder
	for i, component := range b.Components() {
		m.factory.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "ready", Help: "1 for each component (label part) that works, else 0.",
			ConstLabels: prometheus.Labels{"part": component.Name},
		}, func() float64 {
			if b.Components()[i].Problem != "" {
				return 0
			}
			return 1
		})
	}
	gauge("queue_jobs", "Jobs of all replicas that are not finished.", func() float64 { return float64(b.jobs.Length()) })
	gauge("queue_oldest_seconds", "Age of the oldest job of this replica.", func() float64 {
		if running := b.jobs.Running(); len(running) > 0 {
			return max(0, time.Since(running[0].Created).Seconds())
		}
		return 0
	})
	gauge("replicas", "Bots that share the store of jobs.", func() float64 { return float64(b.jobs.Replicas()) })
	gauge("model_running", "Turns at the OCR endpoint that are in use.", func() float64 { n, _ := turns.Load(); return float64(n) })
	gauge("model_limit", "Turns at the OCR endpoint of all replicas together, see OCR_CONCURRENCY.", func() float64 { return float64(turns.Size()) })
	gauge("model_waiting", "Pages that wait for a turn.", func() float64 { _, n := turns.Load(); return float64(n) })
	gauge("decode_running", "Processes that open files.", func() float64 { n, _ := decoder.Load(); return float64(n) })
	gauge("decode_waiting", "People whose files or pages wait for such a process.", func() float64 { _, n := decoder.Load(); return float64(n) })
	gauge("temporary_bytes", "Space for temporary files that is taken, see TEMP_SIZE.", func() float64 { return float64(b.reader.Space.Used() + decoder.Used()) })
	m.factory.NewCounterFunc(prometheus.CounterOpts{
		Name: "decode_kills_total", Help: "Processes that opened a file and crashed, or were killed because of a limit.",
	}, func() float64 { return float64(decoder.Kills()) })
}

// Component is a part of the system that the bot needs.
type Component struct {
	Name    string // slack, store or endpoint
	Problem string // one plain line, or ""
}

// The problems of components, in words for the operator. A duration follows
// StoreSilent and EndpointDown.
const (
	NotConnected = "there is no connection to Slack"
	StoreUnused  = "the store of jobs was not written to yet"
	StoreSilent  = "the store of jobs has taken no write for "
	EndpointDown = "the OCR endpoint has not answered for "
)

// storeSilence is the longest time without an answer of a healthy store. The
// bot writes every 5 s, and the store has 5 s to answer.
const storeSilence = 20 * time.Second

// Components returns the states of the connection to Slack, the store of jobs and
// the OCR endpoint. Components may be called from any goroutine and waits for
// nothing.
func (b *Bot) Components() []Component {
	all := []Component{{Name: "slack"}, {Name: "store"}, {Name: "endpoint"}}
	if !b.connected.Load() {
		all[0].Problem = NotConnected
	}
	switch answered := b.jobs.Answered(); {
	case answered.IsZero():
		all[1].Problem = StoreUnused
	case time.Since(answered) > storeSilence:
		all[1].Problem = StoreSilent + words.Seconds(time.Since(answered))
	}
	if down := b.reader.Model.Down(); !down.IsZero() {
		all[2].Problem = EndpointDown + words.Seconds(time.Since(down))
	}
	return all
}
