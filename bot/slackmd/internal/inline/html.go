package inline

import "strings"

// maxTag bounds an HTML tag, in bytes.
const maxTag = 1000

// A Tag is an HTML tag. The zero Tag means no tag.
type Tag struct {
	Name       string // in lower case
	Attributes string
	Closes     bool
	Length     int // in the source
}

// TagAt reads the tag that s begins with.
func TagAt(s string) Tag {
	if len(s) < 3 || s[0] != '<' {
		return Tag{}
	}
	from := 1
	if s[1] == '/' {
		from++
	}
	end := from
	for end < len(s) && (isLetter(s[end]) || end > from && isDigit(s[end])) {
		end++
	}
	if end == from || end == len(s) || strings.IndexByte(" \t\n/>", s[end]) < 0 {
		return Tag{}
	}
	quote := byte(0)
	for i := end; i < len(s) && i < maxTag; i++ {
		switch c := s[i]; {
		case c == quote:
			quote = 0
		case quote != 0:
		case c == '<':
			return Tag{}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return Tag{Name: strings.ToLower(s[from:end]), Attributes: s[end:i], Closes: from == 2, Length: i + 1}
		}
	}
	return Tag{}
}

// IsTablePart reports whether t starts or ends a part of a table.
func (t Tag) IsTablePart() bool { return tableParts[t.Name] }

var tableParts = set(`tr td th thead tbody tfoot caption colgroup col`)

// Attribute returns the value of a tag's attribute, or "".
func (t Tag) Attribute(name string) string {
	for rest := t.Attributes; ; {
		i := indexName(rest, name)
		if i < 0 {
			return ""
		}
		value := strings.TrimLeft(rest[i+len(name):], " \t\n")
		if value, ok := strings.CutPrefix(value, "="); ok {
			value = strings.TrimLeft(value, " \t\n")
			if value != "" && (value[0] == '"' || value[0] == '\'') {
				value, _, _ = strings.Cut(value[1:], value[:1])
			} else if end := strings.IndexAny(value, " \t\n/"); end >= 0 {
				value = value[:end]
			}
			return Clean(decode(value))
		}
		rest = rest[i+len(name):]
	}
}

// indexName returns the position of a name in attributes that follows a space.
func indexName(attributes, name string) int {
	for i := 1; i+len(name) <= len(attributes); i++ {
		if strings.IndexByte(" \t\n\"'", attributes[i-1]) >= 0 && strings.EqualFold(attributes[i:i+len(name)], name) {
			return i
		}
	}
	return -1
}

// TrimHalfTag returns the text without the start of a tag at its end.
func TrimHalfTag(s string) string {
	i := strings.LastIndexByte(s, '<')
	if i < 0 || len(s)-i >= maxTag || strings.Contains(s[i:], ">") {
		return s
	}
	if name := strings.TrimPrefix(s[i+1:], "/"); name != "" && !isLetter(name[0]) {
		return s
	}
	return strings.TrimRight(s[:i], " ")
}
