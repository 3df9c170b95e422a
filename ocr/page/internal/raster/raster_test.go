package raster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"io"
	"slices"
	"testing"

	"slackocr/ocr/page/internal/input"
)

var (
	red   = color.RGBA{200, 30, 30, 255}
	blue  = color.RGBA{30, 60, 200, 255}
	white = color.RGBA{255, 255, 255, 255}
)

func fileOf(t *testing.T, content []byte) *input.File {
	return input.NewFile(t.Context(), bytes.NewReader(content), int64(len(content)))
}

// A decoded picture has the size of its header.
type decoded struct {
	size    image.Point
	partial bool
}

// shows decodes a file, and checks the colours of its left and right halves on
// white.
func shows(t *testing.T, codec input.Codec, name string, content []byte, left, right color.RGBA) (d decoded) {
	t.Helper()
	file := fileOf(t, content)
	h, err := codec.Header(file)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return d
	}
	file.Rewind()
	m, err := codec.Decode(file)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return d
	}
	s := m.Bounds().Size()
	if s != image.Pt(h.Width, h.Height) {
		t.Errorf("%s: %v, and %d×%d in its header", name, s, h.Width, h.Height)
	}
	page := image.NewRGBA(image.Rectangle{Max: s})
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(page, page.Rect, m, m.Bounds().Min, draw.Over)
	for x, want := range map[int]color.RGBA{s.X / 4: left, s.X * 3 / 4: right} {
		if got := page.RGBAAt(x, s.Y/2); !near(got, want) {
			t.Errorf("%s: %v at column %d, want %v", name, got, x, want)
		}
	}
	return decoded{s, file.Partial}
}

// near allows for values of five bits.
func near(a, b color.RGBA) bool {
	far := func(x, y uint8) bool { return max(x, y)-min(x, y) > 8 }
	return !far(a.R, b.R) && !far(a.G, b.G) && !far(a.B, b.B)
}

// halves repeats a pixel of the left half and one of the right half eight times
// each, in sixteen rows.
func halves(left, right []byte) []byte {
	row := slices.Concat(bytes.Repeat(left, 8), bytes.Repeat(right, 8))
	return bytes.Repeat(row, 16)
}

func TestKindsOfGIF(t *testing.T) {
	colors := color.Palette{color.RGBA{}, red, blue}
	frame := func(r image.Rectangle, fill func(x int) uint8) *image.Paletted {
		m := image.NewPaletted(r, colors)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				m.SetColorIndex(x, y, fill(x))
			}
		}
		return m
	}
	file := func(w, h int, frames ...*image.Paletted) []byte {
		g := gif.GIF{Image: frames, Delay: make([]int, len(frames)), Config: image.Config{Width: w, Height: h, ColorModel: colors}}
		var b bytes.Buffer
		if err := gif.EncodeAll(&b, &g); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	both := func(x int) uint8 { return 1 + uint8(x/40) }
	whole := frame(image.Rect(0, 0, 80, 40), both)
	empty := frame(image.Rect(0, 0, 80, 40), func(int) uint8 { return 0 })

	shows(t, GIF, "a smaller frame", file(80, 40, frame(image.Rect(0, 0, 40, 40), both)), red, white)
	large := file(80, 40, whole)
	binary.LittleEndian.PutUint16(large[6:], 10) // the canvas
	binary.LittleEndian.PutUint16(large[8:], 10)
	if got := shows(t, GIF, "a larger frame", large, red, blue); got.size != image.Pt(80, 40) {
		t.Errorf("a larger frame: %v", got.size)
	}
	shows(t, GIF, "an empty first frame", file(80, 40, empty, whole), red, blue)
	plain := file(80, 40, whole)
	extra := slices.Concat(plain[:len(plain)-2], []byte{3, 1, 2, 3}, plain[len(plain)-2:])
	if shows(t, GIF, "too much data", extra, red, blue).partial {
		t.Error("too much data is taken for too little")
	}
	cut := plain[:len(plain)-8]
	if !shows(t, GIF, "cut", cut, red, blue).partial {
		t.Error("nobody is told that it is cut")
	}
}

// bmpFile is a BMP file with a header of the given size: 12 is OS/2's.
func bmpFile(size, w, h, depth, compression int, masks []uint32, palette, pixels []byte) []byte {
	le := binary.LittleEndian
	info := le.AppendUint32(nil, uint32(size))
	if size == 12 {
		info = le.AppendUint16(le.AppendUint16(info, uint16(w)), uint16(h))
		info = le.AppendUint16(le.AppendUint16(info, 1), uint16(depth))
	} else {
		info = le.AppendUint32(le.AppendUint32(info, uint32(int32(w))), uint32(int32(h)))
		info = le.AppendUint16(le.AppendUint16(info, 1), uint16(depth))
		info = le.AppendUint32(info, uint32(compression))
		info = append(info, make([]byte, 20)...)
		for _, m := range masks {
			info = le.AppendUint32(info, m)
		}
		info = append(info, make([]byte, max(0, size-len(info)))...)
	}
	head := append([]byte("BM"), make([]byte, 8)...)
	head = le.AppendUint32(head, uint32(14+len(info)+len(palette)))
	return slices.Concat(head, info, palette, pixels)
}

func TestKindsOfBMP(t *testing.T) {
	le := binary.LittleEndian
	short := func(v uint16) []byte { return le.AppendUint16(nil, v) }
	long := func(v uint32) []byte { return le.AppendUint32(nil, v) }
	bgr := halves([]byte{30, 30, 200}, []byte{200, 60, 30})
	colors := []byte{0, 0, 0, 0, 30, 30, 200, 0, 200, 60, 30, 0}
	colorsOS2 := []byte{0, 0, 0, 30, 30, 200, 200, 60, 30}
	all := func(palette []byte, entry, n int) []byte {
		return append(palette, make([]byte, entry*n-len(palette))...)
	}
	rle8 := append(bytes.Repeat([]byte{8, 1, 8, 2, 0, 0}, 15), 0, 4, 1, 1, 1, 1, 4, 1, 0, 3, 2, 2, 2, 0, 5, 2, 0, 1) // runs, and pixels as they are
	rle4 := append(bytes.Repeat([]byte{3, 0x11, 6, 0x21, 2, 0x22, 5, 0x12, 0, 0}, 16), 0, 1)                         // the second pixels of a byte, where colours are looked at
	for name, file := range map[string][]byte{
		"24 bit":           bmpFile(40, 16, 16, 24, 0, nil, nil, bgr),
		"24 bit, top down": bmpFile(40, 16, -16, 24, 0, nil, nil, bgr),
		"os/2":             bmpFile(12, 16, 16, 24, 0, nil, nil, bgr),
		"os/2, 8 bit":      bmpFile(12, 16, 16, 8, 0, nil, all(colorsOS2, 3, 256), halves([]byte{1}, []byte{2})),
		"os/2 2":           bmpFile(64, 16, 16, 8, 0, nil, all(colors, 4, 256), halves([]byte{1}, []byte{2})),
		"555":              bmpFile(40, 16, 16, 16, 0, nil, nil, halves(short(25<<10|4<<5|4), short(4<<10|7<<5|25))),
		"565":              bmpFile(40, 16, 16, 16, 3, []uint32{0xf800, 0x7e0, 0x1f}, nil, halves(short(25<<11|8<<5|4), short(4<<11|15<<5|25))),
		"32 bit":           bmpFile(40, 16, 16, 32, 0, nil, nil, halves(long(0x00c81e1e), long(0x001e3cc8))),
		"32 bit, alpha":    bmpFile(124, 16, 16, 32, 3, []uint32{0xff, 0xff00, 0xff0000, 0xff000000}, nil, halves(long(0xff1e1ec8), long(0xffc83c1e))),
		"4 bit":            bmpFile(40, 16, 16, 4, 0, nil, all(colors, 4, 16), bytes.Repeat([]byte{0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22}, 16)),
		"rle8":             bmpFile(40, 16, 16, 8, 1, nil, all(colors, 4, 256), rle8),
		"rle4":             bmpFile(40, 16, 16, 4, 2, nil, all(colors, 4, 16), rle4),
	} {
		if got := shows(t, BMP, name, file, red, blue); got != (decoded{image.Pt(16, 16), false}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	shows(t, BMP, "transparent", bmpFile(124, 16, 16, 32, 3, []uint32{0xff, 0xff00, 0xff0000, 0xff000000}, nil, halves(long(0xff1e1ec8), long(0x00c83c1e))), red, white)
	jpegInside := bmpFile(40, 16, 16, 0, 4, nil, nil, nil)
	if _, err := BMP.Header(fileOf(t, jpegInside)); !errors.Is(err, input.ErrNoDecoder) {
		t.Errorf("a JPEG in a BMP: %v", err)
	}
	// A header alone is worth no memory.
	if _, err := BMP.Decode(fileOf(t, bmpFile(40, 9000, 9000, 24, 0, nil, nil, bgr))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a header of a large picture: %v", err)
	}
}

// Of a damaged PNG file the good rows are read, and the others are white or have the
// first colour.
func TestRowsOfDamagedPNG(t *testing.T) {
	colors := color.Palette{blue, red}
	for name, m := range map[string]draw.Image{
		"colours": image.NewRGBA(image.Rect(0, 0, 40, 40)),
		"palette": image.NewPaletted(image.Rect(0, 0, 40, 40), colors),
	} {
		rest := white
		if name == "palette" {
			rest = blue
		}
		draw.Draw(m, m.Bounds(), image.NewUniform(red), image.Point{}, draw.Src)
		for i := range 40 { // so that the rows take some bytes
			m.Set(i, i*17%40, blue)
		}
		var b bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.NoCompression}
		if err := encoder.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		whole := b.Bytes()
		file := fileOf(t, whole[:len(whole)/2])
		got, err := PNG.Decode(file)
		if err != nil || !file.Partial {
			t.Fatalf("%s: partial: %v, %v", name, file.Partial, err)
		}
		for y, want := range map[int]color.RGBA{5: red, 35: rest} {
			if c := color.RGBAModel.Convert(got.At(20, y)).(color.RGBA); !near(c, want) {
				t.Errorf("%s: row %d is %v, want %v", name, y, c, want)
			}
		}
		if _, err := PNG.Decode(fileOf(t, whole[:60])); err == nil && name == "colours" {
			t.Error("a few pixels are a picture")
		}
	}
}

// The rows of an interlaced picture are those of its seven passes.
func TestPassesOfPNG(t *testing.T) {
	for size := range 20 {
		h := pngHeader{width: uint32(size + 1), height: 9, interlaced: true}
		pixels := 0
		for _, pass := range h.passes() {
			pixels += pass.X * pass.Y
		}
		if pixels != (size+1)*9 {
			t.Errorf("%d columns have %d pixels", size+1, pixels)
		}
	}
}
