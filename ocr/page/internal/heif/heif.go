// Package heif decodes HEIC and AVIF pictures with libheif's program.
package heif

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"time"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pixels"
	"slackocr/ocr/tempfile"
)

// bytesPerPixel is the memory per pixel of libheif for values of eight bits,
// and deepBytesPerPixel for those of more bits.
const bytesPerPixel, deepBytesPerPixel = 8, 16

// The codecs.
var (
	HEIC = codec(input.HEIC)
	AVIF = codec(input.AVIF)
)

func codec(kind input.Kind) input.Codec {
	decode := func(file *input.File) (image.Image, error) { return decode(file, kind) }
	return input.Codec{Header: header, Decode: decode, EXIF: exif}
}

// header returns the size of the shown picture.
func header(file *input.File) (input.Header, error) {
	m, err := readMeta(file)
	if err != nil {
		return input.Header{}, err
	}
	size, err := m.size()
	if err != nil {
		return input.Header{}, err
	}
	if !file.Tools.Has("heif-convert") {
		return input.Header{}, input.ErrNoTool
	}
	h := input.Header{Width: size.X, Height: size.Y, BytesPerPixel: bytesPerPixel}
	if deep, _ := m.coding(); deep {
		h.BytesPerPixel = deepBytesPerPixel
	}
	return h, nil
}

func exif(file *input.File) []byte {
	m, err := readMeta(file)
	if err != nil {
		return nil
	}
	return m.exif(file)
}

// decode decodes the picture. If libheif's program refuses it, decode tells the
// reason from the file: the end is missing, libheif does not know such pictures
// everywhere, or the file is damaged.
func decode(file *input.File, kind input.Kind) (image.Image, error) {
	m, err := readMeta(file)
	if err != nil {
		return nil, err
	}
	size, err := m.size()
	if err != nil {
		return nil, err
	}
	if m.oversized(size) {
		return nil, errors.New("its picture is larger than it says")
	}
	picture, err := m.convert(file, kind, size)
	broken, ok := errors.AsType[*input.BrokenError](err)
	switch {
	case !ok:
		return picture, err
	case !m.known():
		return nil, fmt.Errorf("%w: %w", input.ErrNoDecoder, broken.Err)
	case m.end() > uint64(file.Size()):
		return nil, input.Broken(kind, fmt.Errorf("%w: %w", broken.Err, io.ErrUnexpectedEOF))
	}
	return nil, broken
}

// convert decodes the picture with libheif's program. JPEG takes a quarter of
// the time of PNG, and is as good for a photo, but has no alpha.
func (m *meta) convert(file *input.File, kind input.Kind, size image.Point) (image.Image, error) {
	changes := m.onlyPrimary()
	changes[8] = []byte(kind) // the first brand, for which the program looks
	name, read := jpegLink, jpeg.Decode
	if len(m.alphas()) > 0 {
		name, read = pngLink, png.Decode
	}
	content := input.Patched{File: file, Changes: changes}.Reader()
	if _, err := file.Convert(kind, "heif-convert", content, "-q", "95", "--quiet", input.ReadPath, filepath.Join(file.Tools.Links, name)); err != nil {
		return nil, err
	}
	made := func() io.Reader { return bufio.NewReader(io.NewSectionReader(file.Tools.Output, 0, input.MaxOutput)) }
	config, _, err := image.DecodeConfig(made())
	if d := image.Pt(config.Width, config.Height).Sub(size); err == nil && max(d.X, -d.X, d.Y, -d.Y) > 1 {
		err = fmt.Errorf("%d×%d pixels, not %d×%d", config.Width, config.Height, size.X, size.Y)
	}
	var picture image.Image
	if err == nil {
		picture, err = read(made())
	}
	if err != nil {
		return nil, input.Broken(kind, fmt.Errorf("reading what libheif made: %w", err))
	}
	if deep, ok := picture.(*image.NRGBA64); ok {
		picture = eightBits(deep)
	}
	if _, grey := m.coding(); grey && isLimitedGrey(picture) {
		pixels.ExpandRange(picture)
	}
	return picture, input.Truncate(file.Tools.Output)
}

// isLimitedGrey reports whether a grey picture's values lie between 16 and 235, or a
// little beyond, where coding blurs an edge. libheif's program keeps such values
// as they are in the file, where they mostly mean black and white.
func isLimitedGrey(m image.Image) bool {
	const black, white, most = 16 - 8, 235 + 8, 1000
	values, step := []uint8(nil), 1
	switch m := m.(type) {
	case *image.YCbCr:
		values = m.Y
	case *image.Gray:
		values = m.Pix
	case *image.NRGBA:
		values, step = m.Pix, 4 // red, which is as bright as the others
	}
	outside := 0
	for i := 0; i < len(values); i += step {
		if values[i] < black || values[i] > white {
			outside++
		}
	}
	return outside*most < len(values)/step
}

// eightBits returns a picture with the high bytes of another.
func eightBits(m *image.NRGBA64) *image.NRGBA {
	dst := image.NewNRGBA(m.Rect)
	for i := range dst.Pix {
		dst.Pix[i] = m.Pix[2*i]
	}
	return dst
}

// The links of OutputLinks, and the pattern of their folder. A process that is killed
// leaves the folder, which nobody uses after maxUse.
const (
	jpegLink, pngLink = "page.jpg", "page.png"
	linksPattern      = "slackocr-heif-*"
	maxUse            = 24 * time.Hour
)

// OutputLinks makes a folder with links to the first open file of a program,
// beside the standard ones, and removes those that killed processes left. libheif's
// program needs the links because it tells the format that it writes from the end of a
// name.
func OutputLinks() (folder string, err error) {
	tempfile.RemoveLeftovers(linksPattern, maxUse)
	folder, err = os.MkdirTemp("", linksPattern)
	if err != nil {
		return "", fmt.Errorf("making a folder: %w", err)
	}
	for _, name := range []string{jpegLink, pngLink} {
		if err := os.Symlink(input.WritePath, filepath.Join(folder, name)); err != nil {
			return "", errors.Join(err, os.RemoveAll(folder))
		}
	}
	return folder, nil
}
