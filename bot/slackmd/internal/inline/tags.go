package inline

import (
	"strings"

	"slackocr/bot/slackmd/internal/texmath"
)

// sourceTags are tags that no model writes into its own markdown. If the text
// has such a tag, the page shows HTML source, and the result shows that source
// too, except for tags of lines, scripts and tables.
var sourceTags = set(`p div span a ul ol li dl dt dd html head body script style title meta link base h1 h2 h3 h4 h5 h6
	form input button select option label textarea nav main section article aside header footer details summary pre code kbd samp
	iframe video audio source canvas svg path font blockquote hr`)

// set returns the words of s as a set.
func set(s string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(s) {
		all[word] = true
	}
	return all
}

// showsSource reports whether inline markdown shows the source of HTML.
func showsSource(s string) bool {
	for i := strings.IndexByte(s, '<'); i >= 0; {
		if t := TagAt(s[i:]); sourceTags[t.Name] && !t.aligns() {
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
func (t Tag) aligns() bool {
	return (t.Name == "div" || t.Name == "p") && (t.Closes || strings.Contains(t.Attributes, "align"))
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
	t := TagAt(rest)
	if t.Length == 0 {
		return false
	}
	after := p.i + t.Length
	_, emphasized := tagSigns[t.Name]
	switch {
	case t.Name == "br", t.Name == "center":
		p.newline()
	case (t.Name == "table" || t.IsTablePart()) && p.hasTableEnd(): // a broken table
		p.write(" ")
		if t.Name == "tr" || t.Name == "caption" {
			p.newline()
		}
	case (t.Name == "sup" || t.Name == "sub") && p.script(t.Name, &after):
	case p.source:
		return false
	case t.aligns() && (!t.Closes || p.aligned > 0):
		p.newline()
		if p.aligned++; t.Closes {
			p.aligned -= 2
		}
	case t.Name == "img" && !t.Closes && isLocal(t.Attribute("src")):
		p.write(figure(t.Attribute("alt"), t.Attribute("src")))
	case emphasized:
		p.marks = append(p.marks, mark{at: int32(len(p.text)), n: int32(t.Length), style: t.Name, opens: !t.Closes, closes: t.Closes})
		p.write(rest[:t.Length])
	default:
		return false
	}
	p.i = after
	return true
}

// hasTableEnd reports whether the text has the end of a table or of a part of
// a table. Without an end, "the <td> element" is a phrase of the text.
func (p *inliner) hasTableEnd() bool {
	if p.tableEnd.What == "" {
		p.tableEnd.What = "</t"
	}
	return p.tableEnd.Next(p.src, 0) < len(p.src)
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
	for i, part := range strings.Split(Clean(Decode(inside[:end])), ",") { // footnotes such as 1,2
		if i > 0 {
			p.write(",")
		}
		p.write(texmath.Script(strings.TrimSpace(part), name == "sup"))
	}
	*after += end + len("</sup>")
	return true
}
