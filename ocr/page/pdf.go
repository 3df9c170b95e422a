package page

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"

	"slackocr/ocr/page/internal/pixels"
)

const (
	// pdfDPI is the highest resolution, in dots per inch, and the resolution
	// at which a PDF's page is measured. A page is drawn with fewer dots if
	// these cover the model's canvas: A4 with 165. A receipt, a card or a
	// label needs more than a sheet of paper, and small pages are often large
	// scans.
	pdfDPI = 600

	pointsPerInch = 72

	// maxInfo bounds what pdfinfo may print, in bytes.
	maxInfo = 1 << 20
)

// examinePDF asks pdfinfo for the number of pages and the size of the first
// ones.
func examinePDF(ctx context.Context, file *os.File, r request) (leaves []leaf, total int, err error) {
	if r.Tools["pdfinfo"] == "" || r.Tools["pdftoppm"] == "" {
		return nil, 0, ErrNoTool
	}
	p := poppler(ctx, file, r.Self, r.Tools["pdfinfo"], "-f", "1", "-l", strconv.Itoa(r.MaxPages), theFile)
	var out bytes.Buffer
	p.Stdout = &limitWriter{&out, maxInfo}
	if err := p.run(); err != nil {
		return nil, 0, p.whyClosed(err, file)
	}
	leaves, total = parseInfo(out.String(), r.MaxPages)
	if total == 0 {
		return nil, 0, ErrNoPages
	}
	return leaves, total, nil
}

// The exit statuses of poppler's programs (pdfinfo(1)).
const cannotOpen, otherError = 1, 99

// whyClosed returns the error for a PDF that poppler cannot open: its tree of
// pages is empty, so that none is in the wanted range, or an encrypted file
// lacks its password or certificate, or a truncated one the last line "%%EOF"
// (PDF 32000-1:2008, 7.7.3, 7.6.1 and 7.5.5).
func (p *program) whyClosed(err error, file *os.File) error {
	broken, ok := errors.AsType[*BrokenError](err)
	info, statErr := file.Stat()
	if !ok || statErr != nil {
		return err
	}
	switch status := p.ProcessState.ExitCode(); {
	case status == otherError && mentions(file, info.Size(), "/Count 0"):
		return ErrNoPages
	case status == cannotOpen && mentions(file, info.Size(), "/Encrypt"):
		return ErrPassword
	case endsWith(file, info.Size(), "%%EOF"):
		return broken
	}
	return &BrokenError{PDF, fmt.Errorf("%w: %w", broken.err, io.ErrUnexpectedEOF)}
}

// mentions reports whether an entry stands in a dictionary of a PDF that is not
// compressed, as its trailer never is.
func mentions(file io.ReaderAt, size int64, entry string) bool {
	end := make([]byte, min(size, maxSearched))
	_, err := file.ReadAt(end, size-int64(len(end)))
	return err == nil && bytes.Contains(end, []byte(entry))
}

// parseInfo parses the output of pdfinfo -f -l: "Pages:", and for each page
// "Page 1 size: 595 x 842 pts (A4)" and "Page 1 rot: 90".
func parseInfo(text string, maxPages int) (leaves []leaf, total int) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "Pages:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(rest))
			if err == nil && n > 0 && len(leaves) == 0 {
				total = n
				leaves = make([]leaf, min(n, maxPages))
			}
		}
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[0] != "Page" {
			continue
		}
		n, err := strconv.Atoi(fields[1])
		if err != nil || n < 1 || n > len(leaves) {
			continue
		}
		l := &leaves[n-1]
		switch {
		case fields[2] == "size:" && len(fields) >= 6:
			l.Width, l.Height = dots(fields[3]), dots(fields[5])
		case fields[2] == "rot:" && (fields[3] == "90" || fields[3] == "270"):
			l.Width, l.Height = l.Height, l.Width
		}
	}
	for i := range leaves {
		if l := &leaves[i]; l.Width <= 0 || l.Height <= 0 {
			l.Error = failureOf(&BrokenError{PDF, fmt.Errorf("page %d has no size", i+1)})
		} else if err := checkShape(l.Width, l.Height); err != nil {
			l.Error = failureOf(err)
		}
	}
	return leaves, total
}

// dots returns a length in points as pixels, at least 1 and at most ten
// million, or 0 if it is not a length.
func dots(points string) int {
	v, err := strconv.ParseFloat(points, 64)
	if err != nil || !(v > 0) {
		return 0
	}
	return int(min(math.Ceil(v*pdfDPI/pointsPerInch), 1e7))
}

// drawPDF draws a page with pdftoppm, at least as large as the layout. If
// pdftoppm complains about a page that it leaves blank, drawPDF sets
// source.partial.
func drawPDF(src *source, file *os.File, r request) (*image.RGBA, error) {
	n := strconv.Itoa(r.Page + 1)
	longer := strconv.Itoa(max(r.Layout.Width, r.Layout.Height))
	ctx, stop := context.WithCancel(src.ctx)
	defer stop()
	args := []string{"-f", n, "-l", n, "-cropbox", "-scale-to", longer}
	if r.HideLinks {
		args = append(args, "-hide-annotations")
	}
	p := poppler(ctx, file, r.Self, r.Tools["pdftoppm"], append(args, theFile)...)
	out, err := p.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.Start(); err != nil {
		return nil, fmt.Errorf("starting pdftoppm: %w", err)
	}
	m, bad := readPPM(bufio.NewReaderSize(out, 64<<10), maxCutPixels+maxCutPixels/8)
	if bad != nil && !errors.Is(short(bad), io.ErrUnexpectedEOF) {
		stop() // nobody would read further output
	}
	err = p.verdict(p.Wait())
	switch {
	case bad == nil:
		// pdftoppm may also complain about a page that it has drawn.
		src.partial = p.said.Len() > 0 && pixels.SingleColor(m)
		return m, nil
	case err != nil && !errors.Is(err, context.Canceled):
		return nil, p.whyClosed(err, file)
	}
	return nil, &BrokenError{PDF, errors.New(cmp.Or(firstLine(p.said.String()), bad.Error()))}
}

// The bounds of the search for annotations, in bytes.
const (
	maxSearched = 128 << 20 // of a file; a longer file is not searched
	maxInflated = 64 << 20  // of all object streams together
)

var (
	linkAnnotation = regexp.MustCompile(`/Subtype\s*/Link\b`)
	// Annotations with text or pictures of their own (PDF 32000-1:2008, table
	// 169).
	markAnnotation = regexp.MustCompile(`/Subtype\s*/(?:FreeText|Line|Stamp|Ink|Watermark|Redact|Widget)\b`)
	objectStream   = regexp.MustCompile(`/Type\s*/ObjStm\b`)
)

// onlyLinks reports whether all annotations of a PDF are links and may be left
// out. poppler draws a box around a link without another look, across the text
// below, and can only leave out all annotations at once, including text in a
// form or a note on a page. If some objects cannot be read, as in an encrypted
// file, onlyLinks returns false.
func onlyLinks(src *source) bool {
	size, err := src.Seek(0, io.SeekEnd)
	if err != nil || size > maxSearched {
		return false
	}
	file := make([]byte, size)
	if _, err := src.ReadAt(file, 0); err != nil || bytes.Contains(file, []byte("/Encrypt")) {
		return false
	}
	links, left := linkAnnotation.Match(file), int64(maxInflated)
	if markAnnotation.Match(file) {
		return false
	}
	for _, at := range objectStream.FindAllIndex(file, -1) {
		objects, ok := inflated(file[at[1]:], left)
		if !ok || markAnnotation.Match(objects) {
			return false
		}
		left -= int64(len(objects))
		links = links || linkAnnotation.Match(objects)
	}
	return links
}

// inflated returns at most limit bytes of the compressed stream after the next
// dictionary.
func inflated(file []byte, limit int64) ([]byte, bool) {
	_, stream, ok := bytes.Cut(file, []byte("stream"))
	if !ok {
		return nil, false
	}
	r, err := zlib.NewReader(bytes.NewReader(bytes.TrimLeft(stream, "\r\n")))
	if err != nil {
		return nil, false
	}
	objects, err := io.ReadAll(io.LimitReader(r, limit+1))
	return objects, err == nil && int64(len(objects)) <= limit
}

// readPPM reads a picture in pdftoppm's format: "P6", width, height and 255 as
// text, and three bytes for each pixel (the format "ppm" of Netpbm, without
// comments). A picture of more than maxPixels is an error.
func readPPM(r *bufio.Reader, maxPixels int) (*image.RGBA, error) {
	w, h, err := readHeader(r, "P6", maxPixels)
	if err != nil {
		return nil, err
	}
	return readPixels(r, w, h, 3)
}

// readPixels reads a picture of three bytes for each pixel, or of four, of
// which the last is alpha and the others are premultiplied by alpha.
func readPixels(r io.Reader, w, h, channels int) (*image.RGBA, error) {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	if channels == 4 {
		_, err := io.ReadFull(r, m.Pix)
		return m, short(err)
	}
	line := make([]byte, 3*w)
	for y := range h {
		if _, err := io.ReadFull(r, line); err != nil {
			return nil, short(err)
		}
		row := m.Pix[y*m.Stride:]
		for x := range w {
			row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = line[3*x], line[3*x+1], line[3*x+2], 255
		}
	}
	return m, nil
}

// readHeader reads the text before the pixels: the magic number wanted, width,
// height, and 255.
func readHeader(r *bufio.Reader, wanted string, maxPixels int) (w, h int, err error) {
	magic := make([]byte, 2)
	if _, err := io.ReadFull(r, magic); err != nil {
		return 0, 0, err
	}
	if string(magic) != wanted {
		return 0, 0, fmt.Errorf("it begins with %q", magic)
	}
	var size [3]int
	for i := range size {
		if size[i], err = readNumber(r); err != nil {
			return 0, 0, err
		}
	}
	w, h = size[0], size[1]
	if w <= 0 || h <= 0 || size[2] != 255 || w > maxPixels/h {
		return 0, 0, fmt.Errorf("a page was drawn with %d×%d pixels of depth %d", w, h, size[2])
	}
	return w, h, nil
}

// readNumber reads white space, digits, and one byte of white space.
func readNumber(r *bufio.Reader) (int, error) {
	n, digits := 0, 0
	for range 32 {
		c, err := r.ReadByte()
		if err != nil {
			return 0, short(err)
		}
		space := c == ' ' || c == '\n' || c == '\r' || c == '\t'
		switch {
		case space && digits > 0:
			return n, nil
		case space:
		case c < '0' || c > '9' || digits == 9:
			return 0, errors.New("its header holds no number")
		default:
			n, digits = 10*n+int(c-'0'), digits+1
		}
	}
	return 0, errors.New("its header does not end")
}
