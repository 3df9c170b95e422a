package tesseract

import (
	"crypto/rand"
	"encoding/json"
	"iter"
	"net/http"
	"strings"
	"time"
)

// An answer writes a picture's text as a chat completion.
type answer struct {
	request
	text    iter.Seq2[string, error] // pieces; an error comes last
	id      string
	created int64 // Unix time

	letters int   // bytes written so far
	cut     bool  // at the token limit
	failed  error // the error that ended the text early
}

func newID() string { return "chatcmpl-" + rand.Text() }

// A completion is the whole answer, or one event of a stream.
type completion struct {
	ID      string   `json:"id"`
	Object  string   `json:"object"`
	Created int64    `json:"created"`
	Model   string   `json:"model"`
	Choices []choice `json:"choices"`
	// Usage is null until the last event of a stream whose client asked for
	// the usage, and absent in any other stream.
	Usage json.RawMessage `json:"usage,omitempty"`
}

type choice struct {
	Index        int          `json:"index"`
	Message      *chatMessage `json:"message,omitempty"`
	Delta        *chatMessage `json:"delta,omitempty"`
	FinishReason *string      `json:"finish_reason"`
}

type chatMessage struct {
	Role    string  `json:"role,omitempty"`
	Content *string `json:"content,omitempty"`
}

type usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
}

// bytesPerToken is the usual estimate for English. tesseract has no tokens;
// limits and usage figures are this rough.
const bytesPerToken = 4

func tokens(bytes int) int { return (bytes + bytesPerToken - 1) / bytesPerToken }

// pieces yields the text up to the request's token limit.
func (a *answer) pieces() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for piece, err := range a.text {
			if err == nil && a.MaxTokens != nil {
				// A division, since the request may contain any number.
				if tokens(a.letters+len(piece)) > *a.MaxTokens {
					piece = strings.ToValidUTF8(piece[:max(*a.MaxTokens*bytesPerToken-a.letters, 0)], "")
					a.cut = true
				}
			}
			a.letters += len(piece)
			a.failed = err
			if !yield(piece, err) || a.cut {
				return
			}
		}
	}
}

func (a *answer) finishReason() *string {
	if a.cut {
		return new("length")
	}
	return new("stop")
}

func (a *answer) usage() json.RawMessage {
	u := usage{PromptTokens: tokens(len(a.prompt)), CompletionTokens: tokens(a.letters)}
	u.TotalTokens = u.PromptTokens + u.CompletionTokens
	b, err := json.Marshal(u)
	if err != nil {
		panic(err) // three numbers
	}
	return b
}

// whole writes the answer at once.
func (a *answer) whole(w http.ResponseWriter) error {
	var text strings.Builder
	for piece, err := range a.pieces() {
		if err != nil {
			return err
		}
		text.WriteString(piece)
	}
	extend(w)
	writeJSON(w, http.StatusOK, completion{
		ID: a.id, Object: "chat.completion", Created: a.created, Model: a.Model, Usage: a.usage(),
		Choices: []choice{{
			Message:      &chatMessage{"assistant", new(text.String())},
			FinishReason: a.finishReason(),
		}},
	})
	return nil
}

// stream writes each piece as the piece arrives. An error is an event of its
// own, and the stream then ends without [DONE]. Errors of the connection are
// ignored.
func (a *answer) stream(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	if a.event(w, choice{Delta: &chatMessage{"assistant", new("")}}) != nil {
		return
	}
	for piece, err := range a.pieces() {
		if err != nil {
			_ = send(w, errorBody{asAPIError(err)})
			return
		}
		if a.event(w, choice{Delta: &chatMessage{Content: &piece}}) != nil {
			return
		}
	}
	if a.event(w, choice{Delta: &chatMessage{}, FinishReason: a.finishReason()}) != nil {
		return
	}
	if a.StreamOptions.IncludeUsage {
		last := a.chunk()
		last.Usage = a.usage()
		_ = send(w, last)
	}
	_, _ = w.Write([]byte("data: [DONE]\n\n"))
}

func (a *answer) chunk(choices ...choice) completion {
	c := completion{ID: a.id, Object: "chat.completion.chunk", Created: a.created, Model: a.Model}
	c.Choices = append([]choice{}, choices...) // an empty list is [], not null
	if a.StreamOptions.IncludeUsage {
		c.Usage = json.RawMessage("null")
	}
	return c
}

func (a *answer) event(w http.ResponseWriter, c choice) error { return send(w, a.chunk(c)) }

// send writes a server-sent event and flushes the connection.
func send(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // all our types can be marshalled
	}
	extend(w)
	event := append(append([]byte("data: "), body...), "\n\n"...)
	if _, err := w.Write(event); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// extend gives the client time to read the next event: a client that stopped
// reading must not hold its slot for ever. Some connections have no deadlines.
func extend(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
}
