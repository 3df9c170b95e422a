package ocr

import (
	"net/http"
	"strings"

	"slackocr/ocr/page"
)

// misbehaviours are what a model or its endpoint does to a page, and what the
// person sees of it.
var misbehaviours = []struct {
	name    string
	mode    Mode
	edit    func(*Config)
	page    []byte // letter where nil
	moves   []move // one for each request; the last one for all that follow
	text    string
	outcome Outcome // Model is not looked at, and Words are those of text
	class   Class
	warm    []bool // whether each request has the higher temperature
	back    bool   // text is taken back that is none of the page
}{
	{
		name:  "a loop is cut, and the page read again: the person sees the whole text",
		moves: []move{babbles("# Page\n\nFirst line.\n", "The same line, again.\n"), says("# Page\n\nFirst line.\nSecond line.\n", "stop")},
		text:  "# Page\n\nFirst line.\nSecond line.\n",
		warm:  []bool{false, true},
	},
	{
		name:    "a loop both times: the longer good text, one copy, and a word about it",
		moves:   []move{babbles("First line.\n", "The same line, again.\n"), babbles("First line.\nSecond line.\n", "And another one, again.\n")},
		text:    "First line.\nSecond line.\nAnd another one, again.\n",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, true},
	},
	{
		name:    "a loop both times, earlier in the second: the first text stays",
		moves:   []move{babbles("First line.\nSecond line.\n", "The same line, again.\n"), babbles("", "x")},
		text:    "First line.\nSecond line.\nThe same line, again.\n",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, true},
	},
	{
		name:    "a loop, then a failure: the first text stays",
		moves:   []move{babbles("First line.\n", "again "), fails(500)},
		text:    "First line.\nagain ",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, true},
	},
	{
		name:    "a loop, then no text: the first text stays",
		moves:   []move{babbles("First line.\n", "again "), says("", "stop")},
		text:    "First line.\nagain ",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, true},
	},
	{
		name:    "a block of lines without end",
		moves:   []move{babbles("Start\n\n", strings.ReplaceAll(longProse(900), ". ", ".\n")+"\n")},
		text:    "Start\n\n" + strings.ReplaceAll(longProse(900), ". ", ".\n") + "\n",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, true},
	},
	{
		name:    "the same empty block at changing places",
		moves:   []move{counts("Good text.\n\n", "<|ref|>text<|/ref|><|det|>[[10, #, 300, #]]<|/det|>\n", 17), says("Good text.", "stop")},
		text:    "Good text.",
		warm:    []bool{false, true},
		outcome: Outcome{},
	},
	{
		name:    "pictures that march over the page",
		moves:   []move{counts("Good text.", "\n\n<|ref|>image<|/ref|><|det|>[[10, #, 300, #]]<|/det|>\n", 3)},
		text:    "Good text.",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, true},
	},
	{
		name:    "boxes in one tag without end",
		moves:   []move{counts("Good text.\n<|det|>[", "[1, #, 2, #], ", 1)},
		text:    "Good text.",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, true},
	},
	{
		name:    "special tokens without end",
		moves:   []move{babbles("Good text.", "<｜end▁of▁sentence｜>")},
		text:    "Good text.",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, true},
	},
	{
		name: "a loop in an answer that is not streamed",
		edit: whole,
		moves: []move{
			replies(200, "application/json", completion("One.\n"+strings.Repeat("Again and again.\n", 100), `"length"`)),
			replies(200, "application/json", completion("One.\nTwo.\n", `"stop"`)),
		},
		text: "One.\nTwo.\n",
		warm: []bool{false, true},
	},
	{
		name:    "a loop that vLLM found itself",
		moves:   []move{says("One.\nTwo words here.\nTwo words here.\nTwo words here.\n", "repetition")},
		text:    "One.\nTwo words here.\n",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, true},
	},
	{
		name:  "a table of zeros is no loop",
		moves: []move{says("| a | b |\n|---|---|\n"+strings.Repeat("| 0 | 0 |\n", 60), "stop")},
		text:  "| a | b |\n|---|---|\n" + strings.Repeat("| 0 | 0 |\n", 60),
		warm:  []bool{false},
	},

	{
		name:  "a page that repeats itself and ends: read again with room, and the person hears nothing of it",
		moves: []move{says("# Labels\n\n"+strings.Repeat("12 Harbour Street\n", 60), "stop")},
		text:  "# Labels\n\n" + strings.Repeat("12 Harbour Street\n", 60),
		warm:  []bool{false, true},
	},
	{
		name:    "a counter to the limit, both times: it is cut where it began",
		moves:   []move{says("First line.\n\n"+counter(3000), "length")},
		text:    "First line.\n\n1 ",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, true},
	},
	{
		name:  "a counter to the limit, but not in the second reading",
		moves: []move{says("First line.\n\n"+counter(3000), "length"), says("First line.\n\nSecond line.", "stop")},
		text:  "First line.\n\nSecond line.",
		warm:  []bool{false, true},
	},
	{
		name:    "a counter without end",
		moves:   []move{says("First line.\n\n"+counter(40_000), "stop")},
		text:    "First line.\n\n1 ",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, true},
	},
	{
		name:  "a counter that ends by itself is a page",
		moves: []move{says("First line.\n\n"+counter(3000), "stop")},
		text:  "First line.\n\n" + counter(3000),
		warm:  []bool{false},
	},
	{
		name: "thoughts whose beginning is missing: they are taken back",
		moves: []move{func(w http.ResponseWriter, _ *http.Request) {
			send(w, delta("A receipt, I "), delta("think.\n</thi"), delta("nk>"), delta("\n\nTotal"), delta(" 5"), finish("stop"), done)
		}},
		text: "Total 5",
		warm: []bool{false},
		back: true,
	},
	{
		name: "thoughts that repeat themselves, in the second reading: they are taken back",
		moves: []move{babbles("First line.\n", "The same line, again.\n"), func(w http.ResponseWriter, _ *http.Request) {
			send(w, delta(longProse(300)), delta(strings.Repeat("Wait. ", 100)), delta("\n</think>"), delta("\n\nTotal 5"), finish("stop"), done)
		}},
		text: "Total 5",
		warm: []bool{false, true},
	},
	{
		name:  "the same in an answer that is not streamed",
		edit:  whole,
		moves: []move{replies(200, "application/json", completion("A receipt, I think.\n</think>\n\nTotal 5", `"stop"`))},
		text:  "Total 5",
		warm:  []bool{false},
	},
	{
		name:  "a chat model's fence and sentence of talk",
		edit:  func(c *Config) { c.Profile = "chat" },
		moves: []move{says("Here is the text in the image:\n\n```markdown\n# A\n\nTotal 5\n```", "stop")},
		text:  "# A\n\nTotal 5\n",
		warm:  []bool{false},
		back:  true,
	},
	{
		name:  "the same in an answer that is not streamed at all",
		edit:  func(c *Config) { c.Profile, c.Stream = "chat", false },
		moves: []move{replies(200, "application/json", completion("Here is the text in the image:\n\n```markdown\n# A\n\nTotal 5\n```", `"stop"`))},
		text:  "# A\n\nTotal 5\n",
		warm:  []bool{false},
	},

	{
		name:  "cut at the limit: the page is read in halves, and the person sees the whole text",
		moves: []move{says("Upper one. Upper two. Lo", "length"), says("Upper one. Upper two.", "stop"), says("Lower one. Lower two.", "stop")},
		text:  "Upper one. Upper two.\n\nLower one. Lower two.",
		warm:  []bool{false, false, false},
	},
	{
		name:    "cut at the limit, and the lower half too: the person is told",
		moves:   []move{says("Upper one. Lo", "length"), says("Upper one.", "stop"), says("Lower one. Low", "length")},
		text:    "Upper one.\n\nLower one. Low",
		outcome: Outcome{Cut: true},
		warm:    []bool{false, false, false},
	},
	{
		name:    "cut at the limit, and the upper half too: the person is told",
		moves:   []move{says("Upper one. Upper tw", "length"), says("Upper one. Upper two. Upper thr", "length"), says("Lower one.", "stop")},
		text:    "Upper one. Upper two. Upper thr\n\nLower one.",
		outcome: Outcome{Cut: true},
		warm:    []bool{false, false, false},
	},
	{
		name:    "cut at the limit, and a loop in the upper half: one copy of it, and the lower half",
		moves:   []move{says("Upper", "length"), babbles("Upper one.\n", "Two and two.\n"), says("Lower.", "stop")},
		text:    "Upper one.\nTwo and two.\n\nLower.",
		outcome: Outcome{Cut: true, Looped: true},
		warm:    []bool{false, false, false},
	},
	{
		name:    "cut at the limit, and half of the page cut at the same place",
		moves:   []move{says("First words", "length")},
		text:    "First words",
		outcome: Outcome{Cut: true},
		warm:    []bool{false, false},
	},
	{
		name:    "cut at the limit, and the lower half fails: the longer text stays",
		moves:   []move{says("Upper one. Upper two. Lower one. Lo", "length"), says("Upper one. Upper two.", "stop"), fails(500)},
		text:    "Upper one. Upper two. Lower one. Lo",
		outcome: Outcome{Cut: true},
		warm:    []bool{false, false, false},
	},
	{
		name:    "cut at the limit, and no text in the upper half: the first text stays",
		moves:   []move{says("Upper one. Lo", "length"), says("", "stop"), says("Lower one. Lower two.", "stop")},
		text:    "Upper one. Lo",
		outcome: Outcome{Cut: true},
		warm:    []bool{false, false},
	},
	{
		name:    "cut at the limit, and the page cannot be halved",
		page:    solid,
		moves:   []move{says("First words", "length")},
		text:    "First words",
		outcome: Outcome{Cut: true},
		warm:    []bool{false},
	},
	{
		name:    "a description that is cut is not read in halves",
		mode:    Mode{Kind: Describe},
		moves:   []move{says("A quiet harbour", "length")},
		text:    "A quiet harbour",
		outcome: Outcome{Cut: true},
		warm:    []bool{false},
	},
	{
		name: "an answer at the context's end is cut, whatever its reason says",
		edit: func(c *Config) { c.MaxTokens = NoLimit },
		moves: []move{
			sends(delta("Upper. Lo"), finish("stop"), `data: {"choices":[],"usage":{"prompt_tokens":900,"completion_tokens":7292,"total_tokens":8192}}`+"\n\n", done),
			says("Upper.", "stop"), says("Lower.", "stop"),
		},
		text: "Upper.\n\nLower.",
		warm: []bool{false, false, false},
	},

	{
		name:  "a connection that drops: read again, and the person sees the whole text",
		moves: []move{drops("First li"), says("First line. Second line.", "stop")},
		text:  "First line. Second line.",
		warm:  []bool{false, false},
	},
	{
		name:    "a connection that drops, then no text: the text stays, and the person is told",
		moves:   []move{drops("First line. Sec"), says("", "stop")},
		text:    "First line. Sec",
		outcome: Outcome{Cut: true},
		warm:    []bool{false, false, true},
	},
	{
		name:  "a connection that drops each time: the longest text stays, with the error",
		moves: []move{drops("First"), drops("First line. Sec"), drops("Fir"), drops("First line.")},
		text:  "First line. Sec",
		class: CutOff,
		warm:  []bool{false, false, false, false},
	},
	{
		name:  "a drop, then a refusal: the text stays, with the error",
		moves: []move{drops("First"), fails(401)},
		text:  "First",
		class: KeyRefused,
		warm:  []bool{false, false},
	},

	{
		name:  "no text of a page that is not blank: read once more, and the person sees the text",
		moves: []move{says("", "stop"), says("First line.", "stop")},
		text:  "First line.",
		warm:  []bool{false, true},
	},
	{
		name:  "no text of a page that is not blank, both times",
		moves: []move{says("", "stop")},
		warm:  []bool{false, true},
	},
	{
		name:  "no text of a page that is not blank, and then a failure: no text is no failure",
		moves: []move{says("", "stop"), fails(500)},
		warm:  []bool{false, true},
	},
	{
		name:  "no text of a blank page",
		page:  emptyPage().Data,
		moves: []move{says("", "stop")},
		warm:  []bool{false},
	},
	{
		name:  "nothing located is an answer",
		mode:  Mode{Kind: Locate, Argument: "total"},
		moves: []move{says("", "stop")},
		warm:  []bool{false},
	},
	{
		name:  "a page in blocks is clean",
		moves: []move{says("<|ref|>title<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n# Title\n\n<|ref|>text<|/ref|><|det|>[[1, 5, 3, 9]]<|/det|>\nText.<｜end▁of▁sentence｜>", "stop")},
		text:  "# Title\n\nText.",
		warm:  []bool{false},
	},
	{
		name:    "what is located has boxes",
		mode:    Mode{Kind: Locate, Argument: "total"},
		moves:   []move{says("<|ref|>total<|/ref|><|det|>[[0, 999, 500, 333], [1, 2, 3, 4]]<|/det|>", "stop")},
		text:    "total",
		outcome: Outcome{Boxes: []Box{{"total", page.Area{Left: 0, Top: 333.0 / 999, Right: 500.0 / 999, Bottom: 1}}, {"total", page.Area{Left: 1.0 / 999, Top: 2.0 / 999, Right: 3.0 / 999, Bottom: 4.0 / 999}}}},
		warm:    []bool{false},
	},
	{
		name:    "boxes without their tags are found",
		mode:    Mode{Kind: Locate, Argument: "total"},
		moves:   []move{says("[[0, 0, 999, 999]]\n", "stop")},
		outcome: Outcome{Boxes: []Box{{"", page.Area{Right: 1, Bottom: 1}}}},
		warm:    []bool{false},
	},
	{
		name:    "a connection that drops, then boxes without text",
		mode:    Mode{Kind: Locate, Argument: "total"},
		moves:   []move{drops("total"), says("[[0, 0, 999, 999]]\n", "stop")},
		outcome: Outcome{Boxes: []Box{{"", page.Area{Right: 1, Bottom: 1}}}},
		warm:    []bool{false, false},
		back:    true,
	},
	{
		name:    "boxes without end are a loop, and some are kept",
		mode:    Mode{Kind: Locate, Argument: "total"},
		page:    solid,
		moves:   []move{counts("<|ref|>total<|/ref|><|det|>[", "[1, #, 2, #], ", 200)},
		text:    "total",
		outcome: Outcome{Cut: true, Looped: true, Boxes: make([]Box, 17)},
		warm:    []bool{false, true},
	},
}
