package ocr

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"slackocr/ocr/internal/events"
)

// A fault is an endpoint's error in the endpoint's own words.
type fault struct {
	message string
	kind    string // "type"
	code    string
	param   string // the field of the request that is to blame
	flagged bool   // OpenRouter's metadata has reasons to refuse the content
	status  int    // the code if the code is an HTTP status, else 0
}

// parseFault reads the error forms of OpenAI-compatible endpoints:
// {"error":{…}}, {"error":"…"}, {"object":"error",…} of older vLLM,
// {"type":"error",…}, {"message":…} and {"detail":…}. Gemini puts its errors
// into a list.
func parseFault(data []byte) (f fault, ok bool) {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) == nil && len(list) > 0 {
		data = list[0]
	}
	var body map[string]json.RawMessage
	if json.Unmarshal(data, &body) != nil {
		return fault{}, false
	}
	f = faultOf(body)
	raw := body["error"]
	if slices.Contains([]string{"", "null", "false", "0", `""`, "{}", "[]"}, string(raw)) {
		return f, true
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(raw, &inner) != nil {
		f.message = textOf(raw)
		return f, true
	}
	outer := f
	f = faultOf(inner)
	f.code, f.kind = cmp.Or(f.code, outer.code), cmp.Or(f.kind, outer.kind)
	return f, true
}

func faultOf(body map[string]json.RawMessage) fault {
	f := fault{code: optionalText(body["code"]), param: optionalText(body["param"])}
	f.kind = cmp.Or(optionalText(body["type"]), optionalText(body["error_type"]), optionalText(body["status"])) // TGI; Gemini
	for _, name := range []string{"message", "detail", "msg"} {
		f.message = cmp.Or(f.message, optionalText(body[name]))
	}
	var metadata struct{ Reasons []json.RawMessage }
	f.flagged = json.Unmarshal(body["metadata"], &metadata) == nil && len(metadata.Reasons) > 0
	var status int
	if json.Unmarshal(body["code"], &status) == nil && 400 <= status && status <= 599 {
		f.status = status
	}
	return f
}

// optionalText is textOf, with "" for null.
func optionalText(raw json.RawMessage) string {
	if string(raw) == "null" {
		return ""
	}
	return textOf(raw)
}

// textOf returns the contents of a JSON string, and any other value unchanged.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// An endpoint describes the destination of requests, for errors. secret is the
// key.
type endpoint struct {
	host   string
	secret string
}

func (e endpoint) fail(class Class, cause error) *Error {
	return &Error{Class: class, Host: e.host, err: cause}
}

// errorFrom returns the error for a fault. A status of 0 means that the error
// came in a successful answer. The message is shortened, and the key, which
// some endpoints quote, is removed.
func (e endpoint) errorFrom(status int, f fault) *Error {
	if status == 0 {
		status = f.status
	}
	return &Error{Class: classify(status, f), Status: status, Host: e.host, err: e.messageError(f.message), fault: f}
}

// readError returns the error for an answer that could not be read to its end.
func (e endpoint) readError(err error) *Error {
	if sent, ok := errors.AsType[*events.Fault](err); ok {
		f, ok := parseFault(sent.Data)
		if !ok {
			f.message = string(sent.Data)
		}
		return e.errorFrom(0, f)
	}
	if refused, ok := errors.AsType[*events.Refusal](err); ok {
		return e.refusal(refused.Message)
	}
	if _, ok := errors.AsType[*events.FormatError](err); ok {
		return e.fail(Protocol, err)
	}
	return e.fail(CutOff, err)
}

// refusal returns the error for an answer in which the model or a filter
// refuses the content.
func (e endpoint) refusal(message string) *Error {
	return &Error{Class: Refused, Host: e.host, err: e.messageError(message)}
}

// messageError returns an error with the endpoint's message, or nil if message is
// empty.
func (e endpoint) messageError(message string) error {
	if e.secret != "" {
		message = strings.ReplaceAll(message, e.secret, "[key]")
	}
	if message = sanitize(message); message == "" {
		return nil
	}
	return errors.New(message)
}
