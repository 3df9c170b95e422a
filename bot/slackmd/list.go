package slackmd

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// bullets are the signs before the items of lists on pages.
const bullets = "•●◦○▪▫■‣⁃∙"

// boxes maps the signs before the tasks of lists on pages to markdown.
var boxes = strings.NewReplacer("☐", "[ ]", "□", "[ ]", "☑", "[x]", "☒", "[x]")

// item opens an item of a list and returns true, if line starts an item.
func (s *scanner) item(line string) bool {
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	mark, length := itemMark(line[indent:])
	if text := strings.TrimSpace(line[indent+length:]); length == 0 || strings.HasPrefix(text, "* ") && strings.HasSuffix(text, " *") {
		return false // as in * * * STARS * * *
	}
	s.begin(block{
		kind:  item,
		mark:  mark,
		level: min(indent+3*strings.Count(line[:indent], "\t"), 40),
	}, s.pos+indent+length)
	s.open.tight = s.wasItem && !s.blank
	s.pos = s.lineEnd
	return true
}

// itemMark returns the marker of the item that text starts, in markdown's
// form, and its length in text, or 0 if text starts no item.
func itemMark(text string) (mark string, length int) {
	r, n := utf8.DecodeRuneInString(text)
	switch {
	case r == '-' || r == '*' || r == '+':
		mark = "-"
	case strings.ContainsRune(bullets, r):
		return "-", n
	case strings.ContainsRune("☐□☑☒", r):
		return "- " + boxes.Replace(string(r)), n
	case r >= '0' && r <= '9':
		for n < len(text) && n < 9 && text[n] >= '0' && text[n] <= '9' {
			n++
		}
		if n == len(text) || (text[n] != '.' && text[n] != ')') {
			return "", 0
		}
		n++
		mark = text[:n]
	default:
		return "", 0
	}
	if n < len(text) && text[n] != ' ' && text[n] != '\t' && text[n] != '\n' {
		return "", 0
	}
	return mark, n
}

// items emits an item, and the items that the model glued to the first one.
// The model often forgets line breaks
// (https://github.com/deepseek-ai/DeepSeek-OCR/issues/200).
func (s *scanner) items(b block) {
	text := b.text
	for {
		at, mark, length := nextGlued(text, b.mark)
		if at < 0 {
			break
		}
		b.text = strings.TrimSpace(text[:at])
		s.send(b)
		text = text[at+length:]
		b.mark, b.tight = mark, true
	}
	b.text = strings.TrimSpace(text)
	s.send(b)
}

// nextGlued returns the position of the next item in an item's text, or -1, with
// the marker and the marker's length. A hyphen counts if a word ends at the
// hyphen and a capital follows: "financial offers- Shortly after". A number
// counts if the number is the next in order and no space stands before.
func nextGlued(text, mark string) (at int, next string, length int) {
	if mark[0] == '-' {
		for i, r := range text {
			if r == '-' && i > 0 && strings.HasPrefix(text[i:], "- ") && !unicode.IsSpace(runeBefore(text[:i])) && startsItem(text[i+2:]) {
				return i, "-", 2
			}
			if strings.ContainsRune("•‣▪", r) && i > 0 && strings.HasPrefix(text[i+utf8.RuneLen(r):], " ") {
				return i, "-", utf8.RuneLen(r)
			}
		}
		return -1, "", 0
	}
	number, err := strconv.Atoi(mark[:len(mark)-1])
	if err != nil {
		return -1, "", 0
	}
	next = strconv.Itoa(number+1) + mark[len(mark)-1:]
	for from := 0; ; {
		i := strings.Index(text[from:], next)
		if i < 0 {
			return -1, "", 0
		}
		from += i + len(next)
		before := runeBefore(text[:from-len(next)])
		if strings.HasPrefix(text[from:], " ") && startsItem(text[from+1:]) && (unicode.IsLower(before) || unicode.Is(unicode.Han, before) || strings.ContainsRune(".;,)。；，）", before)) {
			return from - len(next), next, len(next)
		}
	}
}

func runeBefore(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// startsItem reports whether an item may start like s.
func startsItem(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r) || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}
