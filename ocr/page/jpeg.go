package page

import (
	"encoding/binary"
	"errors"
	"io"
)

// maxJPEGSegments bounds the walk to the frame header. Real files have a few
// dozen segments before it: profiles and previews come in 64 KB pieces.
const maxJPEGSegments = 4096

var errNoFrame = errors.New("no frame header")

// jpegBytesPerPixel tells from the frame header what image/jpeg needs to
// decode a pixel: one byte for each sample, and for a progressive file four
// more, since it keeps every coefficient as an int32 until the end. A
// progressive 4:4:4 picture takes 15 bytes for each pixel, ten times an
// ordinary one.
func jpegBytesPerPixel(r io.Reader) (float64, error) {
	var b [4]byte
	if _, err := io.ReadFull(r, b[:2]); err != nil { // start of image
		return 0, err
	}
	for range maxJPEGSegments {
		marker, err := nextMarker(r)
		if err != nil {
			return 0, err
		}
		if marker == 0x01 || marker >= 0xd0 && marker <= 0xd7 { // without a body
			continue
		}
		if _, err := io.ReadFull(r, b[:2]); err != nil {
			return 0, err
		}
		length := int64(binary.BigEndian.Uint16(b[:2])) - 2
		if length < 0 {
			return 0, errors.New("a segment is shorter than its length field")
		}
		segment := io.LimitReader(r, length)
		if marker >= 0xc0 && marker <= 0xc2 {
			return frameCost(segment, marker == 0xc2)
		}
		if _, err := io.Copy(io.Discard, segment); err != nil {
			return 0, err
		}
	}
	return 0, errNoFrame
}

// nextMarker skips to the next marker, over the fill bytes that image/jpeg
// accepts as well.
func nextMarker(r io.Reader) (byte, error) {
	var b [1]byte
	last := byte(0)
	for range 1 << 20 {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return 0, err
		}
		if last == 0xff && b[0] != 0xff && b[0] != 0 {
			return b[0], nil
		}
		last = b[0]
	}
	return 0, errNoFrame
}

// frameCost reads a frame header: precision, height, width, and for each
// component an id, its sampling factors and a table.
func frameCost(r io.Reader, progressive bool) (float64, error) {
	var head [6]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, err
	}
	samples, maxH, maxV := 0, 1, 1
	for range min(int(head[5]), 4) {
		var c [3]byte
		if _, err := io.ReadFull(r, c[:]); err != nil {
			return 0, err
		}
		h, v := int(c[1]>>4), int(c[1]&15)
		samples += h * v
		maxH, maxV = max(maxH, h), max(maxV, v)
	}
	cost := float64(samples) / float64(maxH*maxV)
	if progressive {
		cost *= 5
	}
	if head[5] == 4 {
		cost += 4 // image/jpeg makes a CMYK picture of the samples
	}
	return cost, nil
}
