package heif

import (
	"bytes"
	"errors"
	"image"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"slackocr/ocr/page/internal/input"
)

// TestHEIFListsEndWithTheirData: reading a list stops at the end of the data,
// whatever number of entries the file says that the list has.
func TestHEIFListsEndWithTheirData(t *testing.T) {
	const million = "\x00\x10\x00\x00"
	m := &meta{locations: map[uint32]location{}, parts: map[uint32][]uint32{}, associations: map[uint32][]int{}}
	associations := newFields([]byte("\x00\x00\x00\x00" + million))
	m.readAssociations(associations)
	locations := newFields([]byte("\x44\x00" + million))
	m.readLocations(locations, 2)
	m.readReference(box{kind: "dimg", body: []byte("\x00\x01\xff\xff")}, false)
	for name, f := range map[string]*fields{"associations": associations, "locations": locations} {
		if f.missing == 0 || f.missing > 10 {
			t.Errorf("%s: %d reads beyond the end", name, f.missing)
		}
	}
	if n := len(m.parts[1]); n > 1 {
		t.Errorf("a reference to %d items without one", n)
	}
}

// TestHEIFSourcesOfSources: a picture may be made of others that are made of
// others again, each as often as is said. A picture that is made of itself is
// too large.
func TestHEIFSourcesOfSources(t *testing.T) {
	m := &meta{primary: 1, parts: map[uint32][]uint32{1: {2, 3, 3}, 3: {4}, 4: {5}}}
	if got := m.coded(); !slices.Equal(got, []uint32{1, 2, 3, 3, 4, 4, 5, 5}) {
		t.Errorf("made of %v", got)
	}
	if size := image.Pt(100, 100); m.oversized(size) {
		t.Error("a small picture is called too large")
	}
	m.parts[5] = []uint32{1, 1}
	if size := image.Pt(100, 100); !m.oversized(size) {
		t.Error("a picture that is made of itself is not called too large")
	}
}

// TestHEIFAlphaOfTiles: each tile may have an alpha of its own, which is decoded
// with it.
func TestHEIFAlphaOfTiles(t *testing.T) {
	m := &meta{
		primary: 1, parts: map[uint32][]uint32{1: {2, 3}},
		items:        map[uint32]item{4: {}, 5: {}, 6: {}},
		refs:         []reference{{kind: "auxl", from: 4, to: []uint32{2}}, {kind: "auxl", from: 5, to: []uint32{3}}, {kind: "auxl", from: 6, to: []uint32{9}}},
		boxes:        []box{{kind: "auxC", body: []byte("urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")}},
		associations: map[uint32][]int{4: {1}, 5: {1}, 6: {1}},
	}
	if got := m.alphas(); !slices.Equal(got, []uint32{4, 5}) {
		t.Errorf("the alpha is in %v", got)
	}
}

// FuzzHEIF is for what is read of a HEIC file's description: it ends, and panics
// at nothing.
func FuzzHEIF(f *testing.F) {
	for _, name := range []string{"flag.heic", "flag-alpha.heic", "flag-exif.heic", "derived.heic", "limited-range.heic"} {
		file, err := os.ReadFile(filepath.Join("../../testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		src := input.NewFile(t.Context(), bytes.NewReader(file), int64(len(file)))
		m, err := readMeta(src)
		if err != nil {
			return
		}
		if size, err := m.size(); err == nil && (size.X < 1 || size.Y < 1) {
			t.Errorf("%v", size)
		}
		m.exif(src)
		m.coding()
		m.oversized(image.Pt(1, 1))
		m.end()
		m.onlyPrimary()
	})
}

// A folder of links that a killed process left is removed, and no other folder.
func TestLeftLinksAreRemoved(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	left, err := OutputLinks()
	if err != nil {
		t.Fatal(err)
	}
	used, err := OutputLinks()
	if err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-2 * maxUse)
	if err := os.Chtimes(left, long, long); err != nil {
		t.Fatal(err)
	}
	if _, err := OutputLinks(); err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir(dir)
	if err != nil || len(folders) != 2 {
		t.Errorf("%v, %v", folders, err)
	}
	_, leftErr := os.Stat(left)
	_, usedErr := os.Stat(used)
	if !errors.Is(leftErr, os.ErrNotExist) || usedErr != nil {
		t.Errorf("left by a killed process: %v; in use: %v", leftErr, usedErr)
	}
}
