package ocr

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// normalise reads a whole stream through events.
func normalise(r io.Reader) (string, error) {
	e := newEvents(endpoint{host: "model.test"}, io.NopCloser(r))
	var out strings.Builder
	buf := make([]byte, 100)
	for {
		n, err := e.Read(buf)
		out.Write(buf[:n])
		if err != nil {
			return out.String(), err
		}
	}
}

// FuzzEvents checks that whatever comes, go-openai gets only lines it reads
// rightly, and that it does not matter how the network cuts the stream.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		role + delta("one") + finish("stop") + done,
		": ping\n\nevent: message\r\n" + delta("one") + "data: [DONE]",
		"event: error\ndata: {\"message\":\"x\"}\n\n",
		"data: {\"error\":null,\"choices\":[]}\n",
		"data: { \"error\" : \"x\" }",
		"{\"error\":{\"message\":[\"a\",\"b\"],\"code\":\"400\"}}\n",
		"error: x\n",
		"data:{\ndata: ]\nid\nretry\n\xff\xfe",
		"\uFEFFdata: {}\n",
		"<html>\n<p>\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := normalise(bytes.NewReader(in))
		if _, typed := errors.AsType[*Error](err); err != io.EOF && !typed {
			t.Fatalf("error %#v is neither the end nor typed", err)
		}
		lines := strings.SplitAfter(out, "\n")
		if last := len(lines) - 1; lines[last] != "" {
			t.Fatalf("the last line has no end: %q", out)
		}
		for i, line := range lines[:len(lines)-1] {
			isDone := line == "data: [DONE]\n" && i == len(lines)-2
			if !isDone && !strings.HasPrefix(line, "data: { ") {
				t.Fatalf("line %q", line)
			}
		}
		slow, slowErr := normalise(iotest.OneByteReader(bytes.NewReader(in)))
		if slow != out || slowErr.Error() != err.Error() {
			t.Fatalf("byte by byte %q, %v; at once %q, %v", slow, slowErr, out, err)
		}
		broken, brokenErr := normalise(io.MultiReader(bytes.NewReader(in), iotest.ErrReader(io.ErrUnexpectedEOF)))
		if !strings.HasPrefix(out, broken) || brokenErr == io.EOF && !strings.HasSuffix(broken, "data: [DONE]\n") {
			t.Fatalf("a broken connection gives %q, %v", broken, brokenErr)
		}
	})
}

func FuzzErrorText(f *testing.F) {
	f.Add("Bearer "+testKey, 401)
	f.Add(strings.Repeat("word ", 100), 400)
	f.Add(strings.Repeat("漢 ", 100), 400)
	f.Add(strings.Repeat("漢", 100)+"\x00\n", 500)
	f.Fuzz(func(t *testing.T, message string, status int) {
		e := endpoint{host: "model.test", secret: testKey}.reject(status, fault{message: message})
		text := e.Error()
		if strings.Contains(text, testKey) || len(text) > maxDetail+100 || !utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\x00\x1b") {
			t.Fatalf("error text %q", text)
		}
	})
}
