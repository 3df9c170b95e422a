package ocr

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// event is one event of a stream with the given choice.
func event(choice string) string { return `data: {"choices":[` + choice + "]}\n\n" }

// typed sends a body under the given content type, in pieces.
func typed(contentType string, pieces ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		send(w, pieces...)
	}
}

func gzipped(contentType, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, body)
		_ = z.Close()
	}
}

const oddFields = `"id":7,"object":null,"created":"2026-11-02T10:00:00.5Z","system_fingerprint":{"a":[1]},"service_tier":[],"usage":"none"`

// shapes are answers whose text is plain to see, and that a strict reader refuses.
var shapes = []behaviour{
	{
		name:   "content as a list of parts",
		answer: sends(event(`{"delta":{"content":[{"type":"text","text":"one "},{"type":"text","text":"two"}]}}`), finish("stop"), done),
		text:   "one two", want: &Outcome{Model: "served", Words: 2},
	},
	{
		name:   "Mistral's thoughts as a part",
		answer: sends(event(`{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]}]}}`), delta("one"), finish("stop"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "gpt-oss's reasoning as a part",
		answer: sends(event(`{"delta":{"content":[{"type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}]},{"type":"text","text":"one"}]}}`), finish("stop"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name: "parts in an answer that is not streamed", edit: whole,
		answer: typed("application/json", `{"choices":[{"message":{"role":"assistant","content":[{"type":"thinking","thinking":[]},"one ",{"text":"two"}]},"finish_reason":"stop"}]}`),
		text:   "one two", want: &Outcome{Model: "test/model", Words: 2},
	},
	{
		name:   "odd types in fields that nobody uses",
		answer: sends(`data: {`+oddFields+`,"model":["x"],"choices":[{"index":"0","logprobs":NaN,"delta":{"role":7,"content":"one","tool_calls":{}},"finish_reason":null}]}`+"\n\n", finish("stop"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name: "odd types in an answer that is not streamed", edit: whole,
		answer: typed("application/json", `{`+oddFields+`,"choices":[{"index":0.0,"message":{"content":"one"},"finish_reason":0}]}`),
		text:   "one", want: &Outcome{Model: "test/model", Words: 1},
	},
	{
		name:   "one event over several data lines",
		answer: sends("data: {\"choices\":\ndata: [{\"delta\":\ndata: {\"content\":\"one\"},\"finish_reason\":\"stop\"}]}\n\n", done),
		text:   "one", want: &Outcome{Model: "test/model", Words: 1},
	},
	{
		name:   "a stream labelled as JSON",
		answer: typed("application/json", delta("one"), finish("stop"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a stream labelled as a web page",
		answer: typed("text/html", delta("one"), finish("stop"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "one JSON answer in place of a stream, labelled as a stream",
		answer: typed("text/event-stream", completion("one", `"stop"`)),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "one JSON answer over several lines",
		answer: typed("text/plain", "\n{\n  \"choices\": [\n    {\"message\": {\"content\": \"one\"},\n", "     \"finish_reason\": \"stop\"}\n  ]\n}\n"),
		text:   "one", want: &Outcome{Model: "test/model", Words: 1},
	},
	{
		name:   "half of a JSON answer over several lines is cut off",
		answer: typed("application/json", "{\n  \"choices\": [\n    {\"message\": {\"content\": \"one\"}\n"),
		class:  CutOff, tries: maxTries,
	},
	{
		name: "a JSON answer without a content type", edit: whole,
		answer: typed("", completion("one", `"stop"`)),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name: "blank lines before an answer", edit: whole,
		answer: typed("application/json", "\n\n\n", completion("one", `"stop"`)),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "lines of JSON without a field name",
		answer: typed("application/x-ndjson", strings.ReplaceAll(delta("one ")+delta("two")+finish("stop"), "data: ", "")),
		text:   "one two", want: &Outcome{Model: "served", Words: 2},
	},
	{
		name:   "gzip around a stream",
		answer: gzipped("text/event-stream", delta("one")+finish("stop")+done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name: "gzip around an answer", edit: whole,
		answer: gzipped("application/json", completion("one", `"stop"`)),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name: "gzip around an error",
		answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(400)
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, `{"error":{"message":"bad picture"}}`)
			_ = z.Close()
		},
		class: BadRequest, says: "bad picture",
	},
	{
		name: "gzip that is none is cut off",
		answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			send(w, delta("one"))
		},
		class: CutOff, tries: maxTries,
	},
	{
		name: "another compression is named",
		answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			send(w, delta("one"))
		},
		class: Protocol, says: `"br"`,
	},
	{
		name:   "CR as the end of lines",
		answer: sends(strings.ReplaceAll(role+delta("one")+finish("stop")+done, "\n", "\r")),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a whole message at the end of a stream is not read twice",
		answer: sends(delta("one "), delta("two"), event(`{"delta":{"content":""},"message":{"content":"one two"},"finish_reason":"stop"}`), done),
		text:   "one two", want: &Outcome{Model: "served", Words: 2},
	},
	{
		name:   "a whole message in a stream that breaks off after it",
		answer: sendsAndDrops(`data: {"choices":[{"message":{"content":"one two"},"finish_reason":"stop"}]}` + "\n\n"),
		text:   "one two", want: &Outcome{Model: "test/model", Words: 2},
	},
	{
		name: "a whole message in a stream that stays open",
		answer: func(w http.ResponseWriter, r *http.Request) {
			send(w, `data: {"choices":[{"message":{"content":"one two"},"finish_reason":"stop"}]}`+"\n\n")
			stall(r)
		},
		text: "one two", want: &Outcome{Model: "test/model", Words: 2},
	},
	{
		name:   "half a pair of surrogates in each of two deltas",
		answer: sends(event(`{"delta":{"content":"a\ud83d"}}`), event(`{"delta":{"content":"\ude00b"}}`), finish("stop"), done),
		text:   "a😀b", want: &Outcome{Model: "served", Words: 2},
	},
	{
		name:   "half a letter in each of two deltas",
		answer: sends("data: {\"choices\":[{\"delta\":{\"content\":\"a\xe6\xbc\"}}]}\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\"\xa2b\"}}]}\n\n", finish("stop"), done),
		text:   "a漢b", want: &Outcome{Model: "served", Words: 3},
	},
	{
		name:   "thoughts are no text",
		answer: sends(event(`{"delta":{"reasoning_content":"Let me see."}}`), delta("one"), finish("stop"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "usage as fractions and words",
		answer: sends(delta("one"), finish("stop"), `data: {"choices":[],"usage":{"completion_tokens":100.0,"total_tokens":"101"}}`+"\n\n", done),
		text:   "one", want: &Outcome{Model: "served", Words: 1, Cut: true},
	},
	{
		name:   "an error in a list, as Gemini sends it",
		answer: sends(`[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]`),
		class:  KeyRefused, says: "API key not valid",
	},
	{
		name:   "an error over several data lines",
		answer: sends("data: {\"error\":\ndata: {\"message\":\"bad picture\",\"code\":400}}\n\n"),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "JSON that is nested without end is no OpenAI answer",
		answer: sends(`data: {"choices":` + strings.Repeat("[", 100_000) + "\n\n"),
		class:  Protocol,
	},
}

// finishes are the reasons for which answers end.
func finishes() (all []behaviour) {
	add := func(b behaviour, reasons ...string) {
		for _, reason := range reasons {
			b.name = "finish reason " + reason
			b.answer = sends(chunk("one", reason), done)
			all = append(all, b)
		}
	}
	add(behaviour{text: "one", want: &Outcome{Model: "served", Words: 1}},
		`"stop"`, `"STOP"`, `"end_turn"`, `"eos"`, `"eos_token"`, `"stop_sequence"`, `0`)
	add(behaviour{text: "one", want: &Outcome{Model: "served", Words: 1, Cut: true}},
		`"length"`, `"model_length"`, `"MAX_TOKENS"`, `"max_tokens"`, `"max_output_tokens"`, `"tea_break"`, `1`)
	add(behaviour{text: "one", class: Refused}, `"content_filter"`, `"sensitive"`, `"SAFETY"`)
	add(behaviour{text: "one", class: CutOff, tries: maxTries}, `"error"`, `"abort"`, `"network_error"`, `"insufficient_system_resource"`)
	return all
}
