package tiff

import (
	"bytes"
	"encoding/binary"
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
		pages, err := directories(src, maxDirectories)
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
			alone, err := directories(bytes.NewReader(file), maxDirectories)
			if err != nil || len(alone) != 1 || alone[0].orientation() != pixels.Upright {
				t.Errorf("page %d by itself: %+v, %v", i, alone, err)
			}
		}
	})
}

// countedReads counts the reads of a file.
type countedReads struct {
	io.ReaderAt
	n int
}

func (c *countedReads) ReadAt(p []byte, offset int64) (int, error) {
	c.n++
	return c.ReaderAt.ReadAt(p, offset)
}

// To find a page, the directories behind it are not read.
func TestReadsNoFurtherThanThePage(t *testing.T) {
	const pages = 1000
	le := binary.LittleEndian
	file := []byte("II*\x00\x08\x00\x00\x00")
	for i := range uint32(pages) {
		file = le.AppendUint16(file, 1)
		file = append(file, 0, 1, 4, 0) // the width, a LONG
		file = le.AppendUint32(file, 1)
		file = le.AppendUint32(file, 100+i)
		next := uint32(len(file)) + 4
		if i == pages-1 {
			next = 0
		}
		file = le.AppendUint32(file, next)
	}
	for _, page := range []int{0, 9, pages - 1} {
		r := &countedReads{ReaderAt: bytes.NewReader(file)}
		f := input.NewFile(t.Context(), r, int64(len(file)))
		f.Page = page
		d, err := pageOf(f)
		if err != nil || d.number(tagWidth, 0) != uint64(100+page) {
			t.Fatalf("page %d is %d pixels wide, %v", page, d.number(tagWidth, 0), err)
		}
		if most := 1 + 2*(page+1); r.n > most {
			t.Errorf("%d reads for page %d, want at most %d", r.n, page, most)
		}
	}
}
