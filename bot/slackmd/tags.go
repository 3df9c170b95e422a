package slackmd

import (
	"strings"

	"slackocr/bot/slackmd/texmath"
)

// maxTag bounds an HTML tag, in bytes.
const maxTag = 1000

// tagStyles are the emphasis tags that models write, with their markdown. Only
// pairs of tags count: "i<u > 3" stays.
var tagStyles = [...]struct{ name, sign string }{
	{"b", "**"},
	{"strong", "**"},
	{"i", "*"},
	{"em", "*"},
	{"s", "~~"},
	{"del", "~~"},
	{"strike", "~~"},
	{"u", ""},
	{"ins", ""},
	{"mark", ""},
	{"small", ""},
	{"sup", ""},
	{"sub", ""},
}

var styleOf = func() map[string]style {
	styles := map[string]style{}
	for i, t := range tagStyles {
		styles[t.name] = firstTag + style(i)
	}
	return styles
}()

// sourceTags are tags that no model writes into its own markdown. If the text
// has such a tag, the page shows HTML source, and the result shows that source
// too, except for tags of lines, scripts and tables.
var sourceTags = map[string]bool{}

func init() {
	for name := range strings.FieldsSeq(`p div span a ul ol li dl dt dd html head body script style title meta link base h1 h2 h3 h4 h5 h6
		form input button select option label textarea nav main section article aside header footer details summary pre code kbd samp
		iframe video audio source canvas svg path font blockquote hr`) {
		sourceTags[name] = true
	}
}

// showsSource reports whether inline markdown shows the source of HTML.
func showsSource(s string) bool {
	for i := strings.IndexByte(s, '<'); i >= 0; {
		if t := tagAt(s[i:]); sourceTags[t.name] && !t.aligns() {
			return true
		}
		next := strings.IndexByte(s[i+1:], '<')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return false
}

// aligns reports whether t may be a tag that only centres its contents, as
// some models write.
func (t tag) aligns() bool {
	return (t.name == "div" || t.name == "p") && (t.closes || strings.Contains(t.attributes, "align"))
}

// angle reads the construct that a < starts: an address in brackets, or a tag
// that models write. Everything else is text, Slack's own tokens included.
func (p *inliner) angle() bool {
	rest := p.src[p.i:]
	if length := strings.IndexAny(rest[1:min(len(rest), maxTag)], "<> \t\n") + 1; length > 1 && rest[length] == '>' && isAutolink(rest[1:length]) {
		p.codeSpan(strings.TrimPrefix(rest[1:length], "mailto:"))
		p.i += length + 1
		return true
	}
	if strings.HasPrefix(rest, figureComment) {
		p.write(figure("", ""))
		p.i += len(figureComment)
		return true
	}
	t := tagAt(rest)
	if t.length == 0 {
		return false
	}
	after := p.i + t.length
	style, paired := styleOf[t.name]
	switch {
	case t.name == "br", t.name == "center":
		p.newline()
	case (t.name == "table" || tableParts[t.name]) && p.hasTableEnd(): // a broken table
		p.write(" ")
		if t.name == "tr" || t.name == "caption" {
			p.newline()
		}
	case (t.name == "sup" || t.name == "sub") && p.script(t.name, &after):
	case p.source:
		return false
	case t.aligns() && (!t.closes || p.aligned > 0):
		p.newline()
		if p.aligned++; t.closes {
			p.aligned -= 2
		}
	case t.name == "img" && !t.closes && isLocal(t.attribute("src")):
		p.write(figure(t.attribute("alt"), t.attribute("src")))
	case paired:
		p.marks = append(p.marks, mark{at: int32(len(p.text)), n: int32(t.length), style: style, opens: !t.closes, closes: t.closes})
		p.write(rest[:t.length])
	default:
		return false
	}
	p.i = after
	return true
}

// hasTableEnd reports whether the text has the end of a table or of a part of
// a table. Without an end, "the <td> element" is a phrase of the text.
func (p *inliner) hasTableEnd() bool {
	if p.tableEnd.what == "" {
		p.tableEnd.what = "</t"
	}
	return p.tableEnd.next(p.src, 0) < len(p.src)
}

// figureComment is the comment that docling writes for a picture.
const figureComment = "<!-- image -->"

// isLocal reports whether a picture's file is not on the internet. The model
// adds such names itself.
func isLocal(file string) bool { return !strings.Contains(file, ":") && !strings.HasPrefix(file, "//") }

func isAutolink(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if ok && len(scheme) > 1 && rest != "" && strings.IndexFunc(scheme, func(r rune) bool { return r > 'z' || !isWordByte(byte(r)) }) < 0 {
		return true
	}
	at := strings.IndexByte(s, '@')
	return at > 0 && strings.Contains(s[at:], ".")
}

// maxScript bounds the text of a superscript or subscript, in bytes.
const maxScript = 100

// script writes <sup>2</sup> as ².
func (p *inliner) script(name string, after *int) bool {
	inside := p.src[*after:min(len(p.src), *after+maxScript)]
	end := strings.IndexByte(inside, '<')
	if end <= 0 || !strings.HasPrefix(strings.ToLower(inside[end:]), "</"+name+">") {
		return false
	}
	for i, part := range strings.Split(clean(decode(inside[:end])), ",") { // footnotes such as 1,2
		if i > 0 {
			p.write(",")
		}
		p.write(texmath.Script(strings.TrimSpace(part), name == "sup"))
	}
	*after += end + len("</sup>")
	return true
}

// attribute returns the value of a tag's attribute, or "".
func (t tag) attribute(name string) string {
	for rest := t.attributes; ; {
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
			return clean(decode(value))
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
