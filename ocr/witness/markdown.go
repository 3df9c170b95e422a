package witness

import (
	"html"
	"regexp"
	"strings"
)

// ends are the HTML tags that end a line, and inline those inside a line. Any
// other tag is text, since pages show code too.
const (
	ends   = `tr|br|p|li|ul|ol|div|table|thead|tbody|tfoot|caption|h[1-6]|hr|pre|blockquote|figure|figcaption|details|summary|center`
	inline = `td|th|b|i|u|s|em|strong|sup|sub|del|ins|mark|small|big|font|span|code|kbd|a|img|col|colgroup`
)

// markup matches what is not text of the page and has letters or digits: tags
// (the first group is the name of a tag that ends a line), special tokens, the
// comments that a model makes, addresses of links, the language of a fence,
// entities, and also signs that are escaped and thus begin none of these.
var markup = regexp.MustCompile(`(?im)</?(` + ends + `)(?:[\s/][^<>]{0,200})?>|</?(?:` + inline + `)(?:[\s/][^<>]{0,200})?>` +
	`|<\|[^<>\n]{1,100}>|<!--.{0,30}?-->|\]\([^)\n]{0,500}\)|^` + "```.*$" + `|&#?\w{1,10};|\\[<&]`)

// formula matches a formula, which ends before an empty line, since prices have
// dollar signs too. command matches a TeX command.
var (
	formula = regexp.MustCompile(`\$(?:[^$\n]|\n[^$\n])*\$|\\[([](?:[^\n]|\n[^\n])*?\\[)\]]`)
	command = regexp.MustCompile(`\\[A-Za-z]+`)
)

// visible returns the visible text of markdown at unchanged offsets. Everything
// else with letters or digits becomes spaces, and HTML that ends a line also a
// newline.
func visible(markdown string) string {
	markdown = formula.ReplaceAllStringFunc(markdown, func(s string) string {
		return command.ReplaceAllStringFunc(s, blank)
	})
	return markup.ReplaceAllStringFunc(markdown, func(s string) string {
		switch s[0] {
		case '\\':
			return s
		case '&':
			if text := html.UnescapeString(s); len(text) < len(s) {
				return text + strings.Repeat(string(ignorable), len(s)-len(text))
			}
			return s
		}
		if m := markup.FindStringSubmatch(s); m != nil && m[1] != "" {
			return "\n" + blank(s)[1:]
		}
		return blank(s)
	})
}

func blank(s string) string { return strings.Repeat(" ", len(s)) }
