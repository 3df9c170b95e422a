package kv_test

import (
	"log/slog"
	"os"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
)

// A probe works before the first start and beside a bot, and leaves nothing.
func TestProbe(t *testing.T) {
	t.Parallel()
	s := kvtest.StartServer(t, server.Options{StoreDir: t.TempDir()})
	store := kvtest.Connect(t, s)
	if c, err := store.Probe(t.Context()); err != nil || c.Exists || c.Full || c.Version != server.VERSION {
		t.Errorf("before the start: %+v, %v", c, err)
	}
	js := kvtest.JetStream(t, s)
	streams := func() (n int) {
		all := js.StreamNames(t.Context())
		for range all.Name() {
			n++
		}
		return n
	}
	if n := streams(); n != 0 {
		t.Errorf("it left %d streams", n)
	}
	if err := store.Setup(t.Context(), kv.Setup{Retention: 3600e9, LeaseFor: 10e9}); err != nil {
		t.Fatal(err)
	}
	if c, err := store.Probe(t.Context()); err != nil || !c.Exists || c.Replicas != 1 || c.Full {
		t.Errorf("after it: %+v, %v", c, err)
	}
	if n := streams(); n != 2 {
		t.Errorf("there are %d streams, want those of entries and settings", n)
	}
}

// A store that takes no further jobs is told.
func TestProbeOfAFullStore(t *testing.T) {
	t.Parallel()
	s := kvtest.StartServer(t, server.Options{StoreDir: t.TempDir()})
	store := kvtest.Connect(t, s)
	if err := store.Setup(t.Context(), kv.Setup{Retention: 3600e9, LeaseFor: 10e9}); err != nil {
		t.Fatal(err)
	}
	for i := range 62 { // of 64 MiB
		if err := store.Put(t.Context(), "page."+string(rune('a'+i)), make([]byte, 1<<20-1000)); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := store.Probe(t.Context()); err != nil || !c.Full {
		t.Errorf("got %+v, %v", c, err)
	}
}

// A server that keeps nothing is no store.
func TestProbeWithoutRights(t *testing.T) {
	t.Parallel()
	s := kvtest.StartServer(t, server.Options{StoreDir: t.TempDir(), JetStreamMaxStore: 1})
	if _, err := kvtest.Connect(t, s).Probe(t.Context()); err == nil {
		t.Error("a server without room can be written")
	}
}

// InUse makes nothing, and sees who holds the folder.
func TestInUse(t *testing.T) {
	dir := t.TempDir()
	if used, err := kv.InUse(dir); used || err != nil {
		t.Errorf("an empty folder: %v, %v", used, err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it made %v", left)
	}
	store, err := kv.OpenEmbedded(dir, 1<<20, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if used, err := kv.InUse(dir); !used || err != nil {
		t.Errorf("a folder that is held: %v, %v", used, err)
	}
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if used, err := kv.InUse(dir); used || err != nil {
		t.Errorf("a folder that was let go: %v, %v", used, err)
	}
}
