package reading

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

	"github.com/slack-go/slack"

	"slackocr/bot/fetch"
	"slackocr/bot/guard"
	"slackocr/bot/jobs"
	"slackocr/bot/words"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// errorKinds are all failures that have a name of their own, and their kinds. The key
// is how the code that fails calls it.
var errorKinds = map[string]struct {
	err  error
	kind words.Kind
}{
	"fetch.ErrLoginPage":  {fetch.ErrLoginPage, words.NoPermission},
	"fetch.ErrNotFile":    {fetch.ErrNotFile, words.NotFile},
	"fetch.ErrTooLarge":   {fetch.ErrTooLarge, words.TooLargeFile},
	"fetch.ErrGone":       {fetch.ErrGone, words.Gone},
	"fetch.ErrForeign":    {fetch.ErrForeign, words.NotInSlack},
	"fetch.ErrLink":       {fetch.ErrLink, words.BadLink},
	"fetch.ErrPrivate":    {fetch.ErrPrivate, words.PrivateLink},
	"fetch.ErrForbidden":  {fetch.ErrForbidden, words.LinkForbidden},
	"fetch.ErrNotImage":   {fetch.ErrNotImage, words.LinkNotImage},
	"fetch.ErrRedirects":  {fetch.ErrRedirects, words.LinkRedirects},
	"fetch.ErrSlow":       {fetch.ErrSlow, words.LinkSlow},
	"fetch.ErrSlackSlow":  {fetch.ErrSlackSlow, words.SlackSlow},
	"a long text":         {jobs.ErrTooLarge, words.TextTooLong},
	"page.ErrEmpty":       {page.ErrEmpty, words.Empty},
	"page.ErrUnsupported": {page.ErrUnsupported, words.Unsupported},
	"page.TooLargeError":  {&page.TooLargeError{Width: 90_000, Height: 7}, words.TooManyPixels},
	"page.ShapeError":     {&page.ShapeError{}, words.TooNarrow},
	"page.ErrNoDecoder":   {page.ErrNoDecoder, words.NoDecoder},
	"page.ErrPassword":    {page.ErrPassword, words.Password},
	"page.ErrNoPages":     {page.ErrNoPages, words.NoPages},
	"page.ErrNoTool":      {page.ErrNoTool, words.NoTool},
	"page.KilledError":    {&page.KilledError{}, words.TooComplex},
	"page.BrokenError":    {&page.BrokenError{}, words.BrokenFile},
	"a broken PDF":        {&page.BrokenError{Kind: page.PDF}, words.BrokenPDF},
	"page.ErrBlank":       {page.ErrBlank, words.Blank},
	"jobs.ErrStopped":     {jobs.ErrStopped, words.Stopped},
	"guard.ErrPanicked":   {guard.ErrPanicked, words.Crashes},
	"kept before":         {words.Failed(words.Looped), words.Looped},
	"disk full":           {&fs.PathError{Op: "write", Path: "/secret", Err: syscall.ENOSPC}, words.NoRoom},
	"disk read-only":      {&fs.PathError{Op: "open", Path: "/secret", Err: syscall.EROFS}, words.NoRoom},
	"no right to write":   {&fs.PathError{Op: "open", Path: "/secret", Err: os.ErrPermission}, words.NoRoom},
	"no folder":           {&fs.PathError{Op: "open", Path: "/secret", Err: os.ErrNotExist}, words.NoRoom},
	"refused by Slack":    {slack.SlackErrorResponse{Err: "channel_not_found"}, words.SlackRefused},
	"anything else":       {errors.New("read tcp 10.0.0.1:443: reset by peer"), words.Connection},
}

func TestEachErrorHasItsKind(t *testing.T) {
	for name, c := range errorKinds {
		if got := FailureOf(fmt.Errorf("wrapped: %w", c.err)); got.Kind != c.kind {
			t.Errorf("%s is %q, want %q", name, got.Kind, c.kind)
		}
	}
	for _, class := range ocr.Classes() {
		err := &ocr.Error{Class: class, Host: "ocr.example"}
		got := FailureOf(fmt.Errorf("wrapped: %w", err))
		if got.Retry() != err.Temporary() {
			t.Errorf("the class %q may pass: %v, want %v", class, got.Retry(), err.Temporary())
		}
	}
	if FailureOf(nil) != nil || FailureOf(nil).Retry() {
		t.Error("no error is a failure")
	}
}

// TestEachNamedErrorIsInTheTable reads off the code which errors people may
// have to be told of.
func TestEachNamedErrorIsInTheTable(t *testing.T) {
	n := 0
	for dir, pkg := range map[string]string{"../fetch": "fetch", "../../ocr/page": "page", "../../ocr/page/internal/input": "page"} {
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
						if _, ok := errorKinds[pkg+"."+name]; !ok {
							t.Errorf("%s.%s has no kind", pkg, name)
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
