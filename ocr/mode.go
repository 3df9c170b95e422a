package ocr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says in which of the model's ways a page is read.
type Kind string

// The kinds of modes. Locate and Prompt need an argument.
const (
	Markdown Kind = "markdown" // the document, as markdown
	Plain    Kind = "text"     // the bare text
	Figure   Kind = "figure"   // a chart or drawing
	Describe Kind = "describe" // what is to be seen
	Locate   Kind = "locate"   // where the argument stands on the page
	Prompt   Kind = "prompt"   // whatever the argument says
)

// MaxArgument bounds a mode's argument, in bytes.
const MaxArgument = 1000

// Mode is how a page is read. The zero Mode is Markdown.
type Mode struct {
	Kind     Kind   `json:",omitempty"`
	Argument string `json:",omitempty"`
}

// ParseMode reads a mode as people write it: a bare word such as "text", or
// "locate: total" or "prompt: List the prices." Anything else is no mode.
func ParseMode(s string) (m Mode, ok bool) {
	s = strings.TrimSpace(s)
	word, argument, colon := strings.Cut(s, ":")
	kind := Kind(strings.ToLower(strings.TrimSpace(word)))
	if colon != (kind == Locate || kind == Prompt) {
		return Mode{}, false
	}
	return NewMode(kind, argument)
}

// NewMode makes a mode of its parts. ok is false where a part is missing, not
// known, or longer than MaxArgument.
func NewMode(kind Kind, argument string) (m Mode, ok bool) {
	switch kind {
	case Markdown, Plain, Figure, Describe:
		return Mode{Kind: kind}, true
	case Locate, Prompt:
		argument = strings.TrimSpace(argument)
		printable := strings.IndexFunc(argument, unicode.IsPrint) >= 0
		return Mode{Kind: kind, Argument: argument}, printable && len(argument) <= MaxArgument && utf8.ValidString(argument)
	}
	return Mode{}, false
}

// String is the mode as ParseMode reads it.
func (m Mode) String() string {
	switch {
	case m.Kind == "":
		return string(Markdown)
	case m.Argument != "":
		return string(m.Kind) + ": " + m.Argument
	}
	return string(m.Kind)
}
