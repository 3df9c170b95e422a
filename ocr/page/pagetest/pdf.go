package pagetest

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // to read a scan's size
	"strings"
)

// Scan returns a PDF of JPEG files, a page each, as from a scanner.
func Scan(dpi float64, jpegs ...[]byte) []byte {
	const pointsPerInch = 72
	var b PDFBuilder
	var kids []string
	for _, file := range jpegs {
		picture, width, height := b.picture(file)
		w, h := pointsPerInch*float64(width)/dpi, pointsPerInch*float64(height)/dpi
		content := b.Stream("", fmt.Appendf(nil, "%.2f 0 0 %.2f 0 0 cm /P Do", w, h))
		page := b.Object(fmt.Sprintf("<< /Type /Page /Parent %s /MediaBox [0 0 %.2f %.2f] /Contents %s /Resources << /XObject << /P %s >> >> >>",
			PagesRef, w, h, content, picture))
		kids = append(kids, page)
	}
	return b.File(kids, len(kids), "")
}

// picture adds a JPEG file and returns the reference to it, and its size in pixels.
func (b *PDFBuilder) picture(file []byte) (reference string, width, height int) {
	config, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		panic(err) // a test's own picture
	}
	return b.Stream(fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode",
		config.Width, config.Height), file), config.Width, config.Height
}

// PagesRef is the reference of a PDFBuilder to the tree of pages.
const PagesRef = "1 0 R"

// A PDFBuilder writes a PDF object by object. A PDFBuilder checks nothing, so that
// tests can write damaged files.
type PDFBuilder struct{ objects []string }

// Object adds an object and returns the reference to it.
func (b *PDFBuilder) Object(content string) string {
	const first = 3 // after the tree of pages and the catalogue
	b.objects = append(b.objects, content)
	return fmt.Sprintf("%d 0 R", len(b.objects)-1+first)
}

// Stream adds a stream and returns the reference to it. dict has the entries of
// the stream's dictionary without the length.
func (b *PDFBuilder) Stream(dict string, content []byte) string {
	return b.Object(fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(content), content))
}

// File returns the whole file. count is the number of pages according to the
// file, and trailer has more entries of the trailer.
func (b *PDFBuilder) File(pages []string, count int, trailer string) []byte {
	tree := fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(pages, " "), count)
	all := append([]string{tree, "<< /Type /Catalog /Pages " + PagesRef + " >>"}, b.objects...)
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n")
	offsets := make([]int, len(all))
	for i, content := range all {
		offsets[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, content)
	}
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(all)+1)
	for _, at := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 2 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(all)+1, trailer, table)
	return out.Bytes()
}
