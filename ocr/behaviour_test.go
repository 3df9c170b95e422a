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

	"slackocr/ocr/internal/events"
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

const never = -1

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

// wholes are answers that are not streamed.
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
		name: "an answer that is a refusal is refused", edit: whole,
		answer: replies(200, "application/json", `{"choices":[{"message":{"role":"assistant","content":null,"refusal":"I cannot"},"finish_reason":"stop"}]}`),
		class:  Refused, says: "I cannot",
	},
	{
		name: "an answer with too much text is cut between runes", edit: func(c *Config) { c.Stream, c.StopLoops = false, false },
		answer: replies(200, "application/json", completion(strings.Repeat("漢", 1_500_000), `"stop"`)),
		text:   strings.Repeat("漢", 4<<20/3), want: &Outcome{Model: "served", Words: 4 << 20 / 3, Cut: true},
	},
	{
		name: "an answer that is streamed unasked is read all the same", edit: whole,
		answer: sends(delta("one"), finish("stop"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
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
		class: Protocol, says: events.ErrTooLong.Error(),
	},
}

func TestRecognize(t *testing.T) {
	for group, cases := range map[string][]behaviour{"end": ends, "form": forms, "failure": failures, "status": statuses, "whole": wholes, "shape": shapes, "finish": finishes()} {
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
	want := b.tries
	switch b.tries {
	case 0:
		want = 1
	case never:
		want = 0
	}
	if tries != want {
		t.Errorf("the endpoint was asked %d times, want %d", tries, want)
	}
	if e, ok := errors.AsType[*Error](got.err); ok && e.Host != "model.test" {
		t.Errorf("host = %q", e.Host)
	}
}
