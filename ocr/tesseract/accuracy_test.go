package tesseract

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// readAll reads a picture as the server does.
func readAll(t *testing.T, file []byte, markdown bool) (text string, pieces int) {
	t.Helper()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := decodePicture(file)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for piece, err := range s.reader.read(t.Context(), m, markdown) {
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(piece)
		pieces++
	}
	return all.String(), pieces
}

// upright is what the bot sends of a photo.
func upright(t *testing.T, file []byte) []byte {
	t.Helper()
	p, err := page.Open(t.Context(), bytes.NewReader(file), page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Data
}

var texts = map[string]string{
	"letter": pagetest.Letter, "receipt": pagetest.Receipt,
	"invoice": pagetest.Invoice, "article": pagetest.Article,
}

func TestAccuracy(t *testing.T) {
	layouts := map[string]pagetest.Layout{
		"A4":       {},
		"200 dpi":  {DPI: 200},
		"small":    {DPI: 110},
		"terminal": {Ink: color.Gray{220}, Paper: color.Gray{20}},
		"faint":    {Ink: color.Gray{120}, Paper: color.Gray{235}},
	}
	for name, text := range texts {
		for kind, layout := range layouts {
			t.Run(name+" "+kind, func(t *testing.T) {
				got, pieces := readAll(t, pagetest.PNG(text, layout), true)
				share := pagetest.Words(got, text)
				fmt.Printf("%-20s %.3f %d\n", name+" "+kind, share, pieces)
				if share < 0.95 {
					t.Errorf("%.1f %% of the words:\n%s", 100*share, got)
				}
			})
		}
		t.Run(name+" photo", func(t *testing.T) {
			got, pieces := readAll(t, upright(t, pagetest.Photo(text, pagetest.Layout{})), true)
			share := pagetest.Words(got, text)
			fmt.Printf("%-20s %.3f %d\n", name+" photo", share, pieces)
			if share < 0.95 {
				t.Errorf("%.1f %% of the words:\n%s", 100*share, got)
			}
		})
	}
	_ = image.Black
}
