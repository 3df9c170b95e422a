package heif

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

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pixels"
)

const (
	// bytesPerPixel is the memory per pixel of libheif for values of eight
	// bits, and deepBytesPerPixel for those of more bits, and of the
	// WebAssembly module: 24 megapixels took 390 MB and 585 MB.
	bytesPerPixel, deepBytesPerPixel = 8, 16

	// maxModule bounds the pixels that the module decodes.
	maxModule = input.MaxPixels * input.BytesPerPixel / deepBytesPerPixel

	// minWidth is the least width in pixels for which the module returns
	// all rows, and colorWidth the least for which it returns the colours.
	// The module assumes that the rows of each plane are as long as the
	// picture is wide, but libheif makes them at least 64 bytes long.
	minWidth, colorWidth = 64, 128
)

// The codecs.
var (
	HEIC = input.Codec{Header: header, Decode: decoder(input.HEIC), EXIF: exif}
	AVIF = input.Codec{Header: header, Decode: decoder(input.AVIF), EXIF: exif}
)

// header returns the size of the shown picture.
func header(file *input.File) (input.Header, error) {
	h, err := readHEIF(file)
	if err != nil {
		return input.Header{}, err
	}
	size, err := h.size()
	if err != nil {
		return input.Header{}, err
	}
	bytes := float64(deepBytesPerPixel)
	if file.Tools.Has("heif-convert") && !h.deep() {
		bytes = bytesPerPixel
	}
	return input.Header{Width: size.X, Height: size.Y, BytesPerPixel: bytes}, nil
}

func exif(file *input.File) []byte {
	h, err := readHEIF(file)
	if err != nil {
		return nil
	}
	return h.exif(file)
}

func decoder(kind input.Kind) func(*input.File) (image.Image, error) {
	return func(file *input.File) (image.Image, error) { return decode(file, kind) }
}

// decode decodes the picture with libheif's program. Where the program is
// not installed, or refuses a HEIC file that looks whole, libheif as a
// WebAssembly module decodes: it takes a second to start and reads fewer kinds
// of pictures, but is newer than Debian 12's program.
func decode(file *input.File, kind input.Kind) (image.Image, error) {
	h, err := readHEIF(file)
	if err != nil {
		return nil, err
	}
	size, err := h.size()
	if err != nil {
		return nil, err
	} else if h.oversized(size) {
		return nil, errors.New("its picture is larger than it says")
	}
	module := kind == input.HEIC && !file.Tools.Has("heif-convert")
	var m image.Image
	if module {
		m, err = h.decodeWithModule(file, size)
	} else {
		m, err = h.convert(file, kind, size)
	}
	broken, ok := errors.AsType[*input.BrokenError](err)
	if !ok {
		return m, err
	}
	switch {
	case !h.known():
		return nil, fmt.Errorf("%w: %w", input.ErrNoDecoder, broken.Err)
	case h.end() > uint64(file.Size()):
		return nil, input.Broken(kind, fmt.Errorf("%w: %w", broken.Err, io.ErrUnexpectedEOF))
	case kind == input.HEIC && !module && len(h.sequences()) > 0 && size.X <= maxModule/size.Y:
		if m, err := h.decodeWithModule(file, size); err == nil {
			return m, nil
		}
	}
	return nil, broken
}

// convert decodes the picture with libheif's program. JPEG takes a quarter of
// the time of PNG, and is as good for a photo, but has no alpha.
func (h *heif) convert(file *input.File, kind input.Kind, size image.Point) (image.Image, error) {
	changes := h.onlyPrimary()
	changes[8] = []byte(kind) // the first brand, for which the program looks
	name, read := jpegLink, jpeg.Decode
	if len(h.alphas()) > 0 {
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
	var m image.Image
	if err == nil {
		m, err = read(made())
	}
	if err != nil {
		return nil, input.Broken(kind, fmt.Errorf("reading what libheif made: %w", err))
	}
	if deep, ok := m.(*image.NRGBA64); ok {
		m = eightBits(deep)
	}
	if h.grey() && isLimitedGrey(m) {
		pixels.ExpandRange(m)
	}
	return m, input.Truncate(file.Tools.Output)
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

// The links of OutputLinks.
const jpegLink, pngLink = "page.jpg", "page.png"

// OutputLinks makes a folder with links to the first open file of a program,
// beside the standard ones. libheif's program needs them because it tells the
// format that it writes from the end of a name.
func OutputLinks() (folder string, err error) {
	folder, err = os.MkdirTemp("", "slackocr-*")
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

// decodeWithModule decodes the picture in this process, with all its colours.
func (h *heif) decodeWithModule(file *input.File, size image.Point) (image.Image, error) {
	if size.X < minWidth {
		return nil, fmt.Errorf("%w: HEIC of %d pixels' width", input.ErrNoDecoder, size.X)
	}
	// The module requires HEIC's brand as the first.
	changes := map[uint64][]byte{8: []byte("heic")}
	if h.items[h.primary].kind == "grid" && h.grey() {
		h.markColored(changes)
	}
	m, err := runModule(file, changes)
	if err != nil && size.X < colorWidth {
		return nil, fmt.Errorf("%w: HEIC of %d pixels' width: %w", input.ErrNoDecoder, size.X, err)
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
	alpha, err := runModule(file, changes)
	if err != nil {
		return nil, err
	}
	return withAlpha(m, alpha)
}

// markColored marks a grey picture as one with colours, because the module
// requires that of a picture made of tiles.
func (h *heif) markColored(changes map[uint64][]byte) {
	for _, p := range h.boxes {
		if p.kind == "hvcC" && len(p.body) > chromaByte && p.body[chromaByte]&3 == 0 {
			changes[uint64(p.at)+chromaByte] = []byte{p.body[chromaByte] | 1}
		}
	}
}

func runModule(file *input.File, changes map[uint64][]byte) (image.Image, error) {
	m, err := heic.Decode(input.Patched{File: file, Changes: changes}.Reader())
	if err != nil {
		// The stack of the WebAssembly module follows the first line.
		return nil, input.Broken(input.HEIC, errors.New(input.FirstLine(err.Error())))
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
	if c, ok := m.(*image.YCbCr); ok && c.Rect.Dx() < colorWidth {
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
