package ocr

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
)

// behaviour is what an endpoint does and what a reading makes of it.
type behaviour struct {
	name   string
	edit   func(*Config)
	answer func(w http.ResponseWriter, r *http.Request)
	text   string
	// want is set for a reading that succeeds, class for one that fails.
	want  *Outcome
	class Class
	says  string // part of the error's text
	tries int    // 1 where 0
}

func whole(c *Config) { c.Stream = false }

func completion(text, reason string) string {
	quoted, _ := json.Marshal(text)
	return `{"id":"1","object":"chat.completion","model":"served","choices":[{"index":0,"message":{"role":"assistant","content":` +
		string(quoted) + `},"finish_reason":` + reason + `}],"usage":{"prompt_tokens":1,"completion_tokens":3,"total_tokens":4}}`
}

func sends(pieces ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { send(w, pieces...) }
}

func sendsAndDrops(pieces ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { send(w, pieces...); drop() }
}

func replies(status int, contentType, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { reply(w, status, contentType, body) }
}

const role = `data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"

var streams = []behaviour{
	{
		name:   "a stream with finish reason and [DONE] is whole",
		answer: sends(role, delta("# Ti"), delta("tle\n"), finish("stop"), usage(3), done),
		text:   "# Title\n", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a finish reason is enough without [DONE]",
		answer: sends(delta("one two"), finish("stop")),
		text:   "one two", want: &Outcome{Model: "served", Words: 2},
	},
	{
		name:   "[DONE] is enough without a finish reason",
		answer: sends(delta("one"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a finish reason may come with the last text",
		answer: sends(delta("one "), chunk("two", `"stop"`), done),
		text:   "one two", want: &Outcome{Model: "served", Words: 2},
	},
	{
		name:   "a drop after the finish reason loses nothing",
		answer: sendsAndDrops(delta("one"), finish("stop")),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a connection left open after the finish reason is not waited for",
		answer: func(w http.ResponseWriter, r *http.Request) { send(w, delta("one"), finish("stop")); stall(r) },
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a connection left open after [DONE] is not waited for",
		answer: func(w http.ResponseWriter, r *http.Request) { send(w, delta("one"), done); stall(r) },
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a finish reason without text is a picture without text",
		answer: sends(role, finish("stop"), done),
		want:   &Outcome{Model: "served"},
	},
	{
		name:   "finish reason length is cut",
		answer: sends(delta("one"), finish("length"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1, Cut: true},
	},
	{
		name:   "usage at the limit is cut though the reason says stop",
		answer: sends(delta("one"), finish("stop"), usage(100), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1, Cut: true},
	},
	{
		name:   "usage just under the limit is whole",
		answer: sends(delta("one"), finish("stop"), usage(99), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "vLLM's finish reason repetition is cut",
		answer: sends(delta("one"), finish("repetition"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1, Cut: true},
	},
	{
		name:   "a close without [DONE] or finish reason after text is cut off",
		answer: sends(delta("one two")),
		text:   "one two", class: CutOff,
	},
	{
		name:   "a drop after text is cut off",
		answer: sendsAndDrops(delta("one"), delta(" two")),
		text:   "one two", class: CutOff, says: "unexpected EOF",
	},
	{
		name:   "a close before any text is tried again",
		answer: sends(role),
		class:  CutOff, tries: maxTries,
	},
	{
		name:   "[DONE] alone is an error and tried again",
		answer: sends(done),
		class:  CutOff, tries: maxTries,
	},
	{
		name:   "an empty body is an error and tried again",
		answer: sends(""),
		class:  CutOff, tries: maxTries,
	},
	{
		name:   "a drop before the headers is tried again",
		answer: func(http.ResponseWriter, *http.Request) { drop() },
		class:  Down, tries: maxTries,
	},
	{
		name:   "200 with a JSON error is that error",
		answer: replies(200, "application/json", `{"error":{"message":"bad key","type":"auth_error"}}`),
		class:  KeyRefused, says: "bad key",
	},
	{
		name:   "200 with a web page is no answer",
		answer: replies(200, "text/html; charset=utf-8", `<html>log in</html>`),
		class:  Protocol, says: "base URL",
	},
	{
		name:   "200 with a non-stream completion is not an empty success",
		answer: replies(200, "application/json", completion("one", `"stop"`)),
		class:  Protocol, says: "without streaming",
	},
	{
		name:   "200 with plain text is not an event stream",
		answer: replies(200, "text/plain", "hello\nworld\n"),
		class:  Protocol, says: "not an event stream",
	},
	{
		name: "a stream without its content type is read all the same",
		answer: func(w http.ResponseWriter, _ *http.Request) {
			reply(w, 200, "application/octet-stream", delta("one")+finish("stop"))
		},
		text: "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "an error event after a comment keeps its message",
		answer: sends(": ping\n\n", `data: {"error":{"message":"too many","code":429}}`+"\n\n"),
		class:  Busy, says: "too many", tries: maxTries,
	},
	{
		name:   "an error event after an event line keeps its message",
		answer: sends("event: message\n", `data: {"error":{"message":"no such model","code":"model_not_found"}}`+"\n\n"),
		class:  NotFound, says: "no such model",
	},
	{
		name:   "an error event with spaces is an error",
		answer: sends(`data: { "error" : {"message":"bad picture","code":400}}` + "\n\n"),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "an error event of older vLLM is an error",
		answer: sends(`data: {"object":"error","message":"bad picture","type":"BadRequestError","code":400}`+"\n\n", done),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "event: error is an error whatever its data",
		answer: sends("event: error\n", `data: {"code":400,"message":"bad picture"}`+"\n\n"),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "an error field as llama.cpp once sent it is an error",
		answer: sends(`error: {"code":400,"message":"bad picture"}` + "\n\n"),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "a bare JSON error in the stream is an error",
		answer: sends(`{"error":"bad picture","code":400}` + "\n"),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "an error beside choices is an error",
		answer: sends(`data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"upstream"}}` + "\n\n"),
		class:  Down, says: "upstream", tries: maxTries,
	},
	{
		name:   "error null is no error, nor is the word in the text",
		answer: sends(`data: {"error":null,"choices":[{"index":0,"delta":{"content":"an \"error\": {}"}}]}`+"\n\n", finish("stop")),
		text:   `an "error": {}`, want: &Outcome{Model: "served", Words: 2},
	},
	{
		name:   "an error event after text leaves the text and is cut off",
		answer: sends(delta("one"), `data: {"error":{"message":"worker died","type":"model_server_error"}}`+"\n\n"),
		text:   "one", class: CutOff, says: "worker died",
	},
	{
		name:   "a moderation error after text says so",
		answer: sends(delta("one"), `data: {"error":{"message":"no","code":"sensitive_check_error"}}`+"\n\n"),
		text:   "one", class: Refused,
	},
	{
		name:   "finish reason content_filter is refused",
		answer: sends(delta("one"), finish("content_filter"), done),
		text:   "one", class: Refused,
	},
	{
		name:   "a refusal in the delta is refused",
		answer: sends(`data: {"choices":[{"index":0,"delta":{"refusal":"I cannot"}}]}` + "\n\n"),
		class:  Refused, says: "I cannot",
	},
	{
		name:   "finish reason abort is cut off",
		answer: sends(delta("one"), finish("abort"), done),
		text:   "one", class: CutOff,
	},
	{
		name:   "five hundred comments do no harm",
		answer: sends(strings.Repeat(": ping\n\n", 500), delta("one"), strings.Repeat(": ping\n\n", 500), finish("stop"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "usage and finish chunks without choices do no harm",
		answer: sends(usage(0), delta("one"), usage(1), finish("stop"), usage(2), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "the last line counts without its newline",
		answer: sends(delta("one"), strings.TrimSpace(finish("stop"))),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "text in a last line without newline counts",
		answer: sends(strings.TrimSpace(chunk("one", `"stop"`))),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a last line that is half an event is cut off",
		answer: sends(delta("one"), delta("two")[:60]),
		text:   "one", class: CutOff,
	},
	{
		name:   "CRLF, no space after the colon, and heartbeats as data are read",
		answer: sends("\uFEFFid: 1\r\nretry: 5\r\ndata:"+strings.TrimPrefix(strings.TrimSpace(delta("one")), "data: ")+"\r\n\r\n", "data: ping\n\ndata:\n\n", finish("stop"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "broken JSON before text is no OpenAI answer",
		answer: sends("data: {\"choices\":[}\n\n", done),
		class:  Protocol,
	},
	{
		name:   "broken JSON after text is cut off",
		answer: sends(delta("one"), "data: {\"choices\":[}\n\n", done),
		text:   "one", class: CutOff,
	},
	{
		name: "a line without end is refused", tries: 1,
		answer: func(w http.ResponseWriter, r *http.Request) {
			piece := strings.Repeat("x", 64<<10)
			for r.Context().Err() == nil {
				send(w, piece)
			}
		},
		class: Protocol, says: "too long",
	},
	{
		name: "text without end is cut",
		answer: func(w http.ResponseWriter, r *http.Request) {
			piece := delta(strings.Repeat("x", 1000_000))
			for r.Context().Err() == nil {
				send(w, piece)
			}
		},
		text: strings.Repeat("x", 4_000_000), want: &Outcome{Model: "served", Words: 1, Cut: true},
	},
	{
		name: "events without text or end are refused",
		answer: func(w http.ResponseWriter, r *http.Request) {
			piece := `data: {"choices":[],"pad":"` + strings.Repeat("x", 1000_000) + `"}` + "\n"
			for r.Context().Err() == nil {
				send(w, piece)
			}
		},
		class: Protocol, says: "too long",
	},
}

var wholes = []behaviour{
	{
		name: "one answer is one update", edit: whole,
		answer: replies(200, "application/json", completion("one two", `"stop"`)),
		text:   "one two", want: &Outcome{Model: "served", Words: 2},
	},
	{
		name: "an answer with finish reason length is cut", edit: whole,
		answer: replies(200, "application/json", completion("one", `"length"`)),
		text:   "one", want: &Outcome{Model: "served", Words: 1, Cut: true},
	},
	{
		name: "an answer with usage at the limit is cut", edit: func(c *Config) { c.Stream, c.MaxTokens = false, 3 },
		answer: replies(200, "application/json", completion("one", `"stop"`)),
		text:   "one", want: &Outcome{Model: "served", Words: 1, Cut: true},
	},
	{
		name: "an answer without text is a picture without text", edit: whole,
		answer: replies(200, "application/json", completion("", `"stop"`)),
		want:   &Outcome{Model: "served"},
	},
	{
		name: "an answer without text and reason is an error", edit: whole,
		answer: replies(200, "application/json", completion("", `null`)),
		class:  CutOff, tries: maxTries,
	},
	{
		name: "an answer in parts is joined", edit: whole,
		answer: replies(200, "application/json", `{"choices":[{"message":{"role":"assistant","content":[{"type":"text","text":"one "},{"type":"text","text":"two"}]},"finish_reason":"stop"}]}`),
		text:   "one two", want: &Outcome{Model: "test/model", Words: 2},
	},
	{
		name: "an answer without choices is no OpenAI answer", edit: whole,
		answer: replies(200, "application/json", `{}`),
		class:  Protocol,
	},
	{
		name: "an answer that is not JSON is no OpenAI answer", edit: whole,
		answer: replies(200, "application/json", `hello`),
		class:  Protocol,
	},
	{
		name: "an answer with an error is that error", edit: whole,
		answer: replies(200, "application/json", `{"error":{"message":"nope","code":"invalid_messages"}}`),
		class:  Refused, says: "nope",
	},
	{
		name: "an answer withheld by moderation is refused", edit: whole,
		answer: replies(200, "application/json", completion("", `"content_filter"`)),
		class:  Refused,
	},
	{
		name: "an answer that is streamed unasked is no answer", edit: whole,
		answer: sends(delta("one"), finish("stop"), done),
		class:  Protocol, says: "streams",
	},
	{
		name: "an answer that breaks off is tried again", edit: whole,
		answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			send(w, `{"choices":[`)
			drop()
		},
		class: CutOff, tries: maxTries,
	},
	{
		name: "an answer without end is refused", edit: whole,
		answer: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for r.Context().Err() == nil {
				send(w, strings.Repeat(" ", 1<<20))
			}
		},
		class: Protocol, says: "longer than",
	},
}

var statuses = []behaviour{
	{
		name: "400 of moderation", class: Refused, says: "Sensitive chat messages",
		answer: replies(400, "application/json", `{"error":{"message":"Sensitive chat messages","type":"invalid_request_error","param":null,"code":"invalid_messages"}}`),
	},
	{
		name: "400 of a sensitive picture", class: Refused,
		answer: replies(400, "application/json", `{"error":{"message":"Sensitive check error","code":"sensitive_check_error"}}`),
	},
	{
		name: "400 of a bad parameter", class: BadRequest, says: "Invalid param",
		answer: replies(400, "application/json", `{"error":{"message":"Invalid param","code":"param_error"}}`),
	},
	{
		name: "400 of a model one may not use", class: NotFound,
		answer: replies(400, "application/json", `{"error":{"message":"No permission to use the model","code":"model_error"}}`),
	},
	{
		name: "400 of too many tokens", class: TooLarge,
		answer: replies(400, "application/json", `{"error":{"message":"Prompt tokens too long","code":"tokens_too_long"}}`),
	},
	{
		name: "400 of vLLM's context length", class: TooLarge,
		answer: replies(400, "application/json", `{"object":"error","message":"This model's maximum context length is 8192 tokens.","type":"BadRequestError","code":400}`),
	},
	{name: "422 with FastAPI's detail", class: BadRequest, says: "field required", answer: replies(422, "application/json", `{"detail":[{"msg":"field required"}]}`)},
	{name: "401", class: KeyRefused, answer: replies(401, "application/json", `{"error":{"message":"Validate Certification failed","code":"auth_error"}}`)},
	{name: "402 without a body", class: KeyRefused, answer: replies(402, "", "")},
	{name: "403 as a web page", class: KeyRefused, says: "Forbidden", answer: replies(403, "text/html", "<h1>secret page</h1>")},
	{name: "404 of a path", class: NotFound, says: "page not found", answer: replies(404, "text/plain", "404 page not found\n")},
	{name: "405", class: NotFound, answer: replies(405, "", "")},
	{name: "413", class: TooLarge, answer: replies(413, "text/html", "<h1>too large</h1>")},
	{name: "429 of no credit is not tried again", class: KeyRefused, answer: replies(429, "application/json", `{"error":{"message":"quota","code":"insufficient_quota"}}`)},
	{name: "429", class: Busy, tries: maxTries, answer: replies(429, "application/json", `{"error":{"message":"slow","code":"rate_limit"}}`)},
	{name: "408", class: Down, tries: maxTries, answer: replies(408, "", "")},
	{name: "500", class: Down, tries: maxTries, answer: replies(500, "application/json", `{"error":{"message":"x","code":"model_server_error"}}`)},
	{name: "502 as a web page", class: Down, tries: maxTries, says: "Bad Gateway", answer: replies(502, "text/html", "<h1>nginx</h1>")},
	{name: "504", class: Down, tries: maxTries, answer: replies(504, "application/json", `{"error":{"code":"gateway_timeout_error"}}`)},
	{name: "204", class: Protocol, answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }},
	{
		name: "307 is not followed", class: Protocol, says: "elsewhere.test",
		answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://elsewhere.test/v1/chat/completions")
			w.WriteHeader(307)
		},
	},
}

func TestRecognize(t *testing.T) {
	for group, cases := range map[string][]behaviour{"stream": streams, "whole": wholes, "status": statuses} {
		for _, b := range cases {
			t.Run(group+"/"+b.name, func(t *testing.T) { synctest.Test(t, b.check) })
		}
	}
}

func (b behaviour) check(t *testing.T) {
	tries := 0 // tries follow each other, so the connection orders the writes
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tries++
		_, _ = io.Copy(io.Discard, r.Body)
		b.answer(w, r)
	}, b.edit)
	got := collect(client.Recognize(t.Context(), testPage))
	if got.text != b.text {
		t.Errorf("text = %.100q (%d bytes), want %.100q (%d bytes)", got.text, len(got.text), b.text, len(b.text))
	}
	if !reflect.DeepEqual(got.outcome, b.want) {
		t.Errorf("outcome = %+v, want %+v", got.outcome, b.want)
	}
	if got.class() != b.class || (got.err == nil) != (b.class == 0) {
		t.Errorf("error = %v, want class %q", got.err, b.class)
	}
	if got.err != nil && !strings.Contains(got.err.Error(), b.says) {
		t.Errorf("error = %q, want it to say %q", got.err, b.says)
	}
	if want := max(b.tries, 1); tries != want {
		t.Errorf("the endpoint was asked %d times, want %d", tries, want)
	}
	if e, ok := errors.AsType[*Error](got.err); ok && e.Host != "model.test" {
		t.Errorf("host = %q", e.Host)
	}
}
