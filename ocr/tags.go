package ocr

import (
	"bytes"
	"strings"

	"slackocr/ocr/page"
)

// A tag is a sign of the model's that is no text.
type tag int

const (
	tagNone tag = iota
	tagRef
	tagRefEnd
	tagDet
	tagDetEnd
	tagDropped // of no meaning here
)

// tags are the signs that DeepSeek-OCR writes into its text. Only its own are
// listed: another model's may stand on a page about models.
var tags = []struct {
	text string
	tag  tag
}{
	{"<|ref|>", tagRef},
	{"<|/ref|>", tagRefEnd},
	{"<|det|>", tagDet},
	{"<|/det|>", tagDetEnd},
	{"<|grounding|>", tagDropped},
	{"<|User|>", tagDropped},
	{"<|Assistant|>", tagDropped},
	{"<center>", tagDropped},
	{"</center>", tagDropped},
}

// Special tokens of the tokenizer look like <｜end▁of▁sentence｜>, with the bars
// of a full width.
const (
	wideOpen  = "<｜"
	wideClose = "｜>"
	maxWide   = 64 // bytes
)

// matchTag finds a tag at the start of b, which begins with <.
func matchTag(b []byte, last bool) (t tag, n int, more bool) {
	for _, known := range tags {
		if bytes.HasPrefix(b, []byte(known.text)) {
			return known.tag, len(known.text), false
		}
		if !last && len(b) < len(known.text) && strings.HasPrefix(known.text, string(b)) {
			more = true
		}
	}
	if more {
		return tagNone, 0, true
	}
	if len(b) < len(wideOpen) {
		return tagNone, 0, !last && strings.HasPrefix(wideOpen, string(b))
	}
	if !bytes.HasPrefix(b, []byte(wideOpen)) {
		return tagNone, 0, false
	}
	inside := b[len(wideOpen):min(len(b), maxWide)]
	end := bytes.Index(inside, []byte(wideClose))
	stop := bytes.IndexAny(inside, " \n\r\t<")
	switch {
	case end >= 0 && (stop < 0 || end < stop):
		return tagDropped, len(wideOpen) + end + len(wideClose), false
	case stop >= 0, last, len(b) >= maxWide:
		return tagNone, 0, false
	}
	return tagNone, 0, true
}

// labels are DeepSeek-OCR's names for the blocks of a page, as they are seen in
// its answers (https://github.com/deepseek-ai/DeepSeek-OCR/issues/166) and in
// those of its kind.
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

func isLabelByte(b byte) bool { return 'a' <= b && b <= 'z' || b == '_' }

func beginsLabel(b []byte) bool {
	for label := range labels {
		if len(b) <= len(label) && label[:len(b)] == string(b) {
			return true
		}
	}
	return false
}

// corners are a box as the model writes it: x1, y1, x2, y2 from 0 to 999.
type corners [4]int

// grid is the coordinate of a page's right and lower edge: the model's own code
// divides by it.
const grid = 999

func (c corners) area() page.Area {
	at := func(i int) float64 { return float64(min(c[i], grid)) / grid }
	return page.Area{
		Left: min(at(0), at(2)), Top: min(at(1), at(3)),
		Right: max(at(0), at(2)), Bottom: max(at(1), at(3)),
	}
}

// A detParser reads what stands in a <|det|>, byte by byte.
type detParser struct {
	box    corners
	n      int // coordinates of box that are complete
	number int
	digits int
}

// take takes one byte. ok is false where it is none of a list of coordinates;
// box is set by the byte that completes one.
func (p *detParser) take(b byte) (box *corners, ok bool) {
	if '0' <= b && b <= '9' {
		p.digits++
		p.number = min(10*p.number+int(b-'0'), 1<<20)
		return nil, true
	}
	if !strings.ContainsRune("[], \n\r\t", rune(b)) {
		return nil, false
	}
	if p.digits > 0 {
		p.box[p.n] = p.number
		p.n, p.number, p.digits = p.n+1, 0, 0
	}
	if p.n == len(p.box) {
		p.n = 0
		return &p.box, true
	}
	return nil, true
}

// maxBare bounds a bare list of boxes, in bytes: twenty boxes.
const maxBare = 512

// boxList reads [[x1, y1, x2, y2], …] at the start of b, and how long that is; 0
// for anything else.
func boxList(b []byte, last bool) (boxes []corners, n int, more bool) {
	next := func(want string) bool { // skips spaces, then takes one of the bytes
		for n < len(b) && b[n] == ' ' {
			n++
		}
		if n < len(b) && strings.IndexByte(want, b[n]) >= 0 {
			n++
			return true
		}
		return false
	}
	none := func() ([]corners, int, bool) { return nil, 0, !last && n == len(b) && n < maxBare }
	if !next("[") {
		return none()
	}
	for {
		if !next("[") {
			return none()
		}
		var box corners
		for i := range box {
			start := n
			for n < len(b) && b[n] == ' ' {
				start, n = start+1, n+1
			}
			for n < len(b) && n < start+3 && '0' <= b[n] && b[n] <= '9' {
				box[i] = 10*box[i] + int(b[n]-'0')
				n++
			}
			if n == start || !next(map[bool]string{true: "]", false: ","}[i == 3]) {
				return none()
			}
		}
		if box[0] > box[2] || box[1] > box[3] || n > maxBare {
			return nil, 0, false
		}
		boxes = append(boxes, box)
		switch {
		case next("]") && n <= maxBare:
			return boxes, n, false
		case n > maxBare:
			return nil, 0, false
		case !next(","):
			return none()
		}
	}
}

// endsLine reports whether nothing but spaces stands before the line's end.
func endsLine(b []byte, last bool) (ends, more bool) {
	const most = 8
	for i, c := range b[:min(len(b), most)] {
		if c == '\n' || c == '\r' {
			return true, false
		}
		if c != ' ' || i == most-1 {
			return false, false
		}
	}
	return last, !last
}

const (
	// steadyBoxes is how many boxes, each as far from the one before and with
	// nothing between them, are a loop; emptyBoxes is so many blocks of text
	// that hold none. Pictures without text may stand in rows.
	steadyBoxes = 8
	emptyBoxes  = 8
	// sameBoxes is how many boxes may be named that were named before.
	sameBoxes = 8
	maxSeen   = 500
)

// A boxWatch finds endless boxes, which an exact repeat does not show: their
// coordinates change.
type boxWatch struct {
	before corners
	step   corners
	run    int // boxes since there was text
	steady int // the last ones of them, each a step after the one before
	hollow int // the last ones of them whose label is for text
	seen   map[corners]bool
	again  int // boxes that were seen before
}

// text says that something else than boxes came.
func (w *boxWatch) text() {
	if w.run > 0 {
		*w = boxWatch{}
	}
}

// box takes the next box and reports whether it is one too many.
func (w *boxWatch) box(at corners, label string) (loop bool) {
	var step corners
	for i := range step {
		step[i] = at[i] - w.before[i]
	}
	switch {
	case w.run == 0:
		w.steady = 1
	case w.run == 1 || step != w.step:
		w.steady = 2
	default:
		w.steady++
	}
	if label != "" && label != "image" && label != "figure" && label != "seal" && label != "abandon" {
		w.hollow++
	} else {
		w.hollow = 0
	}
	w.run, w.step, w.before = w.run+1, step, at
	switch {
	case w.seen[at]:
		w.again++
	case w.seen == nil:
		w.seen = map[corners]bool{at: true}
	case len(w.seen) < maxSeen:
		w.seen[at] = true
	}
	return w.steady >= steadyBoxes || w.hollow >= emptyBoxes || w.again >= sameBoxes
}
