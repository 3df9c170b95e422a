package clean

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// chatAnswers are what models that talk write, and the text in it.
var chatAnswers = map[string]struct {
	rules    Rules
	in, want string
}{
	"thoughts":                        {page, "<think>\nA receipt.\n</think>\n\nTotal 5\n", "Total 5\n"},
	"thoughts after empty lines":      {page, "\n\n<think>A receipt.</think>Total 5", "Total 5"},
	"empty thoughts":                  {page, "<think>\n\n</think>\n\nTotal 5", "Total 5"},
	"thoughts twice":                  {page, "<think>a</think>\n<think>b</think>\nTotal 5", "Total 5"},
	"thoughts of another name":        {page, "<thinking>a</thinking>Total 5", "Total 5"},
	"thoughts of Kimi":                {page, "◁think▷a receipt◁/think▷Total 5", "Total 5"},
	"thoughts of Magistral":           {page, "[THINK]a receipt[/THINK]Total 5", "Total 5"},
	"thoughts of MedGemma":            {page, "<unused94>thought\na receipt<unused95>Total 5", "Total 5"},
	"thoughts of gpt-oss":             {page, "<|channel|>analysis<|message|>a receipt<|end|><|start|>assistant<|channel|>final<|message|>Total 5<|return|>", "Total 5"},
	"thoughts with signs in them":     {page, "<think><|ref|>a<|/ref|>" + det + " ```</think>Total 5", "Total 5"},
	"thoughts without their end":      {page, "<think>\nA receipt. Total 5", ""},
	"thoughts without beginning":      {page, "A receipt.\nIt says 5.\n</think>\n\nTotal 5\n", "Total 5\n"},
	"thoughts without it, in a line":  {page, "A receipt.</think>Total 5", "Total 5"},
	"an end alone":                    {page, "</think>\n\nTotal 5", "Total 5"},
	"an end alone at the end":         {page, "A receipt.\n</think>", ""},
	"thoughts in every mode":          {prompt, "<think>a</think>[[1, 2, 3, 4]]", "[[1, 2, 3, 4]]"},
	"boxes within thoughts":           {locate, "[[1, 2, 3, 4]]\n</think>\nNone.", "None."},
	"thoughts, then a fence":          {chat, "<think>a</think>\n\n```markdown\nTotal 5\n```", "Total 5\n"},
	"thoughts without it, then fence": {chat, "a\n</think>\n\n```markdown\nTotal 5\n```", "Total 5\n"},

	"a sentence about thoughts stays":   {page, "Models end with </think> and go on.", "Models end with </think> and go on."},
	"code about thoughts stays":         {page, "Use `</think>`\nor \"</think>\".", "Use `</think>`\nor \"</think>\"."},
	"thoughts within the text stay":     {page, "Output:\n<think>\na\n</think>\nb", "Output:\n<think>\na\n</think>\nb"},
	"the second end alone stays":        {page, "a\n</think>\nb\n</think>\nc", "b\n</think>\nc"},
	"other tags stay":                   {page, "<thinker>a</thinker> <think >", "<thinker>a</thinker> <think >"},
	"what only begins like it stays":    {page, "<thin", "<thin"},
	"a tag of thoughts that breaks off": {page, "Total 5 </thi", "Total 5 </thi"},

	"a fence":                       {chat, "```\nTotal 5\n```", "Total 5\n"},
	"a fence of Markdown":           {chat, "```markdown\n# A\n\nTotal 5\n```\n", "# A\n\nTotal 5\n"},
	"a fence of Markdown by others": {page, "```markdown\n# A\n```", "# A\n"},
	"a fence of text":               {chat, "```text\nTotal 5\n```", "Total 5\n"},
	"a fence of tildes":             {chat, "~~~\nTotal 5\n~~~", "Total 5\n"},
	"a long fence":                  {chat, "````markdown\n```\ncode\n```\n````", "```\ncode\n```\n"},
	"a fence after a sentence":      {chat, "Here is the text of the image:\n\n```\nTotal 5\n```", "Total 5\n"},
	"the same without a line":       {chat, "Sure! Here is the text in Markdown:\n```markdown\nTotal 5\n```\n\n", "Total 5\n"},
	"a fence after German":          {chat, "Hier ist der Text aus dem Bild:\n\n```markdown\nSumme 5\n```", "Summe 5\n"},
	"a fence after Chinese":         {chat, "以下是图片中的文字：\n\n```\n合计 5\n```", "合计 5\n"},
	"a fence without its end":       {chat, "```markdown\nTotal 5", "Total 5"},
	"a fence with code in it":       {chat, "```markdown\n# A\n\n```go\nx := 1\n```\n\nB\n```", "# A\n\n```go\nx := 1\n```\n\nB\n"},
	"a fence with a bare one in it": {chat, "```markdown\n# A\n```\ncode\n```\nB\n```", "# A\n```\ncode\n```\nB\n"},
	"a fence, then a sign":          {chat, "```\nTotal 5\n```<|im_end|>", "Total 5\n"},

	"code stays code":             {chat, "```go\nx := 1\n```", "```go\nx := 1\n```"},
	"a fence by no chat model":    {page, "```\nx := 1\n```", "```\nx := 1\n```"},
	"text after a fence":          {chat, "```\nTotal 5\n```\n\nThanks!", "```\nTotal 5\n```\n\nThanks!"},
	"text after a Markdown fence": {chat, "```markdown\nTotal 5\n```\n\nThanks!", "```markdown\nTotal 5\n```\n\nThanks!"},
	"two fences":                  {chat, "```\na\n```\n\n```\nb\n```", "```\na\n```\n\n```\nb\n```"},
	"two Markdown fences":         {chat, "```markdown\na\n```\n\n```markdown\nb\n```", "```markdown\na\n```\n\n```markdown\nb\n```"},
	"a title and a fence":         {chat, "Installation\n\n```\nnpm install\n```", "Installation\n\n```\nnpm install\n```"},
	"an example of code":          {chat, "Here is an example:\n\n```\nnpm install\n```", "Here is an example:\n\n```\nnpm install\n```"},
	"a command":                   {chat, "The following command installs it:\n\n```\nnpm install\n```", "The following command installs it:\n\n```\nnpm install\n```"},
	"a heading and a fence":       {chat, "# Text of the image:\n\n```\na\n```", "# Text of the image:\n\n```\na\n```"},
	"two paragraphs and a fence":  {chat, "Here is how.\n\nRun this:\n\n```\na\n```", "Here is how.\n\nRun this:\n\n```\na\n```"},
	"ticks in a line":             {chat, "```a``` b", "```a``` b"},
	"a fence that is asked for":   {prompt, "```\na\n```", "```\na\n```"},

	"signs at the end":          {page, "Total 5<|im_end|>\n<|endoftext|>", "Total 5"},
	"signs of Llama":            {page, "<|start_header_id|>assistant<|end_header_id|>\n\nTotal 5<|eot_id|>", "Total 5"},
	"signs of Gemma":            {page, "<start_of_turn>model\nTotal 5<end_of_turn>\n", "Total 5"},
	"signs of Mistral":          {page, "<s> Total 5</s>", "Total 5"},
	"signs of Mistral, closer":  {page, "<s>Total 5</s>", "Total 5"},
	"a begin without its end":   {page, "<s>Total 5", "Total 5"},
	"an end alone of Mistral":   {page, "Total 5 </s>", "Total 5"},
	"signs of GLM":              {page, "<|begin_of_box|>Total 5<|end_of_box|>", "Total 5"},
	"signs of GLM within":       {page, "It says <|begin_of_box|>5<|end_of_box|>.", "It says 5."},
	"tokens that are not used":  {page, "Total<unused12> 5<unused6241>", "Total 5"},
	"a sign before a tag":       {page, "Total 5<|im_end|>\n" + det, "Total 5"},
	"a role of Qwen":            {page, "<|im_start|>assistant\nTotal 5<|im_end|>", "Total 5"},
	"signs within the text":     {page, "a <|im_end|> b </s> c", "a <|im_end|> b </s> c"},
	"signs within, and the end": {page, "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>", "user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>"},
	"struck text":               {page, "Price <s>5</s>\n<s>6</s> 4", "Price <s>5</s>\n<s>6</s> 4"},
	"struck text first":         {page, "<s>6</s> 4", "<s>6</s> 4"},
	"struck text at the end":    {page, "4 <s>6</s>", "4 <s>6</s>"},
	"other tokens stay":         {page, "<unused> <unusedx1> <unused12345> <S> <|im_endx|>", "<unused> <unusedx1> <unused12345> <S> <|im_endx|>"},
}

func TestChatAnswers(t *testing.T) {
	for name, c := range chatAnswers {
		t.Run(name, func(t *testing.T) {
			if got := clean(c.rules, c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for i := range c.in {
				checkCuts(t, c.rules, c.in, []string{c.in[:i], c.in[i:]})
			}
			checkCuts(t, c.rules, c.in, strings.Split(c.in, ""))
		})
	}
}

// TestWhatLooksLikeASignStays: ordinary text of a page with pieces of signs in it
// comes out as it was.
func TestWhatLooksLikeASignStays(t *testing.T) {
	parts := rapid.SampledFrom([]string{
		"<thin", "think>", "</ think>", "`</think>`", "<thinks>", "[think]", "◁", "▷", "the </think> sign", "(</think>)",
		"<|im_", "im_end|>", "<| im_end |>", "< s>", "<S>", "</S>", "<sub>2</sub>", "<s>old</s>", "<unused", "<unused_1>", "<end of turn>", "<|", "|>", "<eos", "<pads>",
		"``", "`code`", "x ``` y", "~~", "word", "5 < 6 > 4", "a|b", "- item", "[1]", "é漢",
	})
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(parts, 1, 20).Draw(t, "words")
		between := rapid.SampledFrom([]string{" ", "\n", "\n\n"})
		var b strings.Builder
		b.WriteString("Page")
		for _, word := range words {
			b.WriteString(between.Draw(t, "between") + word)
		}
		text := b.String() + " end"
		for _, rules := range everyRules {
			if got := clean(rules, text); got != text {
				t.Fatalf("%v: %q becomes %q", rules, text, got)
			}
		}
	})
}

// TestParagraphsBeforeAFenceStay: a page with several paragraphs and an example of
// Markdown at its end is no answer with talk before.
func TestParagraphsBeforeAFenceStay(t *testing.T) {
	text := "How to write a page\n\nBegin the file with a title:\n\n```markdown\n# Title\n```\n"
	for _, rules := range everyRules {
		if got := clean(rules, text); got != text {
			t.Errorf("%v: %q becomes %q", rules, text, got)
		}
	}
}

// TestTextInAWrapperStays: whatever the page says, its fence alone is taken off.
func TestTextInAWrapperStays(t *testing.T) {
	line := rapid.StringMatching(`[a-zA-Z0-9#|*_.,:;!?()-][a-zA-Z0-9#|*_.,:;!?() -]{0,40}[a-z]`)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(line, 1, 12).Draw(t, "lines"), "\n") + "\n"
		head := rapid.SampledFrom([]string{"", "Here is the text:\n\n", "The image contains the following text:\n", "<think>\nlong\n</think>\n\n"}).Draw(t, "head")
		tag := rapid.SampledFrom([]string{"", "markdown", "md", "text"}).Draw(t, "tag")
		end := rapid.SampledFrom([]string{"", "\n", "<|im_end|>", "</s>"}).Draw(t, "end")
		answer := head + "```" + tag + "\n" + text + "```" + end
		if got := clean(chat, answer); got != text {
			t.Fatalf("%q becomes %q", answer, got)
		}
	})
}

// TestEndlessThoughts: nobody waits for them for ever.
func TestEndlessThoughts(t *testing.T) {
	c := Cleaner{Rules: page}
	c.Add("<think>")
	for i := 0; !c.Looped(); i++ {
		if c.Add(strings.Repeat("I think. ", 100)); i > 2*maxThoughts/900 {
			t.Fatal("no end is seen")
		}
	}
	if len(c.held) > 100 {
		t.Errorf("%d bytes are kept", len(c.held))
	}
}

// TestTakingBack: what is taken back is all that was given, and only there.
func TestTakingBack(t *testing.T) {
	c := &reader{Cleaner: Cleaner{Rules: chat}}
	c.take(c.Add("A receipt.\n"))
	if string(c.text) != "A receipt." {
		t.Fatalf("text %q", c.text)
	}
	keep, text := c.Add("</think>\nTotal")
	if keep != 0 || text != "Total" {
		t.Errorf("%d bytes stand, and %q follows", keep, text)
	}
	if keep, text = c.Add(" 5"); keep != len("Total") || text != " 5" {
		t.Errorf("%d bytes stand, and %q follows", keep, text)
	}
}

// TestTextIsNotTakenBackAgainAndAgain, for a line that is a fence but for a wide space.
func TestTextIsNotTakenBackAgainAndAgain(t *testing.T) {
	const line = "```\u3000\n"
	c := &reader{Cleaner: Cleaner{Rules: chat}}
	c.take(c.Add("```markdown\n"))
	backs := 0
	for _, piece := range strings.SplitAfter(strings.Repeat(line+line+"a\n", 20), "") {
		keep, text := c.Add(piece)
		if keep < len(c.text) {
			backs++
		}
		c.take(keep, text)
	}
	if backs > 1 {
		t.Errorf("the text was taken back %d times", backs)
	}
}
