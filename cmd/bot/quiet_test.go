package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/cmd/bot/internal/officetest"
)

// What nobody may find in the log.
const (
	secretName  = "geheimplan"  // of all files
	secretWord  = "zebrafish"   // in all texts
	secretAsked = "whisperword" // in what people look for and prompt
	secretPath  = "hidden-path" // of links
	secretKey   = "key-4711-of-the-endpoint"
)

// moody is a model that does what a test says.
type moody struct {
	mu  sync.Mutex // guards say
	say http.HandlerFunc
}

func (m *moody) will(say http.HandlerFunc) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.say = say
}

func (m *moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	m.mu.Lock()
	say := m.say
	m.mu.Unlock()
	say(w, r)
}

// rejects is a model that answers with an error, which quotes what it should not.
func rejects(status int, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		said := "not with " + r.Header.Get("Authorization")
		if status == http.StatusOK || kind == "invalid_messages" {
			said = "the picture says " + secretWord
		}
		fmt.Fprintf(w, `{"error":{"message":"%s","type":"%s"}}`, said, kind)
	}
}

// breaksOff is a model whose connection drops after some text.
func breaksOff(w http.ResponseWriter, _ *http.Request) {
	officetest.WriteText(w, secretWord+" one two")
	panic(http.ErrAbortHandler)
}

// goesOn is a model that says more than its answer: what comes when nobody asked.
func goesOn(w http.ResponseWriter, _ *http.Request) {
	conn, buffer, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	answer := httptest.NewRecorder()
	officetest.WriteAll(answer, secretWord)
	fmt.Fprintf(buffer, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", answer.Body.Len(), answer.Body)
	_ = buffer.Flush()
	_, _ = io.Copy(io.Discard, io.LimitReader(conn, 0))
	fmt.Fprint(buffer, strings.Repeat(secretWord+" ", 1000))
	_ = buffer.Flush()
}

// TestNothingIsGivenAwayInTheLog drives the real program, at its most talkative,
// through success and failure, and looks for secrets in all that it wrote.
func TestNothingIsGivenAwayInTheLog(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel() // it waits for one retry after the other
			giveAway(t, format)
		})
	}
}

func giveAway(t *testing.T, format string) {
	model := &moody{say: officetest.Writes(secretWord+" ", "and more")}
	o := officetest.Open(t, model.ServeHTTP)
	p := start(t, append(o.Environ, "LOG_LEVEL=debug", "LOG_FORMAT="+format, "OCR_API_KEY="+secretKey, "LISTEN_ADDR=127.0.0.1:0"))
	o.Wait(t, "it listens", func() bool { return o.Workspace.Connections() > 0 })
	picture := officetest.PagePicture(secretName + ".png")
	n := 0
	// post posts a file in a new channel: nobody waits for a channel's budget.
	post := func(file localslack.Upload) (ts string) {
		t.Helper()
		n++
		o.Channel = o.Workspace.AddChannel(fmt.Sprint("channel-", n), false, o.Ann, o.App.BotUserID)
		ts, err := o.Workspace.Post(o.Ann, localslack.Post{Channel: o.Channel, Text: secretAsked, Files: []localslack.Upload{file}})
		if err != nil {
			t.Fatal(err)
		}
		return ts
	}
	// seen posts a picture and waits until its reply begins like one of these.
	seen := func(what string, replies ...string) (ts string) {
		t.Helper()
		ts = post(picture)
		o.Wait(t, what, func() bool {
			return slices.ContainsFunc(replies, func(reply string) bool { return o.Said(reply, officetest.Asked{Channel: o.Channel, TS: ts}) > 0 })
		})
		return ts
	}
	fault := func(f localslack.Fault, then func()) {
		t.Helper()
		clear := o.Workspace.Fail(f)
		defer clear()
		then()
	}
	read := wordstest.ReadAs(picture.Name, "markdown")
	notRead := func(name string) string { // whatever the reason
		return wordstest.Shared(words.NotRead(name, 0, words.Failed(words.ModelDown)), words.NotRead(name, 0, words.Failed(words.Gone)))
	}
	not := notRead(picture.Name)
	again := func(kind words.Kind) string { // whenever that is
		failure := words.Failed(kind)
		return wordstest.Shared(words.NotYet(picture.Name, failure, time.Second), words.NotYet(picture.Name, failure, 2*time.Minute))
	}
	lost := wordstest.Shared(words.DeliveryFailed(picture.Name, "1"), words.DeliveryFailed(picture.Name, "2"))
	ctx := context.Background()
	command := func(text string) { _ = o.Workspace.Command(ctx, o.Ann, o.Channel, "/ocr", text) } // its failures are what we want

	done := seen("all goes well", read)
	place := o.Channel
	for _, m := range []http.HandlerFunc{
		rejects(401, "auth_error"), rejects(400, "invalid_messages"), rejects(404, "model_not_found"), rejects(400, "param_error"),
		rejects(200, "sensitive_check_error"),
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, "<html>%s</html>", secretWord)
		},
	} {
		model.will(m)
		seen("the model refuses", not)
	}
	model.will(breaksOff)
	seen("the model breaks off", again(words.ModelCutOff))
	model.will(goesOn)
	seen("the model goes on", read)
	seen("the model goes on again", read)
	model.will(officetest.Writes(secretWord+" ", "and more"))

	fault(localslack.Fault{Method: "download", Status: 404}, func() { seen("the file is gone", not) })
	fault(localslack.Fault{Method: "download", LoginPage: true}, func() { seen("the file needs a permission", not) })
	fault(localslack.Fault{Method: "download", Reset: true}, func() { seen("the download fails", again(words.Connection), not) })
	fault(localslack.Fault{Method: "chat.update", Reset: true, Times: 2}, func() { seen("edits fail", read) })
	fault(localslack.Fault{Method: "chat.postMessage", Reset: true, Applied: true, Times: 1}, func() { seen("a post is unsure", read) })
	refused := localslack.Fault{Method: "chat.postMessage", Error: "invalid_blocks", After: 1}
	for f, want := range map[localslack.Fault]string{
		{Method: "upload", Reset: true, Times: 1}:                                    read,
		{Method: "upload", Status: 400}:                                              lost,
		{Method: "files.completeUploadExternal", Error: "posting_to_channel_denied"}: lost,
	} {
		fault(refused, func() { fault(f, func() { seen("neither a post nor "+f.Method, want) }) })
	}
	for name, data := range map[string][]byte{
		".png": picture.Data[:30], ".tiff": []byte("II*\x00 nothing"), ".pdf": []byte("%PDF-1.7\n" + secretWord), ".heic": []byte("\x00\x00\x00\x18ftypheic" + strings.Repeat(secretWord, 9)),
	} {
		file := localslack.Upload{Name: secretName + name, Data: data}
		ts := post(file)
		o.Wait(t, "a bad file: "+name, func() bool { return o.Said(notRead(file.Name), officetest.Asked{Channel: o.Channel, TS: ts}) > 0 })
	}

	o.Channel = place
	for _, word := range []string{"locate: " + secretAsked, "prompt: " + secretAsked} {
		if _, err := o.Workspace.Post(o.Ann, localslack.Post{Channel: o.Channel, Thread: done, Text: word}); err != nil {
			t.Fatal(err)
		}
	}
	o.Wait(t, "the words are looked for", func() bool { return len(o.Thread(done)) >= 4 })
	for _, text := range []string{
		"https://127.0.0.1/" + secretPath + "?sig=" + secretAsked, "https://nobody.invalid/" + secretPath + "/" + secretName + ".png",
		"https://user:" + secretAsked + "@nobody.invalid/" + secretPath, secretAsked, "last", "status", "help", "auto",
		o.Workspace.Permalink(o.Channel, done),
	} {
		command(text)
	}
	fault(localslack.Fault{Method: "views.open", Error: "expired_trigger_id"}, func() { command("") })
	fault(localslack.Fault{Method: "views.open", Reset: true}, func() { command("") })
	o.Workspace.Emit(o.App.AppID, map[string]any{"type": secretAsked, "text": secretWord})
	fault(localslack.Fault{Method: "apps.connections.open", Reset: true, Times: 2}, func() {
		o.Workspace.CloseSockets()
		o.Wait(t, "it is deaf", func() bool { return o.Workspace.Connections() == 0 })
		o.Wait(t, "it listens again", func() bool { return o.Workspace.Connections() > 0 })
	})
	seen("all goes well again", read)
	if err := o.Workspace.Delete(o.Ann, place, done); err != nil {
		t.Fatal(err)
	}
	command("forget")
	model.will(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	seen("it is stopped while it reads", words.Reading(picture.Name))
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d", status)
	}

	said := p.stderr.String()
	for _, secret := range []string{
		o.App.BotToken, o.App.AppToken, secretKey, secretName, secretWord, secretAsked, secretPath,
		"xoxb-", "xapp-", "ticket=", "/upload/", "/response/", "files-pri", "base64", ".png", "nobody.invalid",
	} {
		if strings.Contains(said, secret) {
			t.Errorf("the log holds %q", secret)
			for line := range strings.Lines(said) {
				if strings.Contains(line, secret) {
					t.Logf("%.400s", line)
				}
			}
		}
	}
	for _, what := range []string{"outcome", "failed", "an attempt failed", "could not post the text", "no connection to Slack", "not an OpenAI answer"} {
		if !strings.Contains(said, what) {
			t.Errorf("the log does not have %q: was that tried?", what)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
}
