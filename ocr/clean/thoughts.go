package clean

import (
	"bytes"
	"strings"
)

// thinking are the signs between which models think before they answer.
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

var (
	begins = bySecond(thoughtSigns(func(i int) string { return thinking[i].begin }))
	ends   = bySecond(thoughtSigns(func(i int) string { return thinking[i].end }))
)

// thoughtSigns are signs whose tag is their place in thinking.
func thoughtSigns(text func(int) string) (signs []sign) {
	for i := range thinking {
		signs = append(signs, sign{text(i), tag(i)})
	}
	return signs
}

// thoughts finds what a model thinks before its answer. They begin with a sign
// where no text stands before it. Where only their end comes, because the prompt
// held the beginning, all that came before it were thoughts.
type thoughts struct {
	until  string // the sign that ends them, while they are open
	closed bool   // some have ended: another end is text
	within bool   // a beginning stood within the text: so does its end
	length int    // of all thoughts, in bytes
}

func (t *thoughts) open() bool { return t.until != "" }

// skip takes thoughts from the start of b and returns how many bytes.
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
	n = max(0, len(b)-len(t.until)+1) // what follows may begin the sign
	for n < len(b) && !strings.HasPrefix(t.until, string(b[n:])) {
		n++
	}
	return n, n == 0
}

// sign finds the beginning of thoughts at the start of b, or their end where the
// beginning is missing, and returns its length.
func (t *thoughts) sign(b []byte, page *blocks, last bool) (n int, more bool) {
	i, n, more := matchSign(&begins, b, last)
	switch {
	case page.blank() && n > 0:
		t.until = thinking[i].end
		return n, false
	case more:
		return 0, true
	case n > 0:
		t.within = true
	}
	if t.closed || t.within || page.open {
		return 0, false
	}
	if _, n, more = matchSign(&ends, b, last); n == 0 {
		return 0, more
	}
	return t.missed(b, n, page, last)
}

// missed judges an end without a beginning, of n bytes at the start of b. In a
// sentence about such signs it is text: spaces or quotes stand round it.
func (t *thoughts) missed(b []byte, n int, page *blocks, last bool) (int, bool) {
	before, after := page.last(), byte('\n')
	switch {
	case len(b) > n:
		after = b[n]
	case !last:
		return 0, true
	}
	alone := before == '\n' || before == 0
	switch {
	case before == ' ', !alone && after == ' ',
		strings.IndexByte("`'\"([{", before) >= 0, strings.IndexByte("`'\")]},;", after) >= 0:
		return 0, false
	}
	t.closed = true
	t.length += n
	return n, false
}
