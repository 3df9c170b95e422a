package slackmd

import (
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// hostile are texts that are quadratic for parsers which go back or look ahead.
var hostile = map[string]func(n int) string{
	"prose":            repeat("Some words of a paragraph that a page might hold, and 字 too.\n\n"),
	"a line":           repeat("words "),
	"Chinese":          repeat("这是一个没有空格的长段落，"),
	"emoji":            repeat("👨‍👩‍👧"),
	"marks":            repeat("e\u0301\u0302"),
	"a word":           repeat("x"),
	"HTML tables":      repeat("<table><tr><td>a</td><td>b</td></tr></table>"),
	"open tables":      repeat("<table>"),
	"open tables, gap": repeat("<table>\n\n"),
	"cells":            repeat("<td>"),
	"spans":            repeat("<tr><td colspan=9999 rowspan=9999>x", "<table>"),
	"rows":             repeat("<tr><td>x", "<table><tr><td colspan=9999 rowspan=9999>x"),
	"pipes":            repeat("|"),
	"pipe rows":        repeat("a|\n", "a|b\n-|-\n"),
	"wide rows":        repeat("|1|2|3\n", strings.Repeat("|a", 64)+"\n|-\n"),
	"delimiters":       repeat("|-|-\n"),
	"headers":          repeat("|a|b|\n|-|-|\n\n"),
	"brackets":         repeat("["),
	"links":            repeat("[a](b.c)"),
	"open links":       repeat("[a]("),
	"nested links":     repeat("[](x"),
	"images":           repeat("!["),
	"stars":            repeat("*a **b "),
	"backticks":        ticks,
	"fences":           repeat("```\n"),
	"fence lines":      repeat("\n", "```\n"),
	"tildes":           repeat("~~~~~~~~~~~~~~~~~~~~~~~~\n"),
	"quotes":           repeat(">"),
	"quote lines":      repeat("> > > >\n"),
	"items":            repeat("- a\n"),
	"nested items":     func(n int) string { return nested(n) },
	"glued items":      repeat("a- B", "- "),
	"glued numbers":    repeat("a2. b", "1. "),
	"headings":         repeat("#\n\n"),
	"rules":            repeat("---\n"),
	"entities":         repeat("&amp;"),
	"ampersands":       repeat("&a"),
	"code ampersands":  repeat("&lt", "```\n"),
	"tags":             repeat("<b>"),
	"tag pairs":        repeat("<b>x</b> "),
	"tag ends":         repeat("</b>"),
	"bold":             repeat("**a** "),
	"bold, glued":      repeat("**a**b"),
	"crossing":         repeat("*a _b* c_ "),
	"nested bold":      repeat("*(**("),
	"emoji names":      repeat(":tada:"),
	"names":            repeat("a_b:c"),
	"mail":             repeat("a@b.c "),
	"ends of mail":     repeat("@a."),
	"www":              repeat("www."),
	"environments":     repeat("\\begin{x}\n"),
	"formulas":         repeat(`$\frac{a}{b}^2$ `),
	"matrices":         repeat("\\[ \\begin{matrix} a & b \\\\ c & d \\end{matrix} \\]\n"),
	"wrappers":         repeat("<div><table>"),
	"ends of wrappers": repeat("</div>\n", "<table><tr><td>x</table>"),
	"indented":         repeat("\tx\n\n"),
	"escaped":          repeat(`\*`),
	"open tags":        repeat("<a "),
	"anchors":          repeat("<a href=x.y>"),
	"comments":         repeat("<!--"),
	"scripts":          repeat("<sup>"),
	"math":             repeat(`\(`),
	"displayed math":   repeat("\\[\n"),
	"displayed, gap":   repeat("\\[\n\n"),
	"stacked scripts":  repeat(`\(` + strings.Repeat("a^", 1990) + `a\) `),
	"nested commands":  repeat(`\(` + strings.Repeat(`\frac`, 790) + `a\) `),
	"nested over":      repeat(`\(` + strings.Repeat(`a\over `, 560) + `a\) `),
	"dollars":          repeat("$a_1 "),
	"fractions":        repeat(`\frac{`, "$"),
	"backslashes":      repeat(`\`),
	"addresses":        repeat("a.b@c.d://"),
	"dots":             repeat("a.", "@"),
	"long address":     repeat("a", "http://"),
	"colons":           repeat(":a"),
	"escapes":          repeat("<"),
	"footnotes":        repeat("[^1]"),
	"page breaks":      repeat("---\n\n**Page 2 of 3**\n\n"),
	"spaces":           repeat(" "),
	"tabs":             repeat("\t-\n"),
	"hidden":           repeat("\u200b"),
}

func repeat(s string, head ...string) func(int) string {
	return func(n int) string { return strings.Join(head, "") + strings.Repeat(s, n/len(s)) }
}

// ticks are runs of backticks of all lengths.
func ticks(n int) string {
	var out strings.Builder
	for i := 1; out.Len() < n; i++ {
		out.WriteString(strings.Repeat("`", i) + " ")
	}
	return out.String()
}

func nested(n int) string {
	var out strings.Builder
	for i := 0; out.Len() < n; i++ {
		out.WriteString(strings.Repeat(" ", i%200) + "- x\n")
	}
	return out.String()
}

// BenchmarkMessages turns 1 MB of each kind of text into messages. Expect no more
// than 300 ms of processor time and 160 MB of each.
func BenchmarkMessages(b *testing.B) {
	for name, text := range hostile {
		b.Run(name, func(b *testing.B) {
			in := text(1 << 20)
			b.ReportAllocs()
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				Messages(in)
			}
		})
	}
}

func BenchmarkTail(b *testing.B) {
	for _, name := range []string{"prose", "Chinese", "HTML tables", "pipe rows", "fence lines"} {
		b.Run(name, func(b *testing.B) {
			in := hostile[name](1 << 20)
			b.ReportAllocs()
			for b.Loop() {
				Tail(in, 3800, liveItems)
			}
		})
	}
}

func BenchmarkTables(b *testing.B) {
	for _, name := range []string{"HTML tables", "pipe rows", "wide rows", "spans"} {
		b.Run(name, func(b *testing.B) {
			in := hostile[name](1 << 20)
			b.ReportAllocs()
			for b.Loop() {
				for _, t := range Tables(in) {
					t.CSV()
				}
			}
		})
	}
}

// TestHostileTextIsLinear holds the property behind the benchmark, by what is
// allocated and by a limit of time that only a quadratic text reaches.
func TestHostileTexts(t *testing.T) {
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{10, 1000, 20_000} {
				judge(t, text(n), 4000)
				tail(t, text(n), 4000)
			}
		})
	}
}

// BenchmarkGoldmark parses 64 KB of the texts that goldmark's parser is quadratic
// for, without its tables: why this package has a scanner of its own.
func BenchmarkGoldmark(b *testing.B) {
	md := goldmark.New(goldmark.WithExtensions(extension.Strikethrough, extension.TaskList))
	for _, name := range []string{"prose", "quotes", "nested links", "open links"} {
		b.Run(name, func(b *testing.B) {
			in := []byte(hostile[name](1 << 16))
			b.ReportAllocs()
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				md.Parser().Parse(text.NewReader(in))
			}
		})
	}
}
