package kv_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
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

// A note about a longer stream, which was moved away or has lost its end, hides no
// entry of the present one, also if the process is killed before its next note.
func TestLeasesOfAnotherStream(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	note := filepath.Join(dir, "seen.json")
	ok := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	open := func() *kv.NATS {
		store, err := kv.OpenEmbedded(dir, 1<<20, slog.New(slog.DiscardHandler))
		ok(err)
		ok(store.Setup(t.Context(), kv.Setup{Retention: time.Hour, LeaseFor: time.Hour}))
		return store
	}
	store := open()
	for range 3 {
		ok(store.Put(t.Context(), "job.finished", nil))
		l, err := store.Lease(t.Context(), kv.Jobs)
		ok(err)
		ok(l.Finish(t.Context()))
	}
	ok(store.Close(t.Context()), os.RemoveAll(filepath.Join(dir, "jetstream")))

	store = open()
	begun, err := os.ReadFile(note)
	ok(err, store.Put(t.Context(), "job.one", nil), store.Put(t.Context(), "job.two", nil))
	ok(store.Close(t.Context()), os.WriteFile(note, begun, 0o600)) // as if it was killed

	store = open()
	if n, err := store.Unfinished(t.Context()); n != 2 || err != nil {
		t.Errorf("%d entries are unfinished, %v", n, err)
	}
	ok(store.Close(t.Context()))
}

// A store that cannot write, for example on a full disk, does not call itself damaged.
func TestSetupWithoutWriting(t *testing.T) {
	t.Parallel()
	for _, blocked := range [][]string{
		{"seen.json.new"},
		{"seen.json.new", filepath.Join("jetstream", "$G", "streams", "slackocr", "meta.inf.tmp")},
	} {
		dir := t.TempDir()
		setup := kv.Setup{Retention: time.Hour, LeaseFor: time.Hour}
		store, err := kv.OpenEmbedded(dir, 1<<20, slog.New(slog.DiscardHandler))
		if err == nil {
			err = errors.Join(store.Setup(t.Context(), setup), store.Close(t.Context()))
		}
		for _, path := range blocked { // a folder blocks also the writes of root
			err = errors.Join(err, os.MkdirAll(filepath.Join(dir, path, "full"), 0o700))
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := kvtest.Open(t, dir, 1<<20).Setup(t.Context(), setup); !errors.Is(err, kv.ErrBroken) || errors.Is(err, kv.ErrDamaged) {
			t.Errorf("without %s: %v", blocked, err)
		}
	}
}
