package kvtest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"slackocr/bot/jobs/kv"
)

// Open opens the embedded store in a folder until the test ends.
func Open(t testing.TB, dir string, maxBytes int64) *kv.NATS {
	t.Helper()
	store, err := kv.OpenEmbedded(dir, maxBytes, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return store
}

// Connect opens a store of 64 MiB on a server until the test ends.
func Connect(t testing.TB, s *server.Server) *kv.NATS {
	t.Helper()
	store, err := kv.Connect(s.ClientURL(), 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(context.WithoutCancel(t.Context())) }) // the server may be down
	return store
}

// StartServer starts a NATS server on loopback, which ends with the test. It
// has a random port, unless the options name one.
func StartServer(t testing.TB, o server.Options) *server.Server {
	t.Helper()
	o.Host, o.NoSigs, o.JetStream, o.NoLog, o.SyncAlways = "127.0.0.1", true, true, true, true
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(10 * time.Second) {
		t.Error("the NATS server did not start")
	}
	return s
}

// JetStream returns a client of its own for a server until the test ends.
func JetStream(t testing.TB, s *server.Server) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}
