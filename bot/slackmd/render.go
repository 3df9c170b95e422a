package slackmd

import (
	"strings"

	"slackocr/bot/slackmd/internal/inline"
	"slackocr/bot/slackmd/internal/texmath"
)

// chunk is a block in Slack's form, or a piece of a block that was cut. Its text
// is lead + body + trail. All pieces of a block have the same lead and trail:
// the two ends of a fence, the header of a table.
type chunk struct {
	kind              blockKind
	sep               string // separator before the chunk, if another chunk precedes
	lead, body, trail string
	size              int  // of the body
	page              int  // number of the page that starts here
	continued         bool // a piece that is not the first of its block; for tests
}

// renderer writes blocks as chunks.
type renderer struct {
	limit  int // limit of a message; a lead must be far shorter
	emit   func(chunk)
	wide   bool    // a table does not fit Slack's limits
	levels []level // levels of the list that is being written
	ruled  bool    // a rule waits to be written
}

// level is one level of a list: its indentation in the source and in Slack.
type level struct{ in, out, width int }

// render turns the model's markdown into chunks for messages of the given
// limit, and reports whether a table is easier to read in a file.
func render(markdown string, limit int, emit func(chunk)) (wide bool) {
	r := renderer{limit: limit, emit: emit}
	for b := range scan(inline.Clean(markdown)) {
		r.block(b)
	}
	r.rule()
	return r.wide
}

func (r *renderer) block(b block) {
	if b.kind != pageBreak {
		r.rule()
	}
	if b.kind != item {
		r.levels = nil
	}
	switch b.kind {
	case paragraph:
		r.text(b, inline.Markdown(b.text, inline.Text))
	case heading:
		if text := inline.Markdown(b.text, inline.Heading); text != "" {
			r.text(b, strings.Repeat("#", b.level)+" "+text)
		}
	case item:
		r.item(b)
	case codeBlock:
		r.fence(b.mark, b.text)
	case mathBlock:
		r.math(b)
	case tableBlock:
		r.table(b.table)
	case rule:
		r.ruled = true
	case pageBreak:
		c := chunk{kind: pageBreak, body: b.text, page: b.page}
		if r.ruled {
			c.sep = "\n\n---\n\n"
		}
		r.ruled = false
		r.add(c)
	}
}

// add emits a chunk, after an empty line unless c has another separator.
func (r *renderer) add(c chunk) {
	if c.sep == "" {
		c.sep = "\n\n"
	}
	r.emit(c)
}

// rule emits the waiting rule. A rule before a page break is drawn only inside
// a message.
func (r *renderer) rule() {
	if r.ruled {
		r.ruled = false
		r.add(chunk{kind: rule, body: "---"})
	}
}

// text emits a block of text, unless the text is empty.
func (r *renderer) text(b block, text string) {
	if text == "" {
		return
	}
	c := chunk{kind: b.kind, body: text}
	if b.quoted > 0 {
		c.lead = strings.Repeat("> ", b.quoted)
		c.body = strings.ReplaceAll(text, "\n", "\n"+c.lead)
	}
	if b.tight {
		c.sep = "\n"
	}
	r.add(c)
}

// item emits an item of a list, indented in Slack's way of nesting.
func (r *renderer) item(b block) {
	for n := len(r.levels); n > 0 && r.levels[n-1].in > b.level; n-- {
		r.levels = r.levels[:n-1]
	}
	width := len(b.mark) + 1
	if strings.HasPrefix(b.mark, "- [") {
		width = 2
	}
	n := len(r.levels)
	switch {
	case n == 0:
		r.levels = append(r.levels, level{in: b.level, width: width})
	case r.levels[n-1].in+1 < b.level && n < maxLevels:
		above := r.levels[n-1]
		r.levels = append(r.levels, level{in: b.level, out: above.out + above.width, width: width})
	default:
		r.levels[n-1].width = width
	}
	at := r.levels[len(r.levels)-1]
	indent := strings.Repeat(" ", at.out)
	text := inline.Markdown(b.text, inline.Text)
	text = indent + b.mark + " " + strings.ReplaceAll(text, "\n", "\n"+indent+strings.Repeat(" ", at.width))
	r.text(b, strings.TrimRight(text, " "))
}

// maxLevels bounds the nesting of lists.
const maxLevels = 6

// fence emits a code block that cannot be closed from inside.
func (r *renderer) fence(language, text string) {
	name := languageName(language)
	if name != language { // the model wrote text on the line of the fence
		text = language + "\n" + text
	}
	text = strings.TrimRight(strings.Trim(text, "\n"), " \t\n")
	if strings.TrimSpace(text) != "" {
		r.code(name+"\n", inline.EscapeCode(text))
	}
}

// code emits a code block. head follows the first fence, and is repeated with
// the fence.
func (r *renderer) code(head, body string) {
	ticks := "```"
	for len(ticks) <= maxFence && (strings.Contains(head, ticks) || strings.Contains(body, ticks)) {
		ticks += "`"
	}
	if len(ticks) > maxFence {
		ticks = "```"
		head, body = strings.ReplaceAll(head, ticks, "` ` `"), strings.ReplaceAll(body, ticks, "` ` `")
	}
	r.add(chunk{kind: codeBlock, lead: ticks + head, body: body, trail: "\n" + ticks})
}

// languageName returns the language of a fence, or "" if s is no language's
// name.
func languageName(s string) string {
	if len(s) > 20 || strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789+#-_.") != "" {
		return ""
	}
	return s
}

// math emits a displayed formula.
func (r *renderer) math(b block) {
	lines, ok := texmath.Lines(b.text)
	if !ok {
		r.fence("latex", b.text)
		return
	}
	r.text(block{kind: paragraph, quoted: b.quoted}, inline.Literal(strings.Join(lines, "\n")))
}

const (
	// maxTableRows and maxTableColumns are Slack's limits for a table, header
	// included: https://docs.slack.dev/reference/block-kit/blocks/table-block
	maxTableRows    = 100
	maxTableColumns = 20
)

// table emits a table: in GitHub's markdown if Slack draws such a table, else
// drawn with spaces if the table is narrow enough, else as lines.
func (r *renderer) table(t Table) {
	for _, text := range t.beside {
		r.text(block{kind: paragraph}, inline.Markdown(text, inline.Text))
	}
	t = t.trimmed()
	columns := t.columns()
	if columns == 0 {
		return
	}
	if columns <= maxTableColumns {
		head, rows, ok := t.pipes(r.limit/2 - len("\n\n"))
		if ok && rows == "" {
			head, rows = "", strings.TrimSuffix(head, "\n")
		}
		if ok {
			r.add(chunk{kind: tableBlock, lead: head, body: rows})
			return
		}
	}
	head, rows, wide := t.text()
	r.wide = r.wide || wide
	if utf16Length(head) > r.limit/2 {
		head, rows = "", head+rows
	}
	r.code("\n"+head, rows)
}
