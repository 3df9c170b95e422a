package bot_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// script is a model that does what a test says. Without a say it writes
// "some text".
type script struct {
	mu       sync.Mutex // guards what follows
	say      func(w *stream)
	requests int
	running  int
	most     int // requests at once
}

func (s *script) will(say func(w *stream)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say = say
}

func (s *script) count() (requests, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests, s.most
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.requests++
	s.running++
	s.most = max(s.most, s.running)
	say := s.say
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.running--
		s.mu.Unlock()
	}()
	if say == nil {
		say = func(w *stream) { w.text("some text"); w.end("stop") }
	}
	say(&stream{w: w, r: r, body: body})
}

// stream writes a chat completion as server-sent events.
type stream struct {
	w    http.ResponseWriter
	r    *http.Request
	body []byte // of the request
}

// height is that of the picture that is to be read, in pixels, by which a test tells
// its pictures apart; 0 if it cannot be decoded.
func (s *stream) height() int {
	_, encoded, _ := strings.Cut(string(s.body), ";base64,")
	encoded, _, _ = strings.Cut(encoded, `"`)
	data, _ := base64.StdEncoding.DecodeString(encoded)
	config, _, _ := image.DecodeConfig(bytes.NewReader(data))
	return config.Height
}

func (s *stream) event(choice string) {
	s.w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprintf(s.w, "data: {\"object\":\"chat.completion.chunk\",\"model\":\"test-model\",\"choices\":[%s]}\n\n", choice)
	s.w.(http.Flusher).Flush()
}

func (s *stream) text(text string) {
	quoted, _ := json.Marshal(text) // a string
	s.event(fmt.Sprintf(`{"index":0,"delta":{"content":%s}}`, quoted))
}

// slowly writes words, one after each pause.
func (s *stream) slowly(pause time.Duration, words ...string) {
	for _, word := range words {
		s.text(word + " ")
		if s.pause(pause) != nil {
			return
		}
	}
}

func (s *stream) pause(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-s.r.Context().Done():
		return errors.New("the client has gone")
	}
}

func (s *stream) end(reason string) {
	s.event(fmt.Sprintf(`{"index":0,"delta":{},"finish_reason":%q}`, reason))
	fmt.Fprint(s.w, "data: [DONE]\n\n")
}

func (s *stream) fail(status int, body string) {
	s.w.Header().Set("Content-Type", "application/json")
	s.w.WriteHeader(status)
	fmt.Fprint(s.w, body)
}

// drop closes the connection in mid-stream.
func (s *stream) drop() { panic(http.ErrAbortHandler) }

// write makes the model write a text in pieces.
func (s *script) write(text string) {
	s.will(func(w *stream) {
		for piece := range slices.Chunk([]rune(text), 4000) {
			w.text(string(piece))
		}
		w.end("stop")
	})
}
