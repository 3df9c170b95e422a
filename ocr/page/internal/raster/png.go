package raster

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
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
	depth         byte // bits of a sample
	colorType     byte
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
	repaired, padded, repairErr := h.repair(file)
	if repairErr != nil {
		return nil, err
	}
	m, err = png.Decode(repaired)
	file.Partial = padded
	return m, err
}

// repair returns a file with everything of another one that image/png requires,
// and nothing else. If rows are missing, they are padded.
func (h pngHeader) repair(file *input.File) (repaired *bytes.Buffer, padded bool, err error) {
	out := bytes.NewBufferString(pngSignature)
	writePNGChunk(out, "IHDR", h.body)
	var pixels []io.Reader
	for name, body := range pngChunks(file) {
		switch {
		case name == "IDAT":
			pixels = append(pixels, body)
		case len(pixels) == 0 && (name == "PLTE" || name == "tRNS"):
			if body.Size() > maxPalette {
				return nil, false, errors.New("its palette is too long")
			}
			b, err := io.ReadAll(body)
			if err != nil {
				return nil, false, err
			}
			writePNGChunk(out, name, b)
		}
	}
	rows, err := zlib.NewReader(bufio.NewReader(io.MultiReader(pixels...)))
	if err != nil {
		return nil, false, err
	}
	var body bytes.Buffer // far smaller than the rows: they were compressed before
	deflate, _ := zlib.NewWriterLevel(&body, zlib.BestSpeed)
	padded, err = h.copyRows(deflate, rows)
	if err = errors.Join(err, deflate.Close()); err != nil {
		return nil, false, err
	}
	writePNGChunk(out, "IDAT", body.Bytes())
	writePNGChunk(out, "IEND", nil)
	return out, padded, nil
}

// copyRows copies rows, each of which begins with the kind of its filter. Missing
// and damaged rows become white, or, if their bytes alone cannot say so, the first
// colour. If nearly all rows are missing, copyRows returns an error.
func (h pngHeader) copyRows(w io.Writer, r io.Reader) (padded bool, err error) {
	const paeth = 4 // the last kind of filter
	white := byte(0xff)
	if h.colorType == 3 { // a palette
		white = 0
	}
	var good, all int64 // bytes
	for _, pass := range h.passes() {
		all += int64(pass.Y) * h.rowLen(pass.X)
	}
	for _, pass := range h.passes() {
		row := make([]byte, h.rowLen(pass.X))
		for range pass.Y {
			n := 0
			if !padded {
				n, _ = io.ReadFull(r, row)
				if n > 0 && row[0] > paeth {
					n = 0
				}
				good += int64(n)
				padded = n < len(row)
			}
			if padded {
				if good*input.LeastShare < all {
					return true, io.ErrUnexpectedEOF
				}
				for i := n; i < len(row); i++ {
					row[i] = white
				}
				if n == 0 {
					row[0] = 0
				}
			}
			if _, err := w.Write(row); err != nil {
				return padded, err
			}
		}
	}
	return padded, nil
}

// passes returns the sizes of the pictures of which an interlaced picture is made,
// in pixels, or else of the only one.
func (h pngHeader) passes() []image.Point {
	if !h.interlaced {
		return []image.Point{{int(h.width), int(h.height)}}
	}
	var all []image.Point
	for _, pass := range [7][4]int{ // first column and row, steps (PNG, section 8)
		{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
	} {
		width := (int(h.width) - pass[0] + pass[2] - 1) / pass[2]
		height := (int(h.height) - pass[1] + pass[3] - 1) / pass[3]
		if width > 0 && height > 0 {
			all = append(all, image.Pt(width, height))
		}
	}
	return all
}

// rowLen returns the length of a row of width pixels, in bytes.
func (h pngHeader) rowLen(width int) int64 {
	samples := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[h.colorType]
	return 1 + (int64(width)*samples*int64(h.depth)+7)/8
}

func writePNGChunk(w *bytes.Buffer, name string, body []byte) {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	head = append(head, name...)
	sum := crc32.Update(crc32.ChecksumIEEE(head[4:]), crc32.IEEETable, body)
	w.Write(head)
	w.Write(body)
	w.Write(binary.BigEndian.AppendUint32(nil, sum))
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
