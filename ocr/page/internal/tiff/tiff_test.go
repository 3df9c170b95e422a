package tiff

import (
	"bytes"
	"image"
	"io"
	"testing"

	xtiff "golang.org/x/image/tiff"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pixels"
)

// The chain of a TIFF's pages ends, whatever the file says, and names no page
// twice.
func FuzzDirectories(f *testing.F) {
	var b bytes.Buffer
	if err := xtiff.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x08"))
	f.Fuzz(func(t *testing.T, file []byte) {
		src := input.NewFile(t.Context(), bytes.NewReader(file), int64(len(file)))
		pages, err := directories(src)
		if (err == nil) != (len(pages) > 0) {
			t.Fatalf("%d pages, %v", len(pages), err)
		}
		seen := map[uint64]bool{}
		for i, p := range pages {
			if seen[p.offset] || p.orientation() < 1 || p.orientation() > 8 {
				t.Errorf("page %d: %+v", i, p)
			}
			seen[p.offset] = true
			if _, ok := p.tags[tagWidth]; !ok {
				continue
			}
			file, err := io.ReadAll(p.singlePage(src))
			if err != nil {
				t.Fatal(err)
			}
			alone, err := directories(bytes.NewReader(file))
			if err != nil || len(alone) != 1 || alone[0].orientation() != pixels.Upright {
				t.Errorf("page %d by itself: %+v, %v", i, alone, err)
			}
		}
	})
}
