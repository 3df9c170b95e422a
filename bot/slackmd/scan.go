package slackmd

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"slackocr/bot/slackmd/internal/inline"
)

// blockKind is the kind of a block of the model's markdown.
type blockKind int

const (
	paragraph blockKind = iota
	heading
	item // an item of a list, without nested items
	codeBlock
	mathBlock
	tableBlock
	rule
	pageBreak
)

// block is a block of the model's markdown. Its text is a slice of the source.
type block struct {
	kind   blockKind
	text   string
	level  int    // 1 to 6 for a heading; the indentation for an item
	mark   string // an item's marker, a code block's language
	tight  bool   // follows the previous item without a blank line
	quoted int    // number of quotes around the block
	page   int    // number of the page after a page break
	table  Table
}

// maxQuotes bounds the depth of nested quotes.
const maxQuotes = 3

// scan splits markdown into blocks. The scan never goes back and looks ahead
// only through finders, so the time is linear for every text. scan knows the
// markdown that models write, which is not all of CommonMark: link definitions
// are text, the only HTML blocks are tables, and the items of a list are
// separate blocks.
func scan(markdown string) iter.Seq[block] {
	return func(yield func(block) bool) {
		s := scanner{src: markdown, yield: yield}
		s.scan()
	}
}

// scanner is a scan over src. Every loop moves pos forward.
type scanner struct {
	src     string
	pos     int
	lineEnd int // end of the line at pos
	quoted  int
	yield   func(block) bool
	done    bool // the consumer wants no more blocks

	open    block // a paragraph or an item whose lines are being collected
	from    int   // start of the open block's text in src, or -1
	words   int   // start of the last open block in which words precede a table
	blank   bool  // the previous line was blank
	wasItem bool  // the previous block was an item
	inList  bool  // since the last item, every block was indented

	tableEnd, mathEnd, dollars, blankLine inline.Finder
}

func (s *scanner) scan() {
	s.from, s.words, s.blank = -1, -1, true
	s.tableEnd.What, s.mathEnd.What, s.dollars.What, s.blankLine.What = "</table", `\]`, "$$", "\n\n"
	for s.pos < len(s.src) && !s.done {
		start := s.pos == 0 || s.src[s.pos-1] == '\n'
		if start {
			s.lineEnd = s.pos + lineLength(s.src[s.pos:])
		}
		line := s.src[s.pos:s.lineEnd]
		if start && line[0] != ' ' && line[0] != '\t' && line[0] != '\n' {
			s.inList = false
		}
		switch {
		case start && strings.TrimSpace(line) == "":
			s.flush()
			s.blank = true
			s.pos = s.lineEnd
			continue
		case start && s.block(line):
		case s.htmlTable(line):
		default:
			if s.from < 0 {
				s.begin(block{kind: paragraph}, s.pos)
			}
			s.pos = s.lineEnd
		}
		s.blank = false
	}
	s.flush()
}

func lineLength(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i + 1
	}
	return len(s)
}

// block reads the block that starts with line and returns true, unless line is
// part of a paragraph.
func (s *scanner) block(line string) bool {
	text := strings.TrimSpace(line)
	level, page := headingLevel(text), pageOf(text)
	switch {
	case fenceOf(line) != "":
		s.fence(line)
	case s.from >= 0 && s.open.kind == paragraph && s.underline(text):
	case isThematicBreak(text):
		s.emit(block{kind: rule})
		s.pos = s.lineEnd
	case level > 0:
		s.emit(block{kind: heading, level: level, text: trimHeading(text[level:])})
		s.pos = s.lineEnd
	case page > 0:
		s.emit(block{kind: pageBreak, page: page, text: text})
		s.pos = s.lineEnd
	case text[0] == '>' && s.quoted < maxQuotes:
		s.quote()
	case strings.HasPrefix(text, `\[`) && s.math(&s.mathEnd), strings.HasPrefix(text, "$$") && s.math(&s.dollars):
	case strings.HasPrefix(text, `\begin{`) && s.environment():
	case strings.IndexByte(line, '|') >= 0 && s.pipeTable():
	case s.item(line):
	case s.from < 0 && s.blank && !s.inList && isIndented(line) && !isProse(text):
		s.indented()
	default:
		return false
	}
	return true
}

// begin opens a paragraph or an item whose text starts at from.
func (s *scanner) begin(b block, from int) {
	s.flush()
	s.open, s.from = b, from
}

// flush ends the open block at the current position.
func (s *scanner) flush() {
	if s.from < 0 {
		return
	}
	b := s.open
	b.text = strings.TrimSpace(s.src[s.from:s.pos])
	s.from = -1
	if b.kind == item {
		s.items(b)
	} else if b.text != "" {
		s.send(b)
	}
}

// emit ends the open block and yields b.
func (s *scanner) emit(b block) {
	s.flush()
	s.send(b)
}

func (s *scanner) send(b block) {
	b.quoted += s.quoted
	s.wasItem = b.kind == item
	s.inList = s.inList || s.wasItem
	s.done = s.done || !s.yield(b)
}

// fence reads a code block between fences. A block that is not closed goes on
// to the end: https://spec.commonmark.org/0.31.2/#fenced-code-blocks
func (s *scanner) fence(opening string) {
	s.flush()
	mark := fenceOf(opening)
	from := s.lineEnd
	s.pos = from
	end := len(s.src)
	for s.pos < len(s.src) {
		line := s.src[s.pos : s.pos+lineLength(s.src[s.pos:])]
		if closes(line, mark) {
			end = s.pos
			s.pos += len(line)
			break
		}
		s.pos += len(line)
	}
	info := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(opening), mark[:1]))
	text := strings.TrimSuffix(s.src[from:end], "\n")
	if indent := opening[:len(opening)-len(strings.TrimLeft(opening, " "))]; indent != "" { // the indentation of the item around the code
		text = strings.TrimPrefix(strings.ReplaceAll("\n"+text, "\n"+indent, "\n"), "\n")
	}
	s.send(block{kind: codeBlock, mark: info, text: text})
}

// underline turns an underlined open line into a heading. Several lines above
// a rule are text, which is how pages look.
func (s *scanner) underline(text string) bool {
	level := 0
	switch {
	case strings.Trim(text, "=") == "":
		level = 1
	case strings.Trim(text, "-") == "":
		level = 2
	}
	title := strings.TrimSpace(s.src[s.from:s.pos])
	if level == 0 || strings.Contains(title, "\n") || (level == 1 && len(text) < 2) {
		return false
	}
	s.from = -1
	s.send(block{kind: heading, level: level, text: title})
	s.pos = s.lineEnd
	return true
}

// quote reads a block quote and the blocks in it.
func (s *scanner) quote() {
	s.flush()
	var inner strings.Builder
	for s.pos < len(s.src) {
		line := s.src[s.pos : s.pos+lineLength(s.src[s.pos:])]
		text, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), ">")
		if !ok {
			break
		}
		inner.WriteString(strings.TrimPrefix(text, " "))
		s.pos += len(line)
	}
	in := scanner{src: inner.String(), quoted: s.quoted + 1, yield: s.yield}
	in.scan()
	s.done, s.wasItem = in.done, false
}

// math reads a displayed formula that ends at the next end mark and has no
// blank line.
func (s *scanner) math(end *inline.Finder) bool {
	from := s.pos + strings.IndexByte(s.src[s.pos:], end.What[0]) + len(end.What)
	to := end.Next(s.src, from)
	if to-from > inline.MaxMath || to >= len(s.src) || s.blankLine.Next(s.src, from) < to {
		return false
	}
	after := to + len(end.What)
	rest := strings.TrimSpace(s.src[after : after+lineLength(s.src[after:])])
	if strings.Trim(rest, ".,;") != "" { // the formula is part of a sentence
		return false
	}
	s.emit(block{kind: mathBlock, text: strings.TrimSpace(s.src[from:to])})
	s.pos = after + lineLength(s.src[after:])
	return true
}

// environment reads a displayed formula that consists of \begin{…}…\end{…}.
func (s *scanner) environment() bool {
	to := s.blankLine.Next(s.src, s.pos)
	if to-s.pos > inline.MaxMath {
		return false
	}
	tex := strings.TrimSpace(s.src[s.pos:to])
	name, _, ok := strings.Cut(strings.TrimPrefix(tex, `\begin`), "}")
	if !ok || !strings.HasSuffix(tex, `\end`+name+"}") {
		return false
	}
	s.emit(block{kind: mathBlock, text: tex})
	s.pos = min(to+1, len(s.src))
	return true
}

func (s *scanner) pipeTable() bool {
	t, length := pipeTable(s.src[s.pos:])
	if length == 0 {
		return false
	}
	s.emit(block{kind: tableBlock, table: t})
	s.pos += length
	return true
}

// htmlTable reads the line up to a table in it, and the table.
func (s *scanner) htmlTable(line string) bool {
	i := inline.IndexFold(line, "<table")
	if i < 0 {
		return false
	}
	if s.from < 0 {
		s.begin(block{kind: paragraph}, s.pos)
	}
	s.pos += i
	if s.from != s.words {
		if wrapper(s.src[s.from:s.pos], false) == s.pos-s.from {
			s.from = -1
		} else {
			s.words = s.from
		}
	}
	isWord := s.pos > 0 && s.src[s.pos-1] == '`' // in code, "<table" is a word of the text
	if isWord || inline.TagAt(s.src[s.pos:]).Name != "table" {
		if s.from < 0 {
			s.begin(block{kind: paragraph}, s.pos)
		}
		s.pos += len("<table")
		return true
	}
	t, length := htmlTable(s.src[s.pos:], s.tableEnd.Next(s.src, s.pos) < len(s.src))
	s.emit(block{kind: tableBlock, table: t})
	s.pos += length
	if s.pos += wrapper(s.src[s.pos:], true); s.pos > s.lineEnd {
		s.lineEnd = s.pos + lineLength(s.src[s.pos:])
	}
	return true
}

// wrapper returns the length of the tags at the start of s that models put
// around a table: the tags before the table, or behind if behind is true.
func wrapper(s string, behind bool) (length int) {
	for {
		rest := strings.TrimLeft(s[length:], " \t\n")
		if rest == "" {
			return len(s)
		}
		switch t := inline.TagAt(rest); t.Name {
		case "html", "body", "div", "center":
			if t.Closes == behind {
				length = len(s) - len(rest) + t.Length
				continue
			}
		}
		return length
	}
}

// indented reads a code block of indented lines.
func (s *scanner) indented() {
	from := s.pos
	for s.pos < len(s.src) {
		length := lineLength(s.src[s.pos:])
		if line := s.src[s.pos : s.pos+length]; !isIndented(line) && strings.TrimSpace(line) != "" {
			break
		}
		s.pos += length
	}
	text := strings.TrimRight(s.src[from:s.pos], " \t\n")
	text = strings.ReplaceAll(strings.ReplaceAll("\n"+text, "\n\t", "\n"), "\n    ", "\n")
	s.emit(block{kind: codeBlock, text: strings.TrimPrefix(text, "\n")})
	s.blank = true
}

func isIndented(line string) bool {
	return strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t")
}

// isProse reports whether an indented line is a sentence, not code: the line
// starts with an East Asian letter, or with a capital and has several words and
// no signs of code.
func isProse(line string) bool {
	first, _ := utf8.DecodeRuneInString(line)
	return unicode.In(first, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) ||
		unicode.IsUpper(first) && strings.Count(line, " ") >= 5 && !strings.Contains(line, "  ") && !strings.ContainsAny(line, "{}[]<>=;_\\|#$")
}
