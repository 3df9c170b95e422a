package bot

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/fetch"
	"slackocr/bot/jobs"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// classes are the model's failures: what people read, and whether it may pass.
var classes = map[ocr.Class]struct {
	words     string
	temporary bool
}{
	ocr.KeyRefused: {"refused my key. Ask whoever runs me", false},
	ocr.Busy:       {"has too much to do. Post it again in a few minutes", true},
	ocr.Down:       {"cannot be reached. Post it again in a few minutes", true},
	ocr.Refused:    {"does not accept what it shows. I cannot change that", false},
	ocr.TooLarge:   {"too much for the OCR service at once. Post it in parts", false},
	ocr.BadRequest: {"did not understand me. Ask whoever runs me to check its settings", false},
	ocr.NotFound:   {"does not know my model. Ask whoever runs me", false},
	ocr.CutOff:     {"broke off. Post it again", true},
	ocr.Idle:       {"stopped writing. Post it again", true},
	ocr.Protocol:   {"an answer I cannot read. Ask whoever runs me to check its address", false},
}

// causes are all other failures that have a name. The key is how the code that
// fails calls it.
var causes = map[string]struct {
	err       error
	words     string
	temporary bool
}{
	"fetch.ErrLoginPage":  {fetch.ErrLoginPage, "ask an admin to add files:read and reinstall me", false},
	"fetch.ErrTooLarge":   {fetch.ErrTooLarge, "larger than I can take. Post a smaller copy", false},
	"fetch.ErrGone":       {fetch.ErrGone, "no longer there. Post it again", false},
	"fetch.ErrForeign":    {fetch.ErrForeign, "not kept in Slack. Upload it here", false},
	"fetch.ErrLink":       {fetch.ErrLink, "not an address on the web that I can follow. Post the picture here", false},
	"fetch.ErrPrivate":    {fetch.ErrPrivate, "does not lead to the public internet. Post the picture here", false},
	"fetch.ErrForbidden":  {fetch.ErrForbidden, "does not let me have it. Post the picture here", false},
	"fetch.ErrNotImage":   {fetch.ErrNotImage, "leads to a page, not to a picture. Copy the picture's own address", false},
	"fetch.ErrRedirects":  {fetch.ErrRedirects, "leads on and on. Post the picture here", false},
	"fetch.ErrSlow":       {fetch.ErrSlow, "came too slowly. Post the picture here", false},
	"fetch.ErrSlackSlow":  {fetch.ErrSlackSlow, "comes too slowly from Slack. Post it again", true},
	"a long text":         {jobs.ErrTooLarge, "longer than I can keep. Post it in parts", false},
	"page.ErrEmpty":       {page.ErrEmpty, "the file is empty. Post it again", false},
	"page.ErrUnsupported": {page.ErrUnsupported, "do not know this kind of file. Post it as a PNG or JPEG", false},
	"page.TooLargeError":  {&page.TooLargeError{Width: 90_000, Height: 7}, "90000 × 7 pixels, more than I can take. Post a smaller copy", false},
	"page.ShapeError":     {&page.ShapeError{}, "too long and narrow for me. Post it in parts", false},
	"page.ErrNoDecoder":   {page.ErrNoDecoder, "know this kind of picture but cannot open it. Post it as a PNG or JPEG", false},
	"page.ErrPassword":    {page.ErrPassword, "locked with a password. Post a copy without one", false},
	"page.ErrNoPages":     {page.ErrNoPages, "no pages in it. Post it again", false},
	"page.ErrNoTool":      {page.ErrNoTool, "not set up to open this kind of file. Ask whoever runs me", false},
	"page.KilledError":    {&page.KilledError{}, "too much work for me to open. Post a smaller or simpler copy", false},
	"page.BrokenError":    {&page.BrokenError{}, "I cannot open this file. Save it as a new PNG or JPEG and post that", false},
	"a broken PDF":        {&page.BrokenError{Kind: page.PDF}, "I cannot open this PDF. Print it to a new PDF, or post its pages as PNG or JPEG", false},
	"page.ErrBlank":       {page.ErrBlank, "one plain colour here. If there is more to see, post it as a PNG or JPEG", false},
	"jobs.ErrStopped":     {jobs.ErrStopped, "somebody stopped me", false},
	"cut":                 {errCut, "the model ended before the page did. Post the rest", false},
	"outside":             {errOutside, "a conversation that I am not in. Invite me there", false},
	"looped":              {errLooped, "only repeated itself. Post the rest", false},
	"the same again":      {errSame, "the same text as before, so it stands above already", false},
	"crashes":             {errAsked, "something goes wrong with this file each time. Ask whoever runs me", false},
	"told before":         {toldError("the words of before."), "the words of before.", false},
	"disk full":           {&fs.PathError{Op: "write", Path: "/secret", Err: syscall.ENOSPC}, "no room to work on it. Ask whoever runs me", true},
	"disk read-only":      {&fs.PathError{Op: "open", Path: "/secret", Err: syscall.EROFS}, "no room to work on it. Ask whoever runs me", true},
	"no right to write":   {&fs.PathError{Op: "open", Path: "/secret", Err: os.ErrPermission}, "no room to work on it. Ask whoever runs me", true},
	"no folder":           {&fs.PathError{Op: "open", Path: "/secret", Err: os.ErrNotExist}, "no room to work on it. Ask whoever runs me", true},
	"anything else":       {errors.New("read tcp 10.0.0.1:443: reset by peer"), "the connection failed. Post it again in a minute", true},
}

func TestEachFailureHasItsWords(t *testing.T) {
	said := map[string]string{}
	check := func(name string, err error, words string, passes bool) {
		t.Helper()
		got := wordsCause(fmt.Errorf("wrapped: %w", err))
		if !strings.Contains(got, words) {
			t.Errorf("%s says %q, want %q", name, got, words)
		}
		for _, private := range []string{"wrapped", "ocr.example", "10.0.0.1", "/secret", "error"} {
			if strings.Contains(got, private) {
				t.Errorf("%s shows the error itself: %q", name, got)
			}
		}
		if other, ok := said[got]; ok && !strings.Contains(words, "no room") {
			t.Errorf("%s and %s say the same", name, other)
		}
		said[got] = name
		if got := temporary(fmt.Errorf("wrapped: %w", err)); got != passes {
			t.Errorf("%s may pass: %v, want %v", name, got, passes)
		}
	}
	for class := ocr.KeyRefused; !strings.HasPrefix(class.String(), "class "); class++ {
		want, ok := classes[class]
		if !ok {
			t.Errorf("the class %q has no words", class)
			continue
		}
		check(class.String(), &ocr.Error{Class: class, Host: "ocr.example"}, want.words, want.temporary)
	}
	for name, c := range causes {
		check(name, c.err, c.words, c.temporary)
	}
	if temporary(fmt.Errorf("posting: %w", slack.SlackErrorResponse{Err: "channel_not_found"})) {
		t.Error("what Slack refuses it would refuse again")
	}
	if temporary(errUnreadable) {
		t.Error("a job that cannot be read stays so")
	}
}

// TestEachNamedErrorIsInTheTable reads off the code which errors people may
// have to be told of.
func TestEachNamedErrorIsInTheTable(t *testing.T) {
	n := 0
	for dir, pkg := range map[string]string{"fetch": "fetch", "../ocr/page": "page"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				general, ok := d.(*ast.GenDecl)
				if !ok {
					continue
				}
				for _, spec := range general.Specs {
					for _, name := range namesOfErrors(spec) {
						n++
						if pkg+"."+name == "page.ErrWhole" {
							continue // package ocr's own affair
						}
						if _, ok := causes[pkg+"."+name]; !ok {
							t.Errorf("%s.%s has no words", pkg, name)
						}
					}
				}
			}
		}
	}
	if n < 9 {
		t.Errorf("only %d errors were found", n)
	}
}

func namesOfErrors(spec ast.Spec) (names []string) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if strings.HasPrefix(name.Name, "Err") {
				names = append(names, name.Name)
			}
		}
	case *ast.TypeSpec:
		if s.Name.IsExported() && strings.HasSuffix(s.Name.Name, "Error") {
			names = append(names, s.Name.Name)
		}
	}
	return names
}

func TestWordsOfALine(t *testing.T) {
	for got, want := range map[string]string{
		wordsRead("a.png", 1, 1, 400*time.Millisecond):                   "Read a.png · 1 word · 1 s",
		wordsRead("a.png", 12, 3, 119*time.Second):                       "Read a.png · 3 pages · 12 words · 1 min 59 s",
		wordsWaiting("a.png", 0):                                         "a.png is next.",
		wordsWaiting("a.png", 3):                                         "a.png is waiting, 3 ahead.",
		wordsPart("a.png", 1, 1, 0, 0):                                   "The text of a.png",
		wordsPart("a.png", 2, 3, 0, 0):                                   "The text of a.png, part 2 of 3",
		wordsPart("a.pdf", 2, 3, 4, 4):                                   "The text of a.pdf, part 2 of 3, page 4",
		wordsPart("a.pdf", 1, 1, 1, 9):                                   "The text of a.pdf, pages 1 to 9",
		wordsFailed("a.png", 0, errCut):                                  "I could not read a.png: " + wordsCause(errCut),
		wordsFailed("a.png", 1, errCut):                                  "I read 1 word of a.png, then had to stop: " + wordsCause(errCut),
		wordsAgain("a.png", &ocr.Error{Class: ocr.Busy}, 45*time.Second): "Not yet: the OCR service has too much to do. I try a.png again in 45 s.",
		wordsLost("a.png", "7f3a-21c9"):                                  "I read a.png, but Slack did not take the text: post it again, please. If it goes on like this, ask whoever runs me about 7f3a-21c9.",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTokenErrorSaysWhatToDo(t *testing.T) {
	for _, tt := range []struct{ variable, code, want string }{
		{"SLACK_BOT_TOKEN", "invalid_auth", "copy the token again from your app's page, under OAuth & Permissions"},
		{"SLACK_APP_TOKEN", "invalid_auth", "copy the token again from your app's page, under Basic Information → App-Level Tokens"},
		{"SLACK_APP_TOKEN", "not_allowed_token_type", "app-level tokens with xapp-"},
		{"SLACK_APP_TOKEN", "missing_scope", "lacks the scope connections:write"},
		{"SLACK_BOT_TOKEN", "missing_scope", "compare your app with the manifest"},
	} {
		got := (&TokenError{Variable: tt.variable, Code: tt.code}).Error()
		if !strings.Contains(got, tt.want) || !strings.Contains(got, tt.variable) || !strings.Contains(got, tt.code) {
			t.Errorf("%s of %s says %q, want %q", tt.code, tt.variable, got, tt.want)
		}
	}
}
