package tesseract

import (
	"fmt"
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

// An object is a JSON object of the API.
type object map[string]any

// completion returns the whole answer, or one event of a stream.
func (a *answer) completion(kind string, choices ...object) object {
	return object{"id": a.id, "object": kind, "created": a.created, "model": a.Model, "choices": choices}
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

func (a *answer) finishReason() string {
	if a.cut {
		return "length"
	}
	return "stop"
}

func (a *answer) usage() object {
	prompt, text := tokens(len(a.prompt)), tokens(a.letters)
	return object{"prompt_tokens": prompt, "completion_tokens": text, "total_tokens": prompt + text}
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
	message := object{"role": "assistant", "content": text.String()}
	c := a.completion("chat.completion", object{"index": 0, "message": message, "finish_reason": a.finishReason()})
	c["usage"] = a.usage()
	writeJSON(w, http.StatusOK, c)
	return nil
}

// stream writes each piece as the piece arrives. An error is an event of its
// own, and the stream then ends without [DONE]. Errors of the connection are
// ignored.
func (a *answer) stream(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	if a.event(w, object{"role": "assistant", "content": ""}, nil) != nil {
		return
	}
	for piece, err := range a.pieces() {
		if err != nil {
			_ = send(w, errorBody(err))
			return
		}
		if a.event(w, object{"content": piece}, nil) != nil {
			return
		}
	}
	if a.event(w, object{}, a.finishReason()) != nil {
		return
	}
	if a.StreamOptions.IncludeUsage {
		last := a.completion("chat.completion.chunk")
		last["choices"], last["usage"] = []object{}, a.usage()
		_ = send(w, last)
	}
	_, _ = w.Write([]byte("data: [DONE]\n\n"))
}

// event writes an event with one choice. finishReason may be nil. The usage is
// null until the last event, if the client asked for the usage.
func (a *answer) event(w http.ResponseWriter, delta object, finishReason any) error {
	c := a.completion("chat.completion.chunk", object{"index": 0, "delta": delta, "finish_reason": finishReason})
	if a.StreamOptions.IncludeUsage {
		c["usage"] = nil
	}
	return send(w, c)
}

// send writes a server-sent event and flushes the connection.
func send(w http.ResponseWriter, v object) error {
	extend(w)
	if _, err := fmt.Fprintf(w, "data: %s\n\n", encode(v)); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// extend gives the client time to read the next event: a client that stopped
// reading must not hold its slot for ever. Some connections have no deadlines.
func extend(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
}
