package jobs

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
)

// filesWith returns the files of a folder that hold one of the words.
func filesWith(t *testing.T, dir string, words ...[]byte) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, word := range words {
			if bytes.Contains(content, word) {
				found = append(found, filepath.Base(path)+" holds "+string(word))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// secretsOf returns the secrets of a job and of its pages as the files have them.
func (w *world) secretsOf(key string) (secrets [][]byte) {
	w.Helper()
	entries, err := w.store.List(w.Context(), 100, secretKey(token(key)), pageSecretsOf(token(key)))
	w.must(err)
	for _, e := range entries {
		secrets = append(secrets, e.Value)
	}
	return secrets
}

// No earlier revision of what was erased can be read in the files of the store,
// before and after a restart: its words are there under a seal only, and the
// secret of the seal is overwritten.
func TestErasedFromTheFiles(t *testing.T) {
	t.Parallel()
	w, dir := newWorld(t), t.TempDir()
	store, err := kv.OpenEmbedded(dir, 16<<20, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w.store = store
	q := w.queue()
	for _, key := range []string{"whole", "in part", "kept"} {
		w.enqueue(q, Record{Key: key, Thread: "t", Person: "p", File: "f", Request: []byte(`"rosebud"`)})
	}
	saved := make(chan string, 3)
	stop := w.run(q, func(ctx context.Context, j *Job) error {
		for range 3 { // each leaves an earlier revision
			w.must(j.Save(ctx, "rosebud so far"))
			w.must(j.SavePage(ctx, 1, "all about rosebud"))
			w.must(j.SavePage(ctx, 11, "more about rosebud"))
		}
		saved <- j.Record().Key
		return nil
	})
	for range 3 {
		soon(w, "page", saved)
	}
	w.until("all are done", func() bool { return w.record(q, "kept").State == Done && w.record(q, "in part").State == Done })
	whole, part, kept := w.secretsOf("whole"), w.secretsOf("in part"), w.secretsOf("kept")
	if len(whole) != 3 || len(part) != 3 || len(filesWith(t, dir, whole...)) != 3 {
		t.Fatalf("%d and %d secrets, of which the files have %q", len(whole), len(part), filesWith(t, dir, whole...))
	}

	w.must(q.Erase(t.Context(), "whole"))
	w.must(q.ErasePages(t.Context(), "in part", 10, 20))
	if err := q.AddFollowUp(t.Context(), FollowUp{Key: "whole", Kind: "rosebud"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a follow-up of an erased job: %v", err)
	}
	gone := append(whole[:1:1], part[2])
	check := func(when string) {
		t.Helper()
		if found := filesWith(t, dir, append(gone, []byte("rosebud"))...); len(found) > 0 {
			t.Errorf("%s, what was erased is in %q", when, found)
		}
		if n := len(filesWith(t, dir, append(kept, part[:2]...)...)); n != 5 {
			t.Errorf("%s, %d of 5 secrets of what is kept are there", when, n)
		}
	}
	check("while the store is open")
	stop()
	w.must(store.Close(t.Context()))
	check("while the store is closed")
	w.store = kvtest.Open(t, dir, 16<<20)
	q = w.queue()
	check("after a restart")
	for key, want := range map[string]bool{"in part": true, "kept": true, "whole": false} {
		text, ok, err := q.Page(t.Context(), key, 1)
		if ok != want || err != nil || ok && text != "all about rosebud" {
			t.Errorf("page 1 of %q: %q, %t, %v", key, text, ok, err)
		}
	}
	if text, ok, err := q.Page(t.Context(), "in part", 11); ok || err != nil {
		t.Errorf("page 11 of what was erased in part: %q, %v", text, err)
	}
}

// What an earlier version stored has no seal. It is overwritten when it is erased.
func TestErasedOfAnEarlierVersion(t *testing.T) {
	t.Parallel()
	w, dir := newWorld(t), t.TempDir()
	w.store = kvtest.Open(t, dir, 16<<20)
	q := w.queue()
	id := token("k")
	o, err := encode(spec{Key: "k", Thread: "t", Person: "p", Request: []byte(`"rosebud"`), Created: time.Now()})
	w.must(err)
	for key, value := range map[string][]byte{
		specKey(id, token("t"), token("p"), token("f")): o,
		chunkKey(id, 1, 0): []byte("1 97c18f8e2d0fdbb4ed5a1aa1ae1f0ea56a0ac3ee0d5e9ff6ab03f2bc44a0db5a\nrosebud"),
	} {
		w.must(w.store.Put(t.Context(), key, value))
	}
	if found := filesWith(t, dir, []byte("rosebud")); len(found) == 0 {
		t.Fatal("the words are not there to begin with")
	}
	w.must(q.Erase(t.Context(), "k"))
	w.onlyTombstone(q, "k")
	if found := filesWith(t, dir, []byte("rosebud")); len(found) > 0 {
		t.Errorf("what was erased is in %q", found)
	}
}

// An erasure that was interrupted is completed by the next one who lists the job.
func TestErasureIsCompleted(t *testing.T) {
	inMemory(t, func(w *world) {
		broken := true
		q := w.queueOn(&faulty{Store: w.store, fault: func(call string) fault {
			if broken && call == "Erase" {
				return failed
			}
			return none
		}})
		w.enqueue(q, Record{Key: "k", Thread: "t", Person: "p", File: "f"})
		if err := q.Erase(w.Context(), "k"); err == nil {
			w.Fatal("it was erased by a store that did not answer")
		}
		if len(w.secretsOf("k")) != 1 {
			w.Fatal("the secret is gone already")
		}
		broken = false
		list, err := q.ByPerson(w.Context(), "p")
		if w.must(err); len(list) > 0 {
			w.Errorf("listed: %+v", list)
		}
		w.onlyTombstone(q, "k")
	})
}
