package tesseract

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// An answer writes a picture's text as a chat completion, while the text is read if
// the request asks for a stream, else at once.
type answer struct {
	request
	w       http.ResponseWriter
	id      string
	created int64 // Unix time

	text strings.Builder // the text so far
	cut  bool            // at the token limit
}

// An object is a JSON object of the API.
type object map[string]any

// errCut ends the reading of a picture at the request's token limit.
var errCut = errors.New("the answer has as many tokens as it may have")

// bytesPerToken is the usual estimate for English. tesseract has no tokens;
// limits and usage figures are this rough.
const bytesPerToken = 4

func tokens(bytes int) int { return (bytes + bytesPerToken - 1) / bytesPerToken }

// begin starts a stream.
func (a *answer) begin() error {
	if !a.Stream {
		return nil
	}
	a.w.Header().Set("Content-Type", "text/event-stream")
	a.w.Header().Set("Cache-Control", "no-cache")
	return a.event(object{"role": "assistant", "content": ""}, nil)
}

// write adds a piece of the text, up to the request's token limit.
func (a *answer) write(piece string) error {
	// A division, since the request may contain any number.
	if a.MaxTokens != nil && tokens(a.text.Len()+len(piece)) > *a.MaxTokens {
		piece = strings.ToValidUTF8(piece[:max(*a.MaxTokens*bytesPerToken-a.text.Len(), 0)], "")
		a.cut = true
	}
	a.text.WriteString(piece)
	if a.Stream {
		if err := a.event(object{"content": piece}, nil); err != nil {
			return err
		}
	}
	if a.cut {
		return errCut
	}
	return nil
}

// end writes the end of the answer. failed is the error that ended the text early, or
// nil. In a stream such an error is an event of its own, and no [DONE] follows. If end
// returns an error, nothing was written.
func (a *answer) end(failed error) error {
	switch {
	case !a.Stream && failed != nil:
		return failed
	case !a.Stream:
		extend(a.w)
		message := object{"role": "assistant", "content": a.text.String()}
		c := a.completion("chat.completion", object{"index": 0, "message": message, "finish_reason": a.finishReason()})
		c["usage"] = a.usage()
		writeJSON(a.w, http.StatusOK, c)
		return nil
	case failed != nil:
		_ = a.send(object{"error": asAPIError(failed)})
		return nil
	}
	if a.event(object{}, a.finishReason()) != nil {
		return nil // the client is gone
	}
	if a.StreamOptions.IncludeUsage {
		last := a.completion("chat.completion.chunk")
		last["choices"], last["usage"] = []object{}, a.usage()
		_ = a.send(last)
	}
	_, _ = a.w.Write([]byte("data: [DONE]\n\n"))
	return nil
}

// completion returns the whole answer, or one event of a stream.
func (a *answer) completion(kind string, choices ...object) object {
	return object{"id": a.id, "object": kind, "created": a.created, "model": a.Model, "choices": choices}
}

func (a *answer) finishReason() string {
	if a.cut {
		return "length"
	}
	return "stop"
}

func (a *answer) usage() object {
	prompt, text := tokens(len(a.prompt)), tokens(a.text.Len())
	return object{"prompt_tokens": prompt, "completion_tokens": text, "total_tokens": prompt + text}
}

// event writes an event with one choice. finishReason may be nil. The usage is
// null until the last event, if the client asked for the usage.
func (a *answer) event(delta object, finishReason any) error {
	c := a.completion("chat.completion.chunk", object{"index": 0, "delta": delta, "finish_reason": finishReason})
	if a.StreamOptions.IncludeUsage {
		c["usage"] = nil
	}
	return a.send(c)
}

// send writes a server-sent event and flushes the connection.
func (a *answer) send(v object) error {
	extend(a.w)
	body, _ := json.Marshal(v) // such an object never fails
	if _, err := fmt.Fprintf(a.w, "data: %s\n\n", body); err != nil {
		return err
	}
	return http.NewResponseController(a.w).Flush()
}

// extend gives the client time to read the next event: a client that stopped
// reading must not hold its slot for ever. Some connections have no deadlines.
func extend(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
}

// writeJSON answers with a JSON object. Errors of the connection are ignored.
func writeJSON(w http.ResponseWriter, status int, v object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// An apiError is an error in the form of OpenAI's API: a status and a body of
// {"error":{"message","type","param","code"}}.
type apiError struct {
	Status  int    `json:"-"`
	Message string `json:"message"`
	Type    string `json:"type"`
	Param   any    `json:"param"` // a string or nil
	Code    string `json:"code"`
}

func (e *apiError) Error() string { return e.Message }

// invalid returns the error for a request that can never be answered.
func invalid(status int, code, format string, args ...any) *apiError {
	return &apiError{Status: status, Code: code, Message: fmt.Sprintf(format, args...), Type: "invalid_request_error"}
}

// badRequest returns the error for a request with a wrong field, param, which
// may be empty.
func badRequest(param, code, format string, args ...any) *apiError {
	e := invalid(http.StatusBadRequest, code, format, args...)
	if param != "" {
		e.Param = param
	}
	return e
}

func badImage(format string, args ...any) *apiError {
	return badRequest("messages", "invalid_image", format, args...)
}

var (
	errTooLarge = invalid(http.StatusRequestEntityTooLarge, "request_too_large", "the request is over the limit of %d bytes", maxBody)
	errBusy     = &apiError{
		Status: http.StatusTooManyRequests, Type: "rate_limit_error", Code: "rate_limit_exceeded",
		Message: "too many requests are waiting; try again later",
	}
	errTooSlow = serverError("reading the picture took too long")
	errFailed  = serverError("the picture could not be read")
)

func serverError(message string) *apiError {
	return &apiError{Status: http.StatusInternalServerError, Type: "server_error", Code: "internal_error", Message: message}
}

// asAPIError returns any error in the API's form. Internal details are left
// out.
func asAPIError(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	return errFailed
}
