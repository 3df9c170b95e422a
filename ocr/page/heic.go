package page

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/gen2brain/heic"

	"slackocr/ocr/page/internal/pixels"
)

const (
	// heicBytesPerPixel is the memory per pixel of libheif for values of eight
	// bits, and deepHEICBytesPerPixel for those of more bits, and of the
	// WebAssembly module: 24 megapixels took 390 MB and 585 MB.
	heicBytesPerPixel, deepHEICBytesPerPixel = 8, 16

	// maxWASM bounds the pixels that the module decodes.
	maxWASM = DefaultMaxPixels * freeBytesPerPixel / deepHEICBytesPerPixel

	// minHEICWidth is the least width in pixels for which the module returns
	// all rows, and colorHEICWidth the least for which it returns the colours.
	// The module assumes that the rows of each plane are as long as the
	// picture is wide, but libheif makes them at least 64 bytes long.
	minHEICWidth, colorHEICWidth = 64, 128
)

// heicConfig returns the size of the shown picture. Its colour model determines
// the memory: see heicCost.
func heicConfig(src *source) (image.Config, error) {
	h, err := readHEIF(src)
	if err != nil {
		return image.Config{}, err
	}
	size, err := h.size()
	if err != nil {
		return image.Config{}, err
	}
	c := image.Config{ColorModel: color.RGBA64Model, Width: size.X, Height: size.Y}
	if src.tools["heif-convert"] != "" && !h.deep() {
		c.ColorModel = color.YCbCrModel
	}
	return c, nil
}

func heicCost(m color.Model) float64 {
	if m == color.YCbCrModel {
		return heicBytesPerPixel
	}
	return deepHEICBytesPerPixel
}

func decodeHEIC(src *source) (image.Image, error) { return decodeHEIF(src, HEIC) }

func decodeAVIF(src *source) (image.Image, error) { return decodeHEIF(src, AVIF) }

// decodeHEIF decodes the picture with libheif's program. Where the program is
// not installed, or refuses a HEIC file that looks whole, libheif as a
// WebAssembly module decodes: it takes a second to start and reads fewer kinds
// of pictures, but is newer than Debian 12's program.
func decodeHEIF(src *source, kind Kind) (image.Image, error) {
	h, err := readHEIF(src)
	if err != nil {
		return nil, err
	}
	size, err := h.size()
	if err != nil {
		return nil, err
	} else if h.larger(size) {
		return nil, errors.New("its picture is larger than it says")
	}
	module := kind == HEIC && src.tools["heif-convert"] == ""
	var m image.Image
	if module {
		m, err = h.decodeWASM(src, size)
	} else {
		m, err = h.convert(src, kind, size)
	}
	broken, ok := errors.AsType[*BrokenError](err)
	if !ok {
		return m, err
	}
	length, err := src.Seek(0, io.SeekEnd)
	switch {
	case err != nil:
		return nil, err
	case !h.known():
		return nil, fmt.Errorf("%w: %w", ErrNoDecoder, broken.err)
	case h.end() > uint64(length):
		return nil, &BrokenError{kind, fmt.Errorf("%w: %w", broken.err, io.ErrUnexpectedEOF)}
	case kind == HEIC && !module && len(h.sequences()) > 0 && size.X <= maxWASM/size.Y:
		if m, err := h.decodeWASM(src, size); err == nil {
			return m, nil
		}
	}
	return nil, broken
}

// convert decodes the picture with libheif's program. JPEG takes a quarter of
// the time of PNG, and is as good for a photo, but has no alpha.
func (h *heif) convert(src *source, kind Kind, size image.Point) (image.Image, error) {
	length, err := src.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	changes := h.onlyPrimary()
	changes[8] = []byte(kind) // the first brand, for which the program looks
	name, read := jpegLink, jpeg.Decode
	if len(h.alphas()) > 0 {
		name, read = pngLink, png.Decode
	}
	content := io.NewSectionReader(&changed{src, changes}, 0, length)
	if _, err := src.convert(kind, "heif-convert", content, "-q", "95", "--quiet", theFile, filepath.Join(src.links, name)); err != nil {
		return nil, err
	}
	made := func() io.Reader { return bufio.NewReader(io.NewSectionReader(src.output, 0, maxOutput)) }
	config, _, err := image.DecodeConfig(made())
	if d := image.Pt(config.Width, config.Height).Sub(size); err == nil && max(d.X, -d.X, d.Y, -d.Y) > 1 {
		err = fmt.Errorf("%d×%d pixels, not %d×%d", config.Width, config.Height, size.X, size.Y)
	}
	var m image.Image
	if err == nil {
		m, err = read(made())
	}
	if err != nil {
		return nil, &BrokenError{kind, fmt.Errorf("reading what libheif made: %w", err)}
	}
	if deep, ok := m.(*image.NRGBA64); ok {
		m = eightBits(deep)
	}
	if h.grey() && paleGrey(m) {
		expandGrey(m)
	}
	return m, truncate(src.output)
}

// paleGrey reports whether a grey picture's values lie between 16 and 235, or a
// little beyond, where coding blurs an edge. libheif's program keeps such values
// as they are in the file, where they mostly mean black and white.
func paleGrey(m image.Image) bool {
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

// expandGrey is expandRange for a grey picture, which may have alpha.
func expandGrey(m image.Image) {
	withAlpha, ok := m.(*image.NRGBA)
	if !ok {
		pixels.ExpandRange(m)
		return
	}
	grey := image.NewGray(image.Rect(0, 0, len(withAlpha.Pix)/4, 1))
	for i := range grey.Pix {
		grey.Pix[i] = withAlpha.Pix[4*i]
	}
	pixels.ExpandRange(grey)
	for i, v := range grey.Pix {
		copy(withAlpha.Pix[4*i:], []uint8{v, v, v})
	}
}

// The links of outputLinks.
const jpegLink, pngLink = "page.jpg", "page.png"

// outputLinks makes a folder with links to the first open file of a program,
// beside the standard ones. libheif's program needs them because it tells the
// format that it writes from the end of a name.
func outputLinks() (folder string, err error) {
	folder, err = os.MkdirTemp("", "slackocr-*")
	if err != nil {
		return "", fmt.Errorf("making a folder: %w", err)
	}
	for _, name := range []string{jpegLink, pngLink} {
		if err := os.Symlink(theOutput, filepath.Join(folder, name)); err != nil {
			return "", errors.Join(err, os.RemoveAll(folder))
		}
	}
	return folder, nil
}

// decodeWASM decodes the picture in this process, with all its colours.
func (h *heif) decodeWASM(src *source, size image.Point) (image.Image, error) {
	if size.X < minHEICWidth {
		return nil, fmt.Errorf("%w: HEIC of %d pixels' width", ErrNoDecoder, size.X)
	}
	// The module requires HEIC's brand as the first.
	changes := map[uint64][]byte{8: []byte("heic")}
	if h.items[h.primary].kind == "grid" && h.grey() {
		h.inColor(changes)
	}
	m, err := libheif(src, changes)
	if err != nil && size.X < colorHEICWidth {
		return nil, fmt.Errorf("%w: HEIC of %d pixels' width: %w", ErrNoDecoder, size.X, err)
	} else if err != nil {
		return nil, err
	}
	if h.limited() {
		pixels.ExpandRange(m)
	}
	id, ok := h.alpha()
	if !ok {
		return m, nil
	}
	m = compact(m)
	number := binary.BigEndian.AppendUint32(nil, id)
	if !h.wide {
		number = number[2:]
	}
	changes[uint64(h.primaryAt)] = number
	alpha, err := libheif(src, changes)
	if err != nil {
		return nil, err
	}
	return withAlpha(m, alpha)
}

// inColor marks a grey picture as one with colours, because the module
// requires that of a picture made of tiles.
func (h *heif) inColor(changes map[uint64][]byte) {
	for _, p := range h.boxes {
		if p.kind == "hvcC" && len(p.body) > chromaByte && p.body[chromaByte]&3 == 0 {
			changes[uint64(p.at)+chromaByte] = []byte{p.body[chromaByte] | 1}
		}
	}
}

func libheif(src *source, changes map[uint64][]byte) (image.Image, error) {
	size, err := src.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	m, err := heic.Decode(io.NewSectionReader(&changed{src, changes}, 0, size))
	if err != nil {
		// The stack of the WebAssembly module follows the first line.
		return nil, &BrokenError{HEIC, errors.New(firstLine(err.Error()))}
	}
	// The decoder frees the picture's memory before returning it, which
	// overwrites the first pixels.
	const overwritten = 16
	switch m := m.(type) {
	case *image.YCbCr:
		copy(m.Y[:min(overwritten, m.YStride)], m.Y[min(m.YStride, len(m.Y)):])
	case *image.Gray:
		copy(m.Pix[:min(overwritten, m.Stride)], m.Pix[min(m.Stride, len(m.Pix)):])
	}
	if c, ok := m.(*image.YCbCr); ok && c.Rect.Dx() < colorHEICWidth {
		return &image.Gray{Pix: c.Y, Stride: c.YStride, Rect: c.Rect}, nil // it shows the text
	}
	return m, nil
}

// compact copies a picture out of the decoder's memory, which would otherwise
// all be kept.
func compact(m image.Image) image.Image {
	switch m := m.(type) {
	case *image.YCbCr:
		c := *m
		c.Y, c.Cb, c.Cr = slices.Clone(m.Y), slices.Clone(m.Cb), slices.Clone(m.Cr)
		return &c
	case *image.Gray:
		c := *m
		c.Pix = slices.Clone(m.Pix)
		return &c
	}
	return m
}

// withAlpha returns a picture with the grey values of another as alpha.
func withAlpha(m, alpha image.Image) (image.Image, error) {
	b := m.Bounds()
	if b != alpha.Bounds() {
		return nil, fmt.Errorf("its alpha has %v pixels, not %v", alpha.Bounds().Size(), b.Size())
	}
	dst := image.NewNRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			c.A = color.GrayModel.Convert(alpha.At(x, y)).(color.Gray).Y
			dst.SetNRGBA(x, y, c)
		}
	}
	return dst, nil
}
