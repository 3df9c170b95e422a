package slackmd

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"

	"slackocr/bot/slackmd/internal/inline"
)

// fails is what a test and a property have in common.
type fails interface {
	Helper()
	Errorf(string, ...any)
}

// quoteSigns begin the lines of a quote. Slack's tokens have a < before a >:
// https://docs.slack.dev/messaging/formatting-message-text#advanced
var quoteSigns = regexp.MustCompile(`(?m)^(> )+`)

// harmless judges a text with other eyes: it must have none of Slack's tokens,
// and a parser of GitHub's markdown, which finds links in bare addresses too,
// must find no link, no picture and no HTML, and no code block that is open.
func harmless(t fails, markdown string) {
	t.Helper()
	if strings.Contains(markdown, "<") || strings.Contains(quoteSigns.ReplaceAllString(markdown, ""), ">") {
		t.Errorf("a token is live in %q", markdown)
	}
	if !utf8.ValidString(markdown) || inline.Clean(markdown) != markdown {
		t.Errorf("hidden or broken characters in %q", markdown)
	}
	walk(markdown, func(n ast.Node) {
		switch n.(type) {
		case *ast.Link, *ast.Image, *ast.AutoLink, *ast.RawHTML, *ast.HTMLBlock:
			t.Errorf("%s in %q", n.Kind(), markdown)
		}
	})
}

// whole holds that parts give back the text, by the rule that Part documents,
// and that no sign as people see them was cut in two.
func whole(t fails, chunks []chunk, parts [][]chunk) {
	t.Helper()
	var want strings.Builder
	for i, c := range chunks {
		if i > 0 {
			want.WriteString(c.sep)
		}
		want.WriteString(c.lead + c.body + c.trail)
	}
	rest, trail, last := want.String(), "", ""
	take := func(s string) {
		if !strings.HasPrefix(rest, s) {
			t.Errorf("the parts are not the whole: after %.60q comes %.60q\n%q", last, s, want.String())
		}
		rest = rest[min(len(s), len(rest)):]
	}
	for i, part := range parts {
		for j, c := range part {
			before := rest
			switch {
			case c.continued && c.hasLines(): // what is repeated of its block does not count
				rest = strings.TrimPrefix(rest, "\n")
			case c.continued:
				rest = strings.TrimPrefix(strings.TrimLeft(rest, " \n"), c.lead[:len(c.lead)-len(strings.TrimLeft(c.lead, "> "))])
			case i+j > 0:
				take(trail + c.sep + c.lead)
			default:
				take(c.lead)
			}
			if c.continued && rest == before {
				uncut(t, last, c.body)
			}
			take(c.body)
			trail, last = c.trail, c.body
		}
	}
	if rest != trail {
		t.Errorf("%q is missing at the end", rest)
	}
}

// fits holds what Slack's limits and good manners ask of each part.
func fits(t fails, parts [][]chunk, limit int) {
	t.Helper()
	for _, part := range parts {
		text := join(part)
		if utf16Length(text) > limit || text == "" {
			t.Errorf("a part of %d units, at most %d: %q", utf16Length(text), limit, text)
		}
		if openFence(text) != "" {
			t.Errorf("a part ends inside a fence: %q", text)
		}
		if n := itemsOf(text); n > maxItems {
			t.Errorf("a part of %d items: %q", n, text)
		}
		walk(text, func(n ast.Node) {
			table, ok := n.(*extast.Table)
			if ok && (table.ChildCount() > maxTableRows || len(table.Alignments) > maxTableColumns) {
				t.Errorf("a table of %d × %d", table.ChildCount(), len(table.Alignments))
			}
		})
	}
}

// itemsOf counts what Slack makes of a markdown block: each heading, each rule and
// each run between them.
func itemsOf(markdown string) (n int) {
	run := false
	walk(markdown, func(node ast.Node) {
		switch {
		case node.Parent() == nil || node.Parent().Kind() != ast.KindDocument:
		case node.Kind() == ast.KindHeading || node.Kind() == ast.KindThematicBreak:
			n, run = n+1, false
		case !run:
			n, run = n+1, true
		}
	})
	return n
}

// liveItems are the most items of the live texts in these tests.
const liveItems = 40

// TestItems: neither a message nor a live one has more items than Slack takes.
func TestItems(t *testing.T) {
	for name, in := range map[string]string{
		"headings":              strings.Repeat("# Head\n\n", 200),
		"headings and text":     strings.Repeat("# Head\n\ntext\n\n", 200),
		"rules":                 strings.Repeat("text\n\n---\n\n", 200),
		"pages":                 strings.Repeat("text"+PageBreak(2, 3), 200),
		"pages and headings":    strings.Repeat("# Head\n\ntext"+PageBreak(2, 3), 200),
		"headings and tables":   strings.Repeat("# Head\n\n|a|\n|-|\n|1|\n\n", 200),
		"headings and items":    strings.Repeat("# Head\n- a\n- b\n", 200),
		"a long text, headings": strings.Repeat("# Head\n\n"+strings.Repeat("word ", 30)+"\n\n", 500),
	} {
		t.Run(name, func(t *testing.T) {
			parts := partsOf(in, MaxPart)
			heads := 0
			for _, part := range parts {
				if n := itemsOf(part); n > maxItems || n < 20 && len(parts) > 3 && part != parts[len(parts)-1] {
					t.Errorf("%d items in a part", n)
				}
				heads += strings.Count(part, "# Head")
			}
			if heads != strings.Count(in, "# Head") {
				t.Errorf("%d headings, of %d", heads, strings.Count(in, "# Head"))
			}
			for _, most := range []int{liveItems, 10} {
				if n := itemsOf(Tail(in, 3800, most)); n > most || n < most/2 {
					t.Errorf("%d items in a tail, at most %d", n, most)
				}
			}
		})
	}
}

// mailAddress is what GitHub's markdown makes links of; goldmark's own pattern
// reaches into code: https://github.github.com/gfm/#extended-email-autolink
var mailAddress = regexp.MustCompile(`^[A-Za-z0-9._+-]+@[A-Za-z0-9._-]+\.[A-Za-z0-9_-]*[A-Za-z0-9]`)

// walk shows what another parser of GitHub's markdown sees in a text.
func walk(markdown string, show func(ast.Node)) {
	see(markdown, func(n ast.Node, entering bool) {
		if entering {
			show(n)
		}
	})
}

func see(markdown string, show func(n ast.Node, entering bool)) {
	if strings.Count(markdown, "-|") > 2000 {
		return // the judge's time is quadratic there
	}
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList,
		extension.NewLinkify(extension.WithLinkifyEmailRegexp(mailAddress))))
	_ = ast.Walk(md.Parser().Parse(text.NewReader([]byte(markdown))), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		show(n, entering)
		return ast.WalkContinue, nil
	})
}

// uncut holds that no sign as people see them was cut in two.
func uncut(t fails, before, after string) {
	t.Helper()
	before, after = before[max(0, len(before)-4*maxCluster):], after[:min(len(after), 4*maxCluster)]
	if seam := before + after; utf8.ValidString(seam) && isShort(seam) && uniseg.GraphemeClusterCount(before)+uniseg.GraphemeClusterCount(after) != uniseg.GraphemeClusterCount(seam) {
		t.Errorf("a sign was cut between %q and %q", before, after)
	}
}

// isShort is false for text with signs longer than any that people use.
func isShort(s string) bool {
	state := -1
	for s != "" {
		var cluster string
		if cluster, s, _, state = uniseg.FirstGraphemeClusterInString(s, state); len(cluster) >= maxCluster/2 {
			return false
		}
	}
	return true
}

func judge(t fails, in string, limit int) {
	t.Helper()
	var chunks []chunk
	render(in, limit, func(c chunk) { chunks = append(chunks, c) })
	var parts [][]chunk
	split(in, limit, func(part []chunk) { parts = append(parts, slices.Clone(part)) })
	whole(t, chunks, parts)
	fits(t, parts, limit)
	if limit < 4000 {
		return // code that is longer than a part must be cut
	}
	for _, part := range parts {
		harmless(t, join(part))
	}
}

// markdowns draws markdown, HTML, mathematics and noise, glued in all ways.
func markdowns(t *rapid.T) string {
	token := rapid.OneOf(
		rapid.SampledFrom([]string{
			"word ", "Word. ", "字", "é", "😀", "👨‍👩‍👧", "e\u0301", "\n", "\n", "\n\n", "\n\n", " ", "  ", "    ", "\t",
			"# ", "## ", "- ", "1. ", "2. ", "> ", "* ", "---\n", "===\n", "```\n", "```go\n", "~~~\n", "`", "``", "\\", "\\\\",
			"*", "**", "_", "__", "~~", "~", "[", "]", "(", ")", "![", "](", "]: ", "[^1]", "[x] ", "|", " | ", "|---|---|\n", "|-\n", ":-:",
			"<", ">", "&", "&lt;", "&gt;", "&amp;", "&#42;", "&#x60;", "&#91;", "&NewLine;", ";",
			"<table>", "</table>", "<tr>", "<td>", "</td>", "<td colspan=3>", "<td rowspan=9999>", "<b>", "</b>", "<i>", "</i>", "<br>", "<p>", "</p>",
			"<li>", "<sup>2</sup>", "<sub>", "<code>", "</code>", "<a href=\"https://e.example\">", "</a>", "<img src=x alt=y>", "<!--", "-->", "<center>",
			"https://e.example/a_b", "http://", "www.e.example", "a@b.example", "://", "<https://e.example>", "mailto:", "[a](https://e.example)",
			"<!channel>", "<@U1>", ":smile:", "\\(", "\\)", "\\[", "\\]", "$", "$$", "x^2", "\\frac{a}{b}", "{", "}", "\\begin{matrix}",
			"\\begin{align}\n", "\\end{align}", "\\begin{align}a\n&=b\\end{align}\n\n", "&#58;", "\\:tada:", "<u>", "</u>", "<html>", "<div align=center>", "</div>", "\t本公司成立于上海。\n",
			"\u202e", "\u200b", "\u200d", "\x00", "\xff", "\r\n", "\u2028", "•", "☐ ", "**Page 2 of 3**\n", "<--- Page Split --->\n",
		}),
		rapid.StringOfN(rapid.SampledFrom([]rune("ab <>&`*_[]()|#-1.:/\\\n")), 0, 20, -1),
		rapid.Map(rapid.IntRange(1, 300), func(n int) string { return strings.Repeat("words of a line ", n) }),
		rapid.Map(rapid.IntRange(1, 300), func(n int) string { return strings.Repeat("<😀", n) }),
		rapid.Map(rapid.IntRange(1, 150), func(n int) string { return "| a | b |\n|---|---|\n" + strings.Repeat("| 1 | 字 |\n", n) }),
	)
	return strings.Join(rapid.SliceOfN(token, 0, 80).Draw(t, "tokens"), "")
}

func TestAnyTextIsHarmlessWholeAndFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		judge(t, markdowns(t), 4000)
	})
}

func TestAnyTextFitsSmallParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		judge(t, markdowns(t), rapid.IntRange(100, 700).Draw(t, "limit"))
	})
}

func TestAnyTailIsHarmlessAndFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tail(t, markdowns(t), rapid.IntRange(4000, 6000).Draw(t, "limit"))
	})
}

func tail(t fails, in string, limit int) {
	t.Helper()
	got := Tail(in, limit, liveItems)
	if len(got) > limit {
		t.Errorf("a tail of %d bytes, at most %d", len(got), limit)
	}
	if n := itemsOf(got); n > liveItems {
		t.Errorf("a tail of %d items", n)
	}
	harmless(t, got)
	if plain := PlainTail(in, limit); len(plain) > limit || itemsOf(plain) > 1 {
		t.Errorf("a plain tail of %d bytes, %d items: %q", len(plain), itemsOf(plain), plain)
	} else {
		harmless(t, plain)
	}
}

func FuzzMessages(f *testing.F) {
	f.Add("# a\n\n```\nb\n```\n|c|d|\n|-|-|\n|1|2|<table><tr><td>[x](y.z)`$a^2$")
	f.Add("\\[ \\begin{align} \\frac{a}{b} &= \\overset{}{c} \\\\ d \\end{align} \\]\n\n\\(x\\) <sup>2</sup> :tada: www.a.b")
	f.Fuzz(func(t *testing.T, in string) {
		judge(t, in, 4000)
		judge(t, in, 128)
		tail(t, in, 4000)
		for _, table := range Tables(in) {
			table.CSV()
		}
	})
}
