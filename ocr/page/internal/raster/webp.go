package raster

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"

	"golang.org/x/image/webp"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pixels"
)

func webpHeader(file *input.File) (input.Header, error) {
	r, err := firstFrame(file)
	if err != nil {
		return input.Header{}, err
	}
	c, err := webp.DecodeConfig(r)
	h := input.Header{Width: c.Width, Height: c.Height, BytesPerPixel: input.BytesPerPixel}
	if c.ColorModel == color.NYCbCrAModel {
		h.BytesPerPixel = 5.5 // its alpha is decoded as an NRGBA picture first
	}
	return h, err
}

// decodeWebP decodes a picture. A missing end is read as zeros.
func decodeWebP(file *input.File) (image.Image, error) {
	m, err := webpFrame(file)
	if err != nil {
		missing := webpSize(file) - file.Size()
		if missing <= 0 || missing > file.Size()+maxPadding {
			return nil, err
		}
		file.Rewind()
		if m, err = webpFrame(io.MultiReader(file, bytes.NewReader(make([]byte, missing)))); err != nil {
			return nil, err
		}
		file.Partial = missing > 1 // a single byte is the padding to an even length
	}
	// A lossy picture's values lie between 16 and 235 (RFC 6386, section 9.2),
	// and x/image/webp gives them as they are.
	if _, lossless := m.(*image.NRGBA); !lossless {
		pixels.ExpandRange(m)
	}
	return m, nil
}

// maxPadding is the number of bytes that the end of a file may lack, in
// addition to as many bytes as the file has.
const maxPadding = 4096

// webpSize returns the size of the file in its header, made even.
func webpSize(file *input.File) int64 {
	var head [12]byte
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return 0
	}
	size := int64(binary.LittleEndian.Uint32(head[4:])) + 8
	return size + size&1
}

func webpFrame(r io.Reader) (image.Image, error) {
	r, err := firstFrame(r)
	if err != nil {
		return nil, err
	}
	return webp.Decode(r)
}

// firstFrame returns the first frame of an animated WebP file as a file of its own,
// since x/image/webp does not read animations; any other file is returned
// unchanged. The frame alone is the page, without the canvas around, which has
// no text yet. (WebP Container Specification, "Extended File Format" and
// "Animation".)
func firstFrame(file io.Reader) (io.Reader, error) {
	const headLen, frameLen = 12 + 8 + 10, 16
	r := bufio.NewReader(file)
	head, _ := r.Peek(headLen) // the decoder refuses a file that is too short
	if len(head) < headLen || string(head[12:16]) != "VP8X" || head[20]&0x02 == 0 {
		return r, nil
	}
	if _, err := r.Discard(headLen); err != nil {
		return nil, err
	}
	size, err := seekChunk(r, "ANMF")
	if err != nil {
		return nil, err
	}
	if size < frameLen {
		return nil, errors.New("a frame is shorter than its header")
	}
	frame, err := r.Peek(frameLen + 4)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, headLen)
	out = append(out, "RIFF"...)
	out = binary.LittleEndian.AppendUint32(out, headLen-8+size-frameLen)
	out = append(out, "WEBPVP8X\x0a\x00\x00\x00"...)
	alpha := byte(0)
	if string(frame[frameLen:]) == "ALPH" {
		alpha = 0x10
	}
	out = append(out, alpha, 0, 0, 0)
	out = append(out, frame[6:12]...) // width and height, as VP8X has them
	if _, err := r.Discard(frameLen); err != nil {
		return nil, err
	}
	return io.MultiReader(bytes.NewReader(out), io.LimitReader(r, int64(size-frameLen))), nil
}

// maxChunks bounds the number of chunks that are read.
const maxChunks = 4096

// seekChunk skips to the contents of the first chunk with the given name and
// returns their length in bytes.
func seekChunk(r *bufio.Reader, name string) (uint32, error) {
	for range maxChunks {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return 0, err
		}
		size := binary.LittleEndian.Uint32(head[4:])
		if string(head[:4]) == name {
			return size, nil
		}
		// Chunks are padded to an even length.
		if _, err := io.CopyN(io.Discard, r, int64(size)+int64(size&1)); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("too many chunks")
}

// webpEXIF returns the contents of the chunk "EXIF".
func webpEXIF(file *input.File) []byte {
	const head = 12
	r := bufio.NewReader(file)
	if _, err := r.Discard(head); err != nil {
		return nil
	}
	size, err := seekChunk(r, "EXIF")
	if err != nil || size > input.MaxEXIF {
		return nil
	}
	b := make([]byte, size)
	n, _ := io.ReadFull(r, b)
	return b[:n]
}
