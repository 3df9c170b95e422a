package page

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"

	"slackocr/ocr/page/internal/input"
)

const (
	// maxPNG bounds a page as a PNG file. A screenshot of text stays below; a
	// photo saved as PNG does not, and becomes a JPEG file.
	maxPNG = 1 << 20

	// jpegQuality leaves text as readable as the original at a sixth of its
	// PNG size.
	jpegQuality = 90

	// maxJPEGSide is the format's own limit (ITU-T T.81, B.2.2).
	maxJPEGSide = 65535
)

// encode encodes the page as a file that has only pixels.
func encode(m *image.RGBA, from Kind) (Page, error) {
	p := Page{Width: m.Rect.Dx(), Height: m.Rect.Dy()}
	var pixels image.Image = m
	if gray := asGray(m); gray != nil {
		pixels = gray
	}
	// A picture from JPEG, or from a camera or scanner by way of another
	// format, has noise that PNG would have to keep.
	if limit := pngLimit(p, from, m); limit > 0 {
		var out bytes.Buffer
		if err := png.Encode(&input.LimitWriter{W: &out, Left: limit}, pixels); err == nil {
			p.Data, p.MediaType = out.Bytes(), PNG.MediaType()
			return p, nil
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, pixels, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return Page{}, err
	}
	p.Data, p.MediaType = out.Bytes(), input.JPEG.MediaType()
	return p, nil
}

// pngLimit returns the number of bytes of PNG to try before JPEG: 0 for a
// photo, and no limit if JPEG cannot hold the picture. A small picture is always
// PNG: image/jpeg keeps one colour for each four pixels, too few for coloured
// letters of a few pixels.
func pngLimit(p Page, from Kind, m *image.RGBA) int {
	switch {
	case 4*p.Width*p.Height <= maxPNG:
		return maxPNG
	case p.Width > maxJPEGSide || p.Height > maxJPEGSide:
		return 8*p.Width*p.Height + maxPNG
	case from == input.JPEG || noisy(m):
		return 0
	}
	return maxPNG
}

// noisy reports whether the pixels come from a sensor rather than a drawing,
// in which most pixels equal their neighbours. noisy samples every 16th row.
func noisy(m *image.RGBA) bool {
	const step, least = 16, 1.0 / 4
	same, all := 0, 0
	for y := 0; y < m.Rect.Dy(); y += step {
		row := m.Pix[y*m.Stride:][:4*m.Rect.Dx()]
		for i := 4; i+4 <= len(row); i += 4 {
			all++
			if row[i] == row[i-4] && row[i+1] == row[i-3] && row[i+2] == row[i-2] {
				same++
			}
		}
	}
	return float64(same) < least*float64(all)
}

// asGray returns the picture as grey pixels, which take a quarter of the work
// to encode and to send, or nil if the picture has colours.
func asGray(m *image.RGBA) *image.Gray {
	for i := 0; i+4 <= len(m.Pix); i += 4 {
		if m.Pix[i] != m.Pix[i+1] || m.Pix[i] != m.Pix[i+2] {
			return nil
		}
	}
	gray := image.NewGray(m.Rect)
	for i := range gray.Pix {
		gray.Pix[i] = m.Pix[4*i]
	}
	return gray
}
