package jobs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"slackocr/bot/jobs/kv/kvtest"
)

// openWith opens a queue with a key, nil for none.
func (w *world) openWith(key []byte) (*Queue, error) {
	return Open(w.Context(), Config{Key: key, LeaseFor: time.Second, Log: slog.New(slog.NewTextHandler(w.Output(), nil))}, w.store)
}

// withKey opens a queue whose key has to be the right one.
func (w *world) withKey(key []byte) *Queue {
	w.Helper()
	q, err := w.openWith(key)
	if err != nil {
		w.Fatal(err)
	}
	return q
}

var key, otherKey = []byte("a key of a store"), []byte("another key")

// With a key nothing can be read without it: of no job, no setting, and no
// follow-up. Another key, or none, is refused with the name of the setting.
func TestKey(t *testing.T) {
	t.Parallel()
	w, dir := newWorld(t), t.TempDir()
	w.store = kvtest.Open(t, dir, 16<<20)
	before := w.withKey(nil)
	w.enqueue(before, Record{Key: "earlier"})
	w.must(before.SetSetting(t.Context(), "channel", "off"))

	q := w.withKey(key)
	w.enqueue(q, Record{Key: "k", Thread: "rosebud's thread", Request: []byte(`"rosebud"`)})
	w.must(q.SetSetting(t.Context(), "other channel", "rosebud only"))
	w.must(q.AddFollowUp(t.Context(), FollowUp{Key: "k", Kind: "rosebud", Due: time.Now().Add(time.Hour)}))
	seal, err := q.seal(t.Context(), token("k"))
	w.must(err)
	plain, err := w.store.Get(t.Context(), secretKey(token("k")))
	w.must(err)
	secret, err := q.master.open(plain)
	w.must(err)
	if seal.aead == nil || len(secret) != secretSize {
		t.Fatal("it has no secret")
	}
	if found := filesWith(t, dir, []byte("rosebud"), secret); len(found) > 0 {
		t.Errorf("without the key one reads %q", found)
	}

	for _, other := range []struct {
		key  []byte
		want error
	}{{nil, ErrKeyMissing}, {otherKey, ErrKeyWrong}} {
		if _, err := w.openWith(other.key); !errors.Is(err, other.want) {
			t.Errorf("opened with %q: %v", other.key, err)
		}
	}
	q = w.withKey(key)
	for name, want := range map[string]string{"channel": "off", "other channel": "rosebud only"} {
		if value, ok, err := q.Setting(t.Context(), name); value != want || !ok || err != nil {
			t.Errorf("the setting %q is %q, %t, %v", name, value, ok, err)
		}
	}
	w.wantFollowUps(q, "k/rosebud")
	read := make(chan string, 2)
	w.run(q, func(_ context.Context, j *Job) error {
		read <- j.Record().Key
		return nil
	})
	worked := []string{soon(w, "job", read), soon(w, "job", read)}
	if slices.Sort(worked); !slices.Equal(worked, []string{"earlier", "k"}) {
		t.Errorf("worked on %q", worked)
	}
	w.must(q.Erase(t.Context(), "k"))
	if found := filesWith(t, dir, plain.Value); len(found) > 0 {
		t.Errorf("after it was erased, its secret is in %q", found)
	}
}
