// Package monitor serves the bot's state over HTTP.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"slackocr/bot"
)

// Monitor serves the bot's state over HTTP: /healthz says that the process
// answers, /readyz whether all components work, /metrics the metrics.
type Monitor struct {
	server  *http.Server
	address string // that it listens at
	serving sync.WaitGroup
	bot     atomic.Pointer[bot.Bot]
	closing func() bool // the bot was told to end
}

// New listens at addr and serves until Close, for a bot that ends with
// ctx. If addr is empty, New returns nil.
func New(ctx context.Context, addr string, log *slog.Logger) (*Monitor, error) {
	if addr == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("LISTEN_ADDR: %w", err)
	}
	m := &Monitor{address: l.Addr().String(), closing: func() bool { return ctx.Err() != nil }}
	m.server = &http.Server{
		Handler: m.handler(), MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		ConnState: new(connections).note,
		ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	log.Info("serving /healthz, /readyz and /metrics", "address", m.address)
	m.serving.Go(func() {
		if err := m.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the server of /healthz, /readyz and /metrics has ended", "error", err)
		}
	})
	return m, nil
}

// Watch sets the bot whose state is served. Before, the state is "starting".
func (m *Monitor) Watch(b *bot.Bot) {
	if m != nil {
		m.bot.Store(b)
	}
}

// Close ends the server and waits for it.
func (m *Monitor) Close() {
	if m != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if m.server.Shutdown(ctx) != nil { // a client is slow to read its answer
			_ = m.server.Close() // nobody needs the rest
		}
		m.serving.Wait()
	}
}

func (m *Monitor) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", m.ready)
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		b := m.bot.Load()
		if b == nil {
			say(w, http.StatusServiceUnavailable, "the bot is starting\n")
			return
		}
		promhttp.HandlerFor(b.Metrics(), promhttp.HandlerOpts{}).ServeHTTP(w, r)
	})
	return mux
}

// ready lists the components, each with its state, on a line each.
func (m *Monitor) ready(w http.ResponseWriter, _ *http.Request) {
	b := m.bot.Load()
	if b == nil {
		say(w, http.StatusServiceUnavailable, "the bot is starting\n")
		return
	}
	status, lines := http.StatusOK, ""
	for _, p := range b.Components() {
		if p.Problem == "" {
			lines += p.Name + ": ok\n"
			continue
		}
		status = http.StatusServiceUnavailable
		lines += p.Name + ": " + p.Problem + "\n"
	}
	if m.closing() {
		status, lines = http.StatusServiceUnavailable, lines+"the bot is stopping\n"
	}
	say(w, status, lines)
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, text) // the client may have gone
}
