package clean

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var (
	page   = Rules{Labels: true, Bare: true}
	chat   = Rules{Labels: true, Bare: true, Chat: true}
	locate = Rules{Bare: true, Boxes: true}
	prompt = Rules{Boxes: true}
)

// A reader puts the clean text of a Cleaner together.
type reader struct {
	Cleaner
	text []byte
}

func (r *reader) take(keep int, text string) { r.text = append(r.text[:keep], text...) }

// read cleans pieces of a text.
func read(rules Rules, pieces ...string) *reader {
	r := &reader{Cleaner: Cleaner{Rules: rules}}
	for _, piece := range pieces {
		r.take(r.Add(piece))
	}
	r.take(r.End())
	return r
}

func clean(rules Rules, pieces ...string) string { return string(read(rules, pieces...).text) }

const det = "<|det|>[[10, 20, 300, 40]]<|/det|>"

func TestClean(t *testing.T) {
	for name, c := range map[string]struct {
		rules    Rules
		in, want string
	}{
		"a page in blocks": {
			page,
			"<|ref|>title<|/ref|>" + det + "\n# Invoice\n\n<|ref|>text<|/ref|>" + det + "\nTotal: 5\n\n",
			"# Invoice\n\nTotal: 5\n\n",
		},
		"an unknown label":      {page, "<|ref|>side_note<|/ref|>" + det + "\nSee p. 5\n\n<|ref|>doc_title<|/ref|>" + det + "\n\n# A", "See p. 5\n\n# A"},
		"names as text":         {page, "<|ref|>user_id<|/ref|>" + det + "\n<|ref|>first_name<|/ref|>" + det + "\n<|ref|>x_y<|/ref|>" + det, "user_id\nfirst_name\nx_y"},
		"a name in a line":      {page, "<|ref|>user_id<|/ref|>" + det + " is 5", "user_id is 5"},
		"spaces after the tags": {page, "a\n\n<|ref|>image<|/ref|>" + det + "  \n\n<|ref|>text<|/ref|>" + det + "  \nb", "a\n\nb"},
		"text in the tags":      {page, "<|ref|>Total 412.50<|/ref|>" + det + "\n<|ref|>Thanks!<|/ref|>" + det, "Total 412.50\nThanks!"},
		"a label as text":       {page, "<|ref|>Title<|/ref|>" + det, "Title"},
		"a stray end":           {page, "<|/ref|>" + det + "\nb", "b"},
		"a tag not closed":      {page, "<|ref|>a\n<|ref|>Total", "a\nTotal"},
		"several boxes":         {page, "<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4], [5, 6, 7, 8]]<|/det|>\na", "a"},
		"bare labels":           {page, "title[[10, 20, 300, 40]]\n# A\n\ntext[[10, 20, 300, 40]]\nb\nimage[[1, 2, 3, 4]]", "# A\n\nb\n"},
		"bare boxes after text": {page, "Total 5[[10, 20, 300, 40]]\nThanks![[10, 20, 300, 40], [1, 2, 3, 4]]", "Total 5\nThanks!"},
		"boxes alone":           {page, "[[10, 20, 300, 40]]\n[[10, 20, 300, 40]]\na", "a"},
		"special tokens":        {page, "a<｜end▁of▁sentence｜>\n<|grounding|>b<｜▁pad▁｜>", "a\nb"},
		"center":                {page, "<center>Figure 1</center>\n", "Figure 1\n"},
		"empty lines":           {page, "\n\na\r\n\r\n\r\nb\n \n\n c  \nd", "a\n\nb\n\n c\nd"},
		"lone carriage returns": {page, "a\rb\r\nc", "a\nb\nc"},

		"a matrix stays":              {page, "A = [[1, 2, 3, 4]]\nf([[1, 2, 3, 4]])\nx[[1, 2]]\n[[1, 2, 3]]\n[[9, 9, 1, 1]]", "A = [[1, 2, 3, 4]]\nf([[1, 2, 3, 4]])\nx[[1, 2]]\n[[1, 2, 3]]\n[[9, 9, 1, 1]]"},
		"boxes in a sentence stay":    {page, "see m[[1, 2, 3, 4]] there", "see m[[1, 2, 3, 4]] there"},
		"labels as words stay":        {page, "text\ntitle: x\ntable [1]\nimage[0]", "text\ntitle: x\ntable [1]\nimage[0]"},
		"what looks like a tag stays": {page, "a <|> b <| c |> <|im_start|> <| ref|> <centered> </x> <｜ not ｜> <", "a <|> b <| c |> <|im_start|> <| ref|> <centered> </x> <｜ not ｜> <"},
		"a det of something else":     {page, "<|det|>[[1, two]]<|/det|>", "two]]"},

		"locate keeps a label":  {locate, "<|ref|>title<|/ref|>" + det, "title"},
		"locate in a sentence":  {locate, "It is at [[1, 2, 3, 4]] there.", "It is at [[1, 2, 3, 4]] there."},
		"a prompt keeps labels": {prompt, "<|ref|>text<|/ref|>" + det, "text"},
		"a prompt keeps boxes":  {prompt, "text[[1, 2, 3, 4]]\n[[1, 2, 3, 4]]", "text[[1, 2, 3, 4]]\n[[1, 2, 3, 4]]"},
		"other modes clean":     {page, "<|ref|>text<|/ref|>" + det + "\na", "a"},
	} {
		if got := clean(c.rules, c.in); got != c.want {
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
			"<think>", "</think>", "<thi", "◁think▷", "◁/think▷", "[THINK]", "<|im_end|>", "<|im_start|>", "assistant\n", "</s>", "<s>", "<unused", "<unused9>",
			"```", "```markdown\n", "\n```\n", "~~~\n", "`", "Here is the text:\n", "<|begin_of_box|>", "<end_of_turn>",
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

var everyRules = []Rules{page, chat, locate, prompt}

// checkCuts fails where it matters how a text was cut.
func checkCuts(t interface{ Fatalf(string, ...any) }, rules Rules, text string, pieces []string) {
	whole := read(rules, text)
	cut := &reader{Cleaner: Cleaner{Rules: rules}}
	for _, piece := range pieces {
		cut.take(cut.Add(piece))
		if len(cut.held) > maxBare+maxLabel+16 {
			t.Fatalf("%d bytes are held back of %q", len(cut.held), text)
		}
	}
	cut.take(cut.End())
	if string(cut.text) != string(whole.text) || !slices.Equal(cut.Boxes(), whole.Boxes()) {
		t.Fatalf("%v: %q is %q in pieces %q and %q at once", rules, text, cut.text, pieces, whole.text)
	}
}

func TestCleaningDoesNotDependOnTheCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, rules := messy().Draw(t, "text"), rapid.SampledFrom(everyRules).Draw(t, "rules")
		var pieces []string
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, min(len(rest), 40)).Draw(t, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		checkCuts(t, rules, text, pieces)
	})
}

// TestEveryCut cuts one text that has everything at every byte, and into single
// bytes, and another with a tag of HTML in the name of a place.
func TestEveryCut(t *testing.T) {
	for _, rules := range everyRules {
		const struck = "<|ref|><s>an old and long price</s><|/ref|>" + det
		checkCuts(t, rules, struck, strings.Split(struck, ""))
	}
	text := "<|ref|>title<|/ref|>" + det + "  \n# 漢字 [[1, 2]]\r\n\r\n\r\ntext[[1, 2, 3, 4]] \nA[[1, 2, 3, 4], [5, 6, 7, 8]]\n" +
		"<|ref|>Total<|/ref|>" + det + "\n<center>x</center><｜end▁of▁sentence｜>\n<|ref|>a longer text than any label<|/ref|>"
	for _, rules := range everyRules {
		for i := range text {
			checkCuts(t, rules, text, []string{text[:i], text[i:]})
		}
		checkCuts(t, rules, text, strings.Split(text, ""))
	}
}

func FuzzClean(f *testing.F) {
	f.Add("<|ref|>title<|/ref|>"+det+"\n# A", 7, 0)
	f.Add("text[[1, 2, 3, 4]]\n[[1, 2, 3, 4], [5, 6", 3, 2)
	f.Add("<｜end▁of▁sentence｜> \r\n\r\n<center", 1, 1)
	f.Add("<think>a</think>```markdown\n# A\n```\n<|im_end|>", 2, 1)
	f.Add("Here is the text:\n\n```\na\n```\nb", 5, 1)
	f.Add("a\n</think>\n<s>b</s>", 1, 0)
	f.Add("<|ref|><s>an old and long price</s>", 1, 2)
	f.Fuzz(func(t *testing.T, text string, size, which int) {
		if len(text) > 5000 {
			return
		}
		size = 1 + (size%50+50)%50
		var pieces []string
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		checkCuts(t, everyRules[(which%4+4)%4], text, pieces)
	})
}
