package ocr

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is the kind of a mode.
type Kind string

// The kinds of modes.
const (
	Markdown Kind = "markdown" // the document, as markdown
	Plain    Kind = "text"     // the bare text
	Figure   Kind = "figure"   // a chart or drawing
	Describe Kind = "describe" // a description of the picture
	Locate   Kind = "locate"   // the places of the argument on the page
	Prompt   Kind = "prompt"   // the answer to the argument
)

// Kinds returns all kinds of modes, the usual one first.
func Kinds() []Kind { return []Kind{Markdown, Plain, Figure, Describe, Locate, Prompt} }

// NeedsArgument reports whether a mode of the kind has an argument.
func (k Kind) NeedsArgument() bool { return k == Locate || k == Prompt }

// MaxArgument bounds a mode's argument, in bytes.
const MaxArgument = 1000

// Mode says how a page is read. The zero Mode is Markdown.
type Mode struct {
	Kind     Kind   `json:",omitempty"`
	Argument string `json:",omitempty"`
}

// ParseMode parses a mode in the form that people write: a bare word such as
// "text", or "locate: total" or "prompt: List the prices." For anything else
// ok is false.
func ParseMode(s string) (m Mode, ok bool) {
	s = strings.TrimSpace(s)
	word, argument, colon := strings.Cut(s, ":")
	kind := Kind(strings.ToLower(strings.TrimSpace(word)))
	if colon != kind.NeedsArgument() {
		return Mode{}, false
	}
	return NewMode(kind, argument)
}

// NewMode returns a mode of the given parts. If a part is missing, unknown, or
// longer than MaxArgument, ok is false.
func NewMode(kind Kind, argument string) (m Mode, ok bool) {
	if !kind.NeedsArgument() {
		return Mode{Kind: kind}, slices.Contains(Kinds(), kind)
	}
	argument = strings.TrimSpace(argument)
	printable := strings.IndexFunc(argument, unicode.IsPrint) >= 0
	return Mode{Kind: kind, Argument: argument}, printable && len(argument) <= MaxArgument && utf8.ValidString(argument)
}

// String returns the mode in the form that ParseMode reads.
func (m Mode) String() string {
	switch {
	case m.Kind == "":
		return string(Markdown)
	case m.Argument != "":
		return string(m.Kind) + ": " + m.Argument
	}
	return string(m.Kind)
}
