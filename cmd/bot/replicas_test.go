package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
	"slackocr/bot/words/wordstest"
	"slackocr/cmd/bot/internal/officetest"
)

// TestReplicas runs two real programs on one NATS server: one is stopped while it
// reads, then the other is killed. Nothing is lost or said twice.
func TestReplicas(t *testing.T) {
	t.Parallel() // most of it is waiting for leases
	o := officetest.Open(t, officetest.QuickModel)
	environ := append(o.Environ, "NATS_URL="+kvtest.StartServer(t, server.Options{StoreDir: t.TempDir()}).ClientURL(), "LOG_LEVEL=warn")
	first, second := start(t, environ), start(t, environ)
	o.Wait(t, "both listen", func() bool { return o.Workspace.Connections() == 2 })
	var asks []officetest.Asked
	post := func(n int) {
		for range n {
			channel := o.Workspace.AddChannel(fmt.Sprint("c", len(asks)), false, o.Ann, o.App.BotUserID)
			asks = append(asks, officetest.Asked{Channel: channel, TS: o.Post(t, channel, officetest.TinyPicture("a.png"))})
		}
	}
	read := func() int { return o.Said(wordstest.ReadAs("a.png", "markdown"), asks...) }
	texts := func() int { return o.Said("a.png: ", asks...) }
	post(12)
	o.Wait(t, "some are read", func() bool { return texts() > 2 })
	if status := first.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, first.stderr)
	}
	o.Wait(t, "the other has read them all", func() bool { return read() == 12 })

	third := start(t, environ)
	o.Wait(t, "the third listens", func() bool { return o.Workspace.Connections() == 2 })
	post(12)
	o.Wait(t, "some more are read", func() bool { return texts() > 14 })
	_ = second.Process.Kill()
	_ = second.Wait()
	o.Wait(t, "the third has read the rest", func() bool { return read() == 24 })
	if status := third.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, third.stderr)
	}
	for i, a := range asks {
		if n := len(o.Workspace.Thread(a.Channel, a.TS)); n != 3 {
			t.Errorf("image %d: %d messages in its thread, want the picture, one reply and one text", i, n)
		}
	}
}

// TestTwoProcessesOnOneFolder: the second says so and ends.
func TestTwoProcessesOnOneFolder(t *testing.T) {
	t.Parallel()
	o := officetest.Open(t, http.NotFound)
	environ := append(o.Environ, "DATA_DIR="+t.TempDir())
	first := start(t, environ)
	o.Wait(t, "the first listens", func() bool { return o.Workspace.Connections() == 1 })
	second := start(t, append(environ, "LOG_LEVEL=error"))
	if status := second.status(t); status != 1 {
		t.Errorf("exit status %d", status)
	}
	if s := second.stderr.String(); !strings.Contains(s, kv.ErrInUse.Error()) || strings.Count(s, "\n") != 1 {
		t.Errorf("it says %q", s)
	}
	if status := first.stop(t); status != 0 {
		t.Errorf("exit status of the first: %d", status)
	}
}

// TestUnreachableNATS: a plain sentence, and no address with its password.
func TestUnreachableNATS(t *testing.T) {
	t.Parallel()
	o := officetest.Open(t, http.NotFound)
	p := start(t, append(o.Environ, "NATS_URL=nats://user:secret-word@127.0.0.1:1", "LOG_LEVEL=error"))
	if status := p.status(t); status != 1 {
		t.Errorf("exit status %d", status)
	}
	if s := p.stderr.String(); strings.Contains(s, "secret-word") || !strings.Contains(s, jobs.ErrUnavailable.Error()) {
		t.Errorf("it says %q", s)
	}
}
