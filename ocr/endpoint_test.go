package ocr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"slackocr/ocr/page"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testKey = "sk-test-0123456789"

var testPage = page.Page{Data: []byte("\x89PNG not really"), MediaType: "image/png", Width: 10, Height: 10}

// pipes is a listener over net.Pipe, which lets HTTP run in fake time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve runs handler behind pipes until the test ends, and returns a client
// of it. edit may change the configuration.
func serve(t *testing.T, handler http.HandlerFunc, edit func(*Config)) *Client {
	t.Helper()
	listener := newPipes()
	server := &http.Server{Handler: handler}
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(listener) })
	transport := &http.Transport{DialContext: listener.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		running.Wait()
	})
	return newTestClient(t, &http.Client{Transport: transport}, edit)
}

func newTestClient(t testing.TB, h *http.Client, edit func(*Config)) *Client {
	t.Helper()
	config := Config{
		BaseURL: "http://model.test/v1", Key: testKey, Model: "test/model",
		Stream: true, MaxTokens: 100, StopLoops: true, HTTPClient: h,
	}
	if edit != nil {
		edit(&config)
	}
	client, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// recognized is all that a reading gave.
type recognized struct {
	text    string
	updates int
	outcome *Outcome
	err     error
}

func collect(seq iter.Seq2[Update, error]) recognized {
	var r recognized
	var text Text
	for u, err := range seq {
		if err != nil {
			r.err = err
			continue
		}
		r.updates++
		text.Apply(u)
		r.outcome = u.Outcome
	}
	r.text = text.String()
	return r
}

// class returns the class of the reading's error, 0 where it has none.
func (r recognized) class() Class {
	if e, ok := errors.AsType[*Error](r.err); ok {
		return e.Class
	}
	return 0
}

// send writes pieces of a stream and flushes after each.
func send(w http.ResponseWriter, pieces ...string) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	}
	for _, piece := range pieces {
		_, _ = w.Write([]byte(piece))
		_ = http.NewResponseController(w).Flush()
	}
}

// delta is an event with text.
func delta(text string) string { return chunk(text, "null") }

// finish is the event with the reason.
func finish(reason string) string { return chunk("", `"`+reason+`"`) }

func chunk(text, reason string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`data: {"id":"1","object":"chat.completion.chunk","model":"served","choices":[{"index":0,"delta":{"content":%s},"finish_reason":%s}]}`+"\n\n", quoted, reason)
}

func usage(completion int) string {
	return fmt.Sprintf(`data: {"id":"1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":%d,"total_tokens":%d}}`+"\n\n", completion, completion+1)
}

const done = "data: [DONE]\n\n"

// drop breaks the connection off.
func drop() { panic(http.ErrAbortHandler) }

// reply answers with a status and a body.
func reply(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// stall keeps the answer open until the client is gone.
func stall(r *http.Request) { <-r.Context().Done() }

// keepAlive sends a comment every second until the client is gone.
func keepAlive(w http.ResponseWriter, r *http.Request, piece string) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
			send(w, piece)
		}
	}
}

// bubble runs f in fake time against an endpoint that answers with answer,
// which is told how many tries came before.
func bubble(t *testing.T, edit func(*Config), answer func(try int, w http.ResponseWriter, r *http.Request), f func(t *testing.T, c *Client, tries *int)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			tries++
			_, _ = io.Copy(io.Discard, r.Body)
			answer(tries-1, w, r)
		}, edit)
		f(t, c, &tries)
	})
}

// between fails the test where the time since start is outside the bounds.
func between(t *testing.T, start time.Time, low, high time.Duration) {
	t.Helper()
	if took := time.Since(start); took < low || took > high {
		t.Errorf("took %v, want %v to %v", took, low, high)
	}
}

func good(w http.ResponseWriter) { send(w, delta("one"), finish("stop"), done) }

// longProse is n characters that do not repeat themselves.
func longProse(n int) string {
	const words = "The harbour was quiet that morning, and the ferry had not yet come in from the island. Two men stood at the end of the pier and spoke of a boat. "
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "Paragraph %d, of %x things: %s seen from %d sides. ", i, i*i*7919, words[i%40:60+i%80], i*31)
	}
	return b.String()[:n]
}
