package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
)

// setting fails the test where a setting is not as wanted; "" is for none.
func (w *world) setting(q *Queue, name, want string) {
	w.Helper()
	value, ok, err := q.Setting(w.Context(), name)
	if value != want || ok != (want != "") || err != nil {
		w.Errorf("%q is %q, %t, %v, want %q", name, value, ok, err, want)
	}
}

func TestSettings(t *testing.T) {
	inWorlds(t, func(w *world) {
		q, elsewhere := w.queue(), w.queue()
		name := "auto T1/C1 > * ä" // whatever it is
		w.setting(q, name, "")
		w.must(q.SetSetting(w.Context(), name, "")) // nothing to remove
		for _, value := range []string{"mention", "off", strings.Repeat("ä", maxSetting/2)} {
			w.must(q.SetSetting(w.Context(), name, value))
			w.setting(elsewhere, name, value)
		}
		w.must(elsewhere.SetSetting(w.Context(), "other", "all"))
		w.must(elsewhere.SetSetting(w.Context(), name, ""))
		w.setting(q, name, "")
		w.setting(q, "other", "all")

		if err := q.SetSetting(w.Context(), "other", strings.Repeat("a", maxSetting+1)); !errors.Is(err, ErrTooLarge) {
			w.Errorf("a large value: %v", err)
		}
		if err := q.SetSetting(w.Context(), strings.Repeat("a", maxName+1), "all"); !errors.Is(err, ErrTooLarge) {
			w.Errorf("a long name: %v", err)
		}
		w.setting(q, "other", "all")
		if entries, err := w.store.List(w.Context(), 10, ">"); len(entries) > 0 || err != nil {
			w.Errorf("%d entries, %v", len(entries), err)
		}
	})
}

// A setting is there after the records are not.
func TestSettingsOutliveTheRetention(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		w.must(q.SetSetting(w.Context(), "auto", "off"))
		w.enqueue(q, Record{Key: "k"})
		time.Sleep(3 * q.config.Retention) // of fake time
		w.setting(q, "auto", "off")
		if _, err := q.Get(w.Context(), "k"); !errors.Is(err, ErrNotFound) {
			w.Errorf("the record: %v", err)
		}
	})
	t.Run("nats", func(t *testing.T) {
		w := newWorld(t)
		s := kvtest.StartServer(t, server.Options{StoreDir: t.TempDir()})
		w.queueOn(kvtest.Connect(t, s))
		c := settingsStream(t, kvtest.JetStream(t, s))
		if c.MaxAge != 0 || c.MaxMsgsPerSubject != 1 || c.MaxBytes != 16<<20 || c.Discard != jetstream.DiscardNew ||
			c.AllowDirect || c.Storage != jetstream.FileStorage {
			t.Errorf("%+v", c)
		}
	})
}

// settingsStream returns the configuration of the stream of settings.
func settingsStream(t *testing.T, js jetstream.JetStream) jetstream.StreamConfig {
	t.Helper()
	stream, err := js.Stream(t.Context(), "slackocr-settings")
	if err != nil {
		t.Fatal(err)
	}
	return stream.CachedInfo().Config
}

// A restart keeps what was set, and what was removed stays removed.
func TestSettingsOutliveTheProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	for life := range 3 {
		store, err := kv.OpenEmbedded(dir, 16<<20, nil)
		if err != nil {
			t.Fatal(err)
		}
		q := w.queueOn(store)
		if life > 0 {
			w.setting(q, "kept", fmt.Sprint(life-1))
			w.setting(q, "removed", "")
		}
		w.must(q.SetSetting(w.Context(), "kept", fmt.Sprint(life)))
		w.must(q.SetSetting(w.Context(), "removed", "here"))
		w.must(q.SetSetting(w.Context(), "removed", ""))
		w.must(q.Close(w.Context()))
	}
}

// With no server to ask there is an answer all the same.
func TestSettingsWithoutAServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := kvtest.StartServer(t, server.Options{StoreDir: t.TempDir()})
	q := w.queueOn(kvtest.Connect(t, s))
	w.must(q.SetSetting(w.Context(), "auto", "off"))
	s.Shutdown()
	s.WaitForShutdown()
	if _, ok, err := q.Setting(w.Context(), "auto"); ok || !errors.Is(err, ErrUnavailable) {
		w.Errorf("Setting: %t, %v", ok, err)
	}
	if err := q.SetSetting(w.Context(), "auto", "all"); !errors.Is(err, ErrUnavailable) {
		w.Errorf("SetSetting: %v", err)
	}
}

// A store that hangs gives an answer in time for Slack.
func TestSettingsHang(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		q.store = &hanging{w.store}
		for what, ask := range map[string]func() error{
			"Setting":    func() error { _, _, err := q.Setting(w.Context(), "auto"); return err },
			"SetSetting": func() error { return q.SetSetting(w.Context(), "auto", "off") },
		} {
			asked := time.Now()
			if err := ask(); !errors.Is(err, ErrUnavailable) {
				w.Errorf("%s: %v", what, err)
			}
			if took := time.Since(asked); took > 2*time.Second {
				w.Errorf("%s took %s", what, took)
			}
		}
	})
}

func (*hanging) Setting(ctx context.Context, _ string) ([]byte, error) {
	<-ctx.Done()
	return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
}

func (*hanging) SetSetting(ctx context.Context, _ string, _ []byte) error {
	<-ctx.Done()
	return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
}

// Where there is no room for another setting, one can be removed.
func TestSettingsFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := kvtest.StartServer(t, server.Options{StoreDir: t.TempDir()})
	q, js := w.queueOn(kvtest.Connect(t, s)), kvtest.JetStream(t, s)
	small := settingsStream(t, js)
	small.MaxBytes = 8 << 10
	if _, err := js.UpdateStream(t.Context(), small); err != nil {
		t.Fatal(err)
	}
	n, err := 0, error(nil)
	for ; err == nil && n < 100; n++ {
		err = q.SetSetting(w.Context(), fmt.Sprint(n), strings.Repeat("a", maxSetting))
	}
	if !errors.Is(err, ErrFull) || n < 5 {
		t.Errorf("the setting %d: %v", n, err)
	}
	w.setting(q, "0", strings.Repeat("a", maxSetting))
	w.must(q.SetSetting(w.Context(), "0", ""))
	w.must(q.SetSetting(w.Context(), "more", "off"))
	w.setting(q, "more", "off")
	w.enqueue(q, Record{Key: "k"}) // has room of its own

	memory := w.queueOn(&kvtest.Memory{})
	w.must(memory.SetSetting(w.Context(), "known", "all"))
	memory.store.(*kvtest.Memory).Fill(true)
	w.must(memory.SetSetting(w.Context(), "known", "off"))
	if err := memory.SetSetting(w.Context(), "new", "off"); !errors.Is(err, ErrFull) {
		t.Errorf("in memory: %v", err)
	}
}
