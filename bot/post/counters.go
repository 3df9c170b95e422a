package post

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// counters count the work of a pacer.
type counters struct {
	calls, limited, waited *prometheus.CounterVec // by Slack's name of the method
	coalesced, dropped     prometheus.Counter     // changes of live replies
}

func newCounters(registry prometheus.Registerer) counters {
	factory := promauto.With(registry)
	options := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "slackocr", Name: name, Help: help}
	}
	methods := func(name, help string) *prometheus.CounterVec {
		return factory.NewCounterVec(options(name, help), []string{"method"})
	}
	return counters{
		calls:     methods("slack_calls_total", "Calls of Slack's methods, each try counted. Edits of replies are chat.update."),
		limited:   methods("slack_limited_total", "Calls that were answered 429."),
		waited:    methods("slack_wait_seconds_total", "Time that calls waited for their turn, over all calls."),
		coalesced: factory.NewCounter(options("edits_coalesced_total", "Changes of live replies that were shown together with an earlier change.")),
		dropped:   factory.NewCounter(options("edits_dropped_total", "Changes of live replies that were never shown, because the end came first.")),
	}
}
