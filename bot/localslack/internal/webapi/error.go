package webapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is Slack's error response {"ok":false,"error":Code}.
type Error struct {
	Code     string   // such as "channel_not_found"
	Messages []string // response_metadata.messages: the details, for people

	needed, provided []string      // missing_scope: the scopes
	wrong            []wrongPart   // blocks.validate
	retryAfter       time.Duration // ratelimited
}

func (e *Error) Error() string {
	return strings.Join(append([]string{"localslack: " + e.Code}, e.Messages...), ": ")
}

// Err returns the error with this code and these details.
func Err(code string, messages ...string) *Error { return &Error{Code: code, Messages: messages} }

// Limited returns the error for a call above the rate limit. wait is rounded up
// to whole seconds.
func Limited(wait time.Duration) *Error {
	return &Error{Code: "ratelimited", retryAfter: wholeSeconds(wait)}
}

// MissingScope returns the error for a token with the provided scopes, none of
// which is one of those that are needed.
func MissingScope(needed, provided []string) *Error {
	return &Error{Code: "missing_scope", needed: needed, provided: provided}
}

// Validation returns err in the form of blocks.validate: with the field errors,
// whose pointers lack prefix. If err is nil, Validation returns nil.
func Validation(code, prefix string, err error) error {
	if err == nil {
		return nil
	}
	e := AsError(err)
	v := &Error{Code: code}
	for _, m := range e.Messages {
		what, at, _ := strings.Cut(strings.TrimPrefix(m, "[ERROR] "), " [json-pointer:")
		v.wrong = append(v.wrong, wrongPart{
			Pointer: strings.TrimPrefix(strings.TrimSuffix(at, "]"), prefix), Code: "failed_constraint", Message: what,
		})
	}
	if v.wrong == nil {
		v.wrong = []wrongPart{{Code: e.Code, Message: e.Code}}
	}
	return v
}

// wrongPart is an element of the field errors.
type wrongPart struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// AsError returns the *Error in err, or internal_error.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Err("internal_error", err.Error())
}

// Write writes Slack's response and returns the HTTP status.
func (e *Error) Write(rw http.ResponseWriter) int {
	body := map[string]any{"ok": false, "error": e.Code}
	status := http.StatusOK
	switch {
	case e.retryAfter > 0:
		status = http.StatusTooManyRequests
		rw.Header().Set("Retry-After", strconv.Itoa(int(e.retryAfter/time.Second)))
	case len(e.needed) > 0:
		body["needed"], body["provided"] = strings.Join(e.needed, ","), strings.Join(e.provided, ",")
	case e.Code == "request_too_large":
		status = http.StatusRequestEntityTooLarge
	}
	if len(e.wrong) > 0 {
		body["errors"] = e.wrong
	}
	if len(e.Messages) > 0 {
		body["response_metadata"] = map[string]any{"messages": e.Messages}
	}
	WriteJSON(rw, status, body)
	return status
}

// WriteJSON writes a response.
func WriteJSON(rw http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(rw, "internal_error", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.Header().Set("Content-Length", strconv.Itoa(len(data)))
	rw.WriteHeader(status)
	_, _ = rw.Write(data) // the caller has gone
}

// MustJSON returns v as JSON. v must be made of what JSON can hold.
func MustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("localslack: " + err.Error())
	}
	return data
}
