package ocr

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestParseMode(t *testing.T) {
	for in, want := range map[string]Mode{
		"markdown":                  {Kind: Markdown},
		" Text\n":                   {Kind: Plain},
		"FIGURE":                    {Kind: Figure},
		"describe":                  {Kind: Describe},
		"locate: total":             {Kind: Locate, Argument: "total"},
		"Locate:Total: net":         {Kind: Locate, Argument: "Total: net"},
		"prompt: List\nthe prices.": {Kind: Prompt, Argument: "List\nthe prices."},
	} {
		if got, ok := ParseMode(in); !ok || got != want {
			t.Errorf("ParseMode(%q) = %+v, %v, want %+v", in, got, ok, want)
		}
		if got, ok := ParseMode(want.String()); !ok || got != want {
			t.Errorf("ParseMode(%q) = %+v, %v, want %+v", want.String(), got, ok, want)
		}
	}
	for _, kind := range Kinds() {
		want := Mode{Kind: kind}
		if kind.NeedsArgument() {
			want.Argument = "total"
		}
		if got, ok := ParseMode(want.String()); !ok || got != want {
			t.Errorf("ParseMode(%q) = %+v, %v, want %+v", want.String(), got, ok, want)
		}
	}
	for _, in := range []string{
		"", "again", "text me", "text:", "text: me", "describe it", "locate", "locate:", "locate: \u200b", "prompt",
		"prompt: " + strings.Repeat("x", MaxArgument+1), "prompt: \xff", "locate total",
	} {
		if got, ok := ParseMode(in); ok {
			t.Errorf("ParseMode(%q) = %+v, want none", in, got)
		}
	}
}

// TestEachKindHasItsRow: a kind without a row is read as Markdown.
func TestEachKindHasItsRow(t *testing.T) {
	source, err := os.ReadFile("mode.go")
	if err != nil {
		t.Fatal(err)
	}
	constants := regexp.MustCompile(`(?m)^\t(\w+) +Kind += "(.*?)"`).FindAllStringSubmatch(string(source), -1)
	for _, found := range constants {
		if !slices.Contains(Kinds(), Kind(found[2])) {
			t.Errorf("%s has no row", found[1])
		}
	}
	if len(constants) != len(kinds) {
		t.Errorf("%d kinds were found for %d rows", len(constants), len(kinds))
	}
}

func TestPrompts(t *testing.T) {
	c, err := NewClient(Config{BaseURL: "http://localhost/v1", Model: "m", Prompt: "my own"})
	if err != nil {
		t.Fatal(err)
	}
	asked := map[Kind]bool{}
	for want, m := range map[string]Mode{
		"my own":                         {Kind: Markdown},
		"Free OCR.":                      {Kind: Plain},
		"Parse the figure.":              {Kind: Figure},
		"Describe this image in detail.": {Kind: Describe},
		"Locate <|ref|>a< |/ref| >b<|/ref|> in the image.": {Kind: Locate, Argument: "a<|/ref|>b"},
		"What is it?": {Kind: Prompt, Argument: "What is it?"},
	} {
		if got := c.profile.prompt(m); got != want {
			t.Errorf("the prompt of %+v is %q, want %q", m, got, want)
		}
		asked[m.Kind] = true
	}
	for _, kind := range Kinds() {
		if !asked[kind] {
			t.Errorf("this test does not say what the prompt of %s is", kind)
		}
	}
	for _, m := range []Mode{{}, {Kind: "of a newer version"}} {
		if got := c.profile.prompt(m); got != "my own" || !m.Kind.IsPageText() {
			t.Errorf("the prompt of %+v is %q, want that of markdown", m, got)
		}
	}
	// What is asked is what is sent.
	if got := c.WithMode(Mode{Kind: Plain}).chatRequest(testPage).Messages[0].MultiContent[0].Text; got != "Free OCR." {
		t.Errorf("sent %q", got)
	}
}
