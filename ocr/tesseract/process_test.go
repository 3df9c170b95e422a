package tesseract

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"slackocr/ocr/page/pagetest"
)

// program writes a program of our own, to stand in where the real one would
// be too quick to be caught. It leaves its process id in the file it names, and its
// script may call first, which writes a word as the real one does.
func program(t *testing.T, script string) (path, pidFile string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "program")
	pidFile = path + ".pid"
	text := "#!/bin/sh\n[ $1 != --list-langs ] || { echo 'Languages (1):'; echo eng; exit; }\n" +
		"first() { printf '5\\t1\\t1\\t1\\t1\\t1\\t9\\t9\\t40\\t20\\t90\\tfirst\\nfirst\\n'; }\n" +
		"echo $$ >" + pidFile + ".new; mv " + pidFile + ".new " + pidFile + "\n" + script + "\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, pidFile
}

// eventually polls a condition, and fails the test where it does not come
// true in time.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("never: ", what)
		}
	}
}

func gone(t *testing.T, pidFile string) bool {
	t.Helper()
	b, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	for _, digit := range strings.TrimSpace(string(b)) {
		pid = 10*pid + int(digit-'0')
	}
	return syscall.Kill(pid, 0) != nil
}

func isEmpty(t *testing.T, folder string) bool {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) == 0
}

// Somebody who goes away takes the process and its files along, in the middle
// of a text as well as before it.
func TestClientGoesAway(t *testing.T) {
	picture := pagetest.PNG(pagetest.Letter, pagetest.Layout{})
	for name, script := range map[string]string{
		"before the text":        "exec sleep 60",
		"in the middle of it":    `first; exec sleep 60`,
		"with a deaf program":    `trap '' TERM INT HUP PIPE; first; exec sleep 60`,
		"with a talking program": `while :; do first; done`,
	} {
		t.Run(name, func(t *testing.T) {
			files := t.TempDir()
			t.Setenv("TMPDIR", files)
			path, pid := program(t, script)
			s, url := serve(t, Options{Program: path, Concurrency: 1})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			sendRequest(t, ctx, http.MethodPost, url+"/chat/completions", strings.NewReader(body(picture, `,"stream":true`)))
			eventually(t, "the program runs", func() bool { _, err := os.Stat(pid); return err == nil })
			if gone(t, pid) || isEmpty(t, files) {
				t.Fatal("the program and its files should be there")
			}
			cancel()
			eventually(t, "the program has ended", func() bool { return gone(t, pid) })
			eventually(t, "its files are gone", func() bool { return isEmpty(t, files) })
			eventually(t, "its place is free", func() bool { return len(s.slots)+len(s.places) == 0 })
		})
	}
}

func TestProgramFails(t *testing.T) {
	picture := pagetest.PNG(pagetest.Letter, pagetest.Layout{})
	path, _ := program(t, `first; echo "secret /path" >&2; exit 3`)
	_, url := serve(t, Options{Program: path})
	resp := post(t, url, body(picture, ""))
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 500 || !strings.Contains(string(b), `"type":"server_error"`) || strings.Contains(string(b), "secret") {
		t.Errorf("%s: %s", resp.Status, b)
	}
	resp = post(t, url, body(picture, `,"stream":true`))
	all := events(t, resp.Body)
	if last := all[len(all)-1]; !strings.HasPrefix(last, `{"error":{"message":`) {
		t.Errorf("the last event is %q", last)
	}
	if text := strings.Join(all, ""); !strings.Contains(text, "first") {
		t.Errorf("the text before the failure is lost: %q", all)
	}
}

// Who comes when all places are taken is sent away; who waits gets the slot
// when it is free, or leaves.
func TestQueue(t *testing.T) {
	picture := pagetest.PNG("Hello", pagetest.Layout{})
	s, url := serve(t, Options{Concurrency: 1})
	s.slots <- struct{}{} // somebody is being served

	ask := func(ctx context.Context) <-chan int {
		status := make(chan int, 1)
		go func() {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/chat/completions", strings.NewReader(body(picture, "")))
			if err != nil {
				panic(err) // a constant of the test
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				status <- 0
				return
			}
			resp.Body.Close()
			status <- resp.StatusCode
		}()
		return status
	}
	ctx, leave := context.WithCancel(t.Context())
	answered, left := ask(t.Context()), ask(ctx)
	eventually(t, "both wait", func() bool { return len(s.places) == 2 })
	for len(s.places) < cap(s.places) {
		s.places <- struct{}{}
	}
	resp := post(t, url, body(picture, ""))
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		t.Errorf("%s, %v", resp.Status, resp.Header)
	}
	leave()
	if status := <-left; status != 0 {
		t.Errorf("an answer of %d to somebody who left", status)
	}
	eventually(t, "its place is free", func() bool { return len(s.places) == cap(s.places)-1 })
	<-s.slots
	if status := <-answered; status != http.StatusOK {
		t.Errorf("the one who waited got %d", status)
	}
}

func TestRealProgramLeavesNothing(t *testing.T) {
	files := t.TempDir()
	t.Setenv("TMPDIR", files)
	s, url := serve(t, Options{})
	resp := post(t, url, body(pagetest.PNG(pagetest.Article, pagetest.Layout{}), `,"stream":true`))
	buf := make([]byte, 600)
	if _, err := io.ReadFull(resp.Body, buf); err != nil {
		t.Fatal(err)
	}
	if isEmpty(t, files) {
		t.Error("the text came at once, not as it was read")
	}
	resp.Body.Close()
	eventually(t, "its files are gone", func() bool { return isEmpty(t, files) })
	eventually(t, "its place is free", func() bool { return len(s.slots)+len(s.places) == 0 })
}
