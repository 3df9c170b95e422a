package raster

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/tiff"
)

// maxJPEGSegments bounds the search for the frame header. Real files have a
// few dozen segments before it: profiles and previews come in pieces of 64 KB.
const maxJPEGSegments = 4096

var errNoFrame = errors.New("no frame header")

// A jpegFrame is a frame header (ITU-T T.81, B.2.2), and the EXIF data before
// it.
type jpegFrame struct {
	width, height int
	components    int
	progressive   bool
	sampling      byte // of the first component, horizontal and vertical
	bytesPerPixel float64
	exif          []byte
}

// readFrame reads a file's segments up to the frame header. Like image/jpeg
// and libjpeg, readFrame skips bytes between segments.
func readFrame(r io.Reader) (f jpegFrame, err error) {
	var b [2]byte
	if _, err := io.ReadFull(r, b[:]); err != nil { // start of image
		return f, err
	}
	for range maxJPEGSegments {
		marker, err := nextMarker(r)
		if err != nil {
			return f, err
		}
		if marker == 0x01 || marker >= 0xd0 && marker <= 0xd8 { // without a body
			continue
		}
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return f, err
		}
		length := int64(binary.BigEndian.Uint16(b[:])) - 2
		if length < 0 {
			return f, errors.New("a segment is shorter than its length field")
		}
		segment := io.LimitReader(r, length)
		switch {
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			f.progressive = marker&3 == 2
			return f, f.read(segment)
		case marker == 0xe1 && f.exif == nil:
			body, err := io.ReadAll(segment)
			if err != nil {
				return f, err
			}
			if bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
				f.exif = body
			}
		}
		if _, err := io.Copy(io.Discard, segment); err != nil {
			return f, err
		}
	}
	return f, errNoFrame
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

// read reads the header: precision, height, width, and for each component an
// id, its sampling factors and a table.
//
// image/jpeg takes one byte for each sample, and in a progressive file four
// more, since every coefficient is kept as an int32 until the end. A
// progressive 4:4:4 picture takes 15 bytes for each pixel, ten times as much
// as an ordinary one.
func (f *jpegFrame) read(r io.Reader) error {
	var head [6]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	f.height, f.width = int(binary.BigEndian.Uint16(head[1:])), int(binary.BigEndian.Uint16(head[3:]))
	f.components = int(head[5])
	samples, maxH, maxV := 0, 1, 1
	for i := range min(f.components, 4) {
		var c [3]byte
		if _, err := io.ReadFull(r, c[:]); err != nil {
			return err
		}
		if i == 0 {
			f.sampling = c[1]
		}
		h, v := int(c[1]>>4), int(c[1]&15)
		samples += h * v
		maxH, maxV = max(maxH, h), max(maxV, v)
	}
	f.bytesPerPixel = float64(samples) / float64(maxH*maxV)
	if f.progressive {
		f.bytesPerPixel *= 5
	}
	if f.components == 4 {
		f.bytesPerPixel += 4 // image/jpeg makes a CMYK picture of the samples
	}
	return nil
}

func jpegHeader(file *input.File) (input.Header, error) {
	f, err := readFrame(bufio.NewReaderSize(file, 64<<10))
	return input.Header{Width: f.width, Height: f.height, BytesPerPixel: f.bytesPerPixel}, err
}

func jpegEXIF(file *input.File) []byte {
	f, _ := readFrame(bufio.NewReaderSize(file, 64<<10))
	return f.exif
}

// decodeJPEG decodes a picture with image/jpeg, which refuses every faulty
// file, and then with libjpeg, which decodes the readable part.
func decodeJPEG(file *input.File) (image.Image, error) {
	m, err := jpeg.Decode(bufio.NewReaderSize(file, 64<<10))
	if err == nil || file.Context.Err() != nil {
		return m, err
	}
	_, unsupported := errors.AsType[jpeg.UnsupportedError](err)
	if unsupported {
		err = fmt.Errorf("%w: %w", input.ErrNoDecoder, err)
	}
	cut := !file.EndsWith("\xff\xd9") // the marker of the end
	if cut {
		err = fmt.Errorf("%w: %w", err, io.ErrUnexpectedEOF)
	}
	file.Rewind()
	f, frameErr := readFrame(bufio.NewReaderSize(file, 64<<10))
	if frameErr != nil || f.components != 1 && f.components != 3 || f.width*f.height > input.MaxDamaged {
		return nil, err
	}
	m, tiffErr := tiff.JPEG{Width: f.width, Height: f.height, Components: f.components, Sampling: f.sampling}.Decode(file)
	if tiffErr != nil {
		if _, killed := errors.AsType[*input.KilledError](tiffErr); killed {
			return nil, tiffErr
		}
		return nil, err // the better error
	}
	// libtiff also warns of every progressive file.
	file.Partial = file.Partial && (!f.progressive || !unsupported) || cut
	return m, nil
}
