package slackmd

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"pgregory.net/rapid"

	"slackocr/bot/slackmd/internal/inline"
)

// seen is what another parser of GitHub's markdown makes of a text: its words,
// with \x01 and \x02 around code, and the words alone that are bold, italic or
// struck out.
func seen(markdown string) (all, emphasized string) {
	var out, marked strings.Builder
	src := []byte(markdown)
	code, depth := 0, 0
	see(markdown, func(n ast.Node, entering bool) {
		step := -1
		if entering {
			step = 1
		}
		switch n := n.(type) {
		case *ast.CodeSpan:
			code += step
			out.WriteByte("\x02\x01"[max(0, step)])
		case *ast.Emphasis, *extast.Strikethrough:
			depth += step
		case *ast.Text:
			if !entering {
				return
			}
			text := string(n.Segment.Value(src))
			if code == 0 {
				text = decodeReferences(unescapeMarkdown(text))
			} else {
				text = unescapeSlack(text)
			}
			if out.WriteString(text); depth > 0 {
				marked.WriteString(text)
			}
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte('\n')
			}
		case *ast.FencedCodeBlock:
			if !entering {
				return
			}
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				out.WriteString("\x01" + unescapeSlack(string(line.Value(src))) + "\x02")
			}
		default:
			if n.Type() == ast.TypeBlock {
				out.WriteByte('\n')
			}
		}
	})
	return out.String(), marked.String()
}

var unescapeSlack = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace

// reference is a character's name, as CommonMark reads it:
// https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references
var reference = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]*);`)

func decodeReferences(s string) string { return reference.ReplaceAllStringFunc(s, html.UnescapeString) }

func unescapeMarkdown(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && inline.IsPunct(s[i+1]) {
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// live is what Slack makes links and emoji of, outside of code. The emoji of a
// workspace may have names in any script.
var live = regexp.MustCompile(`(?i)[a-z]://|\bwww\.[a-z0-9]|[a-z0-9._+-]@[a-z0-9-]+\.[a-z]|:[\pL\pM\pN_+'-]*\pL[\pL\pM\pN_+'-]*:|:[+-]1:|:100:`)

var codeSeen = regexp.MustCompile("\x01[^\x02]*\x02")

// dead holds that nothing is live in what people see of a text.
func dead(t fails, markdown string) {
	t.Helper()
	all, _ := seen(markdown)
	if found := live.FindString(codeSeen.ReplaceAllString(all, "\x01\x02")); found != "" {
		t.Errorf("%q is live in %q", found, markdown)
	}
}

// TestSeenIsWhatWasRead: what people see of inline markdown, and nothing else, is
// the text that was read from it: no sign is lost, none is added.
func TestSeenIsWhatWasRead(t *testing.T) {
	token := rapid.SampledFrom([]string{
		"word", "字", " ", " ", "\n", "*", "**", "***", "_", "__", "~~", "~", "1", "10", ".", "，", "“", "”", "`", "``", "\\", "[", "]", "(", ")", "!", "<", ">", "&", "#", "-", "+", "=", "|", ":",
		"<b>", "</b>", "<i>", "</i>", "<u>", "</u>", "<br>", "<sup>2</sup>", "&lt;", "&amp;", "&#42;", "&#95;", "$", "x^2", "\\(", "\\)", "www.", "https://e.example", "a@b.example", ":tada:", "---", "1.", "&nbsp;", "'",
	})
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOfN(token, 0, 30).Draw(t, "tokens"), "")
		at := rapid.SampledFrom([]inline.Place{inline.Text, inline.Heading}).Draw(t, "place")
		want := bare(inline.Plain(in))
		markdown := inline.Markdown(in, at)
		if at == inline.Heading {
			markdown = "# " + markdown
		}
		all, _ := seen(markdown)
		if got := bare(all); got != want {
			t.Errorf("%q is read as %q, written as %q and seen as %q", in, want, markdown, got)
		}
		dead(t, markdown)
	})
}

// bare is a text without spaces and the marks of code.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r < ' ' {
			return -1
		}
		return r
	}, s)
}

// TestEmphasis: what the model meant is set off, everything else keeps its signs.
func TestEmphasis(t *testing.T) {
	for in, want := range map[string]string{
		"a **bold** b *it* c ~~x~~": "bold|it|x", "***both***": "both", "**a *b***": "a b", "__bold text__ _it_": "bold text|it",
		"这是**重点**内容": "重点", "**注意：**请": "注意", "请**（重点）**看": "重点", "**“重点”**内容": "“重点", "**Total:**5": "Total", "foo**bar**baz": "bar",
		"<b>b</b> <em>e</em> <strong>s</strong>": "b|e|s", "**bold\nover lines**": "boldover lines", "**a** **b**": "a|b", "| **a** |\n|---|\n| *b* |": "a|b",
		"10*20*30mm": "", "2*1.50 3*2.00": "", "*信息技术服务*费": "", "*信息技术服务* 费": "", "10:00~18:00，午休 13:00~14:00": "", "x**2 + y**2": "", "2**3 and 4**5": "",
		"__init__": "", "snake_case_name": "", "5 * 3 * 2": "", "Price* and tax*": "", "(*) Only for (*) marked": "", "*.txt and *.md": "", "张*三、李*四": "",
		"138****5678": "", "~a~": "", "好吃~~真的~~": "", "f(*x, *y)": "", "*one\nline*": "", "i<b > 3": "", "a <b>not closed": "", "L*W*H": "", "**": "", "x****": "", "* * *x": "",
	} {
		markdown := strings.Join(partsOf(in, MaxPart), "\n\n")
		all, emphasized := seen(markdown)
		if emphasized != strings.ReplaceAll(want, "|", "") {
			t.Errorf("%q becomes %q: %q is set off, want %q", in, markdown, emphasized, want)
		}
		if want == "" && !strings.HasPrefix(in, "* ") && bare(all) != bare(in) {
			t.Errorf("%q becomes %q, which is seen as %q", in, markdown, all)
		}
	}
}

// TestEmphasisGoesOnInTheNextPart: no part shows a star that another one pairs.
func TestEmphasisGoesOnInTheNextPart(t *testing.T) {
	words := strings.TrimSpace(strings.Repeat("word ", 4000))
	for _, in := range []string{"**" + words + "**", "plain **" + words + "** plain", "**a *" + words + "***", "~~" + words + "~~ *x*", "> **" + words + "**", "- **" + words + "**"} {
		parts := partsOf(in, MaxPart)
		if len(parts) < 2 {
			t.Fatalf("%d parts", len(parts))
		}
		n := 0
		for _, part := range append(parts, Tail(in, 3800, liveItems)) {
			all, emphasized := seen(part)
			if strings.ContainsAny(all, "*~") || !strings.Contains(emphasized, "word") {
				t.Errorf("a part of %.20q… is seen as %.40q…%q", in, all, all[max(0, len(all)-40):])
			}
			if part != Tail(in, 3800, liveItems) {
				n += strings.Count(emphasized, "word")
			}
		}
		if n != 4000 {
			t.Errorf("%d words of %.20q… are set off, of 4000", n, in)
		}
	}
}
