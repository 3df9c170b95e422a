package page_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/pagetest"
)

// HEIC is read by libheif's program, and without it as far as the module can.
func TestKindsOfHEIC(t *testing.T) {
	t.Run("by libheif's program", func(t *testing.T) {
		testHEIC(t)
		shows(t, "narrow", readFile(t, "narrow.heic"), white, color.RGBA{254, 0, 0, 255})
		shows(t, "AVIF", readFile(t, "flag.avif"), red, blue)
		grey := shows(t, "grey of limited range", readFile(t, "limited-grey.avif"), white, black)
		blackOnWhite(t, grey, image.Pt(10, 10), image.Pt(50, 10))
		shows(t, "48 megapixels", readFile(t, "large.heic"), red, blue)
		shows(t, "the first of two, 40 pixels wide", readFile(t, "two-small.heic"), red, blue)
		shows(t, "grey of 10 bits", pagetest.GreyHEIC, white, color.Gray{76})
	})
	t.Run("without it", func(t *testing.T) {
		page.DecodeCommand() // builds with what is in PATH
		t.Setenv("PATH", t.TempDir())
		testHEIC(t)
		shows(t, "narrow", readFile(t, "narrow.heic"), white, color.Gray{76})
		d := newDecoder(t, page.DecoderConfig{})
		tiny := withExtent(t, readFile(t, "flag.heic"), 32, 160)
		if _, err := readAll(t.Context(), d, onDisk(t, tiny), page.Options{}); !errors.Is(err, page.ErrNoDecoder) || !page.TryThumbnail(err) {
			t.Errorf("a tiny one: %v", err)
		}
		if _, err := readAll(t.Context(), d, onDisk(t, readFile(t, "flag.avif")), page.Options{}); !errors.Is(err, page.ErrNoTool) {
			t.Errorf("AVIF: %v", err)
		}
		_, err := readAll(t.Context(), d, onDisk(t, readFile(t, "large.heic")), page.Options{})
		if large, ok := errors.AsType[*page.TooLargeError](err); !ok || large.MaxPixels != input.MaxPixels/4 {
			t.Errorf("48 megapixels: %v", err)
		}
	})
}

// testHEIC reads the kinds that both decoders know.
func testHEIC(t *testing.T) {
	t.Helper()
	generic := readFile(t, "flag.heic")
	for _, brand := range []string{"mif1", "msf1", "xxxx"} {
		copy(generic[8:], brand)
		shows(t, brand, generic, red, blue)
	}
	shows(t, "alpha", readFile(t, "flag-alpha.heic"), red, white)
	p := shows(t, "limited range", readFile(t, "limited-range.heic"), white, black)
	blackOnWhite(t, p, image.Pt(30, 80), image.Pt(200, 80))
	doc := openDocument(t, newDecoder(t, page.DecoderConfig{}), readFile(t, "flag-exif.heic"), page.Options{})
	turned := piece(t, doc, 0)
	if s := turned.Bounds().Size(); s != image.Pt(160, 240) || !near(turned.At(80, 20), red) || !near(turned.At(80, 220), blue) {
		t.Errorf("by EXIF alone: %v, %v over %v", s, turned.At(80, 20), turned.At(80, 220))
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

// A picture is read by the program alone, which starts at once, if another part
// of the file is damaged or the picture is also a smaller copy of another one.
func TestDamagedPartsOfHEIC(t *testing.T) {
	withEXIF, withAlpha := readFile(t, "flag-exif.heic"), readFile(t, "flag-alpha.heic")
	const primary = "pitm\x00\x00\x00\x00\x00"
	for name, file := range map[string][]byte{
		"EXIF beyond the end": replaced(t, withEXIF, "\x00\x02\x00\x00\x00\x00\x02\x27", "\x00\x02\x00\x00\x7f\x00\x02\x27"),
		"an unknown part":     replaced(t, withEXIF, "Exif\x00\x00\x00\x00", "iden\x00\x00\x00\x00"),
		"a smaller copy":      replaced(t, replaced(t, withAlpha, primary+"\x01", primary+"\x02"), "auxl", "thmb"),
	} {
		doc, err := newDecoder(t, page.DecoderConfig{Memory: noModule}).Open(t.Context(), onDisk(t, file), page.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := doc.Page(t.Context(), 0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		doc.Close()
	}
}

// noModule is too little memory for the module to start, in bytes.
const noModule = 24 << 20

// What the program refuses the module reads, but only a file that looks whole is
// worth its start.
func TestModuleReadsWhatTheProgramRefuses(t *testing.T) {
	page.DecodeCommand() // builds with what is in PATH
	tools := t.TempDir()
	if err := os.WriteFile(filepath.Join(tools, "heif-convert"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", tools)
	whole := readFile(t, "flag.heic")
	shows(t, "whole", whole, red, blue)
	for name, file := range map[string][]byte{
		"cut":             whole[:len(whole)-20],
		"of another kind": replaced(t, whole, "hvc1", "vvc1"),
		"without pixels":  replaced(t, whole, "hvcC", "none"),
	} {
		d := newDecoder(t, page.DecoderConfig{Memory: noModule})
		if _, err := readAll(t.Context(), d, onDisk(t, file), page.Options{}); !page.TryThumbnail(err) || d.Kills() > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := newDecoder(t, page.DecoderConfig{Memory: noModule})
	if _, err := readAll(t.Context(), d, onDisk(t, whole), page.Options{}); d.Kills() == 0 {
		t.Errorf("the module started with %d MB: %v", noModule>>20, err)
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
