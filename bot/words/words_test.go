package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"slackocr/ocr"
)

// TestEachFailureHasItsSentence: it says what happened and what to do, shows no error,
// and is no other's.
func TestEachFailureHasItsSentence(t *testing.T) {
	said := map[string]Kind{}
	for kind, r := range failures {
		f := &Failure{Kind: kind, Width: 90_000, Height: 7}
		got := f.Sentence()
		if other, ok := said[got]; ok {
			t.Errorf("%q and %q say the same", kind, other)
		}
		said[got] = kind
		if !strings.HasSuffix(got, ".") || strings.Contains(got, "%!") || strings.Contains(got, "error") {
			t.Errorf("%q says %q", kind, got)
		}
		if r.owner == Person && r.cure == "" {
			t.Errorf("%q does not say what to do", kind)
		}
		f.Request = "7f3a-21c9"
		if named := strings.Contains(f.Sentence(), f.Request); named != (r.owner == Operator) {
			t.Errorf("%q names its request: %v", kind, named)
		}
	}
	if unknown := Failed("of a later version"); !unknown.Retry() || unknown.Sentence() != Failed(Connection).Sentence() {
		t.Errorf("an unknown kind says %q", unknown.Sentence())
	}
	if told := (&Failure{Kind: OldSentence, OldText: "the words of before."}); told.Sentence() != "the words of before." || told.Retry() {
		t.Errorf("the sentence of an earlier version became %q", told.Sentence())
	}
}

func TestSentences(t *testing.T) {
	cut := Failed(Truncated)
	for got, want := range map[string]string{
		Read("a.png", 1, 1, 400*time.Millisecond):               "Read a.png · 1 word · 1 s",
		Read("a.png", 12, 3, 119*time.Second):                   "Read a.png · 3 pages · 12 words · 1 min 59 s",
		ReadFiles(3, 3, ocr.Mode{}, 12*time.Second):             "Read 3 files · 12 s",
		ReadFiles(2, 3, ocr.Mode{Kind: ocr.Plain}, time.Second): "Read 2 of 3 files as plain text · 1 s",
		Waiting("a.png", 0):                                     "a.png is next.",
		Waiting("a.png", 3):                                     "a.png is waiting, 3 ahead.",
		Of("a.png", Waiting("", 3)):                             "a.png · waiting, 3 ahead",
		Of("a.png", Located("", "total", 0, "")):                "a.png · not found",
		Of("a.png", Located("", "total", 2, DamagedFile(true))): "a.png · found twice · the file is damaged, so some of it may be missing",
		Located("a.png", "total", 2, ""):                        "Found “total” twice in a.png.",
		Located("a.png", "total", 0, PagesLeftOut(2)):           "I didn't find “total” in a.png · the last 2 pages skipped, which is more than I read at once.",
		Located("a.png", "total", 1, NotMarked):                 "Found “total” once in a.png · Slack didn't accept the picture that shows where, so please ask again.",
		NothingFound("a.png", ocr.Describe, ""):                 "I found nothing to describe in a.png.",
		Of("a.png", NothingFound("", ocr.Prompt, "")):           "a.png · no answer in it",
		Part(1, 1, 0, 0):                                        "",
		Part(2, 3, 0, 0):                                        "part 2 of 3",
		Part(2, 3, 4, 4):                                        "part 2 of 3 · page 4",
		Part(1, 1, 1, 9):                                        "pages 1–9",
		NotRead("a.png", 0, cut):                                "I couldn't read a.png: " + cut.Sentence(),
		NotRead("a.png", 1, cut):                                "I read 1 word of a.png, then had to stop: " + cut.Sentence(),
		NotYet("a.png", Failed(ModelBusy), 45*time.Second):      "Not yet: the OCR service is too busy. I'll try a.png again in 45 s.",
		DeliveryFailed("a.png", "7f3a-21c9"):                    "I read a.png, but Slack didn't accept the text. Please post it again. If this keeps happening, ask whoever runs me about 7f3a-21c9.",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestEachModeHasItsWords in the menu, in sentences about one file or several, and in the
// list of what people may write.
func TestEachModeHasItsWords(t *testing.T) {
	said := map[string]ocr.Kind{}
	for _, kind := range ocr.Kinds() {
		m, row := ocr.Mode{Kind: kind, Argument: "total"}, modes[kind]
		if row.nothing == "" && kind != ocr.Locate { // see Located
			t.Errorf("%s has no words for a file without a result", kind)
		}
		for _, got := range []string{Mode(kind), FileAndMode("a.png", m)} {
			if other, ok := said[got]; ok {
				t.Errorf("%q stands for %s and for %s", got, other, kind)
			}
			said[got] = kind
		}
		for _, pronoun := range []string{" it ", " its ", " them ", " their "} {
			if strings.Contains(row.title+" ", pronoun) {
				t.Errorf("%q has to fit one file and several", row.title)
			}
		}
		if !kind.Usual() && !strings.Contains(waysToRead, "`"+string(kind)) {
			t.Errorf("nobody learns that %s is a way to read", kind)
		}
	}
}

// TestEachClassHasItsKind, and only one: which of several is told would be chance.
func TestEachClassHasItsKind(t *testing.T) {
	kinds := map[ocr.Class]int{}
	for _, r := range failures {
		kinds[r.class]++
	}
	for _, class := range ocr.Classes() {
		if kinds[class] != 1 || failures[FailedAtModel(class).Kind].class != class {
			t.Errorf("the class %q has %d kinds", class, kinds[class])
		}
	}
	if f := FailedAtModel(0); f.Kind != Connection {
		t.Errorf("a class that there is not is told as %q", f.Kind)
	}
}

// TestTryAgain is offered where the same picture may be read later, with the operator's
// help or without.
func TestTryAgain(t *testing.T) {
	for kind, want := range map[Kind]bool{
		ModelDown: true, KeyRefused: true, NoTool: true,
		ModelRefused: false, Damaged: false, Truncated: false, SameText: false,
	} {
		if f := Failed(kind); f.OfferTryAgain() != want {
			t.Errorf("%q offers to try again: %v, want %v", kind, !want, want)
		}
	}
}

// TestEachKindHasItsRow: a failure without a row is told, and retried, as a fault of the
// connection.
func TestEachKindHasItsRow(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "failure.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typed, ok := spec.Type.(*ast.Ident); !ok || typed.Name != "Kind" {
			return true
		}
		kinds++
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := failures[Kind(value)]; !ok && Kind(value) != OldSentence {
			t.Errorf("%s has no row", spec.Names[0])
		}
		return true
	})
	if kinds != len(failures)+1 {
		t.Errorf("%d kinds were found for %d rows", kinds, len(failures))
	}
}
