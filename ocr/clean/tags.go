package clean

import (
	"bytes"
	"strings"
)

// A tag is a kind of marker that is not text.
type tag int

const (
	tagNone tag = iota
	tagRef
	tagRefEnd
	tagDet
	tagDetEnd
	tagDropped // has no meaning here
	tagEdge    // dropped at the edges of the text, text within it
)

// A marker is the written form of a tag.
type marker struct {
	text string
	tag  tag
}

// tags are the markers that DeepSeek-OCR writes into its text, and markers of
// other models that no page shows.
var tags = []marker{
	{"<|ref|>", tagRef},
	{"<|/ref|>", tagRefEnd},
	{"<|det|>", tagDet},
	{"<|/det|>", tagDetEnd},
	{"<|grounding|>", tagDropped},
	{"<|User|>", tagDropped},
	{"<|Assistant|>", tagDropped},
	{"<center>", tagDropped},
	{"</center>", tagDropped},
	{"<|begin_of_box|>", tagDropped}, // GLM-4.5V
	{"<|end_of_box|>", tagDropped},
}

// edges are special tokens of the usual model families that a server lets
// through at the start or the end of an answer. Inside the text the tokens are
// text: a page may be about models.
var edges = edgeMarkers(
	"<|im_end|>", "<|endoftext|>", "<|im_start|>", // Qwen, InternVL
	"<|eot_id|>", "<|end_of_text|>", "<|begin_of_text|>", "<|eom_id|>", "<|eot|>", // Llama
	"<end_of_turn>", "<start_of_turn>", "<bos>", "<eos>", "<pad>", "<end_of_utterance>", // Gemma, SmolVLM
	"</s>",                                                                     // Mistral, Llama 2
	"<|end|>", "<|assistant|>", "<|user|>", "<|return|>", "<|endofassistant|>", // Phi, GLM, gpt-oss
	"<|END_OF_TURN_TOKEN|>", "<|END_RESPONSE|>", "<|START_RESPONSE|>", // Aya Vision
)

// roles start an answer if a server left the head of the turn.
var roles = edgeMarkers(
	"<|im_start|>assistant\n", "<start_of_turn>model\n", "<|start_header_id|>assistant<|end_header_id|>",
	"<|start|>assistant<|channel|>final<|message|>", "<|channel|>final<|message|>",
)

// maxEdge bounds the bytes held back at an edge.
const maxEdge = 256

func edgeMarkers(texts ...string) (markers []marker) {
	for _, text := range texts {
		markers = append(markers, marker{text, tagEdge})
	}
	return markers
}

// match returns the length of a text if b starts with that text. If more is
// true, the next bytes must decide.
func match(text string, b []byte, last bool) (n int, more bool) {
	if len(b) < len(text) {
		return 0, !last && strings.HasPrefix(text, string(b))
	}
	if text == string(b[:len(text)]) {
		return len(text), false
	}
	return 0, false
}

// matchMarker returns the tag and length of the marker at the start of b. If
// more is true, the next bytes must decide.
func matchMarker(markers []marker, b []byte, last bool) (t tag, n int, more bool) {
	for _, m := range markers {
		n, open := match(m.text, b, last)
		if n > 0 {
			return m.tag, n, false
		}
		more = more || open
	}
	return tagNone, 0, more
}

// matchTag returns the tag at the start of b, which must start with <.
func (c *blocks) matchTag(b []byte, last bool) (t tag, n int, more bool) {
	if c.blank() {
		if t, n, more = matchMarker(roles, b, last); n > 0 || more {
			return t, n, more
		}
	}
	if t, n, more = matchMarker(tags, b, last); n > 0 || more {
		return t, n, more
	}
	if n, more = matchWide(b, last); n > 0 || more {
		return tagDropped, n, more
	}
	if n, more = matchUnused(b, last); n > 0 || more {
		return tagDropped, n, more
	}
	if c.inRef { // the name of a place
		return tagNone, 0, false
	}
	t, n, more = matchMarker(edges, b, last)
	switch string(b[:n]) {
	case "</s>":
		if c.openStrikes > 0 {
			c.openStrikes--
			return tagNone, 0, false
		}
	case "":
		if !more && bytes.HasPrefix(b, []byte("<s>")) {
			c.openStrikes++
		}
	}
	return t, n, more
}

// Special tokens of DeepSeek's tokenizer look like <｜end▁of▁sentence｜>, with
// full-width bars.
const (
	wideOpen  = "<｜"
	wideClose = "｜>"
	maxWide   = 64 // bytes
)

func matchWide(b []byte, last bool) (n int, more bool) {
	if n, more = match(wideOpen, b, last); n == 0 {
		return 0, more
	}
	inside := b[len(wideOpen):min(len(b), maxWide)]
	end := bytes.Index(inside, []byte(wideClose))
	stop := bytes.IndexAny(inside, " \n\r\t<")
	switch {
	case end >= 0 && (stop < 0 || end < stop):
		return len(wideOpen) + end + len(wideClose), false
	case stop >= 0, last, len(b) >= maxWide:
		return 0, false
	}
	return 0, true
}

// matchUnused returns the length of a reserved token of Gemma, <unused0> to
// <unused6241>, at the start of b.
func matchUnused(b []byte, last bool) (n int, more bool) {
	const maxDigits = 4
	begin, more := match("<unused", b, last)
	if begin == 0 {
		return 0, more
	}
	for n = begin; n < len(b) && n < begin+maxDigits && '0' <= b[n] && b[n] <= '9'; {
		n++
	}
	switch {
	case n == len(b):
		return 0, !last
	case b[n] == '>' && n > begin:
		return n + 1, false
	}
	return 0, false
}

// labels are DeepSeek-OCR's names for the blocks of a page, as seen in its
// answers (https://github.com/deepseek-ai/DeepSeek-OCR/issues/166) and in
// those of related models.
var labels = map[string]bool{
	"title": true, "sub_title": true, "text": true, "list": true, "code": true,
	"table": true, "table_caption": true, "table_footnote": true,
	"image": true, "image_caption": true, "image_footnote": true,
	"figure": true, "figure_caption": true, "figure_title": true, "figure_footnote": true,
	"equation": true, "formula": true, "equation_caption": true, "interline_equation": true, "isolate_formula": true,
	"header": true, "footer": true, "page_header": true, "page_footer": true, "page_number": true,
	"footnote": true, "page_footnote": true, "reference": true, "caption": true, "abandon": true, "seal": true,
}

// maxLabel is the length of the longest label.
const maxLabel = len("interline_equation")

// labelBytes are the bytes of labels.
const labelBytes = "abcdefghijklmnopqrstuvwxyz_"

// looksLikeLabel reports whether b is a name such as side_note, which related
// models use for blocks.
func looksLikeLabel(b []byte) bool {
	first, last, ok := bytes.Cut(b, []byte("_"))
	return ok && len(first) > 1 && len(last) > 1 && len(bytes.Trim(b, labelBytes)) == 0
}

func beginsLabel(b []byte) bool {
	for label := range labels {
		if len(b) <= len(label) && label[:len(b)] == string(b) {
			return true
		}
	}
	return false
}
