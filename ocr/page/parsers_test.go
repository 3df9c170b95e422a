package page

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"slackocr/ocr/page/internal/input"
)

func FuzzSniff(f *testing.F) {
	for _, head := range []string{"\x89PNG\r\n\x1a\n", "BM", "II*\x00", "%PDF-", "\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00heicavif", "RIFF\x00\x00\x00\x00WEBP"} {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		kind := input.Sniff(head)
		if kind == input.PDF || kind == input.AVIF || kind == "" {
			return
		}
		if _, ok := codecs[kind]; !ok {
			t.Errorf("%q is %q, which nothing decodes", head, kind)
		}
	})
}

// FuzzInspect is for the parsers of headers, our own among them.
func FuzzInspect(f *testing.F) {
	f.Add(string(input.HEIC), []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"))
	f.Add(string(input.JPEG), []byte("\xff\xd8\xff\xc0\x00\x11\x08\x00\x01\x00\x01\x03"))
	f.Add(string(input.WebP), []byte("RIFF\x00\x00\x00\x00WEBPVP8X"))
	f.Add(string(input.TIFF), []byte("II*\x00\x08\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, kind string, file []byte) {
		f := input.NewFile(t.Context(), bytes.NewReader(file), int64(len(file)))
		size, turn, err := inspect(f, Kind(kind), 1e6)
		if err == nil && (size.X < 1 || size.Y < 1 || size.X*size.Y > 1e6 || turn < 1 || turn > 8) {
			t.Errorf("%v, %v", size, turn)
		}
		if err != nil && strings.Contains(err.Error(), "panicked") {
			t.Error(err)
		}
	})
}

// What a process answers is not trusted more than the file that it read.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"Error":{"Broken":"pdf","Text":"x"}}`))
	f.Add([]byte(`{"Pages":[{"Width":-1,"Height":0}],"Total":1}`))
	f.Add([]byte(`{"Pages":[{"Width":3,"Height":99999999}],"Total":4}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var a answer
		if json.Unmarshal(text, &a) != nil {
			return
		}
		if a.Error != nil && a.Error.Err() == nil {
			t.Error("a failure without an error")
		}
		doc, err := newDocument(input.PDF, Options{MaxPages: 9, Canvas: func(int, int) (int, int) { return 300, 400 }}, a)
		if err == nil && (doc.Len() < 1 || doc.Len() > 9*maxPieces || doc.Pages() > 9 || doc.Left() < 0) {
			t.Errorf("%d pieces, %d pages, %d left", doc.Len(), doc.Pages(), doc.Left())
		}
	})
}
