package kv_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
)

// After a restart finished entries are not leased again, and leased ones at once.
func TestLeasesAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	setup := kv.Setup{Retention: time.Hour, LeaseFor: time.Hour}
	store, err := kv.OpenEmbedded(dir, 1<<20, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Setup(t.Context(), setup); err != nil {
		t.Fatal(err)
	}
	next := func(store *kv.NATS) (kv.Lease, string) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		l, err := store.Lease(ctx, kv.Jobs)
		if err != nil {
			t.Fatal(err)
		}
		return l, l.Entry().Key
	}
	for _, key := range []string{"job.finished", "job.leased", "job.waiting"} {
		if err := store.Put(t.Context(), key, nil); err != nil {
			t.Fatal(err)
		}
	}
	finished, _ := next(store)
	if err := finished.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	next(store)
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	store = kvtest.Open(t, dir, 1<<20)
	if err := store.Setup(t.Context(), setup); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"job.leased", "job.waiting"} {
		if _, key := next(store); key != want {
			t.Errorf("leased %s, want %s", key, want)
		}
	}
	if n, err := store.Unfinished(t.Context()); n != 2 || err != nil {
		t.Errorf("%d entries are unfinished, %v", n, err)
	}
}
