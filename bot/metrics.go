package bot

import (
	"errors"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"slackocr/bot/jobs"
	"slackocr/bot/reading"
	"slackocr/ocr"
)

// metrics count the bot's work. No label holds an id, a name or a text, and
// each label has a few values. Names and units follow
// https://prometheus.io/docs/practices/naming.
type metrics struct {
	registry *prometheus.Registry

	requests, notTaken, pages, downloaded *prometheus.CounterVec
	retries, connects                     prometheus.Counter
	firstText, wholeText                  prometheus.Histogram

	modelErrors                                        *prometheus.CounterVec
	modelRequests, modelRetries, modelLoops, modelCuts prometheus.Counter
	modelSent, modelReceived                           prometheus.Counter
	modelFirst, modelTook                              prometheus.Histogram
}

// The values of labels. All exist from the start, because an alert cannot see
// the first increase of a new series.
var (
	outcomes   = []string{reading.OutcomeRead, reading.OutcomeEmpty, reading.OutcomePartial, reading.OutcomeFailed, reading.OutcomeStopped}
	refusals   = []string{"full", "unavailable", "other"}
	pageEnds   = []string{"read", "failed"}
	sources    = []string{"slack", "web"}
	modes      = []string{"markdown", "text", "figure", "describe", "locate", "prompt"}
	modelFails = []ocr.Class{
		ocr.KeyRefused, ocr.Unpaid, ocr.Busy, ocr.Down, ocr.Refused, ocr.TooLarge, ocr.BadRequest, ocr.NotFound, ocr.CutOff, ocr.Idle, ocr.Protocol,
	}
)

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "slackocr_" + name, Help: help})
		m.registry.MustRegister(c)
		return c
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "slackocr_" + name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	seconds := func(name, help string, buckets ...float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "slackocr_" + name, Help: help, Buckets: buckets})
		m.registry.MustRegister(h)
		return h
	}
	long := []float64{.5, 1, 2, 3, 5, 8, 15, 30, 60, 120, 300, 600, 1800, 3600}

	m.requests = counters("requests_total", "Files that were asked for and are finished, by how they were to be read and what came of it.", "mode", "outcome")
	m.notTaken = counters("requests_not_taken_total", "Requests that could not be made durable, by why. Slack sends some of them again.", "reason")
	m.retries = counter("request_retries_total", "Failed attempts at a file that are made again later.")
	m.pages = counters("pages_total", "Pages, and parts of tall ones, by whether the model read them.", "outcome")
	m.firstText = seconds("first_text_seconds", "Time from the ask until a text was to be seen in Slack.", long...)
	m.wholeText = seconds("whole_text_seconds", "Time from the ask until the whole text was posted in Slack.", long...)
	m.downloaded = counters("download_bytes_total", "Bytes of files that were downloaded.", "source")
	m.connects = counter("socket_connects_total", "Connections to Slack that were opened; all but the first are reconnects.")

	m.modelRequests = counter("model_requests_total", "Requests for a page at the OCR endpoint.")
	m.modelErrors = counters("model_errors_total", "Those that failed, by the class of the failure.", "class")
	m.modelRetries = counter("model_retries_total", "Those that were not the first for their page.")
	m.modelLoops = counter("model_loops_total", "Answers that were ended because the model repeated itself.")
	m.modelCuts = counter("model_cuts_total", "Answers that reached the model's limit.")
	m.modelSent = counter("model_sent_bytes_total", "Bytes of pictures that were sent to the endpoint, before base64.")
	m.modelReceived = counter("model_received_bytes_total", "Bytes of text that came from the endpoint.")
	m.modelFirst = seconds("model_first_text_seconds", "Time from a request to the endpoint until its first text.", .1, .25, .5, 1, 2, 3, 5, 8, 15, 30, 60, 120)
	m.modelTook = seconds("model_request_seconds", "Time that requests to the endpoint took in all, failed ones too.", .25, .5, 1, 2, 3, 5, 8, 15, 30, 60, 120, 300, 600)

	for _, outcome := range outcomes {
		for _, mode := range modes {
			m.requests.WithLabelValues(mode, outcome)
		}
	}
	for vector, values := range map[*prometheus.CounterVec][]string{m.notTaken: refusals, m.pages: pageEnds, m.downloaded: sources} {
		for _, value := range values {
			vector.WithLabelValues(value)
		}
	}
	for _, class := range modelFails {
		m.modelErrors.WithLabelValues(label(class))
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewBuildInfoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// label returns the label's value for a class of errors.
func label(class ocr.Class) string { return strings.ReplaceAll(class.String(), " ", "_") }

// reading returns the metrics of package reading.
func (m *metrics) reading() *reading.Metrics {
	return &reading.Metrics{Files: m.requests, Pages: m.pages, Downloaded: m.downloaded, FirstText: m.firstText, WholeText: m.wholeText}
}

// model counts a request to the endpoint.
func (m *metrics) model(t ocr.Attempt) {
	m.modelRequests.Inc()
	m.modelSent.Add(float64(t.ImageBytes))
	m.modelReceived.Add(float64(t.Text))
	m.modelTook.Observe(t.Took.Seconds())
	if t.First > 0 {
		m.modelFirst.Observe(t.First.Seconds())
	}
	if e, ok := errors.AsType[*ocr.Error](t.Err); ok {
		m.modelErrors.WithLabelValues(label(e.Class)).Inc()
	}
	if t.Number > 1 {
		m.modelRetries.Inc()
	}
	if t.Looped {
		m.modelLoops.Inc()
	}
	if t.Cut {
		m.modelCuts.Inc()
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

// gauge reads a value of another part when Prometheus collects.
type gauge struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	ask  func(tell func(value float64, labels ...string))
}

func (g gauge) Describe(to chan<- *prometheus.Desc) { to <- g.desc }

func (g gauge) Collect(to chan<- prometheus.Metric) {
	g.ask(func(value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(g.desc, g.kind, value, labels...)
	})
}

// watch registers the values that the bot's parts count themselves. No value
// waits for anything.
func (m *metrics) watch(b *Bot) {
	add := func(kind prometheus.ValueType, name, help string, labels []string, ask func(tell func(float64, ...string))) {
		m.registry.MustRegister(gauge{prometheus.NewDesc("slackocr_"+name, help, labels, nil), kind, ask})
	}
	one := func(kind prometheus.ValueType, name, help string, value func() float64) {
		add(kind, name, help, nil, func(tell func(float64, ...string)) { tell(value()) })
	}
	const counts, shows = prometheus.CounterValue, prometheus.GaugeValue

	add(shows, "ready", "1 for each part that the bot rests on and that works, else 0.", []string{"part"}, func(tell func(float64, ...string)) {
		for _, p := range b.Parts() {
			if p.Problem == "" {
				tell(1, p.Name)
			} else {
				tell(0, p.Name)
			}
		}
	})
	one(shows, "queue_jobs", "Jobs of all replicas that are not finished.", func() float64 { return float64(b.jobs.Length()) })
	one(shows, "queue_oldest_seconds", "Age of the oldest job that this replica has.", func() float64 {
		if running := b.jobs.Running(); len(running) > 0 {
			return max(0, time.Since(running[0].Created).Seconds())
		}
		return 0
	})
	one(shows, "replicas", "Bots that share the store of jobs.", func() float64 { return float64(b.jobs.Replicas()) })
	one(shows, "model_running", "Turns at the OCR endpoint that are taken.", func() float64 { n, _ := b.reader.Turns.Load(); return float64(n) })
	one(shows, "model_limit", "Turns at the OCR endpoint that there are, see OCR_CONCURRENCY.", func() float64 { return float64(b.reader.Turns.Size()) })
	one(shows, "model_waiting", "Pages that wait for a turn.", func() float64 { _, n := b.reader.Turns.Load(); return float64(n) })

	add(counts, "slack_calls_total", "Calls of Slack's methods, each try counted. Edits of replies are chat.update.", []string{"method"}, func(tell func(float64, ...string)) {
		for method, s := range b.pacer.Stats().Methods {
			tell(float64(s.Calls), method)
		}
	})
	add(counts, "slack_limited_total", "Those that were answered 429.", []string{"method"}, func(tell func(float64, ...string)) {
		for method, s := range b.pacer.Stats().Methods {
			tell(float64(s.Limited), method)
		}
	})
	add(counts, "slack_wait_seconds_total", "Time that calls waited for their turn, all together.", []string{"method"}, func(tell func(float64, ...string)) {
		for method, s := range b.pacer.Stats().Methods {
			tell(s.Waited.Seconds(), method)
		}
	})
	one(counts, "edits_coalesced_total", "Changes of live replies that were shown together with an earlier one.", func() float64 { return float64(b.pacer.Stats().Coalesced) })
	one(counts, "edits_dropped_total", "Changes of live replies that were never shown: the end came first.", func() float64 { return float64(b.pacer.Stats().Dropped) })
	one(counts, "decode_kills_total", "Processes that opened a file and were ended because of a limit, or fell over.", func() float64 { return float64(b.config.Decoder.Kills()) })
}
