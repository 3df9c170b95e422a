package input

import (
	"encoding/binary"
	"strings"
	"testing"
)

func TestSniff(t *testing.T) {
	for head, want := range map[string]Kind{
		"":                                  "",
		"\x89PNG\r\n\x1a\n":                 PNG,
		"\x89PNG\r\n\x1a":                   "",
		"\xff\xd8\xff\xe0":                  JPEG,
		"GIF87a":                            GIF,
		"GIF88a":                            "",
		"RIFF\x10\x00\x00\x00WEBPVP8 ":      WebP,
		"RIFF\x10\x00\x00\x00WAVEfmt ":      "",
		"RIFF":                              "",
		"<html>":                            "",
		"\xef\xbb\xbf<?xml version=\"1.0\"": "",
	} {
		if got := Sniff([]byte(head)); got != want {
			t.Errorf("%q is %q, want %q", head, got, want)
		}
	}
}

func TestSniffMore(t *testing.T) {
	box := func(major string, more ...string) string {
		brands := major + "\x00\x00\x00\x00" + strings.Join(more, "")
		return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(brands)))) + "ftyp" + brands
	}
	for head, want := range map[string]Kind{
		box("heic", "mif1", "heic"):            HEIC,
		box("mif1", "mif1", "heic"):            HEIC,
		box("mif1"):                            HEIC,
		box("avif", "avif", "mif1"):            AVIF,
		box("mif1", "avif", "miaf"):            AVIF,
		box("isom", "mp42"):                    "",
		box("qt  ") + "heic":                   "",
		"II*\x00\x08\x00\x00\x00":              TIFF,
		"MM\x00*\x00\x00\x00\x08":              TIFF,
		"II+\x00":                              "",
		"BMW builds cars and motorcycles":      "",
		"BM":                                   "",
		"%PDF-1.4":                             PDF,
		"junk\n%PDF-1.4":                       PDF,
		strings.Repeat(" ", 1020) + "%PDF-1.4": "",
		"<p>A file that begins with %PDF-1.4 is a PDF</p>": "",
		"<svg xmlns=\"http://www.w3.org/2000/svg\"/>":      "",
	} {
		if got := Sniff([]byte(head)); got != want {
			t.Errorf("%q is %q, want %q", head, got, want)
		}
	}
}
