package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"slackocr/bot"
	"slackocr/cmd/bot/internal/officetest"
)

// TestRunIsStoppedBySIGTERM stops the real program while it reads.
func TestRunIsStoppedBySIGTERM(t *testing.T) {
	t.Parallel()
	o := officetest.Open(t, func(w http.ResponseWriter, r *http.Request) {
		officetest.WriteText(w, "first words ")
		<-r.Context().Done()
	})
	p := start(t, o.Environ)
	o.Wait(t, "it listens", func() bool { return o.Workspace.Connections() > 0 })
	ts := o.Post(t, o.Channel, officetest.PagePicture("a.png"))
	o.Wait(t, "text is visible", func() bool {
		thread := o.Workspace.Thread(o.Channel, ts)
		return len(thread) == 2 && strings.Contains(string(thread[1].Blocks), "first words")
	})
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	if thread := o.Thread(ts); len(thread) != 1 || !strings.HasPrefix(thread[0], officetest.Growing("a.png", 2)) {
		t.Errorf("the thread says %q", thread)
	}
	for _, secret := range []string{o.App.BotToken, o.App.AppToken, "first words", "a.png"} {
		if strings.Contains(p.stderr.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, p.stderr)
		}
	}
}

// TestRunEndsOnARefusedToken: one plain sentence, status 1.
func TestRunEndsOnARefusedToken(t *testing.T) {
	t.Parallel()
	o := officetest.Open(t, http.NotFound)
	o.Workspace.RevokeToken(o.App.BotToken)
	p := start(t, append(o.Environ, "LOG_LEVEL=error"))
	if status := p.status(t); status != 1 {
		t.Errorf("exit status %d", status)
	}
	if s, want := p.stderr.String(), (&bot.TokenError{Variable: "SLACK_BOT_TOKEN", Code: "token_revoked"}).Error(); s != want+"\n" {
		t.Errorf("it says %q, want %q", s, want)
	}
}

// BenchmarkStart starts the program and waits until it is connected. It reports
// the time of that, and its memory then.
func BenchmarkStart(b *testing.B) {
	var memory float64
	for b.Loop() {
		o := officetest.Open(b, http.NotFound)
		p := start(b, o.Environ)
		o.Wait(b, "it listens", func() bool { return o.Workspace.Connections() > 0 })
		b.StopTimer()
		memory = max(memory, residentMB(b, p.Process.Pid))
		_ = p.Process.Kill()
		_ = p.Wait()
		b.StartTimer()
	}
	b.ReportMetric(memory, "MB-idle")
}

// residentMB is a process's memory, as Linux counts it.
func residentMB(b testing.TB, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("memory is read from /proc, which only Linux has")
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kb / 1024
}

// TestLogOfARun names what runs, and says when it stops and that it has.
func TestLogOfARun(t *testing.T) {
	t.Parallel()
	o := officetest.Open(t, officetest.Reading)
	p := start(t, o.Environ, "run")
	o.Wait(t, "a connection", func() bool { return o.Workspace.Connections() > 0 })
	if status := p.stop(t); status != statusOK {
		t.Errorf("exit status %d", status)
	}
	lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
	for _, want := range []string{`msg="the bot is starting"`, "version=", "model=deepseek-ai/DeepSeek-OCR", "endpoint=127.0.0.1:", `store="DATA_DIR data"`, "concurrency=auto"} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("the first line does not have %s: %s", want, lines[0])
		}
	}
	if all := p.stderr.String(); !strings.Contains(all, `msg="the bot is stopping; unfinished work stays in the store" cause="terminated`) {
		t.Errorf("there is no word on the signal:\n%s", all)
	}
	if last := lines[len(lines)-1]; !strings.Contains(last, `msg="the bot has stopped"`) {
		t.Errorf("the last line is %s", last)
	}
}
