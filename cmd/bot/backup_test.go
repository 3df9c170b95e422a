package main

import (
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"slackocr/bot/words/wordstest"
	"slackocr/cmd/bot/internal/officetest"
)

// TestRestoreFromABackup starts the program on a copy of another's DATA_DIR, taken
// when that was killed while it read, which is what a snapshot has. What was read
// is not read again, what was being read is finished in its reply, and a channel
// keeps its mode.
func TestRestoreFromABackup(t *testing.T) {
	t.Parallel()
	var hangs atomic.Bool
	o := officetest.Open(t, func(w http.ResponseWriter, r *http.Request) {
		officetest.WriteText(w, "some text")
		if hangs.Load() {
			<-r.Context().Done()
			return
		}
		officetest.WriteEnd(w)
	})
	folder, restored := t.TempDir(), filepath.Join(t.TempDir(), "restored")
	quiet := o.Workspace.AddChannel("quiet", false, o.Ann, o.App.BotUserID)
	post := func(channel string) string { return o.Post(t, channel, officetest.TinyPicture("a.png")) }
	said := func(ts, what string) int { return o.Said(what, officetest.Asked{Channel: o.Channel, TS: ts}) }
	read := wordstest.ReadAs("a.png", "markdown")

	first := start(t, append(o.Environ, "DATA_DIR="+folder))
	o.Wait(t, "it listens", func() bool { return o.Workspace.Connections() > 0 })
	if err := o.Workspace.Command(t.Context(), o.Ann, quiet, "/ocr", "auto off"); err != nil {
		t.Fatal(err)
	}
	o.Wait(t, "the mode is kept", func() bool { return len(o.Workspace.Ephemerals(o.Ann)) > 0 })
	done := post(o.Channel)
	o.Wait(t, "a picture is read", func() bool { return said(done, read) == 1 })
	hangs.Store(true)
	open := post(o.Channel)
	o.Wait(t, "another one is being read", func() bool { return said(open, officetest.Growing("a.png", 2)) == 1 })
	_ = first.Process.Kill()
	_ = first.Wait()
	if err := os.CopyFS(restored, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	hangs.Store(false)

	second := start(t, append(o.Environ, "DATA_DIR="+restored))
	o.Wait(t, "it is finished", func() bool { return said(open, read) == 1 })
	unread := post(quiet)
	after := post(o.Channel)
	o.Wait(t, "a third one is read", func() bool { return said(after, read) == 1 })
	if status := second.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, second.stderr)
	}
	for _, ts := range []string{done, open, after} {
		if thread := o.Thread(ts); len(thread) != 2 {
			t.Errorf("a thread has %q, want one reply and one text", thread)
		}
	}
	if thread := o.Workspace.Thread(quiet, unread); len(thread) != 1 {
		t.Errorf("the channel forgot its mode: %+v", thread)
	}
}
