package raster

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"iter"

	"slackocr/ocr/page/internal/input"
)

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	maxPNGChunks = 1 << 18
	maxPalette   = 1 << 20 // bytes
)

// A pngHeader is the chunk IHDR (PNG 3rd edition, 11.2.1).
type pngHeader struct {
	width, height uint32
	depth, kind   byte
	interlaced    bool
	body          []byte
}

func readPNGHeader(file *input.File) (h pngHeader, err error) {
	var b [8 + 8 + 13]byte
	if _, err := file.ReadAt(b[:], 0); err != nil {
		return h, input.UnexpectedEOF(err)
	}
	if string(b[12:16]) != "IHDR" {
		return h, errors.New("it does not begin with its header")
	}
	body := b[16:]
	be := binary.BigEndian
	return pngHeader{be.Uint32(body), be.Uint32(body[4:]), body[8], body[9], body[12] == 1, body}, nil
}

func pngSize(file *input.File) (input.Header, error) {
	h, err := readPNGHeader(file)
	if err != nil {
		return input.Header{}, err
	}
	if h.width > input.MaxSide || h.height > input.MaxSide {
		return input.Header{}, fmt.Errorf("its size is %d×%d", h.width, h.height)
	}
	size := input.Header{Width: int(h.width), Height: int(h.height), BytesPerPixel: input.BytesPerPixel}
	if h.depth == 16 {
		size.BytesPerPixel *= 2
	}
	return size, nil
}

// decodePNG decodes a picture. image/png refuses every faulty file; decodePNG
// then rebuilds a valid file from the readable part.
func decodePNG(file *input.File) (image.Image, error) {
	file.Gamma = pngGamma(file)
	file.Rewind()
	m, err := png.Decode(bufio.NewReaderSize(file, 64<<10))
	if err == nil || file.Context.Err() != nil {
		return m, err
	}
	h, headerErr := readPNGHeader(file)
	if headerErr != nil || int64(h.width)*int64(h.height) > input.MaxDamaged {
		return nil, err
	}
	repaired, repairErr := h.repair(file)
	if repairErr != nil {
		return nil, err
	}
	m, err = png.Decode(repaired)
	file.Partial = repaired.padded
	return m, err
}

// pngChunks yields the names and contents of a file's chunks, without their
// checksums.
func pngChunks(file *input.File) iter.Seq2[string, *io.SectionReader] {
	return func(yield func(string, *io.SectionReader) bool) {
		at := int64(len(pngSignature))
		for range maxPNGChunks {
			var head [8]byte
			if _, err := file.ReadAt(head[:], at); err != nil {
				return
			}
			length := int64(binary.BigEndian.Uint32(head[:]))
			name := string(head[4:])
			if !yield(name, io.NewSectionReader(file, at+8, length)) || name == "IEND" {
				return
			}
			at += 8 + length + 4
		}
	}
}

// pngEXIF returns the contents of the chunk eXIf.
func pngEXIF(file *input.File) []byte {
	for name, body := range pngChunks(file) {
		if name == "eXIf" && body.Size() <= input.MaxEXIF {
			b, _ := io.ReadAll(body)
			return b
		}
	}
	return nil
}

const (
	// gammaSRGB is the value of a PNG file's chunk gAMA for numbers that screens
	// show as they are (PNG 3rd edition, 11.3.2.2).
	gammaSRGB = 45455

	// minGamma and maxGamma bound the values that are believed.
	minGamma, maxGamma = gammaSRGB / 10, gammaSRGB * 10
)

// pngGamma returns File.Gamma for a PNG file.
func pngGamma(file *input.File) float64 {
	power := 1.0
	for name, body := range pngChunks(file) {
		switch name {
		case "IDAT":
			return power
		case "cICP", "iCCP", "sRGB":
			return 1 // which count more
		case "gAMA":
			var b [4]byte
			_, err := body.ReadAt(b[:], 0)
			if gamma := binary.BigEndian.Uint32(b[:]); err == nil && body.Size() == 4 && gamma >= minGamma && gamma <= maxGamma {
				power = gammaSRGB / float64(gamma)
			}
		}
	}
	return power
}
