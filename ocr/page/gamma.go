package page

import (
	"bufio"
	"encoding/binary"
	"image"
	"math"
)

const (
	// gammaSRGB is the value of a PNG file's chunk gAMA for numbers that screens
	// show as they are (PNG 3rd edition, 11.3.2.2).
	gammaSRGB = 45455

	// minGamma and maxGamma bound the values that are believed.
	minGamma, maxGamma = gammaSRGB / 10, gammaSRGB * 10
)

// readGamma returns the power to which the colours of a picture, between 0 and
// 1, are raised before they are shown. It is 1 for all kinds but PNG.
func readGamma(src *source, kind Kind) float64 {
	if kind != PNG || src.rewind() != nil {
		return 1
	}
	c := &pngChunks{r: bufio.NewReaderSize(src, 64<<10)}
	if _, err := c.r.Discard(len(pngSignature)); err != nil {
		return 1
	}
	power := 1.0
	for {
		name, err := c.next()
		switch {
		case err != nil, name == "IDAT":
			return power
		case name == "cICP", name == "iCCP", name == "sRGB":
			return 1 // which count more
		case name == "gAMA" && c.left == 4:
			b, err := c.r.Peek(4)
			if err != nil {
				return power
			}
			if gamma := binary.BigEndian.Uint32(b); gamma >= minGamma && gamma <= maxGamma {
				power = gammaSRGB / float64(gamma)
			}
		}
	}
}

// adjust raises the colours of a picture to a power, in place.
func adjust(m *image.RGBA, power float64) *image.RGBA {
	const same = 0.05 // a difference that nobody sees
	if math.Abs(power-1) < same {
		return m
	}
	var table [256]uint32
	for i := range table {
		table[i] = uint32(255*math.Pow(float64(i)/255, power) + 0.5)
	}
	for i := 0; i+4 <= len(m.Pix); i += 4 {
		alpha := uint32(m.Pix[i+3])
		if alpha == 0 {
			continue
		}
		for c := range 3 { // the colours are premultiplied by alpha
			plain := min(255, (uint32(m.Pix[i+c])*255+alpha/2)/alpha)
			m.Pix[i+c] = uint8((table[plain]*alpha + 127) / 255)
		}
	}
	return m
}
