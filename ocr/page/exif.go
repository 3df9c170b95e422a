package page

import (
	"bufio"
	"bytes"

	"slackocr/ocr/page/internal/pixels"
)

// maxEXIF bounds the metadata that are read, in bytes.
const maxEXIF = 1 << 20

// readOrientation returns the tag. A file with damaged metadata counts as
// upright, since its pixels may be good.
func readOrientation(src *source, kind Kind) pixels.Orientation {
	if kind == TIFF {
		if page, err := tiffPage(src); err == nil {
			return page.orientation()
		}
		return pixels.Upright
	}
	// EXIF data are a TIFF file. Some programs write JPEG's header before that
	// file.
	exif := bytes.TrimPrefix(readEXIF(src, kind), []byte("Exif\x00\x00"))
	if !isTIFF(exif) {
		return pixels.Upright
	}
	all, err := directories(bytes.NewReader(exif))
	if err != nil {
		return pixels.Upright
	}
	return all[0].orientation()
}

// readEXIF returns a file's EXIF data, or nil.
func readEXIF(src *source, kind Kind) []byte {
	if src.rewind() != nil {
		return nil
	}
	switch kind {
	case JPEG:
		frame, _ := readFrame(bufio.NewReaderSize(src, 64<<10))
		return frame.exif
	case PNG:
		return pngEXIF(src)
	case WebP:
		return webpEXIF(src)
	case HEIC, AVIF:
		if h, err := readHEIF(src); err == nil {
			return h.exif(src)
		}
	}
	return nil
}
