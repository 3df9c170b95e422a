package ocr

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"slackocr/ocr/clean"
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

// A kindInfo is all that this package knows of a kind of mode.
type kindInfo struct {
	kind Kind
	// deepseek and chat are the prompts for DeepSeek-OCR and for models that follow
	// ordinary instructions; an empty chat means the same prompt for both. If they have
	// %s, the mode has an argument, in that place. DeepSeek-OCR knows best the prompts
	// that it was trained with, which all rows but that of Prompt have:
	// https://github.com/deepseek-ai/DeepSeek-OCR#prompts-examples
	deepseek, chat string
	// pageText is true if the answer is the text of the page. Then two halves of the
	// page have the same text, and the text that a PDF carries is compared with it.
	pageText bool
	// mayBeEmpty is true if no text is a good answer about a page that is not blank.
	// Otherwise such a page is read once more.
	mayBeEmpty bool
	// formCounts is true if the same words in another form are another answer: a plain
	// text has the words of the markdown, and a prompt may ask for a table as CSV.
	formCounts bool
	// rules clean the answer; Chat is for chat models only. Bare takes out [[1, 2, 3, 4]],
	// so it suits no answers that may have a matrix. Chat takes off a fence round the
	// answer, so it suits no answers of code or LaTeX, which would be shown as markdown.
	rules clean.Rules
}

// textRules clean an answer of text: the tags are none of it.
var textRules = clean.Rules{Labels: true, Bare: true, Chat: true}

// kinds has a row for each kind; the first is the usual one.
var kinds = []kindInfo{
	{
		kind:     Markdown,
		deepseek: "<|grounding|>Convert the document to markdown.",
		chat:     "Write down the text in this image as Markdown, in reading order, tables as Markdown tables. Write nothing but that text, and nothing at all where there is none.",
		pageText: true, rules: textRules,
	},
	{
		kind:     Plain,
		deepseek: "Free OCR.",
		chat:     "Write down the text in this image as it stands, line by line, without any formatting. Write nothing but that text.",
		pageText: true, formCounts: true, rules: textRules,
	},
	{
		kind:     Figure,
		deepseek: "Parse the figure.",
		chat:     "Read this chart or drawing: its title, labels and values, as a Markdown table where it has data. Write nothing that is not in it.",
		rules:    textRules,
	},
	{
		kind:     Describe,
		deepseek: "Describe this image in detail.",
		rules:    textRules,
	},
	{
		kind:       Locate,
		deepseek:   "Locate <|ref|>%s<|/ref|> in the image.",
		chat:       "Find \"%s\" in this image. For each place where it stands write one line [[x1, y1, x2, y2]]: the corners of its box, as numbers from 0 to 999 across the image's width and height. Write nothing else.",
		mayBeEmpty: true, rules: clean.Rules{Bare: true, Boxes: true, Chat: true},
	},
	{
		// An answer to a person's own prompt keeps a fence around code, which the
		// prompt may ask for.
		kind: Prompt, deepseek: "%s",
		mayBeEmpty: true, formCounts: true, rules: clean.Rules{Boxes: true},
	},
}

// info returns the row of a kind. If the kind is unknown, as in a job of a newer
// version, info returns the row of Markdown.
func (k Kind) info() kindInfo {
	i := slices.IndexFunc(kinds, func(row kindInfo) bool { return row.kind == k })
	return kinds[max(i, 0)]
}

// Kinds returns all kinds of modes, the usual one first.
func Kinds() (all []Kind) {
	for _, row := range kinds {
		all = append(all, row.kind)
	}
	return all
}

// NeedsArgument reports whether a mode of the kind has an argument.
func (k Kind) NeedsArgument() bool { return strings.Contains(k.info().deepseek, "%s") }

// IsPageText reports whether the answer in a mode of the kind is the text of the page.
func (k Kind) IsPageText() bool { return k.info().pageText }

// Usual reports whether pages are read so if nobody asks for another mode. The zero Kind
// is the usual one, too.
func (k Kind) Usual() bool { return k.info().kind == kinds[0].kind }

// SameAnswer reports whether two texts are the same answer in a mode of the kind.
func (k Kind) SameAnswer(a, b string) bool {
	return a == b || !k.info().formCounts && SameWords(a, b)
}

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
