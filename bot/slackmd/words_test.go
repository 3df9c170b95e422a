package slackmd

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// constructs are inputs of each construct that CommonMark and GitHub's markdown
// know (https://spec.commonmark.org/0.31.2, https://github.github.com/gfm).
var constructs = []string{
	// Leaf blocks.
	"\tindented code\n\n    and more", "alpha\n\n\tfoo\tbaz", "***\nrule\n___", "# One\n## Two ##\n### Three # not closing\n#four", "#\tTab", "Setext\n===\n\nOther\n---", "two\nlines\n===",
	"```go\nfunc f() {}\n```", "~~~ python startline=3\nx = 1\n~~~", "````\n```\ninner\n```\n````", "``` info `tick` ```", "```\nnot closed", "  ```\n  shifted\n    more\n  ```", "> ```\n> quoted code",
	"<div>\nblock of HTML\n</div>", "<script type=\"x\">\ncode()\n</script>", "<!-- remark -->", "<?php echo 'x'; ?>", "<![CDATA[ data ]]>", "<!DOCTYPE html>", "<del>*struck*</del>", "<table>\n\n  <tr>\n\n    <td>\n      cell\n    </td>\n\n  </tr>\n\n</table>",
	"[ref]: /address 'title'\n\n[ref]", "[ref]: <my address> \"a\ntitle\"\n\n[text][ref]", "[ref]\n\n[ref]: address", "[toLOWER]\n\n[TOlower]: /u",
	"one\ntwo\n\nthree", "hard  \nbreak\\\nagain", "| a | b |\n|:--|--:|\n| c | d |\nend", "|a|\n|-|\n|b|c|d|", "a | b\n--|--\nc \\| d | e", "| `a|b` | **c** |\n|---|---|\n| d",
	// Containers.
	"> quote\nlazy\n> more\n\n> other", "> a\n>> b\n>>> c\n>>>> d", "- one\n- two\n\n  para\n\n      code\n- three", "* a\n+ b\n- c", "1. one\n2) two\n10. ten", "-1 not\n1.not", "- a\n  - b\n    - c\n      1. d",
	"- [ ] open\n- [x] done\n- [X] also", "1. - nested in line", "-\n  late\n-", "  10.  wide\n\n           code", "- > quote in item\n- # heading in item\n- ```\n  code in item\n  ```", "123456789. long\n1234567890. longer",
	// Inlines.
	"`code` ``a`b`` ` open", "*em* **strong** ***both*** _em_ __strong__ foo*bar*baz un**fin", "**a *b* c** *d **e** f*", "~~gone~~ ~one~ a~b", `\*not\* \_not\_ \[not\] \<b> \\ \a`, "&amp; &copy; &#35; &#x22; &nbsp; &bogus; &MadeUpEntity;",
	"[link](/uri \"title\") [link](<u v>) [link](uri) [link]( /uri 'it' )", "[not](a b) [not] (x) [a](b)c [link](foo(and(bar)))", "[text][id] [id][] [id]\n\n[id]: /x", "[a [b](c/d)](e/f)", "![alt](/uri \"title\") ![alt *em*][id]", "[![alt](/in)](/out)",
	"<https://auto.example/x?y=z> <me@auto.example> <made-up-scheme://foo,bar>", "https://bare.example/a_b_c www.bare.example/x me@bare.example ftp://f.example", "<a href=\"x\">tag</a> <b2/> <x y='z'> a < b", "<a@b> <33> <__>", "line<br>break", "foo\nbaz",
	"[^1] note[^two]\n\n[^1]: First.\n[^two]: Second.", "multiple     spaces", "hello $.;'there", "Foo χρῆν", "[12](siehe Art. 5 Abs. 1) [Note](Dr. Smith said so)", "i<u > 3 and the <p> element",
}

// notShown are the words of the constructs that are markup: the names of a
// picture's file and of the tags that models write.
var notShown = map[string]int{"table": 2, "tr": 2, "td": 2, "br": 1, "uri": 1, "in": 1, "del": 2, "X": 1, "x": 1}

var wordPattern = regexp.MustCompile(`[\pL\pN]+`)

// TestWordsAreKept: what goes in comes out, whatever markdown makes of it.
func TestWordsAreKept(t *testing.T) {
	for _, in := range constructs {
		kept(t, in)
	}
}

// TestWordsAreKeptTogether: also where one construct stands behind or in another.
func TestWordsAreKeptTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.SampledFrom(constructs), 1, 6).Draw(t, "constructs")
		in := strings.Join(all, "\n\n")
		kept(t, in)
		kept(t, "> "+strings.ReplaceAll(in, "\n", "\n> "))
	})
}

func kept(t fails, in string) {
	t.Helper()
	out := unescapeMarkdown(unescapeSlack(strings.Join(partsOf(in, MaxPart), "\n\n")))
	have := map[string]int{}
	for _, word := range wordPattern.FindAllString(strings.ReplaceAll(out, "*", ""), -1) {
		have[word]++
	}
	rest := strings.Join(wordPattern.FindAllString(out, -1), "")
	for _, word := range wordPattern.FindAllString(decodeReferences(strings.ReplaceAll(in, "*", "")), -1) {
		if have[word]--; have[word] < 0 && notShown[word] == 0 && !strings.Contains(rest, word) && !slices.Contains([]string{"1", "2"}, word) {
			t.Errorf("%q of %q is not in %q", word, in, out)
			return
		}
	}
}
