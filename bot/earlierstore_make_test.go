package bot_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/reading"
)

// TestMakeEarlierStore writes the data for TestUpgradeOfAStore: it runs the
// program named by EARLIER_BOT, kills it at work, and keeps its store and the
// workspace.
func TestMakeEarlierStore(t *testing.T) {
	program := os.Getenv("EARLIER_BOT")
	if program == "" {
		t.Skip("EARLIER_BOT names no program")
	}
	h := buildEarlier(t)
	h.ended <- nil // the house's own bot does not run
	api, endpoint := h.onLoopback(), httptest.NewServer(h.model)
	t.Cleanup(endpoint.Close)
	t.Cleanup(endpoint.CloseClientConnections)
	dir := t.TempDir()
	p := exec.Command(program, "run")
	p.Dir = t.TempDir() // without a .env
	p.Stderr = t.Output()
	p.Env = []string{
		"PATH=" + os.Getenv("PATH"), "SLACK_BOT_TOKEN=" + h.app.BotToken, "SLACK_APP_TOKEN=" + h.app.AppToken, "SLACK_API_URL=" + api,
		"OCR_BASE_URL=" + endpoint.URL + "/v1", "OCR_CONCURRENCY=3", "DATA_DIR=" + dir, "RETENTION=" + earlierRetention.String(),
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	h.wait("the program listens", func() bool { return h.ws.Connections() > 0 })
	asks := h.keepBusy()
	// What was read of the open asks is saved soon after it is shown.
	time.Sleep(3 * time.Second)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait() // the program was killed

	w := earlierWorkspace{API: api, Asks: asks, Messages: map[string][]localslack.Message{}, Contents: map[string][]byte{}}
	for name, id := range h.channels {
		w.Messages[name] = h.ws.Messages(id)
		for _, m := range w.Messages[name] {
			for _, f := range m.Files {
				w.Contents[f.ID], _ = h.ws.FileContent(f.ID)
			}
		}
	}
	content, err := json.MarshalIndent(w, "", " ")
	if err == nil {
		err = os.WriteFile(filepath.Join(earlierData, "workspace.json"), append(content, '\n'), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	pack(t, dir, filepath.Join(earlierData, "store.tar.gz"))
}

// keepBusy gives the program something to do of every kind, and returns the
// asks when all of it is in the state that their channels' names say.
func (h *earlierHouse) keepBusy() map[string]string {
	h.Helper()
	if err := h.ws.Command(h.Context(), h.ann, h.channels["quiet"], "/ocr", "auto off"); err != nil {
		h.Fatal(err)
	}
	h.wait("the setting is stored", func() bool { return len(h.ws.Ephemerals(h.ann)) > 0 })
	asks := map[string]string{}

	h.model.write("read before the upgrade")
	asks["done"] = h.postIn("done", "done.png", picture)
	h.wait("done is read", func() bool {
		all := h.answered("done", asks["done"])
		return len(all) == 2 && !hasAction(h.ws.Thread(h.channels["done"], asks["done"])[1], reading.StopID)
	})

	// Slack carries out the third message, and nobody hears of it.
	h.model.write(longText())
	h.ws.Fail(localslack.Fault{Method: "chat.postMessage", After: 3, Times: 1, Applied: true, Reset: true})
	h.ws.Fail(localslack.Fault{Method: "conversations.replies", Delay: time.Hour})
	asks["long"] = h.postIn("long", "long.png", picture)
	h.wait("three messages of long are posted", func() bool { return len(h.answered("long", asks["long"])) == 4 })

	var requests atomic.Int64
	hangs := func(s *stream) { _ = s.pause(time.Hour) }
	h.model.will(func(s *stream) {
		if requests.Add(1) > 1 {
			hangs(s)
			return
		}
		s.text("part before the upgrade")
		s.end("stop")
	})
	asks["scan"] = h.postIn("scan", "scan.png", tallPicture(4500))
	h.wait("one part of scan is read", func() bool { return requests.Load() == 3 })

	h.model.will(func(s *stream) {
		s.text("first words ")
		if requests.Add(1) > 4 {
			hangs(s)
			return
		}
		s.drop()
	})
	asks["open"] = h.postIn("open", "open.png", picture)
	h.wait("open is read for the second time", func() bool { return requests.Load() == 5 })
	asks["waiting"] = h.postIn("waiting", "waiting.png", picture)
	h.wait("waiting has its reply", func() bool { return len(h.answered("waiting", asks["waiting"])) == 1 })
	return asks
}

// onLoopback serves the workspace to other processes, and returns the address
// of its Web API.
func (h *house) onLoopback() string {
	h.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.Fatal(err)
	}
	server := &http.Server{Handler: h.ws.Handler()}
	go func() { _ = server.Serve(l) }()
	h.Cleanup(func() { _ = server.Close() })
	return "http://" + l.Addr().String() + "/api/"
}
