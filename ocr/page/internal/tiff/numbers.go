package tiff

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"math/bits"
	"strconv"

	"slackocr/ocr/page/internal/input"
)

// unusual reports whether a page's numbers are of a kind that tiff2rgba does
// not know or misreads: a depth that is no power of two or over 16 bits,
// signed or floating-point numbers, colours of fewer than eight bits, inks of
// more than eight or with alpha, or Lab colours with alpha.
func (d directory) unusual() bool {
	depth := d.number(tagBits, 1)
	switch d.photometric() {
	case photometricNegative, photometricGrey:
	case photometricRGB:
		if depth < 8 {
			return true
		}
	case photometricCMYK:
		if depth != 8 || d.number(tagSamples, 1) > 4 { // a fifth sample is mostly alpha
			return true
		}
	case photometricLab:
		return d.number(tagSamples, 1) > 3
	default:
		return false
	}
	format := d.sampleFormat()
	return format == signedFormat || format == floatFormat || depth > 16 || bits.OnesCount64(depth) != 1
}

// sampleFormat returns the format of a page's numbers. Ink and numbers of
// eight bits are never below zero, whatever the file says: libtiff and Pillow
// show them in this way too.
func (d directory) sampleFormat() uint64 {
	format := d.number(tagSampleFormat, unsignedFormat)
	if format == signedFormat && (d.photometric() == photometricCMYK || d.number(tagBits, 1) == 8) {
		return unsignedFormat
	}
	return format
}

// convertNumbers lets tiffcp write the page without compression, and reads its
// numbers.
func (d directory) convertNumbers(file *input.File) (image.Image, error) {
	w, h, samples, depth := d.number(tagWidth, 0), d.number(tagHeight, 0), d.number(tagSamples, 1), d.number(tagBits, 1)
	if samples > 16 || depth > 64 {
		return nil, fmt.Errorf("%w: TIFF of %d numbers of %d bits", input.ErrNoDecoder, samples, depth)
	}
	if bytes := (w*samples*depth/8 + 1) * h; bytes > input.MaxOutput {
		return nil, &input.TooLargeError{Width: int(w), Height: int(h), MaxPixels: int(input.MaxOutput * 8 / (samples * depth))}
	}
	if _, err := file.Convert(input.TIFF, "tiffcp", d.singlePage(file), "-c", "none", "-f", "msb2lsb", "-s", "-r", strconv.FormatUint(h, 10), input.ReadPath, input.WritePath); err != nil {
		return nil, err
	}
	pages, err := directories(file.Tools.Output, 1)
	var m image.Image
	if err == nil {
		m, err = newNumbers(pages[0], file.Tools.Output).picture()
	}
	if err != nil {
		return nil, input.Broken(input.TIFF, fmt.Errorf("reading what libtiff made: %w", err))
	}
	return m, input.Truncate(file.Tools.Output)
}

// numbers reads the samples of an uncompressed TIFF page, whose strips hold
// all rows of the page or of one of its planes.
type numbers struct {
	directory
	r                      io.ReaderAt
	width, height, samples int
	depth, planes          int
	format                 uint64
	least, most            float64 // what is shown as 0 and as 255
}

func newNumbers(d directory, r io.ReaderAt) *numbers {
	n := &numbers{
		directory: d, r: r,
		width: int(d.number(tagWidth, 0)), height: int(d.number(tagHeight, 0)),
		samples: int(d.number(tagSamples, 1)), depth: int(d.number(tagBits, 1)), planes: 1,
		format: d.sampleFormat(),
	}
	if d.number(tagPlanar, 1) != 1 {
		n.planes = n.samples
	}
	return n
}

// picture returns the picture of the numbers. Numbers without a largest value
// of their own are scaled between the least and the largest number present.
func (n *numbers) picture() (image.Image, error) {
	photometric, extra := n.photometric(), n.number(tagExtraSamples, 0)
	inks := cmp.Or(map[uint64]int{photometricRGB: 3, photometricCMYK: 4, photometricLab: 3}[photometric], 1)
	if n.width < 1 || n.height < 1 || n.samples < inks || n.planes > min(inks, len(n.tags[tagStripOffsets].numbers)) && n.planes > 1 {
		return nil, fmt.Errorf("%d×%d pixels of %d samples in %d planes", n.width, n.height, n.samples, n.planes)
	}
	n.least, n.most = 0, math.Ldexp(1, n.depth)-1
	if n.format != unsignedFormat {
		n.least, n.most = math.Inf(1), math.Inf(-1)
		err := n.eachPixel(func(_, _ int, v []float64) {
			for _, x := range v[:inks] {
				if !math.IsNaN(x) && !math.IsInf(x, 0) {
					n.least, n.most = min(n.least, x), max(n.most, x)
				}
			}
		})
		if err != nil {
			return nil, err
		}
		if n.format == floatFormat && n.least >= 0 && n.most <= 1 {
			n.least, n.most = 0, 1
		}
	}
	m := image.NewNRGBA(image.Rect(0, 0, n.width, n.height))
	err := n.eachPixel(func(x, y int, v []float64) {
		c := m.Pix[m.PixOffset(x, y):][:4]
		for i := range c {
			c[i] = 255
			if i < inks {
				c[i] = n.byte(v[i])
			}
		}
		switch {
		case photometric == photometricNegative:
			c[0] = 255 - c[0]
			c[1], c[2] = c[0], c[0]
		case inks == 1, photometric == photometricLab: // its lightness shows the text
			c[1], c[2] = c[0], c[0]
		case inks == 4:
			c[0], c[1], c[2] = color.CMYKToRGB(c[0], c[1], c[2], c[3])
			c[3] = 255
		}
		if (extra == alpha || extra == premultipliedAlpha) && len(v) > inks {
			c[3] = n.byte(v[inks])
		}
	})
	if extra == premultipliedAlpha {
		return &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}, err
	}
	return m, err
}

// byte returns the brightness of a number.
func (n *numbers) byte(v float64) uint8 {
	share := (v - n.least) / (n.most - n.least)
	if !(share > 0) { // also not for NaN
		return 0
	}
	return uint8(255*min(share, 1) + 0.5)
}

// eachPixel calls f with the samples of each pixel, row by row.
func (n *numbers) eachPixel(f func(x, y int, v []float64)) error {
	perPlane := n.samples / n.planes
	rows, v := make([][]byte, n.planes), make([]float64, n.samples)
	for plane := range rows {
		rows[plane] = make([]byte, (n.width*perPlane*n.depth+7)/8)
	}
	for y := range n.height {
		for plane, row := range rows {
			offset := int64(n.tags[tagStripOffsets].numbers[plane]&math.MaxInt32) + int64(y)*int64(len(row))
			if _, err := n.r.ReadAt(row, offset); err != nil {
				return input.UnexpectedEOF(err)
			}
		}
		for x := range n.width {
			for i := range v {
				v[i] = n.value(rows[i/perPlane], x*perPlane+i%perPlane)
			}
			f(x, y, v)
		}
	}
	return nil
}

// value returns number i of a row. Numbers of whole bytes are in the file's
// byte order; others follow each other bit by bit.
func (n *numbers) value(row []byte, i int) float64 {
	var bits uint64
	if n.depth%8 == 0 {
		bits = n.directory.format.number(row[i*n.depth/8:][:n.depth/8])
	} else {
		for at := i * n.depth; at < (i+1)*n.depth; at++ {
			bits = bits<<1 | uint64(row[at/8]>>(7-at%8)&1)
		}
	}
	switch {
	case n.format == floatFormat && n.depth == 16:
		return half(bits)
	case n.format == floatFormat && n.depth == 32:
		return float64(math.Float32frombits(uint32(bits)))
	case n.format == floatFormat && n.depth == 64:
		return math.Float64frombits(bits)
	case n.format == signedFormat:
		return float64(int64(bits<<(64-n.depth)) >> (64 - n.depth))
	}
	return float64(bits)
}

// half returns a half-precision number of IEEE 754.
func half(v uint64) float64 {
	sign, exponent, fraction := 1-2*float64(v>>15), int(v>>10&31), float64(v&1023)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		return math.NaN()
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}
