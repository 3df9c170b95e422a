package clean

import (
	"bytes"
	"strings"
)

// thinking are the signs around the thoughts that models write before an
// answer.
var thinking = []struct{ begin, end string }{
	{"<think>", "</think>"}, // DeepSeek, Qwen, GLM and most others
	{"<thinking>", "</thinking>"},
	{"<thought>", "</thought>"},
	{"<reasoning>", "</reasoning>"},
	{"<seed:think>", "</seed:think>"},
	{"◁think▷", "◁/think▷"},                                           // Kimi-VL
	{"[THINK]", "[/THINK]"},                                           // Magistral
	{"<unused94>thought", "<unused95>"},                               // MedGemma
	{"<|channel|>analysis<|message|>", "<|channel|>final<|message|>"}, // gpt-oss
	{"<|start|>assistant<|channel|>analysis<|message|>", "<|channel|>final<|message|>"},
}

// thoughts finds the thoughts that a model writes before its answer. Thoughts
// start with a sign that has no text before. If only the end sign comes,
// because the prompt held the start, everything before was thoughts.
type thoughts struct {
	until  string // the sign that ends the open thoughts
	closed bool   // thoughts have ended: another end sign is text
	within bool   // a start sign stood inside the text, so the end sign is text too
	length int    // of all thoughts, in bytes
}

func (t *thoughts) open() bool { return t.until != "" }

// skip takes thoughts from the start of b and returns their length.
func (t *thoughts) skip(b []byte, last bool) (n int, more bool) {
	defer func() { t.length += n }()
	if i := bytes.Index(b, []byte(t.until)); i >= 0 {
		n = i + len(t.until)
		t.until, t.closed = "", true
		return n, false
	}
	if last {
		return len(b), false
	}
	n = max(0, len(b)-len(t.until)+1) // the rest of b may start the sign
	for n < len(b) && !strings.HasPrefix(t.until, string(b[n:])) {
		n++
	}
	return n, n == 0
}

// sign finds the start of thoughts at the start of b, or their end if the
// start is missing, and returns the length.
func (t *thoughts) sign(b []byte, page *blocks, last bool) (n int, more bool) {
	n, end, more := matchThinking(b, last)
	switch {
	case page.blank() && n > 0:
		t.until = end
		return n, false
	case more:
		return 0, true
	case n > 0:
		t.within = true
	}
	if t.closed || t.within || page.inRef {
		return 0, false
	}
	for _, signs := range thinking {
		n, open := match(signs.end, b, last)
		if n > 0 {
			return t.endWithoutStart(b, n, page, last)
		}
		more = more || open
	}
	return 0, more
}

// matchThinking returns the length of the sign at the start of b that begins
// thoughts, and the sign that will end them.
func matchThinking(b []byte, last bool) (n int, end string, more bool) {
	for _, signs := range thinking {
		n, open := match(signs.begin, b, last)
		if n > 0 {
			return n, signs.end, false
		}
		more = more || open
	}
	return 0, "", more
}

// endWithoutStart judges an end sign of n bytes without a start sign, at the start of
// b. The sign is text in a sentence about such signs, with spaces or quotes
// around.
func (t *thoughts) endWithoutStart(b []byte, n int, page *blocks, last bool) (int, bool) {
	before, after := page.last(), byte('\n')
	switch {
	case len(b) > n:
		after = b[n]
	case !last:
		return 0, true
	}
	alone := before == '\n' || before == 0
	switch {
	case before == ' ', !alone && after == ' ', strings.IndexByte("`'\")]},;", after) >= 0:
		return 0, false
	}
	t.closed = true
	t.length += n
	return n, false
}
