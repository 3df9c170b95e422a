package events

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sashabaranov/go-openai"
)

const (
	role   = `data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"
	finish = `data: {"model":"served","choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	usage  = `data: {"choices":[],"usage":{"completion_tokens":3,"total_tokens":10}}` + "\n\n"
	done   = "data: [DONE]\n\n"
)

// delta is an event with a text, in the form of JSON.
func delta(text string) string {
	return `data: {"choices":[{"delta":{"content":"` + text + "\"}}]}\n\n"
}

// passed is all that an answer tells go-openai.
type passed struct {
	text, finish, model string
	usage               openai.Usage
	done                bool
}

// normalise reads a whole answer through events, and checks that go-openai gets only
// lines that it reads rightly.
func normalise(t *testing.T, r io.Reader) (all passed, err error) {
	t.Helper()
	e := NewReader(r, true, func(bool) {})
	var out strings.Builder
	buf := make([]byte, 100)
	for err == nil {
		var n int
		n, err = e.Read(buf)
		out.Write(buf[:n])
	}
	lines := strings.SplitAfter(out.String(), "\n")
	for i, line := range lines[:len(lines)-1] {
		if line == "data: [DONE]\n" && i == len(lines)-2 {
			all.done = true
			continue
		}
		var c openai.ChatCompletionStreamResponse
		if value, ok := strings.CutPrefix(line, `data: {"choices":[`); !ok || json.Unmarshal([]byte(`{"choices":[`+value), &c) != nil {
			t.Fatalf("line %q", line)
		}
		all.model = cmp.Or(c.Model, all.model)
		if c.Usage != nil {
			all.usage = *c.Usage
		}
		for _, choice := range c.Choices {
			all.text += choice.Delta.Content
			all.finish = cmp.Or(string(choice.FinishReason), all.finish)
		}
	}
	if last := lines[len(lines)-1]; last != "" {
		t.Fatalf("the last line has no end: %q", last)
	}
	return all, err
}

// TestEveryCutOfAnAnswer: wherever the network cuts an answer in two, the same comes of it.
func TestEveryCutOfAnAnswer(t *testing.T) {
	for _, body := range []string{
		"\uFEFF" + role + ": ping\r\n\r\n" + delta("漢字 \U0001F600") + `data: {"choices":[{"delta":{"content":[{"text":"a\ud83d"}]}}]}` + "\n\n" + delta(`\ude00\\\"b`) + finish + usage + done,
		strings.ReplaceAll(delta("one")+"data: {\"choices\":\rdata: [{\"delta\":{\"content\":\"two\"}}]}\r\r"+finish, "\n", "\r"),
		"{\n \"choices\": [{\"message\": {\"content\": \"one\xc3\xa9\"},\n \"finish_reason\": \"stop\"}]\n}\n",
		delta("one") + "event: error\ndata: {\"message\":\"x\",\"code\":400}\n\n",
	} {
		want, wantErr := normalise(t, iotest.OneByteReader(strings.NewReader(body)))
		for i := range len(body) + 1 {
			got, err := normalise(t, io.MultiReader(strings.NewReader(body[:i]), strings.NewReader(body[i:])))
			if got != want || err.Error() != wantErr.Error() {
				t.Fatalf("cut at %d of %q: %+v, %v; want %+v, %v", i, body, got, err, want, wantErr)
			}
		}
		if whole, err := normalise(t, bytes.NewReader([]byte(body))); whole != want || err.Error() != wantErr.Error() {
			t.Errorf("at once %+v, %v; want %+v, %v", whole, err, want, wantErr)
		}
	}
}

// TestLongAnswers: an answer at once may be longer than an event of a stream, even if a
// stream was asked for.
func TestLongAnswers(t *testing.T) {
	text := strings.Repeat("words ", 2*maxLine/6)
	odds := strings.Repeat(`{"token":"a","logprob":-0.1},`+"\n", 2*maxLine/30)
	answer := `{"choices":[{"logprobs":{"content":[` + odds + `{}]},"message":{"content":"` + text + `"},"finish_reason":"stop"}]}`
	line := strings.ReplaceAll(answer, "\n", "")
	for name, body := range map[string]string{
		"in a line": line, "in a line after spaces": strings.Repeat(" ", 2*maxLine) + line, "in lines": answer,
	} {
		if got, err := normalise(t, strings.NewReader(body)); err != io.EOF || got.text != text || !got.done {
			t.Errorf("%s: %d bytes, %v", name, len(got.text), err)
		}
	}
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"an event":        {delta(text), ErrLineTooLong},
		"a text":          {text, ErrLineTooLong},
		"a line for ever": {line[:2*maxLine] + strings.Repeat("x", maxWhole), ErrLineTooLong},
		"lines for ever":  {"{" + strings.Repeat("\n", maxWhole+1), ErrTooLong},
		"events for ever": {strings.Repeat("data: {\n", maxLine), ErrTooLong},
	} {
		if _, err := normalise(t, strings.NewReader(c.body)); err != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestMemoryOfManyParts: a value with many parts takes little memory for each of them.
func TestMemoryOfManyParts(t *testing.T) {
	const most = 20 // bytes in all for each of the answer
	many := func(part string) string { return strings.Repeat(part, maxLine/len(part)) }
	for name, message := range map[string]string{
		"parts":    `"content":[` + many("1,") + `1]`,
		"texts":    `"content":[` + many(`"",`) + `1]`,
		"lists":    `"content":` + many("[") + many("]"),
		"refusals": many(`"refusal":"x",`) + `"a":1`,
	} {
		body := `{"choices":[{"message":{` + message + `}}]}`
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = io.Copy(io.Discard, NewReader(strings.NewReader(body), false, func(bool) {}))
		runtime.ReadMemStats(&after)
		if took := int(after.TotalAlloc-before.TotalAlloc) / len(body); took > most {
			t.Errorf("%s: %d bytes for each byte", name, took)
		}
	}
}

// FuzzEvents checks that whatever comes, go-openai gets only lines it reads
// rightly, and that it does not matter how the network cuts the stream.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		role + delta("one") + finish + done,
		": ping\n\nevent: message\r\n" + delta("one") + "data: [DONE]",
		"event: error\ndata: {\"message\":\"x\"}\n\n",
		"data: {\"error\":null,\"choices\":[]}\n",
		"data: { \"error\" : \"x\" }",
		"{\"error\":{\"message\":[\"a\",\"b\"],\"code\":\"400\"}}\n",
		"error: x\n",
		"data:{\ndata: ]\nid\nretry\n\xff\xfe",
		"\uFEFFdata: {}\n",
		"<html>\n<p>\n",
		`{"choices":[{"finish_reason":0""}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := normalise(t, bytes.NewReader(in))
		switch err.(type) {
		case *FormatError, *Fault, *Refusal:
		default:
			if err != io.EOF && err != io.ErrUnexpectedEOF {
				t.Fatalf("error %#v", err)
			}
		}
		slow, slowErr := normalise(t, iotest.OneByteReader(bytes.NewReader(in)))
		if slow != out || slowErr.Error() != err.Error() {
			t.Fatalf("byte by byte %+v, %v; at once %+v, %v", slow, slowErr, out, err)
		}
		broken, brokenErr := normalise(t, io.MultiReader(bytes.NewReader(in), iotest.ErrReader(io.ErrUnexpectedEOF)))
		// Half a letter may have become U+FFFD.
		if !strings.HasPrefix(out.text, strings.TrimRight(broken.text, "\uFFFD")) || brokenErr == io.EOF && !broken.done {
			t.Fatalf("a broken connection gives %+v, %v", broken, brokenErr)
		}
	})
}

// FuzzJSON checks that all JSON is taken for whole, that no start of it is, and that
// each string becomes valid JSON with the same text.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"choices":[{"delta":{"content":"a\"b\\\n\u00e9\ud83d\ude00\ud83d"},"finish_reason":null}]}`,
		`{"choices":[{"message":{"content":"x"}}],"usage":{"completion_tokens":1.0}}`,
		`{"a":[1,-2.5e10,true,false,null,{"b":[]}],"":{}}`, `{"a":NaN}`, `[`, `{"a" : "`, `"\`, "{}x",
		strings.Repeat("[", 200), strings.Repeat(`{"a":`, 200),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if text := string(bytes.TrimSpace(in)); isDocument(text) && json.Valid(in) {
			if whole, begun := brackets(text); !whole || begun {
				t.Fatalf("%q is not taken", text)
			}
			for end := range len(text) {
				if whole, begun := brackets(text[:end]); whole || !begun {
					t.Fatalf("%q is taken for whole", text[:end])
				}
			}
		}
		if valid := appendString(nil, in); bytes.IndexByte(in, '"') < 0 && !json.Valid(valid) {
			t.Fatalf("%q becomes %q", in, valid)
		}
		var text string
		if json.Unmarshal(in, &text) == nil && len(in) > 2 && in[0] == '"' && in[len(in)-1] == '"' {
			var back string
			if err := json.Unmarshal(appendString(nil, in[1:len(in)-1]), &back); err != nil || back != text {
				t.Fatalf("%q is read as %q, want %q: %v", in, back, text, err)
			}
		}
	})
}
