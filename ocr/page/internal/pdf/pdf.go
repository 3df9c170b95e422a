// Package pdf examines and draws the pages of a PDF, and extracts the text that
// they carry, with poppler's programs.
package pdf

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
	"regexp"
	"strconv"
	"strings"

	"slackocr/ocr/page/internal/input"
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

	// maxPixels bounds a page that is drawn. A page that is cut into pieces has
	// 40 megapixels; the rest is for pdftoppm's rounding.
	maxPixels = 45_000_000

	// maxInfo bounds what pdfinfo may print, in bytes.
	maxInfo = 1 << 20
)

// Examine asks pdfinfo for the number of pages and the size of the first ones.
func Examine(file *input.File, maxPages int) (pages []input.Page, total int, err error) {
	if !file.Tools.Has("pdfinfo", "pdftoppm") {
		return nil, 0, input.ErrNoTool
	}
	p := program(file.Context, file, "pdfinfo", "-f", "1", "-l", strconv.Itoa(maxPages), input.ReadPath)
	out, err := p.Output(maxInfo)
	if err != nil {
		return nil, 0, openError(p, err, file)
	}
	pages, total = parseInfo(out.String(), maxPages)
	if total == 0 {
		return nil, 0, input.ErrNoPages
	}
	return pages, total, nil
}

// program prepares a program of poppler.
func program(ctx context.Context, file *input.File, name string, args ...string) *input.Program {
	return file.Tools.Program(ctx, input.PDF, name, args...)
}

// The exit statuses of poppler's programs (pdfinfo(1)).
const cannotOpen, otherError = 1, 99

// openError returns the error for a PDF that poppler cannot open: its tree of
// pages is empty, so that none is in the wanted range, or an encrypted file
// lacks its password or certificate, or a truncated one the last line "%%EOF"
// (PDF 32000-1:2008, 7.7.3, 7.6.1 and 7.5.5).
func openError(p *input.Program, err error, file *input.File) error {
	broken, ok := errors.AsType[*input.BrokenError](err)
	if !ok {
		return err
	}
	switch status := p.ProcessState.ExitCode(); {
	case status == otherError && mentions(file, "/Count 0"):
		return input.ErrNoPages
	case status == cannotOpen && mentions(file, "/Encrypt"):
		return input.ErrPassword
	case file.EndsWith("%%EOF"):
		return broken
	}
	return input.Broken(input.PDF, fmt.Errorf("%w: %w", broken.Err, io.ErrUnexpectedEOF))
}

// mentions reports whether an entry stands in a dictionary of a PDF that is not
// compressed, as its trailer never is.
func mentions(file *input.File, entry string) bool {
	end := make([]byte, min(file.Size(), maxSearched))
	_, err := file.ReadAt(end, file.Size()-int64(len(end)))
	return (err == nil || err == io.EOF) && bytes.Contains(end, []byte(entry))
}

// parseInfo parses the output of pdfinfo -f -l: "Pages:", and for each page
// "Page 1 size: 595 x 842 pts (A4)" and "Page 1 rot: 90". The last "Pages:"
// counts, because the title and the like come before, and may have such lines.
func parseInfo(text string, maxPages int) (pages []input.Page, total int) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "Pages:"); ok {
			total, pages = 0, nil
			if n, err := strconv.Atoi(strings.TrimSpace(rest)); err == nil && n > 0 {
				total, pages = n, make([]input.Page, min(n, maxPages))
			}
		}
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[0] != "Page" {
			continue
		}
		n, err := strconv.Atoi(fields[1])
		if err != nil || n < 1 || n > len(pages) {
			continue
		}
		l := &pages[n-1]
		switch {
		case fields[2] == "size:" && len(fields) >= 6:
			l.Width, l.Height = dots(fields[3]), dots(fields[5])
		case fields[2] == "rot:" && (fields[3] == "90" || fields[3] == "270"):
			l.Width, l.Height = l.Height, l.Width
		}
	}
	for i := range pages {
		if l := &pages[i]; l.Width <= 0 || l.Height <= 0 {
			l.Error = input.FailureOf(input.Broken(input.PDF, fmt.Errorf("page %d has no size", i+1)))
		} else if err := input.CheckShape(l.Width, l.Height); err != nil {
			l.Error = input.FailureOf(err)
		}
	}
	return pages, total
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

// Draw draws a page, counted from 0, with pdftoppm, at least as large as the
// given size. If pdftoppm complains about a page that it leaves blank, Draw sets
// File.Partial.
func Draw(file *input.File, page int, size image.Point, hideLinks bool) (*image.RGBA, error) {
	if !file.Tools.Has("pdftoppm") {
		return nil, input.ErrNoTool
	}
	n := strconv.Itoa(page + 1)
	ctx, stop := context.WithCancel(file.Context)
	defer stop()
	args := []string{"-f", n, "-l", n, "-cropbox", "-scale-to", strconv.Itoa(max(size.X, size.Y))}
	if hideLinks {
		args = append(args, "-hide-annotations")
	}
	p := program(ctx, file, "pdftoppm", append(args, input.ReadPath)...)
	out, err := p.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.Start(); err != nil {
		return nil, fmt.Errorf("starting pdftoppm: %w", err)
	}
	m, readErr := readPPM(bufio.NewReaderSize(out, 64<<10), maxPixels)
	if readErr != nil && !errors.Is(input.UnexpectedEOF(readErr), io.ErrUnexpectedEOF) {
		stop() // nobody would read further output
	}
	err = p.Wait()
	switch {
	case readErr == nil:
		// pdftoppm may also complain about a page that it has drawn.
		file.Partial = p.Complained() && pixels.SingleColor(m)
		return m, nil
	case err != nil && !errors.Is(err, context.Canceled):
		return nil, openError(p, err, file)
	}
	return nil, input.Broken(input.PDF, errors.New(cmp.Or(p.Complaint(), readErr.Error())))
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

// OnlyLinks reports whether all annotations of a PDF are links and may be left
// out. poppler draws a box around a link without another look, across the text
// below, and can only leave out all annotations at once, including text in a
// form or a note on a page. If some objects cannot be read, as in an encrypted
// file, OnlyLinks returns false.
func OnlyLinks(file *input.File) bool {
	if file.Size() > maxSearched {
		return false
	}
	all := make([]byte, file.Size())
	if _, err := file.ReadAt(all, 0); err != nil && err != io.EOF || bytes.Contains(all, []byte("/Encrypt")) {
		return false
	}
	links, left := linkAnnotation.Match(all), int64(maxInflated)
	if markAnnotation.Match(all) {
		return false
	}
	for _, at := range objectStream.FindAllIndex(all, -1) {
		objects, ok := inflated(all[at[1]:], left)
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
	m, err := pixels.Read(r, w, h, 3)
	return m, input.UnexpectedEOF(err)
}

// readHeader reads the three lines before the pixels: the magic number wanted,
// width and height, and 255.
func readHeader(r *bufio.Reader, wanted string, maxPixels int) (w, h int, err error) {
	var lines []byte
	for range 3 {
		line, err := r.ReadSlice('\n') // which is bounded by the buffer
		if err != nil {
			return 0, 0, input.UnexpectedEOF(err)
		}
		lines = append(lines, line...)
	}
	var depth int
	if _, err := fmt.Sscanf(string(lines), wanted+"\n%d %d\n%d\n", &w, &h, &depth); err != nil {
		return 0, 0, fmt.Errorf("it begins with %.20q", lines)
	}
	if w <= 0 || h <= 0 || depth != 255 || w > maxPixels/h {
		return 0, 0, fmt.Errorf("a page was drawn with %d×%d pixels of depth %d", w, h, depth)
	}
	return w, h, nil
}
