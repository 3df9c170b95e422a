package ocr

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// clean cleans pieces of a text.
func clean(m Mode, pieces ...string) string {
	c := cleaner{rules: cleaningOf(m)}
	var out strings.Builder
	for _, piece := range pieces {
		out.WriteString(c.add(piece))
	}
	out.WriteString(c.end())
	return out.String()
}

const det = "<|det|>[[10, 20, 300, 40]]<|/det|>"

func TestClean(t *testing.T) {
	locate, prompt := Mode{Kind: Locate, Argument: "x"}, Mode{Kind: Prompt, Argument: "x"}
	for name, c := range map[string]struct {
		mode     Mode
		in, want string
	}{
		"a page in blocks": {
			Mode{},
			"<|ref|>title<|/ref|>" + det + "\n# Invoice\n\n<|ref|>text<|/ref|>" + det + "\nTotal: 5\n\n",
			"# Invoice\n\nTotal: 5\n\n",
		},
		"spaces after the tags": {Mode{}, "a\n\n<|ref|>image<|/ref|>" + det + "  \n\n<|ref|>text<|/ref|>" + det + "  \nb", "a\n\nb"},
		"text in the tags":      {Mode{}, "<|ref|>Total 412.50<|/ref|>" + det + "\n<|ref|>Thanks!<|/ref|>" + det, "Total 412.50\nThanks!"},
		"a label as text":       {Mode{}, "<|ref|>Title<|/ref|>" + det, "Title"},
		"a stray end":           {Mode{}, "<|/ref|>" + det + "\nb", "b"},
		"a tag not closed":      {Mode{}, "<|ref|>a\n<|ref|>Total", "a\nTotal"},
		"several boxes":         {Mode{}, "<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4], [5, 6, 7, 8]]<|/det|>\na", "a"},
		"bare labels":           {Mode{}, "title[[10, 20, 300, 40]]\n# A\n\ntext[[10, 20, 300, 40]]\nb\nimage[[1, 2, 3, 4]]", "# A\n\nb\n"},
		"bare boxes after text": {Mode{}, "Total 5[[10, 20, 300, 40]]\nThanks![[10, 20, 300, 40], [1, 2, 3, 4]]", "Total 5\nThanks!"},
		"boxes alone":           {Mode{}, "[[10, 20, 300, 40]]\n[[10, 20, 300, 40]]\na", "a"},
		"special tokens":        {Mode{}, "a<｜end▁of▁sentence｜>\n<|grounding|>b<｜▁pad▁｜>", "a\nb"},
		"center":                {Mode{}, "<center>Figure 1</center>\n", "Figure 1\n"},
		"empty lines":           {Mode{}, "\n\na\r\n\r\n\r\nb\n \n\n c  \nd", "a\n\nb\n\n c\nd"},
		"lone carriage returns": {Mode{}, "a\rb\r\nc", "a\nb\nc"},

		"a matrix stays":              {Mode{}, "A = [[1, 2, 3, 4]]\nf([[1, 2, 3, 4]])\nx[[1, 2]]\n[[1, 2, 3]]\n[[9, 9, 1, 1]]", "A = [[1, 2, 3, 4]]\nf([[1, 2, 3, 4]])\nx[[1, 2]]\n[[1, 2, 3]]\n[[9, 9, 1, 1]]"},
		"boxes in a sentence stay":    {Mode{}, "see m[[1, 2, 3, 4]] there", "see m[[1, 2, 3, 4]] there"},
		"labels as words stay":        {Mode{}, "text\ntitle: x\ntable [1]\nimage[0]", "text\ntitle: x\ntable [1]\nimage[0]"},
		"what looks like a tag stays": {Mode{}, "a <|> b <| c |> <|im_start|> <| ref|> <centered> </x> <｜ not ｜> <", "a <|> b <| c |> <|im_start|> <| ref|> <centered> </x> <｜ not ｜> <"},
		"a det of something else":     {Mode{}, "<|det|>[[1, two]]<|/det|>", "two]]"},

		"locate keeps a label":  {locate, "<|ref|>title<|/ref|>" + det, "title"},
		"locate in a sentence":  {locate, "It is at [[1, 2, 3, 4]] there.", "It is at [[1, 2, 3, 4]] there."},
		"a prompt keeps labels": {prompt, "<|ref|>text<|/ref|>" + det, "text"},
		"a prompt keeps boxes":  {prompt, "text[[1, 2, 3, 4]]\n[[1, 2, 3, 4]]", "text[[1, 2, 3, 4]]\n[[1, 2, 3, 4]]"},
		"other modes clean":     {Mode{Kind: Plain}, "<|ref|>text<|/ref|>" + det + "\na", "a"},
	} {
		if got := clean(c.mode, c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// messy gives texts of what the model writes, and of what looks like it.
func messy() *rapid.Generator[string] {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{
			"<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "[[10, 20, 300, 40]]", "[[1,2,3,4], [5,6,7,8]]", "[[", "]]", "[", "<", "<|", "｜>", "<｜",
			"<｜end▁of▁sentence｜>", "<|grounding|>", "<center>", "</center>", "</", "title", "text", "te", "table", "image", "\n", "\n\n\n", "\r\n", "\r",
			" ", "  \n", "12", ", ", "漢字", "é", "word", "<td>", "=",
			strings.Repeat("[[100, 200, 300, 400], ", 1) + strings.Repeat("[100, 200, 300, 400], ", 22) + "[1, 2, 3, 4]]\n",
			strings.Repeat(" ", 9), strings.Repeat("long", 20),
		}),
		rapid.String(),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(part, 0, 30).Draw(t, "parts"), "")
	})
}

var everyMode = []Mode{{}, {Kind: Plain}, {Kind: Locate, Argument: "x"}, {Kind: Prompt, Argument: "x"}}

// checkCuts fails where it matters how a text was cut.
func checkCuts(t interface{ Fatalf(string, ...any) }, m Mode, text string, pieces []string) {
	whole, cut := cleaner{rules: cleaningOf(m)}, cleaner{rules: cleaningOf(m)}
	want := whole.add(text) + whole.end()
	var got strings.Builder
	for _, piece := range pieces {
		got.WriteString(cut.add(piece))
		if len(cut.held) > maxBare+maxLabel+16 {
			t.Fatalf("%d bytes are held back of %q", len(cut.held), text)
		}
	}
	got.WriteString(cut.end())
	if got.String() != want || len(whole.boxes) != len(cut.boxes) {
		t.Fatalf("%v: %q is %q in pieces %q and %q at once", m, text, got.String(), pieces, want)
	}
}

func TestCleaningDoesNotDependOnTheCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, mode := messy().Draw(t, "text"), rapid.SampledFrom(everyMode).Draw(t, "mode")
		var pieces []string
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, min(len(rest), 40)).Draw(t, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		checkCuts(t, mode, text, pieces)
	})
}

// TestEveryCut cuts one text that has everything at every byte, and into single
// bytes.
func TestEveryCut(t *testing.T) {
	text := "<|ref|>title<|/ref|>" + det + "  \n# 漢字 [[1, 2]]\r\n\r\n\r\ntext[[1, 2, 3, 4]] \nA[[1, 2, 3, 4], [5, 6, 7, 8]]\n" +
		"<|ref|>Total<|/ref|>" + det + "\n<center>x</center><｜end▁of▁sentence｜>\n<|ref|>a longer text than any label<|/ref|>"
	for _, m := range everyMode {
		for i := range text {
			checkCuts(t, m, text, []string{text[:i], text[i:]})
		}
		checkCuts(t, m, text, strings.Split(text, ""))
	}
}

func FuzzClean(f *testing.F) {
	f.Add("<|ref|>title<|/ref|>"+det+"\n# A", 7, 0)
	f.Add("text[[1, 2, 3, 4]]\n[[1, 2, 3, 4], [5, 6", 3, 2)
	f.Add("<｜end▁of▁sentence｜> \r\n\r\n<center", 1, 1)
	f.Fuzz(func(t *testing.T, text string, size, mode int) {
		if len(text) > 5000 {
			return
		}
		size = 1 + (size%50+50)%50
		var pieces []string
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		checkCuts(t, everyMode[(mode%4+4)%4], text, pieces)
	})
}
