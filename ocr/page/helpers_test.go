package page_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// open reads file and fails the test where it cannot.
func open(t *testing.T, file []byte, o page.Options) (page.Page, image.Image) {
	t.Helper()
	p, err := page.Open(t.Context(), bytes.NewReader(file), o)
	if err != nil {
		t.Fatal(err)
	}
	m, format, err := image.Decode(bytes.NewReader(p.Data))
	if err != nil {
		t.Fatal("the page does not decode:", err)
	}
	if got := "image/" + format; got != p.MediaType {
		t.Errorf("media type %q, the data is %q", p.MediaType, got)
	}
	if s := m.Bounds().Size(); s != image.Pt(p.Width, p.Height) {
		t.Errorf("the page says %d×%d, the data is %v", p.Width, p.Height, s)
	}
	return p, m
}

// near tells whether two colours look the same after JPEG, a palette, or ink.
func near(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	far := func(x, y uint32) bool { return max(x, y)-min(x, y) > 0x2900 }
	return !far(ar, br) && !far(ag, bg) && !far(ab, bb)
}

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var (
	red   = color.RGBA{200, 30, 30, 255}
	blue  = color.RGBA{30, 60, 200, 255}
	green = color.RGBA{20, 160, 60, 255}
	white = color.RGBA{255, 255, 255, 255}
)

// flag is red at the left and blue at the right, in halves.
func flag(dst draw.Image) image.Image {
	b := dst.Bounds()
	left := image.Rect(b.Min.X, b.Min.Y, b.Min.X+b.Dx()/2, b.Max.Y)
	draw.Draw(dst, b, image.NewUniform(blue), image.Point{}, draw.Src)
	draw.Draw(dst, left, image.NewUniform(red), image.Point{}, draw.Src)
	return dst
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// chunk is one piece of a PNG file, with its checksum.
func chunk(name string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, name...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// pngHeader is a PNG file of RGBA pixels that ends after its header.
func pngHeader(w, h uint32, depth byte) []byte {
	body := binary.BigEndian.AppendUint32(nil, w)
	body = binary.BigEndian.AppendUint32(body, h)
	body = append(body, depth, 6, 0, 0, 0)
	return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", body)...)
}

// jpegHeader is a JPEG file of three components that ends where its pixels
// should begin. sampling is that of the first component.
func jpegHeader(frame, sampling byte, w, h uint16) []byte {
	b := []byte{0xff, 0xd8, 0xff, 0xe0, 0, 4, 'a', 'b', 0xff, frame, 0, 17, 8}
	b = binary.BigEndian.AppendUint16(b, h)
	b = binary.BigEndian.AppendUint16(b, w)
	return append(b, 3, 1, sampling, 0, 2, 0x11, 0, 3, 0x11, 0, 0xff, 0xda, 0, 12)
}

// webpBomb is a lossless file of 16384×16384 pixels in 38 bytes.
func webpBomb() []byte {
	const size = 1<<14 - 1
	dimensions := binary.LittleEndian.AppendUint32([]byte{0x2f}, size|size<<14)
	body := append(dimensions, make([]byte, 13)...)
	return webpFile(webpChunk("VP8L", body))
}

func webpFile(chunks ...[]byte) []byte {
	body := slices.Concat(chunks...)
	head := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4))
	return slices.Concat(head, []byte("WEBP"), body)
}

func webpChunk(name string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	b = append(b, body...)
	return append(b, make([]byte, len(body)%2)...)
}

// webpParts takes an extended file apart: its VP8X body and the chunks of the
// picture itself, without the colour profile.
func webpParts(file []byte) (header, picture []byte) {
	for rest := file[12:]; len(rest) > 8; {
		size := int(binary.LittleEndian.Uint32(rest[4:]))
		whole := rest[:8+size+size%2]
		switch name := string(rest[:4]); name {
		case "VP8X":
			header = slices.Clone(whole[8:])
		case "ALPH", "VP8 ", "VP8L":
			picture = append(picture, whole...)
		}
		rest = rest[len(whole):]
	}
	header[0] &= 0x10 // of all flags, only that there is alpha
	return header, picture
}

// webpAnimated makes an animation whose first frame is file's picture, and
// whose second is damaged.
func webpAnimated(file []byte) []byte {
	header, picture := webpParts(file)
	header[0] |= 0x02
	frame := slices.Concat(make([]byte, 6), header[4:10], []byte{100, 0, 0, 0}, picture)
	return webpFile(
		webpChunk("VP8X", header),
		webpChunk("ANIM", make([]byte, 6)),
		webpChunk("ANMF", frame),
		webpChunk("ANMF", frame[:len(frame)/2]),
	)
}

func webpWithEXIF(file []byte, orientation int) []byte {
	header, picture := webpParts(file)
	header[0] |= 0x08
	return webpFile(webpChunk("VP8X", header), picture, webpChunk("EXIF", pagetest.EXIF(orientation)))
}

func pngWithEXIF(file []byte, orientation int) []byte {
	const afterHeader = 8 + 4 + 4 + 13 + 4
	return slices.Concat(file[:afterHeader], chunk("eXIf", pagetest.EXIF(orientation)), file[afterHeader:])
}
