package post

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"slackocr/bot/slackmd"
)

// View is the contents of a reply, from top to bottom: a head, the newest
// text, lines of progress, and buttons.
type View struct {
	Head    Caption // names the asking person if the reply is not below that person's message
	Texts   []Text
	Lines   []Line
	Buttons *slack.ActionBlock // may be nil
	form    form               // of the texts
}

// form is the amount of formatting that a text keeps.
type form int

const (
	formatted   form = iota
	unformatted      // the model's own signs, line by line
	withoutText
)

// Text is the model's text of a file so far.
type Text struct {
	Name     string // shown above the text, unless ""
	Markdown string
}

// Line is a line of a reply, with buttons.
type Line struct {
	Caption
	Buttons *slack.ActionBlock // below the line; may be nil
}

// Caption is a line of plain text that may contain people's names and links.
type Caption []Span

// Span is a piece of a Caption.
type Span struct {
	Text   string
	Link   string // address behind the text, made by the bot, or ""
	Person string // id of a user, shown as a name; notifications have the text instead
}

// Plain returns a caption that is only text.
func Plain(line string) Caption { return Caption{{Text: line}} }

// userID matches Slack's ids of people. Nothing else is shown as a name.
var userID = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)

// Block returns the caption in small print, as a line that wraps like any other.
// Names and links are the only parts that Slack formats.
func (c Caption) Block() slack.Block {
	var plain, formatted []string
	special := false
	for _, s := range c {
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
	text := slack.NewTextBlockObject(slack.PlainTextType, strings.Join(plain, " "), false, false)
	if special {
		text = slack.NewTextBlockObject(slack.MarkdownType, unquoted(strings.Join(formatted, " ")), false, true)
	}
	return slack.NewContextBlock("", text)
}

// unquoted returns a line of mrkdwn that is never shown as a quote.
func unquoted(line string) string {
	if strings.HasPrefix(line, "&gt;") {
		return "\u200b" + line
	}
	return line
}

// label returns an escaped line for mrkdwn, which may be the label of a link.
// No sign of the line formats anything: a zero-width space follows each sign
// that could.
func label(line string) string {
	return strings.NewReplacer("*", "*\u200b", "_", "_\u200b", "~", "~\u200b", "`", "`\u200b", ":", ":\u200b", "|", "¦").Replace(line)
}

// text returns the texts of the caption, escaped, for notifications.
func (c Caption) text() string {
	var texts []string
	for _, s := range c {
		texts = append(texts, s.Text)
	}
	return slackmd.Line(strings.Join(texts, " "))
}

// maxLive bounds the text of a live reply, in bytes after escaping.
// chat.update refuses a text over 4,000 bytes; the same bound keeps the blocks
// small.
const maxLive = 3800

// Message returns the message for the view. Its fallback is short: a long
// fallback can make chat.update refuse an edit with valid blocks.
func (v View) Message() Message {
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

// lines returns the blocks of the lines: a single block if no line has a
// button or a link, else a block for each line.
func (v View) lines() (blocks []slack.Block) {
	var text []string
	for _, l := range v.Lines {
		blocks = append(blocks, l.Block())
		if l.Buttons != nil {
			blocks = append(blocks, l.Buttons)
		}
		if len(l.Caption) == 1 && l.Caption[0].Link == "" && l.Caption[0].Person == "" && l.Buttons == nil {
			text = append(text, slackmd.Line(l.Caption[0].Text))
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

// maxSection bounds the text of a section block, in bytes.
// https://docs.slack.dev/reference/block-kit/blocks/section-block
const maxSection = 3000

// maxItems bounds the items of all texts of a view. Slack allows 50 items in a
// message, and each other block counts as an item too.
const maxItems = 44

// tails returns the newest part of each text. Together the parts have at most
// maxLive bytes and maxItems items. Each text gets an equal share of the
// items, and an equal share of the bytes plus the bytes that shorter texts
// leave.
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
	left, items := maxLive, (maxItems-len(v.Texts))/max(len(v.Texts), 1) // the name is an item too
	for n, i := range order {
		limit := left / (len(order) - n)
		if v.form == unformatted {
			tails[i] = slackmd.PlainTail(v.Texts[i].Markdown, limit)
		} else {
			tails[i] = slackmd.Tail(v.Texts[i].Markdown, limit, max(items, 3))
		}
		left -= len(tails[i])
	}
	return tails
}

// hasText reports whether the view has any text of the model.
func (v View) hasText() bool {
	return slices.ContainsFunc(v.Texts, func(t Text) bool { return t.Markdown != "" })
}

// Message is a post in a thread.
type Message struct {
	// Key identifies the post. The message's metadata hold the key, so that a
	// post whose answer was lost can be found again.
	Key string
	// Blocks is the visible contents. Fallback is the text for notifications
	// and screen readers: escaped mrkdwn, at most 3,000 characters in a new
	// message and a few hundred bytes in an edit.
	Blocks   []slack.Block
	Fallback string
	// After is the timestamp of an earlier message, after which a search
	// starts.
	After string
}

// Result is a message with a part of a file's text.
type Result struct {
	Header       Caption // names the file, above the text
	Markdown     string  // from package slackmd
	Notification string  // escaped, see [slackmd.Notification]
	Buttons      *slack.ActionBlock
}

// Message returns the message for the result.
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
