package slackmd

import (
	"strings"

	"slackocr/bot/slackmd/texmath"
)

// chunk is a block as Slack gets it. Its text is lead + body + trail. Where the
// body must be cut, lead and trail are repeated: a fence's two ends, a table's
// header.
type chunk struct {
	kind              blockKind
	sep               string // what stands before it, if it is not the first
	lead, body, trail string
	page              int // that it begins
}

// renderer writes blocks as chunks.
type renderer struct {
	limit  int // of a message; a lead must be far shorter
	emit   func(chunk)
	wide   bool    // a table does not fit Slack's
	levels []level // of the list that is being written
	ruled  bool    // a rule waits to be written
}

// level is one level of a list: its indentation in the source and in Slack.
type level struct{ in, out, width int }

// render turns the model's markdown into chunks for messages of that limit.
// wide says that a table reads better in a file.
func render(markdown string, limit int, emit func(chunk)) (wide bool) {
	r := renderer{limit: limit, emit: emit}
	for b := range scan(clean(markdown)) {
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
		r.text(b, inline(b.text, inText))
	case heading:
		if text := inline(b.text, inLine); text != "" {
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

// add adds a chunk, after an empty line if it does not say otherwise.
func (r *renderer) add(c chunk) {
	if c.sep == "" {
		c.sep = "\n\n"
	}
	r.emit(c)
}

// rule adds the rule that waits: the one before a page break is only drawn
// within a message.
func (r *renderer) rule() {
	if r.ruled {
		r.ruled = false
		r.add(chunk{kind: rule, body: "---"})
	}
}

// text adds a block of text, unless there is nothing in it.
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

// item adds an item of a list, indented as Slack nests it.
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
	text := inline(b.text, inText)
	text = indent + b.mark + " " + strings.ReplaceAll(text, "\n", "\n"+indent+strings.Repeat(" ", at.width))
	r.text(b, strings.TrimRight(text, " "))
}

// maxLevels bounds how deep lists are nested.
const maxLevels = 6

// fence adds a code block that cannot be closed from inside.
func (r *renderer) fence(language, text string) {
	name := languageName(language)
	if name != language { // the model wrote on in the fence's line
		text = language + "\n" + text
	}
	text = strings.TrimRight(strings.Trim(text, "\n"), " \t\n")
	if strings.TrimSpace(text) != "" {
		r.code(name+"\n", escapeCode(text))
	}
}

// code adds a code block; head is what follows the first fence and is repeated
// with it.
func (r *renderer) code(head, body string) {
	ticks := strings.Repeat("`", max(3, longestRun(head, '`')+1, longestRun(body, '`')+1))
	if len(ticks) > maxFence {
		ticks = "```"
		head, body = strings.ReplaceAll(head, ticks, "` ` `"), strings.ReplaceAll(body, ticks, "` ` `")
	}
	r.add(chunk{kind: codeBlock, lead: ticks + head, body: body, trail: "\n" + ticks})
}

// languageName is a fence's language, if it is the name of one.
func languageName(s string) string {
	if len(s) > 20 || strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789+#-_.") != "" {
		return ""
	}
	return s
}

// escapeCode escapes code. An ampersand is escaped where it would be taken for
// the beginning of an escape.
func escapeCode(s string) string {
	if strings.Contains(s, "&") {
		parts := strings.Split(s, "&")
		for i, rest := range parts[1:] {
			if _, n := entity("&" + rest[:min(len(rest), maxEntity)]); n > 0 {
				parts[i+1] = "amp;" + rest
			}
		}
		s = strings.Join(parts, "&")
	}
	return blockEscapes.Replace(s)
}

// math adds a displayed formula.
func (r *renderer) math(b block) {
	lines, ok := texmath.Lines(b.text)
	if !ok {
		r.fence("latex", b.text)
		return
	}
	r.text(block{kind: paragraph, quoted: b.quoted}, literal(strings.Join(lines, "\n")))
}

const (
	// maxTableRows and maxTableColumns are what Slack draws of a table, header
	// included: https://docs.slack.dev/reference/block-kit/blocks/table-block
	maxTableRows    = 100
	maxTableColumns = 20
	// maxTableText bounds the text of all tables of a message, in characters
	// (https://github.com/NousResearch/hermes-agent/pull/52746).
	maxTableText = 10_000
)

// table adds a table: as GitHub's markdown has it, where Slack draws that; else
// drawn with spaces, where that is not too wide; else as lines.
func (r *renderer) table(t Table) {
	for _, text := range t.beside {
		r.text(block{kind: paragraph}, inline(text, inText))
	}
	t = t.trimmed()
	columns := t.columns()
	if columns == 0 {
		return
	}
	if columns <= maxTableColumns {
		head, rows, ok := t.pipes(min(r.limit, maxTableText)/2 - len("\n\n"))
		if ok && rows == "" {
			head, rows = "", strings.TrimSuffix(head, "\n")
		}
		if ok {
			r.add(chunk{kind: tableBlock, lead: head, body: rows})
			return
		}
	}
	head, rows, ok := t.grid()
	r.wide = r.wide || !ok
	if !ok {
		head, rows = t.lines()
	}
	if size(head) > r.limit/2 {
		head, rows = "", head+rows
	}
	r.code("\n"+head, rows)
}
