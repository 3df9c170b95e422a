package page_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// HEIC and AVIF are read by libheif's program, and not without it.
func TestKindsOfHEIC(t *testing.T) {
	generic := readFile(t, "flag.heic")
	for _, brand := range []string{"mif1", "msf1", "xxxx"} {
		copy(generic[8:], brand)
		shows(t, brand, generic, red, blue)
	}
	shows(t, "alpha", readFile(t, "flag-alpha.heic"), red, white)
	shows(t, "turned twice by pictures that are made of it", readFile(t, "derived.heic"), blue, red)
	shows(t, "narrow", readFile(t, "narrow.heic"), white, color.RGBA{254, 0, 0, 255})
	shows(t, "AVIF", readFile(t, "flag.avif"), red, blue)
	limited := shows(t, "limited range", readFile(t, "limited-range.heic"), white, black)
	blackOnWhite(t, limited, image.Pt(30, 80), image.Pt(200, 80))
	grey := shows(t, "grey of limited range", readFile(t, "limited-grey.avif"), white, black)
	blackOnWhite(t, grey, image.Pt(10, 10), image.Pt(50, 10))
	shows(t, "48 megapixels", readFile(t, "large.heic"), red, blue)
	shows(t, "the first of two, 40 pixels wide", readFile(t, "two-small.heic"), red, blue)
	shows(t, "grey of 10 bits", pagetest.GreyHEIC, white, color.Gray{76})

	d := newDecoder(t, page.DecoderConfig{})
	turned := piece(t, openDocument(t, d, readFile(t, "flag-exif.heic"), page.Options{}), 0)
	if s := turned.Bounds().Size(); s != image.Pt(160, 240) || !near(turned.At(80, 20), red) || !near(turned.At(80, 220), blue) {
		t.Errorf("by EXIF alone: %v, %v over %v", s, turned.At(80, 20), turned.At(80, 220))
	}
	t.Setenv("PATH", t.TempDir())
	for _, name := range []string{"flag.heic", "flag.avif"} {
		if _, err := d.Open(t.Context(), onDisk(t, readFile(t, name)), page.Options{}); !errors.Is(err, page.ErrNoTool) || !page.TryThumbnail(err) {
			t.Errorf("%s without libheif: %v", name, err)
		}
	}
}

// blackOnWhite checks that two pixels of a page are as light and as dark as can be.
func blackOnWhite(t *testing.T, p page.Page, light, dark image.Point) {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(p.Data))
	if err != nil {
		t.Fatal(err)
	}
	white, _, _, _ := m.At(light.X, light.Y).RGBA()
	black, _, _, _ := m.At(dark.X, dark.Y).RGBA()
	if white>>8 < 250 || black>>8 > 5 {
		t.Errorf("white is %d and black %d", white>>8, black>>8)
	}
}

// A picture is read if another part of the file is damaged, or the picture is also
// a smaller copy of another one.
func TestDamagedPartsOfHEIC(t *testing.T) {
	withEXIF, withAlpha := readFile(t, "flag-exif.heic"), readFile(t, "flag-alpha.heic")
	const primary = "pitm\x00\x00\x00\x00\x00"
	for name, file := range map[string][]byte{
		"EXIF beyond the end": replaced(t, withEXIF, "\x00\x02\x00\x00\x00\x00\x02\x27", "\x00\x02\x00\x00\x7f\x00\x02\x27"),
		"an unknown part":     replaced(t, withEXIF, "Exif\x00\x00\x00\x00", "iden\x00\x00\x00\x00"),
		"a smaller copy":      replaced(t, replaced(t, withAlpha, primary+"\x01", primary+"\x02"), "auxl", "thmb"),
	} {
		if _, err := readAll(t.Context(), newDecoder(t, page.DecoderConfig{}), onDisk(t, file), page.Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of a file that the program refuses, the file itself says why.
func TestRefusedHEIC(t *testing.T) {
	whole := readFile(t, "flag.heic")
	for _, test := range []struct {
		name           string
		file           []byte
		noDecoder, cut bool
	}{
		{"cut", whole[:len(whole)-20], false, true},
		{"of another kind", replaced(t, whole, "hvc1", "vvc1"), true, false},
		{"without its configuration", replaced(t, whole, "hvcC", "none"), false, false},
	} {
		d := newDecoder(t, page.DecoderConfig{})
		_, err := readAll(t.Context(), d, onDisk(t, test.file), page.Options{})
		broken, ok := errors.AsType[*page.BrokenError](err)
		if errors.Is(err, page.ErrNoDecoder) != test.noDecoder || ok == test.noDecoder || ok && broken.Cut() != test.cut || d.Kills() > 0 {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// replaced returns a file with other bytes in the place of bytes that it has once.
func replaced(t *testing.T, file []byte, old, other string) []byte {
	t.Helper()
	if n := bytes.Count(file, []byte(old)); n != 1 {
		t.Fatalf("the file has %q %d times", old, n)
	}
	return bytes.Replace(file, []byte(old), []byte(other), 1)
}
