package clean

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxTalk bounds the model's words before the fence, in bytes.
const maxTalk = 300

// A wrapper removes the markup around the whole text: a fence, with a sentence
// of talk before, or the tags <s> and </s>, which are a model's start and end
// of text. Only the end of the text decides, so the wrapper keeps the text as
// long as the text may be wrapped.
type wrapper struct {
	state wrapState
	text  []byte
	line  int // start of the last line of text
	from  int // text[from:to] was returned
	to    int

	marker   string // marker of the open fence
	markdown bool   // the fence is one of Markdown, which may contain fences
	head     int    // start of the fence's first line
	begin    int    // start of the fence's contents
	end      int    // end of the contents if no more text comes, else 0
	inner    innerFence
	empty    bool // the talk had an empty line
}

type wrapState int

const (
	wrapOpen  wrapState = iota // no text yet, or a sentence of talk
	wrapFence                  // a fence is open
	wrapTag                    // an <s> is open
	wrapNone                   // nothing surrounds the whole text
)

type innerFence int

const (
	innerNone   innerFence = iota
	innerTagged            // an inner fence with a language
	innerBare              // an inner fence without a language, or the end of the outer fence
)

// add takes more text and returns the text that follows the text returned so
// far. If back is true, nothing of the text returned so far stands.
func (w *wrapper) add(text string, chat, last bool) (back bool, out string) {
	if w.state == wrapNone {
		return false, text
	}
	w.text = append(w.text, text...)
	for i := len(w.text) - len(text); i < len(w.text) && w.state != wrapNone; i++ {
		w.next(i, chat)
	}
	if last && w.state == wrapFence {
		w.fenceLine(w.text[w.line:])
	}
	from, to := w.visible(last)
	if from != w.from || to < w.to { // another part of the text stands
		back = w.to > w.from
		w.to = from
	}
	out = string(w.text[w.to:to])
	w.from, w.to = from, to
	if w.state == wrapNone {
		w.text = nil
	}
	return back, out
}

// next examines byte i of the text.
func (w *wrapper) next(i int, chat bool) {
	b := w.text[i]
	line := w.text[w.line : i+1]
	switch w.state {
	case wrapOpen:
		switch {
		case i > maxTalk:
			w.state = wrapNone
		case string(w.text[:i+1]) == "<s>":
			w.state, w.begin = wrapTag, i+1
		case b == '\n':
			w.talkLine(line, i+1, chat)
		}
	case wrapFence:
		switch {
		case b == '\n':
			w.fenceLine(line)
		case w.end > 0 && b != ' ' && !mayBeFence(line):
			w.reopen()
		}
	case wrapTag:
		switch {
		case w.end == 0 && bytes.HasSuffix(w.text[w.begin:i+1], []byte("</s>")):
			w.end = i + 1 - len("</s>")
		case w.end > 0 && !isSpace(b):
			w.state = wrapNone
		}
	}
	if b == '\n' {
		w.line = i + 1
	}
}

// opener matches the line that opens a fence; the second group is the
// language.
var opener = regexp.MustCompile("^ ?(```+|~~~+) ?([A-Za-z]*) *\n$")

// talkLine takes a line before a fence, or the line of the fence.
func (w *wrapper) talkLine(line []byte, end int, chat bool) {
	if len(line) == 1 {
		w.empty = true
		return
	}
	m := opener.FindSubmatch(line)
	if m == nil {
		if w.empty { // a second paragraph is not talk
			w.state = wrapNone
		}
		return
	}
	tag, talk := strings.ToLower(string(m[2])), string(w.text[:w.line])
	w.markdown = tag == "markdown" || tag == "md"
	plain := slices.Contains([]string{"", "text", "txt", "plaintext", "plain", "html", "ocr"}, tag)
	switch {
	case w.line > 0 && !isTalk(talk, w.markdown), !w.markdown && !(chat && plain):
		w.state = wrapNone
	default:
		w.state, w.marker, w.head, w.begin = wrapFence, string(m[1]), w.line, end
	}
}

// talkPattern matches a model's words about its own answer, which hardly any page
// has: that the text follows, or a summary of the image.
var talkPattern = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`^(here|sure|certainly|of course|okay|ok|below|this is|i have|i've)\b.*\b(text|contents?|markdown|transcription|transcript|ocr)\b`,
	`\b(text|contents?|transcription|markdown)\b.*\b(image|picture|photo|screenshot|scan|document|page)\b`,
	`\b(image|picture|photo|screenshot|scan|document)\b.*\b(text|contents?|reads|says|transcribed|extracted)\b`,
	`^(hier (ist|sind)|voici|aquí|aqui|ecco|вот).*(text|inhalt|contenu|contenido|conteúdo|testo|текст)`,
	`^(以下|这是|好的|图片|こちら).*(文字|内容|文本|テキスト)`,
}, "|"))

// isTalk reports whether a sentence is the model's own. Before a fence of
// Markdown any introduction counts as talk.
func isTalk(s string, markdown bool) bool {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "#") || strings.HasPrefix(s, "|") || strings.HasPrefix(s, "<") {
		return false
	}
	end, _ := utf8.DecodeLastRuneInString(s)
	return talkPattern.MatchString(s) || markdown && strings.ContainsRune(":.!：。！", end)
}

// fenceLine takes a line inside the fence.
func (w *wrapper) fenceLine(line []byte) {
	trimmed := strings.Trim(string(line), " \n") // as mayBeFence, so that no line is shown before it ends a fence
	if !strings.HasPrefix(trimmed, w.marker) {
		return
	}
	bare := strings.Trim(trimmed, w.marker[:1]) == ""
	switch {
	case bare && w.inner != innerNone:
		w.inner = innerNone
	case bare && w.end == 0:
		w.end = w.line
	case !bare && w.inner == innerBare: // a new inner fence may start only after the previous one ended
		w.state = wrapNone
	case !bare && w.markdown:
		w.inner = innerTagged
	}
}

// reopen notes that text follows a line that seemed to end the fence.
func (w *wrapper) reopen() {
	w.end = 0
	if w.inner = innerBare; !w.markdown {
		w.state = wrapNone
	}
}

// mayBeFence reports whether a line may become a line with only a marker.
func mayBeFence(line []byte) bool { return len(bytes.Trim(line, " `~")) == 0 }

// mayOpen reports whether a text may become a text that starts with a fence or
// <s>.
func mayOpen(text []byte) bool {
	const most = 24
	if len(text) >= most {
		return false
	}
	start := strings.TrimLeft(string(text), " ")
	return strings.HasPrefix("<s>", start) || start[0] == '`' || start[0] == '~'
}

// visible returns the part of the text that stands, as far as known.
func (w *wrapper) visible(last bool) (from, to int) {
	to = len(w.text)
	switch w.state {
	case wrapOpen:
		if !last && w.line == 0 && to > 0 && mayOpen(w.text) {
			to = 0
		}
		return 0, to
	case wrapFence:
		if line := w.text[w.line:]; w.end > 0 {
			to = w.end
		} else if !last && mayBeFence(line) {
			to = w.line
		}
		talk := w.head > 0
		if last && w.inner == innerBare || !last && talk {
			return 0, max(to, w.begin)
		}
		from = w.begin
	case wrapTag:
		if w.end > 0 {
			to = w.end
		}
		for from = w.begin; from < to && w.text[from] == ' '; {
			from++
		}
	}
	return from, max(from, to)
}
