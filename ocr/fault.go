package ocr

import (
	"encoding/json"
	"errors"
	"strings"
)

// A fault is an endpoint's error as its JSON says it.
type fault struct {
	message string
	kind    string // "type"
	code    string
	param   string // the field of the request that is to blame
	status  int    // where the code is an HTTP status, else 0
}

// parseFault reads the error forms seen at OpenAI-compatible endpoints:
// {"error":{…}}, {"error":"…"}, {"object":"error",…} of older vLLM,
// {"type":"error",…}, and where loose is set also {"message":…} and
// {"detail":…}, which are errors only where the status or the event says so.
func parseFault(data []byte, loose bool) (fault, bool) {
	var body map[string]json.RawMessage
	if json.Unmarshal(data, &body) != nil {
		return fault{}, false
	}
	raw, named := body["error"]
	named = named && string(raw) != "null"
	if named {
		var inner map[string]json.RawMessage
		if json.Unmarshal(raw, &inner) != nil {
			f := faultOf(body)
			f.message = plain(raw)
			return f, true
		}
		return faultOf(inner), true
	}
	if loose || plain(body["object"]) == "error" || plain(body["type"]) == "error" {
		return faultOf(body), true
	}
	return fault{}, false
}

func faultOf(body map[string]json.RawMessage) fault {
	f := fault{kind: plain(body["type"]), code: plain(body["code"])}
	for _, name := range []string{"message", "detail", "msg"} {
		if raw, ok := body[name]; ok && f.message == "" {
			f.message = plain(raw)
		}
	}
	var status int
	if json.Unmarshal(body["code"], &status) == nil && 400 <= status && status <= 599 {
		f.status = status
	}
	return f
}

// plain returns a JSON string's content, and any other value as it is written.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// An endpoint describes where requests go, for errors; secret is its key.
type endpoint struct {
	host   string
	secret string
}

func (e endpoint) fail(class Class, cause error) *Error {
	return &Error{Class: class, Host: e.host, err: cause}
}

// reject turns a fault into the error people get. A status of 0 stands for an
// error that came in a successful answer. The message is kept, short
// and without the key, which some endpoints quote.
func (e endpoint) reject(status int, f fault) *Error {
	if status == 0 {
		status = f.status
	}
	return &Error{Class: classify(status, f), Status: status, Host: e.host, err: e.said(f.message), fault: f}
}

// refusal is the error of an answer in which the model or its keeper refuses the
// content.
func (e endpoint) refusal(message string) *Error {
	return &Error{Class: Refused, Host: e.host, err: e.said(message)}
}

// said makes an error of what the endpoint said, nil where it said nothing.
func (e endpoint) said(message string) error {
	if e.secret != "" {
		message = strings.ReplaceAll(message, e.secret, "[key]")
	}
	if message = tidy(message); message == "" {
		return nil
	}
	return errors.New(message)
}
