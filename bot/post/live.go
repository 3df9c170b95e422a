package post

import (
	"regexp"

	"github.com/slack-go/slack"

	"slackocr/bot/slackmd"
)

// Live is what a reply shows, from top to bottom.
type Live struct {
	Head    Note   // who asked, where the reply does not stand under their message
	Text    string // the model's markdown so far; the newest part is shown
	Line    Note
	Buttons *slack.ActionBlock // nil for none
	form    form
}

// form is how much of its form a text keeps, from all to nothing.
type form int

const (
	formatted   form = iota
	unformatted      // the model's own signs, line by line
	withoutText
)

// tail is the newest part of the text.
func (l Live) tail() string {
	switch l.form {
	case unformatted:
		return slackmd.PlainTail(l.Text, maxLive)
	case withoutText:
		return ""
	}
	return slackmd.Tail(l.Text, maxLive)
}

// Note is one plain line, with a person's name at a place of it.
type Note struct {
	Before string
	Person string // id of a user, or ""
	After  string
}

// Plain is a note with nobody's name.
func Plain(line string) Note { return Note{Before: line} }

// userID is what Slack's ids of people look like; nothing else is shown as a name.
var userID = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)

// Block shows the note in small print. A name is the only thing in it that
// Slack formats.
func (n Note) Block() slack.Block {
	var elements []slack.MixedElement
	plain := func(s string) {
		if line := slackmd.Line(s); line != "" {
			elements = append(elements, slack.NewTextBlockObject(slack.PlainTextType, line, false, false))
		}
	}
	plain(n.Before)
	if userID.MatchString(n.Person) {
		elements = append(elements, slack.NewTextBlockObject(slack.MarkdownType, "<@"+n.Person+">", false, false))
	}
	plain(n.After)
	return slack.NewContextBlock("", elements...)
}

// text is the note without the name, for notifications.
func (n Note) text() string {
	if n.Person == "" {
		return slackmd.Line(n.Before + " " + n.After)
	}
	return slackmd.Line(n.Before + " somebody " + n.After)
}

// maxLive bounds the text of a live reply, in bytes after escaping. chat.update
// refuses a text over 4,000 bytes; the same bound keeps the blocks small.
const maxLive = 3800

func (l Live) message() Message {
	var blocks []slack.Block
	if l.Head != (Note{}) {
		blocks = append(blocks, l.Head.Block())
	}
	if tail := l.tail(); tail != "" {
		blocks = append(blocks, slack.NewMarkdownBlock("", tail))
	}
	blocks = append(blocks, l.Line.Block())
	if l.Buttons != nil {
		blocks = append(blocks, l.Buttons)
	}
	return Message{Blocks: blocks, Fallback: l.Line.text()}
}

// Part is a message that shows one piece of a result.
func Part(markdown, fallback string) Message {
	return Message{Blocks: []slack.Block{slack.NewMarkdownBlock("", markdown)}, Fallback: slackmd.Line(fallback)}
}
