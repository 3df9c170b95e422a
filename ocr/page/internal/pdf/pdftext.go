package pdf

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/witness"
)

const (
	// textTime bounds the time for the texts of some pages, and textPageTime
	// the additional time for each page. A usual page takes 10 ms; a slower
	// page is read without its text.
	textTime, textPageTime = 2 * time.Second, 250 * time.Millisecond
	// maxTSV bounds pdftotext's output for each page, in bytes: about 60 for
	// each word.
	maxTSV = 2 << 20
	// maxPageWords and maxWord bound the words of a page, and each of them in bytes.
	maxPageWords, maxWord = 20_000, 500
	// inkSide is the longer side, in pixels, of the drawing in which ink is
	// looked for.
	inkSide = 1000
	// scanShare is the share of a page, in percent, from which on pictures
	// make the page a possible scan.
	scanShare = 80
)

// Layers extracts the texts of some pages from the first one on, counted from 0,
// and compares each with a drawing of its page. A text that cannot be compared in
// time is nil. If pdftotext or pdfimages fails or is missing, there are no texts.
func Layers(file *input.File, first, pages int) []*witness.Layer {
	if !file.Tools.Has("pdftotext", "pdfimages", "pdftoppm") {
		return nil
	}
	ctx, cancel := context.WithTimeout(file.Context, textTime+time.Duration(pages)*textPageTime)
	defer cancel()
	which := []string{"-f", strconv.Itoa(first + 1), "-l", strconv.Itoa(first + pages)}
	var all []*witness.Layer
	var drawn []gray
	var covered []float64
	var textErr, imagesErr error
	var running sync.WaitGroup
	running.Go(func() {
		var out *bytes.Buffer
		args := append(which[:4:4], "-tsv", "-cropbox", "-enc", "UTF-8", input.ReadPath, "-")
		if out, textErr = program(ctx, file, "pdftotext", args...).Output(maxTSV * pages); textErr == nil {
			all = parseTSV(out, first, pages)
		}
		if !slices.ContainsFunc(all, hasWords) {
			cancel() // scans without text, which are not drawn for nothing
		}
	})
	running.Go(func() {
		var out *bytes.Buffer
		args := append(which[:4:4], "-list", input.ReadPath)
		if out, imagesErr = program(ctx, file, "pdfimages", args...).Output(maxInfo); imagesErr == nil {
			covered = parseImages(out, first, pages)
		}
	})
	running.Go(func() {
		drawn = drawGray(ctx, file, pages, append(which[:4:4], "-cropbox", "-gray", "-scale-to", strconv.Itoa(inkSide), input.ReadPath))
	})
	running.Wait()
	if textErr != nil || imagesErr != nil {
		return nil
	}
	for i, layer := range all {
		if layer == nil || i >= len(drawn) {
			all[i] = nil
			continue
		}
		compare(layer, drawn[i])
		layer.Ink.Scanned = 100*covered[i] >= scanShare*layer.Width*layer.Height
	}
	return all
}

// hasWords reports whether a page's text has words. A nil Layer has none.
func hasWords(layer *witness.Layer) bool { return layer != nil && len(layer.Lines) > 0 }

// drawGray draws pages at a small size, as many as the time allows.
func drawGray(ctx context.Context, file *input.File, pages int, args []string) []gray {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p := program(ctx, file, "pdftoppm", args...)
	out, err := p.StdoutPipe()
	if err != nil || p.Start() != nil {
		return nil
	}
	var drawn []gray
	for in := bufio.NewReader(out); len(drawn) < pages; {
		m, err := readPGM(in)
		if err != nil {
			break
		}
		drawn = append(drawn, m)
	}
	stop()
	_ = p.Wait() // its pages say enough
	return drawn
}

// parseTSV parses the output of pdftotext -tsv for pages from the given one
// on, counted from 0: a line for each page (level 1), paragraph (3), line (4)
// and word (5), with fields separated by tabs: level, page, paragraph, block,
// line, word, left, top, width, height, confidence, text.
func parseTSV(in io.Reader, from, pages int) []*witness.Layer {
	all := make([]*witness.Layer, pages)
	count := make([]int, pages)
	scan := bufio.NewScanner(in)
	scan.Buffer(nil, 1<<20)
	var block string
	newLine, blocks := true, 0
	for scan.Scan() {
		f := strings.Split(scan.Text(), "\t")
		if len(f) != 12 {
			continue
		}
		n, err := strconv.Atoi(f[1])
		n -= from + 1
		box, ok := parseBox(f[6:10])
		if err != nil || !ok || n < 0 || n >= pages {
			continue
		}
		if f[0] == "1" {
			all[n] = &witness.Layer{Width: box.Right - box.Left, Height: box.Bottom - box.Top}
			newLine, block = true, ""
		}
		layer := all[n]
		if layer == nil {
			continue
		}
		switch f[0] {
		case "4":
			newLine = true
		case "5":
			text := strings.ToValidUTF8(f[11], "\uFFFD")
			if text == "" || len(text) > maxWord || count[n] == maxPageWords {
				continue
			}
			count[n]++
			if now := f[2] + " " + f[3]; now != block {
				block, newLine = now, true
				blocks++
			}
			if newLine {
				layer.Lines = append(layer.Lines, witness.Line{Block: blocks})
				newLine = false
			}
			line := &layer.Lines[len(layer.Lines)-1]
			line.Words = append(line.Words, witness.Word{Text: text, Box: box})
		}
	}
	for _, layer := range all {
		if layer == nil {
			continue
		}
		for i := range layer.Lines {
			readingOrder(&layer.Lines[i])
		}
	}
	return all
}

// parseBox reads left, top, width and height, in points.
func parseBox(fields []string) (witness.Box, bool) {
	var v [4]float64
	for i, field := range fields {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil || math.IsNaN(n) || math.Abs(n) > 1e6 {
			return witness.Box{}, false
		}
		v[i] = n
	}
	return witness.Box{Left: v[0], Top: v[1], Right: v[0] + max(v[2], 0), Bottom: v[1] + max(v[3], 0)}, true
}

// parseImages parses the output of pdfimages -list, and returns the area of
// each page that pictures cover, in square points. The resolutions are the
// third and fourth field from the end.
func parseImages(in io.Reader, from, pages int) []float64 {
	covered := make([]float64, pages)
	scan := bufio.NewScanner(in)
	for scan.Scan() {
		f := strings.Fields(scan.Text())
		if len(f) < 12 || f[2] != "image" && f[2] != "stencil" {
			continue
		}
		n, err := strconv.Atoi(f[0])
		n -= from + 1
		if err != nil || n < 0 || n >= pages {
			continue
		}
		var v [4]float64
		for i, field := range []string{f[3], f[4], f[len(f)-4], f[len(f)-3]} {
			v[i], _ = strconv.ParseFloat(field, 64)
		}
		if v[2] > 0 && v[3] > 0 {
			covered[n] += v[0] / v[2] * v[1] / v[3] * pointsPerInch * pointsPerInch
		}
	}
	return covered
}

// readPGM reads a grey picture in pdftoppm's format: "P5", then as in readPPM,
// with one byte for each pixel.
func readPGM(r *bufio.Reader) (gray, error) {
	w, h, err := readHeader(r, "P5", (inkSide+1)*(inkSide+1))
	if err != nil {
		return gray{}, err
	}
	if w < 2 || h < 2 {
		return gray{}, errors.New("a page is too thin to see ink on it")
	}
	m := gray{width: w, height: h, pixels: make([]byte, w*h)}
	if _, err := io.ReadFull(r, m.pixels); err != nil {
		return gray{}, input.UnexpectedEOF(err)
	}
	return m, nil
}

// readingOrder puts a line of mostly Hebrew or Arabic letters into the order of
// reading. pdftotext -tsv gives each line as it stands from left to right, but
// these scripts are read from right to left, and the numbers in them from left to
// right.
func readingOrder(line *witness.Line) {
	leftward, rightward := 0, 0
	for _, w := range line.Words {
		for _, r := range w.Text {
			switch {
			case isLeftward(r):
				leftward++
			case unicode.IsLetter(r):
				rightward++
			}
		}
	}
	if leftward == 0 || leftward < rightward {
		return
	}
	for i, w := range line.Words {
		line.Words[i].Text = reversed(w.Text)
	}
	slices.Reverse(line.Words)
}

func isLeftward(r rune) bool {
	return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko) && unicode.IsLetter(r)
}

// reversed returns a word in the order of reading from the right: each letter
// with its marks, but numbers and words of other scripts unchanged.
func reversed(word string) string {
	runes := []rune(word)
	rightward := func(i int) bool {
		return i < len(runes) && (unicode.IsDigit(runes[i]) || unicode.IsLetter(runes[i]) && !isLeftward(runes[i]))
	}
	var runs []string // each keeps its order
	for from := 0; from < len(runes); {
		to := from + 1
		if rightward(from) { // to the end of a number or word, which may have single signs in it
			for rightward(to) || rightward(to+1) {
				to++
			}
		}
		for to < len(runes) && unicode.IsMark(runes[to]) {
			to++
		}
		runs = append(runs, string(runes[from:to]))
		from = to
	}
	slices.Reverse(runs)
	return norm.NFC.String(strings.Join(runs, ""))
}
