package slackmd

import (
	"unicode/utf16"

	"slackocr/bot/slackmd/internal/inline"
)

// MaxPart bounds the text of a message, in UTF-16 units after escaping. All
// markdown blocks of a message together may hold 12,000 characters
// (https://docs.slack.dev/reference/block-kit/blocks/markdown-block), and
// refusals were seen from 11,341 on
// (https://github.com/slackapi/bolt-js/issues/2867). All tables of a message
// together may hold 10,000
// (https://github.com/NousResearch/hermes-agent/pull/52746).
const MaxPart = 10_000

// maxItems bounds the items that Slack makes of a message's markdown. Each
// heading, each rule and each run of text between them is an item, and tables
// count as well. Slack refuses a message of 51 blocks, and the items count as
// blocks (https://github.com/darkgaldragon/slack-markdown-parser,
// docs/spec.md).
const maxItems = 45

// A Result is a text as Slack's messages show it.
type Result struct {
	Parts []Part
	// Wide is true if a table is wider than Slack draws tables. The parts hold
	// the whole table, but a file is easier to read.
	Wide bool
}

// A Part is the text of a message's markdown block.
//
// All parts together give back the whole text. A block that was split goes on
// in the next part; a code block repeats its fence, a table its header. An
// empty line separates two blocks, and a line break two items of a list.
type Part struct {
	Text string
	// FirstPage and LastPage are the pages that the part covers, or 0 in a
	// text without page breaks (see [PageBreak]).
	FirstPage, LastPage int
}

// Messages turns the model's markdown into the texts of messages, each at most
// MaxPart long. A text that shows nothing has no parts.
func Messages(markdown string) (result Result) {
	page, first, shown := 0, 0, false
	result.Wide = split(markdown, MaxPart, func(chunks []chunk) {
		part := Part{Text: join(chunks), FirstPage: page}
		for i, c := range chunks {
			if c.page == 0 {
				continue
			}
			if first == 0 {
				first = max(1, c.page-1)
			}
			if page = c.page; i == 0 {
				part.FirstPage = page
			}
		}
		part.LastPage = page
		shown = shown || inline.Visible(part.Text)
		result.Parts = append(result.Parts, part)
	})
	if !shown {
		return Result{}
	}
	for i := range result.Parts {
		result.Parts[i].FirstPage = max(first, result.Parts[i].FirstPage)
		result.Parts[i].LastPage = max(first, result.Parts[i].LastPage)
	}
	return result
}

// utf16Length returns the length of s in UTF-16 units. Slack's documentation says
// "characters", which are never more than these units.
func utf16Length(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// byteLength returns the size of s in bytes, as chat.update counts.
func byteLength(s string) int { return len(s) }
