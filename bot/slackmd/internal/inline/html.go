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
		names, value, ok := strings.Cut(rest, "=")
		if !ok {
			return ""
		}
		value = strings.TrimLeft(value, " \t\n")
		if strings.HasPrefix(value, `"`) || strings.HasPrefix(value, "'") {
			value, rest, _ = strings.Cut(value[1:], value[:1])
		} else {
			end := len(value) - len(strings.TrimLeftFunc(value, func(r rune) bool { return r > ' ' }))
			value, rest = strings.TrimSuffix(value[:end], "/"), value[end:]
		}
		if names := strings.Fields(names); len(names) > 0 && strings.EqualFold(names[len(names)-1], name) {
			return Clean(Decode(value))
		}
	}
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
