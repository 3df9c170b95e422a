package ocrcmd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"slackocr/cmd/bot/internal/officetest"
	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

func TestMain(m *testing.M) { officetest.Main(m) }

// TestFileFailures opens files that cannot be read. Each gets words for people,
// and not those of the decoder.
func TestFileFailures(t *testing.T) {
	decoder := officetest.Decoder(t)
	letter := pagetest.PNG(pagetest.Letter, pagetest.Layout{})
	changed := bytes.Clone(letter)
	for i := 40; i < len(changed); i++ {
		changed[i] ^= 0x55
	}
	for name, content := range map[string][]byte{
		"empty.png":   {},
		"cut.png":     letter[:40],
		"changed.png": changed,
		"text.png":    []byte("This is no picture."),
		"thin.png":    pagetest.PNG("", pagetest.Layout{Width: 3000, Height: 2}),
		"cut.pdf":     []byte("%PDF-1.7\n1 0 obj"),
		"cut.heic":    []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1"),
		"cut.tiff":    []byte("II*\x00\x08\x00\x00\x00\x01"),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			err := readPicture(t.Context(), decoder, path)
			if err == nil {
				t.Fatal("the file was opened")
			}
			words := ofFile(err)
			if words == "" || strings.Contains(words, err.Error()) && !errors.Is(err, page.ErrEmpty) {
				t.Errorf("%v: it says %q", err, words)
			}
		})
	}
	if words := ofFile(context.Canceled); words != "" {
		t.Errorf("of another error it says %q", words)
	}
	for _, limit := range []string{page.LimitTime, page.LimitCrash} {
		if words := ofFile(&page.KilledError{Kind: page.PNG, Limit: limit}); killedBy[limit] == "" || !strings.Contains(words, killedBy[limit]) {
			t.Errorf("%s: it says %q", limit, words)
		}
	}
}

// TestEachErrorOfPageHasItsWords counts the errors of package page that are values. A
// row more is the system's, for a full disk.
func TestEachErrorOfPageHasItsWords(t *testing.T) {
	source, err := os.ReadFile("../../../../ocr/page/page.go")
	if err != nil {
		t.Fatal(err)
	}
	if errs := regexp.MustCompile(`(?m)^\tErr\w+ += `).FindAll(source, -1); len(errs) != len(fileFailures)-1 {
		t.Errorf("%d errors, and %d rows: %s", len(errs), len(fileFailures), errs)
	}
}

// readPicture opens a file and makes its first page.
func readPicture(ctx context.Context, decoder *page.Decoder, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	doc, err := decoder.Open(ctx, file, page.Options{MaxPages: 1})
	if err != nil {
		return err
	}
	defer doc.Close()
	_, err = doc.Page(ctx, 0)
	return err
}
