package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/ocr/page/pagetest"
)

// office is a workspace and a scripted model on loopback, for a real process.
type office struct {
	ws           *localslack.Workspace
	ann, channel string
	app          localslack.Credentials
	environ      []string
}

func openOffice(t testing.TB, model http.HandlerFunc) *office {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	o := &office{ws: localslack.New(localslack.Options{
		URL:        address, // Often enough for an app that is killed all the time.
		Redelivery: []time.Duration{0, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, 2 * time.Minute},
	})}
	manifest, err := localslack.ParseManifest(bot.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	o.app = o.ws.Install(manifest)
	o.ann = o.ws.AddUser("ann")
	o.channel = o.ws.AddChannel("general", false, o.ann, o.app.BotUserID)
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = o.ws.Serve(ctx, l) })
	endpoint := httptest.NewServer(model)
	t.Cleanup(func() {
		stop()
		endpoint.CloseClientConnections()
		endpoint.Close()
		serving.Wait()
	})
	o.environ = []string{
		"SLACK_BOT_TOKEN=" + o.app.BotToken, "SLACK_APP_TOKEN=" + o.app.AppToken, "SLACK_API_URL=" + address + "/api/",
		"OCR_BASE_URL=" + endpoint.URL + "/v1",
	}
	return o
}

// wait waits for a state of the workspace, for half a minute at most.
func (o *office) wait(t testing.TB, what string, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := o.ws.Wait(ctx, cond); err != nil {
		t.Fatalf("never: %s", what)
	}
}

func (o *office) thread(ts string) (texts []string) {
	for _, m := range o.ws.Thread(o.channel, ts)[1:] {
		texts = append(texts, m.Text)
	}
	return texts
}

// TestRunIsStoppedBySIGTERM stops the real program while it reads.
func TestRunIsStoppedBySIGTERM(t *testing.T) {
	o := openOffice(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"first words \"}}]}\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	p := start(t, o.environ)
	o.wait(t, "it listens", func() bool { return o.ws.Connections() > 0 })
	ts, err := o.ws.Post(o.ann, localslack.Post{Channel: o.channel, Files: []localslack.Upload{{Name: "a.png", Data: pagetest.PNG("x", pagetest.Layout{})}}})
	if err != nil {
		t.Fatal(err)
	}
	o.wait(t, "text is visible", func() bool {
		thread := o.ws.Thread(o.channel, ts)
		return len(thread) == 2 && strings.Contains(string(thread[1].Blocks), "first words")
	})
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	if thread := o.thread(ts); len(thread) != 1 || !strings.HasPrefix(thread[0], "Reading a.png… 2 words") {
		t.Errorf("the thread says %q", thread)
	}
	for _, secret := range []string{o.app.BotToken, o.app.AppToken, "first words", "a.png"} {
		if strings.Contains(p.stderr.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, p.stderr)
		}
	}
}

// TestRunEndsOnARefusedToken: one plain sentence, status 1.
func TestRunEndsOnARefusedToken(t *testing.T) {
	o := openOffice(t, http.NotFound)
	o.ws.RevokeToken(o.app.BotToken)
	p := start(t, append(o.environ, "LOG_LEVEL=error"))
	if status := p.status(t); status != 1 {
		t.Errorf("exit status %d", status)
	}
	if s := p.stderr.String(); !strings.HasPrefix(s, "Slack refused SLACK_BOT_TOKEN (token_revoked): ") || strings.Count(s, "\n") != 1 {
		t.Errorf("it says %q", s)
	}
}

// BenchmarkStart starts the program and waits until it is connected. It reports
// the time of that, and its memory then.
func BenchmarkStart(b *testing.B) {
	var memory float64
	for b.Loop() {
		o := openOffice(b, http.NotFound)
		p := start(b, o.environ)
		o.wait(b, "it listens", func() bool { return o.ws.Connections() > 0 })
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
	o := openOffice(t, reading)
	p := start(t, o.environ, "run")
	o.wait(t, "a connection", func() bool { return o.ws.Connections() > 0 })
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
