package page_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// striped is a white page with black bars at the given rows.
func striped(width, height int, bars ...[2]int) image.Image {
	m := image.NewGray(image.Rect(0, 0, width, height))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	for _, bar := range bars {
		draw.Draw(m, image.Rect(width/4, bar[0], width/2, bar[1]), image.Black, image.Point{}, draw.Src)
	}
	return m
}

// noisy is m with stains of a few shades.
func noisy(m image.Image) image.Image {
	gray := m.(*image.Gray)
	for i := range gray.Pix {
		if gray.Pix[i] == 255 {
			gray.Pix[i] -= uint8(i * 7 % 10)
		}
	}
	return gray
}

func TestHalveCutsAtTheWidestSpace(t *testing.T) {
	for name, c := range map[string]struct {
		m     image.Image
		upper int // height; 0 where it cannot be divided
	}{
		"between two blocks":    {striped(200, 600, [2]int{20, 280}, [2]int{320, 580}), 300},
		"not at the middle":     {striped(200, 600, [2]int{20, 240}, [2]int{260, 590}), 250},
		"the wider of two":      {striped(200, 600, [2]int{20, 230}, [2]int{250, 340}, [2]int{350, 590}), 240},
		"of two the nearer":     {striped(200, 600, [2]int{20, 220}, [2]int{230, 310}, [2]int{320, 590}), 315},
		"on noisy paper":        {noisy(striped(200, 600, [2]int{20, 280}, [2]int{320, 580})), 300},
		"ink all over":          {striped(200, 600, [2]int{0, 600}), 0},
		"a space at the top":    {striped(200, 600, [2]int{150, 600}), 0},
		"too low to be divided": {striped(200, 120, [2]int{20, 30}), 0},
		"one row is no space":   {striped(200, 600, [2]int{0, 300}, [2]int{301, 600}), 0},
	} {
		for format, file := range map[string][]byte{"png": encodePNG(t, c.m), "jpeg": encodeJPEG(t, c.m)} {
			t.Run(name+"/"+format, func(t *testing.T) {
				p, _ := open(t, file, page.Options{})
				upper, lower, err := page.Halve(t.Context(), p)
				if c.upper == 0 {
					if !errors.Is(err, page.ErrWhole) {
						t.Errorf("it is divided at %d, %v", upper.Height, err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if far := upper.Height - c.upper; far < -2 || far > 2 || upper.Height+lower.Height != p.Height {
					t.Errorf("halves of %d and %d rows of %d, want %d", upper.Height, lower.Height, p.Height, c.upper)
				}
				joined := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
				for i, half := range []page.Page{upper, lower} {
					m, kind, err := image.Decode(bytes.NewReader(half.Data))
					if err != nil || half.MediaType != "image/"+kind || m.Bounds().Size() != image.Pt(half.Width, half.Height) || half.Width != p.Width {
						t.Fatalf("half %d is %s, %v: %v", i, kind, m.Bounds(), err)
					}
					draw.Draw(joined, image.Rect(0, i*upper.Height, p.Width, p.Height), m, image.Point{}, draw.Src)
				}
				for y := range p.Height {
					if !near(joined.At(75, y), c.m.At(75, y)) && format == "png" {
						t.Fatalf("row %d was changed", y)
					}
				}
			})
		}
	}
}

func TestHalvesOfALetter(t *testing.T) {
	p, _ := open(t, pagetest.PNG(pagetest.Letter, pagetest.Layout{}), page.Options{})
	upper, lower, err := page.Halve(t.Context(), p)
	if err != nil || upper.Height < p.Height/3 || lower.Height < p.Height/3-1 {
		t.Errorf("%d rows are %d and %d, %v", p.Height, upper.Height, lower.Height, err)
	}
}

func TestMarkFramesAreas(t *testing.T) {
	p, before := open(t, encodePNG(t, striped(400, 400)), page.Options{})
	marked, err := page.Mark(t.Context(), p, []page.Area{
		{Left: 0.25, Top: 0.25, Right: 0.5, Bottom: 0.5},
		{Left: -3, Top: 0.9, Right: math.Inf(1), Bottom: 7}, // partly outside
		{Left: math.NaN(), Top: math.NaN(), Right: math.NaN(), Bottom: math.NaN()},
	})
	if err != nil {
		t.Fatal(err)
	}
	m, kind, err := image.Decode(bytes.NewReader(marked.Data))
	if err != nil || marked.MediaType != "image/"+kind || m.Bounds() != before.Bounds() {
		t.Fatalf("%s, %v: %v", kind, m.Bounds(), err)
	}
	red := color.RGBA{0xE0, 0x1E, 0x5A, 0xFF}
	for at, want := range map[image.Point]color.Color{
		{X: 99, Y: 150}: red, {X: 98, Y: 98}: red, {X: 200, Y: 150}: red, {X: 150, Y: 201}: red,
		{X: 100, Y: 100}: color.White, {X: 150, Y: 150}: color.White, {X: 199, Y: 199}: color.White,
		{X: 97, Y: 150}: color.White, {X: 250, Y: 250}: color.White,
		{X: 200, Y: 359}: red, {X: 200, Y: 380}: color.White,
	} {
		if !near(m.At(at.X, at.Y), want) {
			t.Errorf("at %v is %v, want %v", at, m.At(at.X, at.Y), want)
		}
	}
}

func TestMarkAndHalveRefuseWhatIsNoPage(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("not a picture"), encodePNG(t, striped(50, 50))[:60]} {
		p := page.Page{Data: data, MediaType: "image/png", Width: 50, Height: 50}
		if _, err := page.Mark(t.Context(), p, []page.Area{{}}); err == nil {
			t.Errorf("%.10q was marked", data)
		}
		if _, _, err := page.Halve(t.Context(), p); err == nil {
			t.Errorf("%.10q was halved", data)
		}
	}
}

func BenchmarkHalve(b *testing.B) {
	p, err := page.Open(b.Context(), bytes.NewReader(pagetest.PNG(pagetest.Article, pagetest.Layout{})), page.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := page.Halve(b.Context(), p); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBlank(t *testing.T) {
	sheet := func(ground color.Gray, width, height int, ink image.Rectangle) image.Image {
		m := image.NewGray(image.Rect(0, 0, width, height))
		for i := range m.Pix {
			m.Pix[i] = ground.Y
		}
		for y := ink.Min.Y; y < ink.Max.Y; y++ {
			for x := ink.Min.X; x < ink.Max.X; x++ {
				m.SetGray(x, y, color.Gray{255 - ground.Y})
			}
		}
		return m
	}
	for name, c := range map[string]struct {
		picture image.Image
		want    bool
	}{
		"white":                    {sheet(color.Gray{255}, 800, 1000, image.Rectangle{}), true},
		"black":                    {sheet(color.Gray{0}, 800, 1000, image.Rectangle{}), true},
		"grey paper":               {sheet(color.Gray{190}, 800, 1000, image.Rectangle{}), true},
		"dust":                     {sheet(color.Gray{255}, 800, 1000, image.Rect(9, 9, 12, 12)), true},
		"a word on a page":         {sheet(color.Gray{255}, 1300, 1900, image.Rect(100, 100, 140, 104)), false},
		"a letter on a small page": {sheet(color.Gray{255}, 64, 64, image.Rect(10, 10, 14, 18)), false},
		"white on black":           {sheet(color.Gray{0}, 800, 1000, image.Rect(100, 100, 140, 104)), false},
	} {
		for kind, file := range map[string][]byte{"image/png": encodePNG(t, c.picture), "image/jpeg": encodeJPEG(t, c.picture)} {
			if got, err := page.Blank(t.Context(), page.Page{Data: file, MediaType: kind}); err != nil || got != c.want {
				t.Errorf("%s as %s: blank %v, %v; want %v", name, kind, got, err, c.want)
			}
		}
	}
	if _, err := page.Blank(t.Context(), page.Page{Data: []byte("no picture"), MediaType: "image/png"}); err == nil {
		t.Error("what is no picture is measured")
	}
}
