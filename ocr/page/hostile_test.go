package page_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/tiff"

	"slackocr/ocr/page"
	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/pagetest"
)

// readAll opens a document and all its pages. It gives the first error.
func readAll(ctx context.Context, d *page.Decoder, f *os.File, o page.Options) (*page.Document, error) {
	doc, err := d.Open(ctx, f, o)
	if err != nil {
		return nil, err
	}
	defer doc.Close()
	for i := range doc.Len() {
		if _, e := doc.Page(ctx, i); e != nil && err == nil {
			err = e
		}
	}
	return doc, err
}

// isTyped reports whether people can be told of an error.
func isTyped(err error) bool { return input.Final(err) }

// A file that was not uploaded whole is broken, or read as far as it goes: then
// its page says so. A PDF does without its end, and a PNG file without its last
// chunk.
func TestTruncatedFiles(t *testing.T) {
	d := page.NewDecoder(page.DecoderConfig{})
	for kind, file := range examples(t) {
		for tenth := range 10 {
			doc, err := readAll(t.Context(), d, onDisk(t, file[:len(file)*tenth/10]), page.Options{})
			switch {
			case tenth == 0:
				if !errors.Is(err, page.ErrEmpty) {
					t.Errorf("empty: %v", err)
				}
			case err == nil && (kind == input.PDF && tenth >= 7 || kind == page.PNG && tenth == 9):
			case err == nil:
				if p, _ := doc.Page(t.Context(), 0); !p.Partial {
					t.Errorf("%s at %d0 %%: nobody is told", kind, tenth)
				}
			case !isTyped(err):
				t.Errorf("%s at %d0 %%: %v", kind, tenth, err)
			}
		}
	}
}

// oneByOne is a PDF of one page with the given content, drawn from forms or
// pictures by name.
func onePage(b *pagetest.PDFBuilder, resources, content string) []byte {
	stream := b.Stream("", []byte(content))
	kid := b.Object(fmt.Sprintf("<< /Type /Page /Parent %s /MediaBox [0 0 300 300] /Contents %s /Resources << %s >> >>",
		pagetest.PagesRef, stream, resources))
	return b.File([]string{kid}, 1, "")
}

// Of a page that pdftoppm leaves blank it is said that some may be missing, if
// pdftoppm had a reason.
func TestBlankPageOfPDF(t *testing.T) {
	const text = "BT /F 40 Tf 20 100 Td (Text) Tj ET"
	const font = "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
	for name, c := range map[string]struct {
		resources, content string
		partial            bool
	}{
		"blank":                 {font, "", false},
		"text":                  {font, text, false},
		"text without its font": {"", text, true},
		"one of two texts":      {font, text + "\n" + strings.Replace(text, "/F", "/G", 1), false},
	} {
		doc := openDocument(t, newDecoder(t, page.DecoderConfig{}), onePage(&pagetest.PDFBuilder{}, c.resources, c.content), page.Options{Canvas: canvas})
		p, err := doc.Page(t.Context(), 0)
		if err != nil || p.Partial != c.partial {
			t.Errorf("%s: %v, partial: %v", name, err, p.Partial)
		}
	}
}

// nestedForms is drawn with ten to the power of depth forms.
func nestedForms(depth int) []byte {
	var b pagetest.PDFBuilder
	last := b.Stream("/Type /XObject /Subtype /Form /BBox [0 0 300 300]", []byte("0 0 10 10 re f"))
	for range depth {
		last = b.Stream("/Type /XObject /Subtype /Form /BBox [0 0 300 300] /Resources << /XObject << /F "+last+" >> >>",
			[]byte(strings.Repeat("/F Do ", 10)))
	}
	return onePage(&b, "/XObject << /F "+last+" >>", "/F Do")
}

// pictureBomb holds a picture of side by side grey pixels in a few kilobytes.
func pictureBomb(side int) []byte {
	runs := bytes.Repeat([]byte{129, 0}, side*side/128+1) // 128 times the byte 0
	var b pagetest.PDFBuilder
	picture := b.Stream(fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter [/FlateDecode /RunLengthDecode]", side, side), deflate(runs))
	return onePage(&b, "/XObject << /P "+picture+" >>", "300 0 0 300 0 0 cm /P Do")
}

func manyPages(n int) []byte {
	var b pagetest.PDFBuilder
	var kids []string
	for range n {
		kids = append(kids, b.Object("<< /Type /Page /Parent "+pagetest.PagesRef+" /MediaBox [0 0 200 200] >>"))
	}
	return b.File(kids, n, "")
}

// withPassword claims to be encrypted, with a key that no password gives.
func withPassword() []byte {
	var b pagetest.PDFBuilder
	kid := b.Object("<< /Type /Page /Parent " + pagetest.PagesRef + " /MediaBox [0 0 200 200] >>")
	hex := strings.Repeat("5a", 32)
	return b.File([]string{kid}, 1, "/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>] "+
		"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <"+hex+"> /U <"+hex+"> >>")
}

// withExtent changes the size that a HEIC file claims.
func withExtent(t testing.TB, file []byte, w, h uint32) []byte {
	t.Helper()
	file = slices.Clone(file)
	found := false
	for at := 0; ; {
		next := bytes.Index(file[at:], []byte("ispe"))
		if next < 0 {
			break
		}
		at += next + 4
		binary.BigEndian.PutUint32(file[at+4:], w)
		binary.BigEndian.PutUint32(file[at+8:], h)
		found = true
	}
	if !found {
		t.Fatal("the file claims no size")
	}
	return file
}

func TestHostileFiles(t *testing.T) {
	small := examples(t)
	anyImage := image.NewRGBA(image.Rect(0, 0, 80, 80))
	noPages := (&pagetest.PDFBuilder{}).File(nil, 0, "")
	hugeFrame := slices.Clone(small[input.GIF])
	frame := bytes.IndexByte(hugeFrame[13:], 0x2c) + 13
	binary.LittleEndian.PutUint16(hugeFrame[frame+5:], 60000)
	binary.LittleEndian.PutUint16(hugeFrame[frame+7:], 60000)
	for _, test := range []struct {
		name string
		file []byte
		want string // the error's beginning
	}{
		{"empty", nil, "the file is empty"},
		{"html", []byte("<!DOCTYPE html><html>"), "not a picture"},
		{"svg", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`), "not a picture"},
		{"zip", []byte("PK\x03\x04 a document of an office"), "not a picture"},
		{"png of 50k", pngHeader(50000, 50000, 8), "a picture of 50000×50000"},
		{"webp of 38 bytes", webpBomb(), "a picture of 16384×16384"},
		{"strip", encodePNG(t, image.NewGray(image.Rect(0, 0, 1, 60000))), "a picture of 1×60000 pixels is too thin"},
		{"gif with a huge frame", hugeFrame, "a picture of 60000×60000"},
		{"tiff, wide", withTag(tiffOf(t, tiff.Deflate, anyImage), 256, 4, 1<<31), "a picture of 134217728×80"},
		{"tiff, of no pages", []byte("II*\x00\x00\x00\x00\x00"), "broken tiff: it has no pages"},
		{"tiff, endless", []byte("II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00"), "broken tiff"},
		{"heic, 16k", withExtent(t, small[input.HEIC], 16000, 16000), "a picture of 16000×16000 pixels is over the limit of "},
		{"heic, of no size", withExtent(t, small[input.HEIC], 0, 0), "broken heic"},
		{"heic, larger than it is", withExtent(t, small[input.HEIC], 4000, 3000), "broken heic"},
		{"heic, smaller than it is", withExtent(t, readFile(t, "large.heic"), 400, 300), "broken heic"},
		{"pdf header alone", []byte("%PDF-1.7\n"), "broken pdf"},
		{"pdf of no pages", noPages, "the file has no pages"},
		{"pdf with a password", withPassword(), "the file is locked with a password"},
		{"pdf that lies about its pages", (&pagetest.PDFBuilder{}).File(nil, 1, ""), "broken pdf"},
		{"pdf with a page that is a line", onDiskPage("0 0 200000 10"), "a picture of 1666667×84 pixels is too thin"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDecoder(t, page.DecoderConfig{})
			_, err := readAll(t.Context(), d, onDisk(t, test.file), page.Options{})
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || !isTyped(err) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if d.Kills() != 0 {
				t.Error("it took a process with it")
			}
		})
	}
}

func onDiskPage(box string) []byte {
	var b pagetest.PDFBuilder
	return b.File([]string{b.Object("<< /Type /Page /Parent " + pagetest.PagesRef + " /MediaBox [" + box + "] >>")}, 1, "")
}

func TestManyPages(t *testing.T) {
	doc, err := newDecoder(t, page.DecoderConfig{}).Open(t.Context(), onDisk(t, manyPages(10_000)), page.Options{})
	if err != nil || doc.Len() != 50 || doc.Left() != 9950 {
		t.Fatalf("%v, %+v", err, doc)
	}
}

// What is too much for the process ends it, and nothing but it: the next file
// is read.
func TestBombsAreKilled(t *testing.T) {
	for _, test := range []struct {
		name   string
		file   []byte
		limit  string
		config page.DecoderConfig
	}{
		{"nested forms", nestedForms(9), page.LimitTime, page.DecoderConfig{Time: 5 * time.Second}},
		{"picture in a page", pictureBomb(60_000), page.LimitTime, page.DecoderConfig{Time: 5 * time.Second}},
		{"png that needs more memory", encodePNG(t, image.NewRGBA(image.Rect(0, 0, 6000, 6000))), page.LimitCrash, page.DecoderConfig{Memory: 64 << 20}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			testKilled(t, test.file, test.limit, test.config)
		})
	}
}

// HEIC that is too much ends libheif's program, which needs no kill.
func TestBombsOfHEIC(t *testing.T) {
	d := newDecoder(t, page.DecoderConfig{Memory: 100 << 20})
	if _, err := readAll(t.Context(), d, onDisk(t, readFile(t, "large.heic")), page.Options{}); !isTyped(err) || !page.TryThumbnail(err) {
		t.Errorf("by libheif's program: %v", err)
	}
}

// testKilled reads a file that must end its process, and then another file.
func testKilled(t *testing.T, file []byte, limit string, config page.DecoderConfig) {
	t.Helper()
	d := newDecoder(t, config)
	d.SetMaxPixels(4 * input.MaxPixels)
	doc, err := readAll(t.Context(), d, onDisk(t, file), page.Options{})
	killed, ok := errors.AsType[*page.KilledError](err)
	if !ok || killed.Limit != limit || d.Kills() != 1 {
		t.Fatalf("%v: got %v and %d kills", doc, err, d.Kills())
	}
	if !page.TryThumbnail(err) {
		t.Error("no smaller copy would be tried")
	}
	if _, err := readAll(t.Context(), d, onDisk(t, encodePNG(t, image.NewGray(image.Rect(0, 0, 30, 30)))), page.Options{}); err != nil {
		t.Errorf("the next file: %v", err)
	}
}

// A process that falls over is named, with its last words for the log.
func TestCrash(t *testing.T) {
	d := page.NewDecoder(page.DecoderConfig{Command: []string{"/bin/sh", "-c", "echo an assertion failed >&2; exit 3"}})
	_, err := d.Open(t.Context(), onDisk(t, pngHeader(9, 9, 8)), page.Options{})
	killed, ok := errors.AsType[*page.KilledError](err)
	if !ok || killed.Limit != page.LimitCrash || d.Kills() != 1 || !strings.Contains(err.Error(), "an assertion failed") {
		t.Errorf("got %v, %d kills", err, d.Kills())
	}
}

func TestNoSecretReachesTheProcess(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-nobody-may-see")
	d := page.NewDecoder(page.DecoderConfig{Command: []string{"/bin/sh", "-c", `echo "it ran, $(env | grep TOKEN)" >&2; exit 3`}})
	_, err := d.Open(t.Context(), onDisk(t, pngHeader(9, 9, 8)), page.Options{})
	if err == nil || strings.Contains(err.Error(), "xoxb") || !strings.Contains(err.Error(), "it ran") {
		t.Errorf("got %v", err)
	}
}

// A page that was too much once is not tried again.
func TestKilledOnce(t *testing.T) {
	d := newDecoder(t, page.DecoderConfig{Memory: 64 << 20})
	doc := openDocument(t, d, encodePNG(t, image.NewRGBA(image.Rect(0, 0, 6000, 6000))), page.Options{})
	for range 2 {
		if _, err := doc.Page(t.Context(), 0); !isTyped(err) || d.Kills() != 1 {
			t.Errorf("got %v, %d kills", err, d.Kills())
		}
	}
}
