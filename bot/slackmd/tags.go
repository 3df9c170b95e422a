package slackmd

import (
	"html"
	"strings"
)

// maxTag bounds an HTML tag, in bytes.
const maxTag = 1000

// angle reads what a < begins: a comment, an address in brackets, or a tag.
// What is none of these is text: Slack's own tokens too.
func (p *inliner) angle() bool {
	rest := p.src[p.i:]
	if strings.HasPrefix(rest, "<!--") {
		if end := p.comment.next(p.src, p.i+4); end < len(p.src) {
			p.i = end + len("-->")
			return true
		}
		return false
	}
	if length := strings.IndexAny(rest[1:min(len(rest), maxTag)], "<> \t\n") + 1; length > 1 && rest[length] == '>' && isAutolink(rest[1:length]) {
		p.code(strings.TrimPrefix(rest[1:length], "mailto:"))
		p.i += length + 1
		return true
	}
	tag := tagAt(rest)
	after := p.i + tag.length
	done := false
	switch {
	case tag.length == 0:
	case tag.closes:
		done = p.closeTag(tag.name)
	default:
		done = p.openTag(tag.name, tag.attributes, &after)
	}
	if done {
		p.i = after
	}
	return done
}

func isAutolink(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if ok && len(scheme) > 1 && rest != "" && strings.IndexFunc(scheme, func(r rune) bool { return r > 'z' || !isWordByte(byte(r)) }) < 0 {
		return true
	}
	at := strings.IndexByte(s, '@')
	return at > 0 && strings.Contains(s[at:], ".")
}

// markOf is the markdown of the tags that have some.
var markOf = map[string]string{
	"b": "**", "strong": "**", "h1": "**", "h2": "**", "h3": "**", "h4": "**", "h5": "**", "h6": "**", "dt": "**",
	"i": "*", "em": "*", "cite": "*", "var": "*", "dfn": "*",
	"s": "~~", "del": "~~", "strike": "~~",
}

// lineTags stand on lines of their own.
var lineTags = map[string]bool{
	"p": true, "div": true, "ul": true, "ol": true, "li": true, "dl": true, "dd": true, "tr": true, "caption": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "dt": true, "blockquote": true, "pre": true,
	"section": true, "article": true, "header": true, "footer": true, "figure": true, "figcaption": true, "center": true,
	"details": true, "summary": true,
}

// bareTags mean nothing here: only their words count.
var bareTags = map[string]bool{
	"span": true, "font": true, "u": true, "ins": true, "mark": true, "small": true, "big": true, "abbr": true, "q": true,
	"label": true, "time": true, "nobr": true, "wbr": true, "html": true, "body": true, "main": true,
	"table": true, "thead": true, "tbody": true, "tfoot": true, "td": true, "th": true, "col": true, "colgroup": true,
	"code": true, "kbd": true, "samp": true, "tt": true, "sup": true, "sub": true, "a": true,
}

// openTag writes what an opening tag stands for. It may move after beyond what
// else it has read.
func (p *inliner) openTag(name, attributes string, after *int) bool {
	switch {
	case name == "br" || name == "hr":
		p.newline()
	case name == "img":
		p.literal(figure(attribute(attributes, "alt"), attribute(attributes, "src")))
	case name == "input":
		return p.checkbox(attributes)
	case name == "a":
		p.hrefs = append(p.hrefs, attribute(attributes, "href"))
	case name == "sup" || name == "sub":
		p.script(name, after)
	case name == "code" || name == "kbd" || name == "samp" || name == "tt":
		p.codeTag(name, after)
	case name == "td" || name == "th":
		p.text(" ")
	case lineTags[name]:
		p.newline()
		if name == "li" {
			p.mark("- ")
		}
		fallthrough
	case markOf[name] != "":
		if mark := markOf[name]; mark != "" {
			p.openMark(mark)
		}
	default:
		return bareTags[name]
	}
	return true
}

func (p *inliner) closeTag(name string) bool {
	switch {
	case name == "a":
		if n := len(p.hrefs); n > 0 {
			if href := p.hrefs[n-1]; strings.ContainsAny(href, "/:.@") {
				p.text(" (")
				p.code(href)
				p.text(")")
			}
			p.hrefs = p.hrefs[:n-1]
		}
	case markOf[name] != "":
		p.closeMark(markOf[name])
		if lineTags[name] {
			p.newline()
		}
	case lineTags[name]:
		p.newline()
	default:
		return bareTags[name]
	}
	return true
}

func (p *inliner) checkbox(attributes string) bool {
	if strings.Contains(attributes, "checked") {
		p.literal("☑ ")
	} else {
		p.literal("☐ ")
	}
	return true
}

// script writes <sup>2</sup> as ².
func (p *inliner) script(name string, after *int) {
	inside := p.src[*after:min(len(p.src), *after+maxFootnote)]
	end := strings.IndexByte(inside, '<')
	if end <= 0 || !strings.HasPrefix(strings.ToLower(inside[end:]), "</"+name+">") {
		return
	}
	inside = html.UnescapeString(inside[:end])
	signs, sign := superscripts, "^"
	if name == "sub" {
		signs, sign = subscripts, "_"
	}
	text, ok := mapRunes(inside, signs)
	if !ok {
		text = sign + "(" + inside + ")"
		if isWord(inside) {
			text = sign + inside
		}
	}
	p.literal(text)
	*after += end + len("</sup>")
}

// codeTag writes <code>…</code> as a code span, where no other tag is in it.
func (p *inliner) codeTag(name string, after *int) {
	inside := p.src[*after:min(len(p.src), *after+maxSpan)]
	end := strings.IndexByte(inside, '<')
	if end <= 0 || !strings.HasPrefix(strings.ToLower(inside[end:]), "</"+name+">") {
		return
	}
	p.code(clean(html.UnescapeString(codeText(inside[:end]))))
	*after += end + len("</>") + len(name)
}

// attribute is the value of a tag's attribute, or "".
func attribute(attributes, name string) string {
	for rest := attributes; ; {
		i := indexName(rest, name)
		if i < 0 {
			return ""
		}
		value := strings.TrimLeft(rest[i+len(name):], " \t\n")
		if value, ok := strings.CutPrefix(value, "="); ok {
			value = strings.TrimLeft(value, " \t\n")
			if value != "" && (value[0] == '"' || value[0] == '\'') {
				value, _, _ = strings.Cut(value[1:], value[:1])
			} else if end := strings.IndexAny(value, " \t\n"); end >= 0 {
				value = value[:end]
			}
			return clean(html.UnescapeString(value))
		}
		rest = rest[i+len(name):]
	}
}

// indexName is where a name that follows a space stands in attributes.
func indexName(attributes, name string) int {
	for i := 1; i+len(name) <= len(attributes); i++ {
		if strings.IndexByte(" \t\n\"'", attributes[i-1]) >= 0 && strings.EqualFold(attributes[i:i+len(name)], name) {
			return i
		}
	}
	return -1
}
