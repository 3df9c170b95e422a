package pagetest

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// tilt is the angle between the camera of Photo and the page, in degrees.
const tilt = 0.7

// Photo returns the page of PNG as a phone takes it: turned by 0.7 degrees, lit
// from one side, with noise. The JPEG file is stored on its side (EXIF orientation
// 6), and its metadata contain GPS and Secret.
func Photo(text string, o Layout) []byte {
	paper := Image(text, o)
	scene := tilted(paper)
	expose(scene)
	stored := onItsSide(scene)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, stored, &jpeg.Options{Quality: 85}); err != nil {
		panic(err) // a buffer takes everything
	}
	return WithEXIF(b.Bytes(), 6)
}

// tilted turns the page about its middle, on more paper.
func tilted(src *image.RGBA) *image.RGBA {
	dst := image.NewRGBA(src.Rect)
	draw.Draw(dst, dst.Rect, image.NewUniform(src.At(0, 0)), image.Point{}, draw.Src)
	sin, cos := math.Sincos(tilt * math.Pi / 180)
	cx, cy := float64(src.Rect.Dx())/2, float64(src.Rect.Dy())/2
	turn := f64.Aff3{
		cos, -sin, cx - cos*cx + sin*cy,
		sin, cos, cy - sin*cx - cos*cy,
	}
	draw.BiLinear.Transform(dst, turn, src, src.Rect, draw.Over, nil)
	return dst
}

// expose lets the light fall from the upper left, weaker by almost half at
// the lower right, a little yellow, with the noise of a small sensor.
func expose(m *image.RGBA) {
	random := rand.New(rand.NewPCG(20, 26))
	w, h := m.Rect.Dx(), m.Rect.Dy()
	diagonal := math.Hypot(float64(w), float64(h))
	for y := range h {
		for x := range w {
			light := 0.97 - 0.42*math.Hypot(float64(x), float64(y))/diagonal
			noise := random.NormFloat64() * 5
			i := m.PixOffset(x, y)
			for c, tint := range [...]float64{1, 0.98, 0.9} {
				// Ink reflects a little, and paper not everything.
				value := 25 + 0.88*float64(m.Pix[i+c])
				m.Pix[i+c] = uint8(min(max(value*light*tint+noise, 0), 255))
			}
		}
	}
}

// onItsSide turns a picture a quarter anticlockwise, as a phone that is held
// upright stores it.
func onItsSide(src *image.RGBA) *image.RGBA {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	dst := image.NewRGBA(image.Rect(0, 0, h, w))
	for y := range h {
		for x := range w {
			c := src.RGBAAt(x, y)
			dst.SetRGBA(y, w-1-x, color.RGBA{c.R, c.G, c.B, 255})
		}
	}
	return dst
}
