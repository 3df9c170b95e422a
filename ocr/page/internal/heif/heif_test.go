package heif

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"slackocr/ocr/page/internal/input"
)

// TestHEIFListsEndWithTheirData: reading a list stops at the end of the data,
// whatever number of entries the file says that the list has.
func TestHEIFListsEndWithTheirData(t *testing.T) {
	const million = "\x00\x10\x00\x00"
	h := &heif{items: map[uint32]item{}, locations: map[uint32]location{}, associations: map[uint32][]int{}}
	associations := newFields([]byte("\x00\x00\x00\x00" + million))
	h.readAssociations(associations)
	locations := newFields([]byte("\x44\x00" + million))
	h.readLocations(locations, 2)
	for name, f := range map[string]*fields{"associations": associations, "locations": locations} {
		if f.ok || f.missing > 10 {
			t.Errorf("%s: %d reads beyond the end", name, f.missing)
		}
	}
}

// TestHEIFSourcesOfSources: a picture may be made of others that are made of
// others again, each as often as is said. A picture that is made of itself is
// too large.
func TestHEIFSourcesOfSources(t *testing.T) {
	h := &heif{primary: 1, parts: map[uint32][]uint32{1: {2, 3, 3}, 3: {4}, 4: {5}}}
	if got := h.coded(); !slices.Equal(got, []uint32{1, 2, 3, 3, 4, 4, 5, 5}) {
		t.Errorf("made of %v", got)
	}
	if size := image.Pt(100, 100); h.oversized(size) {
		t.Error("a small picture is called too large")
	}
	h.parts[5] = []uint32{1, 1}
	if size := image.Pt(100, 100); !h.oversized(size) {
		t.Error("a picture that is made of itself is not called too large")
	}
}

// TestHEIFAlphaOfTiles: each tile may have an alpha of its own, which is decoded
// with it.
func TestHEIFAlphaOfTiles(t *testing.T) {
	h := &heif{
		primary: 1, parts: map[uint32][]uint32{1: {2, 3}},
		items:        map[uint32]item{4: {}, 5: {}, 6: {}},
		refs:         []reference{{kind: "auxl", from: 4, to: []uint32{2}}, {kind: "auxl", from: 5, to: []uint32{3}}, {kind: "auxl", from: 6, to: []uint32{9}}},
		boxes:        []box{{kind: "auxC", body: []byte("urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")}},
		associations: map[uint32][]int{4: {1}, 5: {1}, 6: {1}},
	}
	if got := h.alphas(); !slices.Equal(got, []uint32{4, 5}) {
		t.Errorf("the alpha is in %v", got)
	}
	if id, ok := h.alpha(); ok {
		t.Errorf("the whole picture has the alpha %d", id)
	}
}

// FuzzHEIF is for what is read of a HEIC file's description: it ends, and panics
// at nothing.
func FuzzHEIF(f *testing.F) {
	for _, name := range []string{"flag.heic", "flag-alpha.heic", "flag-exif.heic", "limited-range.heic"} {
		file, err := os.ReadFile(filepath.Join("../../testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		src := input.NewFile(t.Context(), bytes.NewReader(file), int64(len(file)))
		h, err := readHEIF(src)
		if err != nil {
			return
		}
		if size, err := h.size(); err == nil && (size.X < 1 || size.Y < 1) {
			t.Errorf("%v", size)
		}
		h.exif(src)
		h.alpha()
		h.limited()
	})
}
