package pixels

import (
	"image"
	"math"
)

// Flatten lays the picture on white paper, in place.
func Flatten(m *image.RGBA) *image.RGBA {
	for i := 0; i+4 <= len(m.Pix); i += 4 {
		if paper := 255 - m.Pix[i+3]; paper > 0 {
			// The colours are premultiplied, so no sum overflows in a valid
			// picture.
			m.Pix[i] = sum(m.Pix[i], paper)
			m.Pix[i+1] = sum(m.Pix[i+1], paper)
			m.Pix[i+2] = sum(m.Pix[i+2], paper)
			m.Pix[i+3] = 255
		}
	}
	return m
}

func sum(a, b uint8) uint8 { return uint8(min(int(a)+int(b), 255)) }

// Reveal makes the pixels of a picture opaque if all of them are transparent:
// the picture has room for alpha but does not use it.
func Reveal(pix []uint8) {
	for i := 3; i < len(pix); i += 4 {
		if pix[i] > 0 {
			return
		}
	}
	for i := 3; i < len(pix); i += 4 {
		pix[i] = 255
	}
}

// SingleColor reports whether a picture has a single colour: fewer than one in
// 100,000 of its pixels differ from the middle pixel.
func SingleColor(m *image.RGBA) bool {
	const same, most = 24, 100_000
	middle := m.RGBAAt(m.Rect.Dx()/2, m.Rect.Dy()/2)
	want := [4]uint8{middle.R, middle.G, middle.B, middle.A}
	others := 0
	for i := 0; i+4 <= len(m.Pix); i += 4 {
		for c := range 4 {
			if max(m.Pix[i+c], want[c])-min(m.Pix[i+c], want[c]) > same {
				if others++; others*most >= m.Rect.Dx()*m.Rect.Dy() {
					return false
				}
				break
			}
		}
	}
	return true
}

// ExpandRange expands values between 16 and 235, or 240 for the two colours
// (ITU-R BT.601), to 0 to 255, in place.
func ExpandRange(m image.Image) {
	var luma, chroma [256]byte
	for i := range 256 {
		v := float64(i)
		luma[i] = byte(min(max(math.Round((v-16)*255/219), 0), 255))
		chroma[i] = byte(min(max(math.Round(128+(v-128)*255/224), 0), 255))
	}
	apply := func(table *[256]byte, plane []byte) {
		for i, v := range plane {
			plane[i] = table[v]
		}
	}
	planes := func(m *image.YCbCr) {
		apply(&luma, m.Y)
		apply(&chroma, m.Cb)
		apply(&chroma, m.Cr)
	}
	switch m := m.(type) {
	case *image.YCbCr:
		planes(m)
	case *image.NYCbCrA:
		planes(&m.YCbCr)
	case *image.Gray:
		apply(&luma, m.Pix)
	case *image.NRGBA: // a grey picture with alpha
		for i := range m.Pix {
			if i%4 < 3 {
				m.Pix[i] = luma[m.Pix[i]]
			}
		}
	}
}

// Adjust raises the colours of a picture to a power, in place.
func Adjust(m *image.RGBA, power float64) *image.RGBA {
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
