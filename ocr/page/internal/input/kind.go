// Package input has what the decoders of all formats share: the file that is
// read, its format, the limits and errors of reading it, and the other programs
// that open it.
package input

import (
	"bytes"
	"encoding/binary"
)

// A Kind is a file format, detected by content and never by a file's name or
// declared type. The empty Kind is an unknown format.
type Kind string

// The known formats.
const (
	PNG  Kind = "png"
	JPEG Kind = "jpeg"
	GIF  Kind = "gif"
	WebP Kind = "webp"
	BMP  Kind = "bmp"
	TIFF Kind = "tiff"
	HEIC Kind = "heic"
	AVIF Kind = "avif"
	PDF  Kind = "pdf"
)

// sniffLen is the number of bytes that Sniff needs. PDF's signature may stand
// anywhere in these bytes (PDF Reference 1.7, implementation note 13).
const sniffLen = 1024

// Sniff returns the format of a file for its first bytes, which must be at
// least 1024 if the file is that long.
func Sniff(head []byte) Kind {
	switch {
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return GIF
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return WebP
	case isTIFF(head):
		return TIFF
	case isBMP(head):
		return BMP
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		return brand(head)
	case isPDF(head):
		return PDF
	}
	return ""
}

// isTIFF accepts both forms: BigTIFF has offsets of eight bytes.
func isTIFF(head []byte) bool {
	for _, magic := range []string{"II*\x00", "MM\x00*", "II+\x00\x08\x00\x00\x00", "MM\x00+\x00\x08\x00\x00"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

// isBMP also checks the size of the second header: two letters alone would
// accept any text that starts with BM.
func isBMP(head []byte) bool {
	if len(head) < 18 || string(head[:2]) != "BM" {
		return false
	}
	switch binary.LittleEndian.Uint32(head[14:]) {
	case 12, 16, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// brand returns the format for a file type box (ISO/IEC 14496-12, 4.3): its
// size, "ftyp", the major brand, a version, and the compatible brands. HEIC's
// and AVIF's brands are in ISO/IEC 23008-12 and in AVIF 1.1.
func brand(head []byte) Kind {
	size := int(min(binary.BigEndian.Uint32(head), uint32(len(head))))
	generic := false
	for at := 8; at+4 <= size; at += 4 {
		if at == 12 {
			continue // the version
		}
		switch string(head[at : at+4]) {
		case "avif", "avis":
			return AVIF
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs":
			return HEIC
		case "mif1", "msf1":
			generic = true
		}
	}
	if generic {
		return HEIC
	}
	return ""
}

// isPDF rejects a web page that only mentions a PDF.
func isPDF(head []byte) bool {
	before, _, ok := bytes.Cut(head[:min(len(head), sniffLen)], []byte("%PDF-"))
	return ok && !bytes.HasPrefix(bytes.TrimSpace(before), []byte("<"))
}

// MediaType returns the registered media type of a picture.
func (k Kind) MediaType() string { return "image/" + string(k) }
