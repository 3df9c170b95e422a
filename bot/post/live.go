package post

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"slackocr/bot/slackmd"
)

// View is what a reply shows, from top to bottom: a head, the newest text, lines
// that say what is done, and what can be pressed.
type View struct {
	Head    Note // who asked, where the reply does not stand under their message
	Texts   []Text
	Lines   []Line
	Buttons *slack.ActionBlock // nil for none
	form    form               // of the texts
}

// form is how much of its form a text keeps, from all to nothing.
type form int

const (
	formatted   form = iota
	unformatted      // the model's own signs, line by line
	withoutText
)

// Text is what the model has written so far of one file.
type Text struct {
	Name     string // shown over the text; "" shows the text alone
	Markdown string
}

// Line is one line of a reply, and what can be pressed for it.
type Line struct {
	Note
	Buttons *slack.ActionBlock // under the line; nil for none
}

// Note is one line of plain text, with a person's name or a link at places.
type Note []Span

// Span is a piece of a Note. Exactly one of Text and Person is set.
type Span struct {
	Text   string
	Link   string // address that the text leads to, made by us; "" for none
	Person string // id of a user, shown as a name
}

// Plain returns a note of nothing but text.
func Plain(line string) Note { return Note{{Text: line}} }

// userID is what Slack's ids of people look like; nothing else is shown as a name.
var userID = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)

// Block shows the note in small print, as one line that wraps like any other. A name
// and a link are the only things in it that Slack formats.
func (n Note) Block() slack.Block {
	var plain, formatted []string
	special := false
	for _, s := range n {
		switch line := slackmd.Line(s.Text); {
		case userID.MatchString(s.Person):
			special = true
			formatted = append(formatted, "<@"+s.Person+">")
		case line == "":
		case s.Link != "":
			special = true
			formatted = append(formatted, "<"+s.Link+"|"+label(line)+">")
		default:
			plain = append(plain, line)
			formatted = append(formatted, label(line))
		}
	}
	var text *slack.TextBlockObject
	switch {
	case special:
		text = slack.NewTextBlockObject(slack.MarkdownType, unquoted(strings.Join(formatted, " ")), false, true)
	case len(plain) > 0:
		text = slack.NewTextBlockObject(slack.PlainTextType, strings.Join(plain, " "), false, false)
	default:
		return slack.NewContextBlock("")
	}
	return slack.NewContextBlock("", text)
}

// unquoted is a line of mrkdwn that is no quote, whatever it begins with.
func unquoted(line string) string {
	if strings.HasPrefix(line, "&gt;") {
		return "\u200b" + line
	}
	return line
}

// label returns an escaped line for mrkdwn, also as the label of a link, in which none
// of its signs formats anything: a zero-width space goes behind each that could.
func label(line string) string {
	return strings.NewReplacer("*", "*\u200b", "_", "_\u200b", "~", "~\u200b", "`", "`\u200b", ":", ":\u200b", "|", "¦").Replace(line)
}

// text is the note without names, escaped, for notifications.
func (n Note) text() string {
	var words []string
	for _, s := range n {
		if s.Person != "" {
			s.Text = "somebody"
		}
		words = append(words, s.Text)
	}
	return slackmd.Line(strings.Join(words, " "))
}

// maxLive bounds all text of a live reply, in bytes after escaping. chat.update
// refuses a text over 4,000 bytes; the same bound keeps the blocks small.
const maxLive = 3800

// message renders the view. Its fallback is short: a long one can make chat.update
// refuse an edit whose blocks are fine.
func (v View) message() Message {
	var m Message
	if len(v.Head) > 0 {
		m.Blocks = append(m.Blocks, v.Head.Block())
	}
	tails := v.tails()
	for i, t := range v.Texts {
		if tails[i] == "" {
			continue
		}
		if t.Name != "" {
			m.Blocks = append(m.Blocks, Plain(t.Name).Block())
		}
		m.Blocks = append(m.Blocks, slack.NewMarkdownBlock("", tails[i]))
	}
	m.Blocks = append(m.Blocks, v.lines()...)
	if len(v.Lines) > 0 {
		m.Fallback = v.Lines[0].text()
	}
	if v.Buttons != nil {
		m.Blocks = append(m.Blocks, v.Buttons)
	}
	return m
}

// lines shows the lines: as one block where there is nothing in them to press or to
// follow, else as a block each.
func (v View) lines() (blocks []slack.Block) {
	var text []string
	for _, l := range v.Lines {
		blocks = append(blocks, l.Block())
		if l.Buttons != nil {
			blocks = append(blocks, l.Buttons)
		}
		if len(l.Note) == 1 && l.Note[0].Link == "" && l.Note[0].Person == "" && l.Buttons == nil {
			text = append(text, slackmd.Line(l.Note[0].Text))
		}
	}
	if len(v.Lines) == 1 || len(text) < len(v.Lines) {
		return blocks
	}
	all := strings.Join(text, "\n")
	for len(all) > maxSection {
		text = text[:len(text)-1]
		all = strings.Join(text, "\n") + "\n…"
	}
	return []slack.Block{slack.NewSectionBlock(slack.NewTextBlockObject(slack.PlainTextType, all, false, false), nil, nil)}
}

// maxSection is the longest text of a section block, in bytes.
// https://docs.slack.dev/reference/block-kit/blocks/section-block
const maxSection = 3000

// maxItems is how many items all texts of a view may have, of the 50 that Slack makes
// of a message: each block beside them is one too.
const maxItems = 44

// tails is the newest part of each text. Together they have maxLive bytes and maxItems
// items, of which each text may use the same share, and of the bytes what the shorter
// ones leave.
func (v View) tails() []string {
	tails := make([]string, len(v.Texts))
	if v.form == withoutText {
		return tails
	}
	order := make([]int, len(v.Texts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Compare(len(v.Texts[i].Markdown), len(v.Texts[j].Markdown))
	})
	left, items := maxLive, (maxItems-len(v.Texts))/max(len(v.Texts), 1) // its name is an item
	for n, i := range order {
		limit := left / (len(order) - n)
		if v.form == unformatted {
			tails[i] = slackmd.PlainTail(v.Texts[i].Markdown, limit)
		} else {
			tails[i] = slackmd.TailOf(v.Texts[i].Markdown, limit, max(items, 3))
		}
		left -= len(tails[i])
	}
	return tails
}

// hasText reports whether the view shows any text of the model.
func (v View) hasText() bool {
	return slices.ContainsFunc(v.Texts, func(t Text) bool { return t.Markdown != "" })
}

// withoutTexts is the view without the model's texts.
func (v View) withoutTexts() View {
	v.Texts = nil
	return v
}

// Message is one post in a thread.
type Message struct {
	// Key tells this post from all others. It travels in the message's
	// metadata, so that a post whose answer was lost can be found again.
	Key string
	// Blocks is what people see. Fallback is what notifications and screen readers
	// get: escaped mrkdwn, of at most 3,000 characters in a new message and a few
	// hundred bytes in an edit.
	Blocks   []slack.Block
	Fallback string
	// After is the timestamp of a message that was there before: where to
	// begin looking.
	After string
}

// same reports whether two messages show the same.
func (m Message) same(other Message) bool {
	a, errA := json.Marshal(m)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && string(a) == string(b)
}

// Result is a message that shows one part of a file's text.
type Result struct {
	Header       Note   // which file it is of, over the text
	Markdown     string // as package slackmd made it
	Notification string // escaped, see [slackmd.Notification]
	Buttons      *slack.ActionBlock
}

// Message renders the result.
func (r Result) Message() Message {
	m := Message{Fallback: r.Notification}
	if len(r.Header) > 0 {
		m.Blocks = append(m.Blocks, r.Header.Block())
	}
	if r.Markdown != "" {
		m.Blocks = append(m.Blocks, slack.NewMarkdownBlock("", r.Markdown))
	}
	if r.Buttons != nil {
		m.Blocks = append(m.Blocks, r.Buttons)
	}
	return m
}
