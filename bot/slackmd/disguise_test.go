package slackmd

import (
	"html"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark/util"
)

// disguises are texts that could become links, emoji, mentions or hidden
// characters in Slack. Each text is judged in every form in which the bot
// shows it.
var disguises = []string{
	// Addresses of pages.
	"https://e.example/x", `https\://e.example/x`, `\https://e.example`, `https:\/\/e.example`, "https&#58;//e.example", "https&colon;//e.example",
	"https&#x0003a;//e.example", "https:/&#x2f;e.example", "https:&sol;&sol;e.example", "https:<b></b>//e.example", "https:<!-- -->//e.example",
	"https:/<sup></sup>/e.example", "**https**://e.example", "https:**//e.example**", "h**tt**ps://e.example", "_https_://e.example", "~~https~~://e.example",
	"https:\u200b//e.example", "https:\u00ad//e.example", "https:&shy;//e.example", "https:&ZeroWidthSpace;//e.example", "ht\u202etps://e.example", "https\u0301://e.example",
	"<u>https</u>://e.example", "<b>https:</b>//e.example", "[https]://e.example", "https[:](a.b)//e.example", "https:\\\n//e.example", "HTTPS://E.EXAMPLE", "ｈttps://e.example",
	"slack://channel?team=T1&id=C1", `slack\://open`, "ftp://e.example", "file:///etc/passwd", "vscode://e.example", "javascript://e.example/%0aalert(1)",
	"https://xn--e1afmkfd.example", "https://пример.example/путь", "https\\://例え.テスト", "http://user:pass@e.example:8080/a?b=c#d", "http://[::1]/x", "http://127.0.0.1/x",
	"www.e.example", "www&#46;e.example", `www\.e.example`, "www<b>.</b>e.example", "ww<b></b>w.e.example", "**www**.e.example", "w&#119;w.e.example", "WWW.e.example", "www.пример.example",
	"(www.e.example)", "_www.e.example_", "www.\u200be.example", "//e.example/x", "www...e.example", "www.-e.example", "www...",
	// Addresses of mail and telephones.
	"a@b.example", "a&#64;b.example", "a&commat;b.example", `a\@b.example`, "a<i></i>@b.example", "a@<i></i>b.example", "**a**@b.example", "a@b&#46;example", "a@b&period;example",
	"mailto&#58;a@b.example", "mailto:a@b.example", "<mailto:a@b.example>", "<a@b.example>", "a@b.example.", "ü@b.example", "tel:+4915112345", "<tel:+4915112345>", "[x](tel:+4915112345)",
	// Links, pictures and HTML.
	"<https://e.example>", "<https://e.example|Bank>", `\<https://e.example>`, "<slack://open>", "[x](https://e.example)", "[x](https\\://e.example)", "[x](<https://e.example>)",
	"[x](www.e.example 'title')", "[x](javascript:alert)", "[![x](https://e.example/a.png)](https://e.example)", "[a [b](https://e.example) c](https://f.example)", "[x](https://e.example",
	"![x](https&#58;//e.example/a.png)", "![https://e.example](a.png)", "![:tada:](a.png)", "[:tada:](a.png)", "[x][y]\n\n[y]: https\\://e.example", "[y]: https://e.example\n\n[y]", "[y]: <//e.example>\n\n[y][]",
	"[x]\\(https://e.example)", `[x\](https://e.example)`, "[x]&#40;https://e.example)", "&#91;x](//e.example)", "&lbrack;x&rbrack;(//e.example)", "[x](#/C1)",
	"<a href=\"https&#58;//e.example\">x</a>", "<a href=https://e.example>x", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<svg/onload=alert(1)>", "<details><summary>x</summary></details>", "<!-- x", "<?php ?>", "<![CDATA[x]]>",
	// Names of emoji.
	":tada:", `\:tada:`, `:tada\:`, `:ta\da:`, `\:ta\da\:`, `\\:tada:`, "&#58;tada:", "&#58;tada&#58;", "&colon;tada:", "&amp;#58;tada:", ":t&#97;da:", ":ta&shy;da:", ":ta&#x200b;da:", ":ta&zwnj;da:", ":ta\u200bda:", ":ta\u2060da:", ":ta\u00adda:", ":\u202etada:",
	"：tada：", ":tada：", ":ta<b></b>da:", ":<b>tada</b>:", ":**tada**:", ":*tada*:", ":tada<!-- -->:", "x:tada:x", "::tada::", ":+1:", ":-1:", ":100:", ":tada:tada:", "1:tada:2", "字:tada:字", "a:x:b", ":thumbs\\_up:", ":wave::skin-tone-2:",
	":TADA:", ":確認します:", `\:確認します\:`, ":<b>確認</b>します:", ":été:", ":e\u0301te\u0301:", "<sup>:tada:</sup>", "H<sub>:tada:</sub>", "[^:tada:]", "[^1]: :tada:", "[^x]\n\n[^x]: https\\://e.example",
	":tada:a@b.example", ":tada:www.e.example", ":a:b_c@d.example", ":tada:https://e.example", "a@b.example@c.example@d.example", "a@b.example:tada:x@y.example",
	// Mentions.
	"<!here>", "<!channel>", "<!everyone>", "<@U012AB3CD>", "<#C012AB3CD>", "<!subteam^S012AB3CD>", "<!date^1392734382^{date}^https://e.example|x>", `\<!channel>`, `<\!channel>`, "<<b></b>!here>", "<\u200b!here>",
	"&lt;!here&gt;", "&amp;lt;!here&amp;gt;", "&#60;@U012AB3CD&#62;", "&#x3c;!here&#x3e;", "&LT;!here&GT;", "&lt!here&gt", "＜!here＞", "<!here", "`<!here>`", "```\n<!here>\n```", "    <!here>",
	// Code and formulas, also broken.
	"`https:`//e.example", "`https`\\://e.example", "`https\\://e.example", "``:tada:`", "`:tada:``", "```\n:tada:", "```:tada:```", "~~~\nhttps://e.example\n```", "````\n```\n:tada:\n```", "```https://e.example\nx\n```", "` ` :tada: ` `", "\\`:tada:\\`",
	"\\(https://e.example\\)", "$x$https\\://e.example", "\\(\\text{:tada:}\\)", "$\\text{:tada:}$", "$\\mathrm{www.e.example}$", "\\[\\text{https://e.example}\\]", "$$\n:t ada:\n$$", "$$\\text{<!here>}$$", "$:tada:$", "\\(:\\)tada:", "$a$:tada:$b$", "\\(\\href{https://e.example}{x}\\)",
	// Blocks.
	"| https\\://e.example | :t&#97;da: |\n|---|---|\n| a\\@b.example | www&#46;e.example |", "| `:tada: | x` |\n|---|---|\n| [x | y](//e.example) |", "<table><tr><td>https&#58;//e.example<td>:ta<b></b>da:</table>", "<table><tr><td><a href='//e.example'>x</a><td>&lt;!here&gt;</table>",
	"# https\\://e.example :t&#97;da:", ":tada:\n===", "- https\\://e.example", "- [ ] :tada\\:", "1. &#58;tada:", "> \\:tada:", "> > <!here>", "> ```\n> :tada:", "- ```\n  :tada:", "https\n//e.example", ":ta\nda:",
	// Hidden characters, also named.
	"a\u202eb", "a&#x202e;b", "a&#8238;b", "a&#8238b", "a&rlm;b", "a&lrm;b", "a&#x2066;b", "a&#xfeff;b", "a&#7;b", "a&#27;[31mb", "a&#155;b", "a&#0000000008238;b", "a&#020056;b", "&shyb", "a&#0;b", "a\u200fb", "a\x1b[31mb", "a&NoBreak;b", "a&#x2&#x202e;02e;b", "`a&#x202e;b`", "a&#xe0041;b", "a\U0001d173b", "a&#x1bca0;b",
	"a" + strings.Repeat("&#769;", 40), "a" + strings.Repeat("\u0301", 40), "a" + strings.Repeat("\u0301\u0301\u0301\u0301\u0301\u0301<b></b>", 8), "a" + strings.Repeat("\u0301", 8) + "`\u0301`**\u0301**", "a\\" + strings.Repeat("\u0301", 40), "字&#x200d;&#x200d;b", "a&zwj;b", "<b>a&#8238 b</b>",
}

// inertMarkdown holds that nothing is alive in a markdown block.
func inertMarkdown(t fails, markdown string) {
	t.Helper()
	harmless(t, markdown)
	dead(t, markdown)
	all, _ := seen(markdown)
	inertSigns(t, strings.NewReplacer("\x01", "", "\x02", "").Replace(all))
}

// inertLine holds that nothing is alive in a line of escaped text.
func inertLine(t fails, line string) {
	t.Helper()
	if pings.MatchString(line) {
		t.Errorf("%q stands in %q", pings.FindString(line), line)
	}
	shown := unescapeSlack(line)
	if found := live.FindString(shown); found != "" || strings.Contains(line, "\n") {
		t.Errorf("%q is live in the line %q", found, line)
	}
	inertSigns(t, shown)
}

// inertSigns holds that a text has no control characters, and none that are
// never drawn or turn the direction of writing. The signs of format that
// writing systems need stay: joiners, signs before numbers, and those of
// hieroglyphs.
func inertSigns(t fails, s string) {
	t.Helper()
	for _, r := range s {
		written := strings.ContainsRune("\n\t\u200c\u200d", r) || unicode.Is(unicode.Prepended_Concatenation_Mark, r) || unicode.Is(unicode.Egyptian_Hieroglyphs, r)
		if !written && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			t.Errorf("%U stands in %q", r, s)
		}
	}
}

// inertFile holds that a file has no hidden characters, neither as they are
// nor as names that a viewer of markdown or of HTML would replace.
func inertFile(t fails, file []byte) {
	t.Helper()
	inertSigns(t, string(file))
	inertSigns(t, string(util.ResolveNumericReferences(file)))
	inertSigns(t, html.UnescapeString(string(file)))
}

// inert judges a text in every form in which the bot shows it.
func inert(t fails, in string) {
	t.Helper()
	for _, text := range append(partsOf(in, MaxPart), Tail(in, 3800), TailOf(in, 3800, 3), PlainTail(in, 3800)) {
		inertMarkdown(t, text)
		inertLine(t, Notification("page.png", text))
	}
	for _, span := range read(clean(in), inText).spans {
		if span.from >= span.to {
			t.Errorf("a code span of %q is empty", in)
		}
	}
	inertLine(t, Notification(in, ""))
	for _, line := range []string{in, decode(in), plain(in), Name(in), FileName(in, ".md")} {
		inertLine(t, Line(line))
	}
	inertSigns(t, Name(in))
	if name := FileName(in, ".md"); strings.ContainsAny(name, "/\\<>:@&\n") {
		t.Errorf("%q is a file's name", name)
	}
	inertFile(t, File(in))
	for _, table := range Tables(in + "\n\n<table><tr><td>" + in + "</table>\n\n|" + in + "|\n|---|") {
		inertSigns(t, strings.TrimPrefix(string(table.CSV()), byteOrderMark))
	}
}

func TestDisguises(t *testing.T) {
	for _, in := range disguises {
		inert(t, in)
	}
}

// TestDisguisesThatGrow: a live message shows the beginning of a text, and the
// end of a long one.
func TestDisguisesThatGrow(t *testing.T) {
	long := strings.Repeat("Some words of a page.\n", 20)
	for _, in := range disguises {
		for i := range in {
			inertMarkdown(t, Tail(in[:i], 3800))
			inertMarkdown(t, PlainTail(in[i:]+"\n"+long, len(in[i:])+len(long)+1-i/2))
		}
	}
}

// TestDisguisesThatAreSplit: the end of a part falls on every place of the text.
func TestDisguisesThatAreSplit(t *testing.T) {
	for _, in := range disguises {
		for n := range 60 {
			for _, text := range partsOf(strings.Repeat("w", n)+strings.Repeat(" word", 24)+" "+in+" "+in, 200) {
				inertMarkdown(t, text)
			}
		}
	}
}

func FuzzDisguises(f *testing.F) {
	for _, in := range disguises {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) { inert(t, in[:min(len(in), 2000)]) })
}
