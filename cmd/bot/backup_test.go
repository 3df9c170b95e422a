package main

import (
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"slackocr/bot/words/wordstest"
)

// TestRestoreFromABackup starts the program on a copy of another's DATA_DIR, taken
// when that was killed while it read, which is what a snapshot has. What was read
// is not read again, what was being read is finished in its reply, and a channel
// keeps its habit.
func TestRestoreFromABackup(t *testing.T) {
	var hangs atomic.Bool
	o := openOffice(t, func(w http.ResponseWriter, r *http.Request) {
		writeText(w, "some text")
		if hangs.Load() {
			<-r.Context().Done()
			return
		}
		writeEnd(w)
	})
	folder, restored := t.TempDir(), filepath.Join(t.TempDir(), "restored")
	quiet := o.ws.AddChannel("quiet", false, o.ann, o.app.BotUserID)
	post := func(channel string) string { return o.post(t, channel, tinyPicture("a.png")) }
	said := func(ts, what string) int { return o.said(what, askedAt{o.channel, ts}) }
	read := wordstest.ReadAs("a.png", "markdown")

	first := start(t, append(o.environ, "DATA_DIR="+folder))
	o.wait(t, "it listens", func() bool { return o.ws.Connections() > 0 })
	if err := o.ws.Command(t.Context(), o.ann, quiet, "/ocr", "auto off"); err != nil {
		t.Fatal(err)
	}
	o.wait(t, "the habit is kept", func() bool { return len(o.ws.Ephemerals(o.ann)) > 0 })
	done := post(o.channel)
	o.wait(t, "a picture is read", func() bool { return said(done, read) == 1 })
	hangs.Store(true)
	open := post(o.channel)
	o.wait(t, "another one is being read", func() bool { return said(open, growing("a.png", 2)) == 1 })
	_ = first.Process.Kill()
	_ = first.Wait()
	if err := os.CopyFS(restored, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	hangs.Store(false)

	second := start(t, append(o.environ, "DATA_DIR="+restored))
	o.wait(t, "it is finished", func() bool { return said(open, read) == 1 })
	unread := post(quiet)
	after := post(o.channel)
	o.wait(t, "a third one is read", func() bool { return said(after, read) == 1 })
	if status := second.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, second.stderr)
	}
	for _, ts := range []string{done, open, after} {
		if thread := o.thread(ts); len(thread) != 2 {
			t.Errorf("a thread has %q, want one reply and one text", thread)
		}
	}
	if thread := o.ws.Thread(quiet, unread); len(thread) != 1 {
		t.Errorf("the channel forgot its habit: %+v", thread)
	}
}
