package tesseract

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// skipUnderRaceDetector skips a test that measures how well pictures are read. The
// detector makes that ten times slower and finds nothing in it, since one goroutine
// does all the work. The tests of the server and of its processes run with it.
func skipUnderRaceDetector(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("accuracy is measured without the race detector")
	}
}

// readAll reads a picture as the server does, in all languages or in these.
func readAll(t *testing.T, file []byte, markdown bool, languages ...string) (text string, pieces int) {
	t.Helper()
	s, err := New(Options{Languages: languages})
	if err != nil {
		t.Fatal(err)
	}
	m, err := decodePicture(file)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	err = s.reader.read(t.Context(), m, markdown, func(piece string) error {
		all.WriteString(piece)
		pieces++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String(), pieces
}

// upright returns the data of pageOf.
func upright(t *testing.T, file []byte, canvas func(int, int) (int, int)) []byte {
	t.Helper()
	return pageOf(t, file, canvas).Data
}

// pageOf returns what the bot sends of a photo.
func pageOf(t *testing.T, file []byte, canvas func(int, int) (int, int)) page.Page {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(file); err != nil {
		t.Fatal(err)
	}
	doc, err := page.NewDecoder(page.DecoderConfig{}).Open(t.Context(), f, page.Options{Canvas: canvas})
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Close()
	p, err := doc.Page(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var texts = map[string]string{
	"letter": pagetest.Letter, "receipt": pagetest.Receipt,
	"invoice": pagetest.Invoice, "article": pagetest.Article,
}

// TestAccuracy: every text is read with at least 95 % of its words, however the page
// looks, and a page that is no photo is read in pieces.
func TestAccuracy(t *testing.T) {
	skipUnderRaceDetector(t)
	for name, text := range texts {
		pictures := map[string][]byte{
			"page":  pagetest.PNG(text, pagetest.Layout{}),
			"photo": upright(t, pagetest.Photo(text, pagetest.Layout{}), nil),
		}
		if text == pagetest.Receipt {
			pictures["small"] = pagetest.PNG(text, pagetest.Layout{DPI: 110})
			pictures["terminal"] = pagetest.PNG(text, pagetest.Layout{Ink: color.Gray{220}, Paper: color.Gray{20}})
			pictures["faint"] = pagetest.PNG(text, pagetest.Layout{Ink: color.Gray{120}, Paper: color.Gray{235}})
		}
		for look, picture := range pictures {
			t.Run(name+" "+look, func(t *testing.T) {
				t.Parallel()
				got, pieces := readAll(t, picture, true)
				if share := pagetest.Words(got, text); share < 0.95 {
					t.Errorf("%.1f %% of the words:\n%s", 100*share, got)
				} else {
					t.Logf("%.1f %% of the words", 100*share)
				}
				if look == "page" && pieces < 2 {
					t.Errorf("the text came at once:\n%s", got)
				}
			})
		}
	}
}

// A photo of more pixels than a model takes is scaled down on its way.
func TestScaledPhoto(t *testing.T) {
	skipUnderRaceDetector(t)
	photo := pagetest.Photo(pagetest.Article, pagetest.Layout{DPI: 250})
	got, _ := readAll(t, upright(t, photo, func(int, int) (int, int) { return 1280, 1920 }), true)
	if share := pagetest.Words(got, pagetest.Article); share < 0.95 {
		t.Errorf("%.1f %% of the words:\n%s", 100*share, got)
	}
}

// Headings and paragraphs come back as they were set.
func TestMarkdown(t *testing.T) {
	skipUnderRaceDetector(t)
	got, _ := readAll(t, pagetest.PNG(pagetest.Article, pagetest.Layout{}), true, "eng")
	if got != pagetest.Article {
		t.Errorf("got:\n%s", got)
	}
	letter, _ := readAll(t, pagetest.PNG(pagetest.Letter, pagetest.Layout{}), true, "eng")
	if got, want := strings.Count(letter, "\n\n"), strings.Count(pagetest.Letter, "\n\n"); got != want {
		t.Errorf("%d paragraphs end, want %d:\n%s", got, want, letter)
	}
	receipt, _ := readAll(t, pagetest.PNG(pagetest.Receipt, pagetest.Layout{}), true, "eng")
	if !strings.Contains(receipt, "| 7.20 |\n| 1 Pot of tea | 2.90 |\n| 3 Butter croissant | 8.40 |\n") {
		t.Errorf("a receipt's lines are a table:\n%s", receipt)
	}
	plain, _ := readAll(t, pagetest.PNG(pagetest.Article, pagetest.Layout{}), false, "eng")
	if strings.Contains(plain, "#") || !strings.HasPrefix(plain, "The lamps of Wick Point\n") {
		t.Errorf("plain text is:\n%s", plain)
	}
}

// A picture of a single word, as small as a button.
func TestOneWord(t *testing.T) {
	skipUnderRaceDetector(t)
	got, _ := readAll(t, pagetest.PNG("Continue", pagetest.Layout{Width: 1.2, Height: 0.4, Margin: 0.1}), true, "eng")
	if strings.TrimSpace(got) != "Continue" {
		t.Errorf("%q", got)
	}
}

// TestCharacters measures which share of the characters of pictures is read right, in
// their order, in all languages that are installed. Spaces and the marks of markdown
// do not count.
func TestCharacters(t *testing.T) {
	skipUnderRaceDetector(t)
	page := pagetest.Layout{}
	chinese, err := png.Decode(bytes.NewReader(pagetest.ChineseReceiptPNG))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		name  string
		file  []byte
		text  string
		least float64
	}{
		{"English, page", pagetest.PNG(pagetest.Article, page), pagetest.Article, 0.99},
		{"English, photo", upright(t, pagetest.Photo(pagetest.Letter, page), nil), pagetest.Letter, 0.99},
		{"German, page", pagetest.PNG(pagetest.Notice, page), pagetest.Notice, 0.99},
		{"German, photo", upright(t, pagetest.Photo(pagetest.Notice, page), nil), pagetest.Notice, 0.99},
		{"Chinese, receipt", pagetest.ChineseReceiptPNG, pagetest.ChineseReceipt, 0.97},
		{"English over Chinese", over(pagetest.Image(pagetest.Letter, page), chinese), pagetest.Letter + pagetest.ChineseReceipt, 0.993},
		{"Chinese over English", over(chinese, pagetest.Image(pagetest.Letter, page)), pagetest.ChineseReceipt + pagetest.Letter, 0.993},
		{"table, page", pagetest.PNG(pagetest.Invoice, page), pagetest.Invoice, 0.99},
		{"table, photo", upright(t, pagetest.Photo(pagetest.Invoice, page), nil), pagetest.Invoice, 0.99},
		{"table, small", pagetest.PNG(pagetest.Receipt, pagetest.Layout{DPI: 110}), pagetest.Receipt, 0.99},
	} {
		got, _ := readAll(t, p.file, true)
		if share := pagetest.Words(characters(got), characters(p.text)); share < p.least {
			t.Errorf("%s: %.1f %% of the characters:\n%s", p.name, 100*share, got)
		} else {
			t.Logf("%s: %.1f %% of the characters", p.name, 100*share)
		}
	}
}

// over sets a picture above another one.
func over(above, below image.Image) []byte {
	a, b := above.Bounds().Size(), below.Bounds().Size()
	both := image.NewRGBA(image.Rect(0, 0, max(a.X, b.X), a.Y+b.Y))
	draw.Draw(both, both.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(both, image.Rectangle{Max: a}, above, above.Bounds().Min, draw.Src)
	draw.Draw(both, image.Rect(0, a.Y, b.X, a.Y+b.Y), below, below.Bounds().Min, draw.Src)
	var file bytes.Buffer
	if err := png.Encode(&file, both); err != nil {
		panic(err)
	}
	return file.Bytes()
}

// characters makes a word of each character.
func characters(text string) string {
	letters := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n\t|#-", r) })
	return strings.Join(strings.Split(strings.Join(letters, ""), ""), " ")
}

// TestTables: the demo's invoice and its Chinese receipt are read as the tables that
// they have.
func TestTables(t *testing.T) {
	skipUnderRaceDetector(t)
	for name, test := range map[string]struct {
		file  []byte
		table string
	}{
		"invoice": {pagetest.PNG(pagetest.Invoice, pagetest.Layout{}), "| Item | Qty | Price | Amount |\n| --- | --- | --- | --- |\n| Repair of oak chairs | 12 | 45.00 | 540.00 |\n"},
		"photo":   {upright(t, pagetest.Photo(pagetest.Invoice, pagetest.Layout{}), nil), "| VAT 20% | | | 166.94 |\n| Total due | | | 1001.64 |\n"},
		"receipt": {pagetest.ChineseReceiptPNG, "| 品名 | 数量 | 金额 |\n| --- | --- | --- |\n| 龙井茶 | 2 | 96.50 |\n| 小笼包 | 3 | 54.20 |\n"},
	} {
		if got, _ := readAll(t, test.file, true); !strings.Contains(got, test.table) {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}

// TestForeignScript: text in a script of which no language is installed is not guessed.
func TestForeignScript(t *testing.T) {
	skipUnderRaceDetector(t)
	got, _ := readAll(t, pagetest.ChineseReceiptPNG, true, "eng")
	if !strings.Contains(got, "tesseract-ocr-chi-sim") || strings.Contains(got, "\n") {
		t.Errorf("a Chinese receipt is read as %q", got)
	}
	if got, _ := readAll(t, pagetest.PNG(pagetest.Receipt, pagetest.Layout{}), true, "eng"); !strings.Contains(got, "croissant") {
		t.Errorf("an English receipt is read as %q", got)
	}
}

// TestChosenLanguages: a language that is not installed is named at the start.
func TestChosenLanguages(t *testing.T) {
	s, err := New(Options{Languages: []string{"chi_sim", "eng"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Languages(); got != "English and simplified Chinese" {
		t.Errorf("it reads %s", got)
	}
	if _, err := New(Options{Languages: []string{"eng", "tlh"}}); err == nil || !strings.Contains(err.Error(), "tesseract-ocr-tlh") {
		t.Errorf("an unknown language: %v", err)
	}
}
