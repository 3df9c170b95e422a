package ocr

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"slackocr/ocr/internal/events"
	"slackocr/ocr/witness"
)

// ErrWebPage is the cause of an error if the answer was a web page.
var ErrWebPage error = events.ErrWebPage

// A Class is the kind of an [Error]. The class alone decides what a person can do
// about the failure.
type Class int

// The classes. Each has a row in classes.
const (
	KeyRefused   Class = iota + 1 // the key is wrong, or has no right
	Unpaid                        // the account has no credit left, or is blocked for its bills
	Busy                          // too many requests for now
	Down                          // the endpoint cannot be reached, or fails
	Refused                       // the content was refused (moderation)
	TooLarge                      // the image, or prompt plus answer, is over the endpoint's limit
	BadRequest                    // the endpoint does not take such a request
	NotFound                      // no such model, or nothing at that path
	CutOff                        // the answer stopped before its end
	Idle                          // no new text for too long
	Protocol                      // not the answer of an OpenAI-compatible endpoint
	endOfClasses                  // not a class
)

// A Scope is how much fails for the same reason as one page.
type Scope int

const (
	OnePage   Scope = iota + 1
	EveryPage       // of the same file
	EveryFile
)

// A classInfo is all that this package knows of a class.
type classInfo struct {
	name      string         // a few words, for logs and metrics
	statuses  []int          // HTTP statuses that mean the class; see errorPatterns and classOfStatus
	temporary bool           // the same request may succeed later
	private   bool           // the endpoint's message may quote the picture
	scope     Scope          // how much fails for the same reason
	noText    witness.Reason // why a page's own text stands in place of the model's: people read it
}

// classes has a row for each class.
var classes = [endOfClasses]classInfo{
	KeyRefused: {name: "key refused", statuses: []int{401, 403}, scope: EveryFile, noText: witness.Misconfigured},
	Unpaid:     {name: "account not paid", statuses: []int{402}, scope: EveryFile, noText: witness.Misconfigured},
	Busy:       {name: "busy", statuses: []int{429}, temporary: true, scope: EveryPage, noText: witness.Unreachable},
	Down:       {name: "down", statuses: []int{408}, temporary: true, scope: EveryFile, noText: witness.Unreachable},
	Refused:    {name: "content refused", private: true, scope: OnePage, noText: witness.Failed},
	TooLarge:   {name: "too large", statuses: []int{413}, scope: OnePage, noText: witness.Failed},
	BadRequest: {name: "bad request", scope: EveryPage, noText: witness.Misconfigured},
	NotFound:   {name: "not found", statuses: []int{404, 405}, scope: EveryFile, noText: witness.Misconfigured},
	CutOff:     {name: "cut off", temporary: true, scope: OnePage, noText: witness.Short},
	Idle:       {name: "idle", temporary: true, scope: OnePage, noText: witness.Unreachable},
	Protocol:   {name: "not an OpenAI answer", scope: EveryPage, noText: witness.Misconfigured},
}

// Classes returns all classes.
func Classes() (all []Class) {
	for c := KeyRefused; c < endOfClasses; c++ {
		all = append(all, c)
	}
	return all
}

// info returns the row of a class, or an empty row if there is no such class.
func (c Class) info() classInfo {
	if c < 0 || c >= endOfClasses {
		return classInfo{}
	}
	return classes[c]
}

// String returns the class in a few words, for logs and metrics.
func (c Class) String() string {
	return cmp.Or(c.info().name, "class "+strconv.Itoa(int(c)))
}

// Scope returns how much fails for the same reason as one page.
func (c Class) Scope() Scope { return c.info().scope }

// An Error is a failed reading. The error's text names the host. It never holds
// the key, the image, or more than 200 bytes of the endpoint's message.
type Error struct {
	Class Class
	// Status is the HTTP status, or the status that an error event named, or 0.
	Status int
	// RetryAfter is the pause that the endpoint asks for, or 0.
	RetryAfter time.Duration
	// Host is the endpoint's host, with the port if the base URL has one.
	Host string

	err   error
	fault fault // for the dialect; never shown
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("ocr: " + e.Host + ": " + e.Class.String())
	if e.Status != 0 {
		fmt.Fprintf(&b, " (status %d)", e.Status)
	}
	if e.err != nil {
		b.WriteString(": " + sanitize(e.err.Error()))
	}
	return b.String()
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.err }

// Temporary reports whether the same request may succeed later.
func (e *Error) Temporary() bool { return e.Class.info().temporary }

// Public returns the error without the endpoint's message if that message may quote
// the picture, else the error itself.
func (e *Error) Public() *Error {
	if !e.Class.info().private {
		return e
	}
	return &Error{Class: e.Class, Status: e.Status, RetryAfter: e.RetryAfter, Host: e.Host}
}

// An errorPattern assigns a class to error answers: by parts of the type or code,
// or of the message, in small letters.
type errorPattern struct {
	class    Class
	names    []string
	messages []string
}

// errorPatterns are the words of the usual endpoints. The first pattern that fits
// counts more than the status, because endpoints behind gateways send 400 or 200 with
// many errors. A name with # is a whole type or code.
var errorPatterns = []errorPattern{
	{Refused, []string{
		"invalid_messages", "sensitive", "content_filter", "content_policy", "moderation", // ModelVerse, OpenAI
		"data_inspection", "datainspection", // DashScope
		"#1301", // Zhipu
	}, []string{
		"flagged for", "input was flagged", "requires moderation", // OpenRouter
		"inappropriate content", "不安全或敏感", // DashScope, Zhipu
	}},
	{TooLarge, []string{
		"tokens_too_long", "context_length", "exceed_context_size", // ModelVerse, OpenAI, llama.cpp
		"#1261", // Zhipu
	}, []string{
		"maximum context length", "model's context length", // vLLM, OpenRouter, Mistral; SGLang
		"available context size", "input is too large to process", // llama.cpp
		"`inputs` tokens + `max_new_tokens` must be", "`inputs` must have less than", // TGI, Together
		"max_seq_len", "range of input length", // SiliconFlow; DashScope
		"prompt is too long", "prompt too long", "prompt 超长", "exceed context limit", // Fireworks, Anthropic, Zhipu
		"reduce the length of the messages", "longer than the maximum model length", // Groq; vLLM
	}},
	{Unpaid, []string{
		"insufficient_quota", "insufficient_user_quota", "insufficient_balance", "billing", // OpenAI, One API
		"arrearage", "overdue", "exceeded_current_quota", // DashScope, Volcengine, Moonshot
		"#1113", "#30001", // Zhipu, SiliconFlow
	}, []string{
		"insufficient balance", "balance is insufficient", "insufficient credit", "requires more credits",
		"good standing", "check your plan and billing", "欠费", "余额不足",
	}},
	{KeyRefused, []string{
		"auth_error", "autherror", "authentication", "#unauthorized", "#unauthenticated", // ModelVerse, OpenCode, OpenAI, Gemini
		"invalid_api_key", "invalid_token", "invalidapikey", "api_key_invalid",
		"#1000", "#1001", "#1002", "#1003", "#1004", // Zhipu
	}, []string{"api key not valid", "invalid api key", "incorrect api key", "api key is invalid"}},
	{NotFound, []string{
		"model_error", "model_not_found", "modelnotfound", "invalid_model", "model.accessdenied",
		"#1211", "#20012", // Zhipu, SiliconFlow
	}, []string{"model does not exist", "model not found", "no such model"}},
	{Busy, []string{
		"rate_limit", "ratelimit", "overloaded", "throttling", "too_many_requests",
		"#1302", "#1303", "#1304", "#1305", // Zhipu
	}, []string{"rate limiting", "model is overloaded"}},
}

// classify returns the class of an error answer. The sources of the words are the
// documentation of ModelVerse
// (https://www.ucloud-global.com/en/docs/modelverse/modelverse/modelverse/error-code)
// and of OpenAI (https://platform.openai.com/docs/guides/error-codes), and answers of
// the other endpoints.
func classify(status int, f fault) Class {
	names := strings.ToLower(f.kind + " " + f.code)
	message := strings.ToLower(f.message)
	kind, code := "#"+strings.ToLower(f.kind), "#"+strings.ToLower(f.code)
	for _, s := range errorPatterns {
		if slices.ContainsFunc(s.names, func(name string) bool { return name == kind || name == code || strings.Contains(names, name) }) ||
			slices.ContainsFunc(s.messages, func(part string) bool { return strings.Contains(message, part) }) {
			return s.class
		}
	}
	if status == http.StatusForbidden && f.flagged {
		return Refused
	}
	if status == 0 && (strings.Contains(names, "invalid_request") || strings.Contains(names, "badrequest") || strings.Contains(names, "param_error")) {
		return BadRequest
	}
	return classOfStatus(status)
}

func classOfStatus(status int) Class {
	for c, info := range classes {
		if slices.Contains(info.statuses, status) {
			return Class(c)
		}
	}
	switch {
	case status >= 500, status == 0:
		// An error event without a status means that the endpoint fails.
		return Down
	case status >= 400:
		return BadRequest
	}
	return Protocol
}

// maxRetryAfter bounds a Retry-After header, so that no number overflows.
const maxRetryAfter = 24 * time.Hour

// retryAfter returns the pause of a Retry-After header, which is a number of
// seconds or a date (RFC 9110, section 10.2.3), or 0 if the header is missing,
// broken or past.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, min(date.Sub(now), maxRetryAfter))
	}
	return 0
}

const (
	maxDetail = 200 // bytes of a foreign message that are shown
	maxRun    = 64  // a longer run without a space is data, not language
)

// sanitize makes a foreign message fit for a log line: one line, no control
// characters, no long runs (an endpoint may quote the image's data URL), at
// most maxDetail bytes.
func sanitize(s string) string {
	var b strings.Builder
	s = strings.ToValidUTF8(s, "\uFFFD")
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		if len(word) > maxRun {
			word = cutBytes(word, maxRun/4) + "…"
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
		if b.Len() > maxDetail {
			return cutBytes(b.String(), maxDetail-len("…")) + "…"
		}
	}
	return b.String()
}

// cutBytes returns the longest start of s that has at most n bytes and ends
// between two runes.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

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
	body := gjson.ParseBytes(data)
	if body.IsArray() {
		body = body.Get("0")
	}
	if !body.IsObject() || !json.Valid(data) { // gjson's check of nested lists takes memory for each level
		return fault{}, false
	}
	f = faultOf(body)
	switch inner := body.Get("error"); {
	case inner.IsObject():
		outer := f
		f = faultOf(inner)
		f.code, f.kind, f.message = cmp.Or(f.code, outer.code), cmp.Or(f.kind, outer.kind), cmp.Or(f.message, outer.message)
	case inner.Type == gjson.String:
		f.message = cmp.Or(inner.Str, f.message)
	default:
		f.message = cmp.Or(f.message, inner.String())
	}
	return f, true
}

func faultOf(body gjson.Result) fault {
	// first returns the first of these fields that is there, as a text.
	first := func(names ...string) (text string) {
		for _, name := range names {
			text = cmp.Or(text, body.Get(name).String())
		}
		return text
	}
	f := fault{
		message: first("message", "detail", "msg"),
		kind:    first("type", "error_type", "status"), // TGI; Gemini
		code:    first("code"),
		param:   first("param"),
		flagged: body.Get("metadata.reasons.0").Exists(),
	}
	if code := body.Get("code"); code.Type == gjson.Number && 400 <= code.Num && code.Num <= 599 {
		f.status = int(code.Num)
	}
	return f
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
