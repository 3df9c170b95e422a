package ask

import (
	"strings"
	"testing"

	"slackocr/ocr"
)

func TestDecode(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "",
		"plain":                                "plain",
		"R&amp;D":                              "R&D",
		"x &lt; 100 &amp;&amp; y &gt; 2":       "x < 100 && y > 2",
		"&amp;lt;":                             "&lt;", // decoded once
		"&quot;&nbsp;":                         "&quot;&nbsp;",
		"<mailto:info@acme.com|info@acme.com>": "info@acme.com",
		"<mailto:info@acme.com>":               "info@acme.com",
		"<http://x.y|x.y> and more":            "x.y and more",
		"<https://x.y/?a=1&amp;b=2>":           "https://x.y/?a=1&b=2",
		"<tel:+491234|+49 1234>":               "+49 1234",
		"<@U1|ann> and <@U2>":                  "@ann and @U2",
		"<#C1|general> <#C2|>":                 "#general #C2",
		"<!here> <!channel|@channel>":          "@here @channel",
		"<!subteam^S1|@design>":                "@design",
		"<!date^1^{date}|yesterday>":           "yesterday",
		"&lt;@U1&gt; is no mention":            "<@U1> is no mention",
		"a < b":                                "a < b",
		"<<http://x.y|x.y>":                    "<x.y",
		"<http://x.y|R&amp;D &gt; all>":        "R&D > all",
	} {
		if got := Decode(in); got != want {
			t.Errorf("Decode(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"<@UBOT> text":                "text",
		"<@UBOT|ocr> text":            "text",
		"text <@UBOT>":                "text",
		"<@UBOT> locate: R&amp;D":     "locate: R&D",
		"<@UBOT> ask <@U1|ann>":       "ask @ann",
		"<@UBOT><@UBOT|ocr>":          "",
		"<@UBOTTOM> text <@UBOT|ocr>": "@UBOTTOM text",
	} {
		if got, mentioned := Address(in, "UBOT"); got != want || !mentioned {
			t.Errorf("Address(%q) = %q, %v, want %q", in, got, mentioned, want)
		}
	}
	for _, in := range []string{"", "text", "<@UBOTTOM> text", "&lt;@UBOT&gt;", "<@UBOT", "<@UBOTX|ocr>"} {
		if got, mentioned := Address(in, "UBOT"); mentioned {
			t.Errorf("Address(%q) = %q, mentioned", in, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, in := range []string{"<@U1|ann> &amp;lt; <http://x.y|x.y>", "<<>>|<@>", "<@UBOT> *locate:* “a”"} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := Decode(in)
		if len(out) > len(in)+strings.Count(in, "<") {
			t.Errorf("%q grows to %q", in, out)
		}
		if !strings.ContainsAny(in, "<&") && out != in {
			t.Errorf("%q becomes %q", in, out)
		}
		words, _ := Address(in, "UBOT")
		if talk, mode := Understand(words); talk != Read && mode != (ocr.Mode{}) {
			t.Errorf("%q: a mode %q for %v", in, mode, talk)
		}
		if mode, ok := ParseMode(words); ok {
			if talk, _ := Understand(words); talk != Read {
				t.Errorf("%q is the mode %q alone, but not after a mention", words, mode)
			}
		}
	})
}
