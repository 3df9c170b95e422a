package tesseract

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/image/draw"
)

// maxText bounds what one picture's text may be, in bytes.
const maxText = 4 << 20

// A reader runs the program.
type reader struct{ program string }

// do does what a prompt asks for. The picture is changed.
func (r reader) do(ctx context.Context, m *image.Gray, t task) iter.Seq2[string, error] {
	switch t.kind {
	case toLocate:
		return r.locate(ctx, m, t.what)
	case toTalk:
		return apologise(r.read(ctx, m, false))
	}
	return r.read(ctx, m, t.kind == toMarkdown)
}

// read gives the picture's text in pieces, from top to bottom; an error comes
// last. The picture is changed. When the loop ends, or ctx does, the process
// and its files are gone.
func (r reader) read(ctx context.Context, m *image.Gray, markdown bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		folder, err := os.MkdirTemp("", "tesseract-")
		if err != nil {
			yield("", err)
			return
		}
		defer os.RemoveAll(folder)
		darkOnLight(m)
		evenLight(m)
		level, lines, ok := findLines(m)
		switch {
		case !ok:
			err = r.wholePage(ctx, folder, level, yield)
		case len(lines) > 0:
			err = r.byLine(ctx, folder, level, lines, markdown, yield)
		}
		if err != nil {
			yield("", err)
		}
	}
}

// byLine gives one process all lines, and yields each as soon as it is read.
func (r reader) byLine(ctx context.Context, folder string, m *image.Gray, lines []textLine, markdown bool, yield func(string, error) bool) error {
	var list strings.Builder
	for i := range lines {
		name := filepath.Join(folder, fmt.Sprintf("%d.pgm", i))
		if err := writePGM(name, cutLine(m, lines, i)); err != nil {
			return err
		}
		fmt.Fprintln(&list, name)
	}
	listName := filepath.Join(folder, "lines.txt")
	if err := os.WriteFile(listName, []byte(list.String()), 0o600); err != nil {
		return err
	}
	// 7: the picture is a single line of text.
	pages := r.run(ctx, listName, "7")
	j := joiner{markdown: markdown}
	for _, l := range lines {
		j.right = max(j.right, l.Max.X)
	}
	i := 0
	for text, err := range pages {
		if err != nil {
			return err
		}
		if i < len(lines) && !yieldText(yield, j.add(text, lines[i])) {
			return nil
		}
		i++
	}
	return nil
}

// wholePage lets the program find the text by itself. It answers at the end.
func (r reader) wholePage(ctx context.Context, folder string, m *image.Gray, yield func(string, error) bool) error {
	name := filepath.Join(folder, "page.pgm")
	if err := writePGM(name, m); err != nil {
		return err
	}
	// 3: find columns and blocks, whatever they are.
	for text, err := range r.run(ctx, name, "3") {
		if err != nil {
			return err
		}
		if !yieldText(yield, strings.TrimSpace(text)) {
			return nil
		}
	}
	return nil
}

// yieldText hands on what is not empty. It is false when the loop should end.
func yieldText(yield func(string, error) bool, text string) bool {
	return text == "" || yield(text, nil)
}

// A joiner makes lines a text again.
type joiner struct {
	markdown bool
	right    int // where the longest line ends
	begun    bool
	heading  bool     // the last line was one
	last     textLine // that held something
	lastText string
	gap      bool // seen before lines that held nothing
}

// add gives the line with what separates it from the one before.
func (j *joiner) add(text string, l textLine) string {
	text = strings.Join(strings.Fields(text), " ")
	j.gap = j.gap || l.gap
	if text == "" {
		return ""
	}
	heading := j.markdown && l.heading
	separator := "\n"
	switch {
	case !j.begun:
		separator = ""
	case heading && j.heading && !j.gap:
		separator = " " // a heading of two lines
	case j.gap || heading != j.heading:
		separator = "\n\n"
	case j.markdown && j.wraps(text):
		separator = " "
	}
	if heading && separator != " " {
		separator += "# "
	}
	j.begun, j.heading, j.gap = true, heading, false
	j.last, j.lastText = l, text
	return separator + text
}

// wraps reports whether text goes on with the line before it, which ended only
// because the next word had no room.
func (j *joiner) wraps(text string) bool {
	if j.last.spread || strings.HasPrefix(text, "- ") || strings.HasPrefix(text, "• ") {
		return false
	}
	word, _, _ := strings.Cut(text, " ")
	letter := j.last.Dx() / utf8.RuneCountInString(j.lastText)
	return j.last.Max.X+letter*(utf8.RuneCountInString(word)+3) > j.right // a space, and two for wide letters
}

// run starts the program and yields the text of each page it reads, or what a
// config of its own makes of it. It has ended when the loop has.
func (r reader) run(ctx context.Context, input, segmentation string, configs ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var complaints bytes.Buffer
		args := append([]string{input, "stdout", "--psm", segmentation, "--dpi", "300"}, configs...)
		cmd := exec.CommandContext(ctx, r.program, args...)
		// With threads of its own the program is five times slower.
		cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
		cmd.Stderr = &limited{w: &complaints, left: 4 << 10}
		cmd.WaitDelay = time.Second
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			yield("", err)
			return
		}
		if err := cmd.Start(); err != nil {
			yield("", err)
			return
		}
		// A form feed stands between pages.
		out := bufio.NewReader(io.LimitReader(stdout, maxText))
		for readErr := error(nil); readErr == nil; {
			var text string
			text, readErr = out.ReadString('\f')
			if ctx.Err() == nil && !yield(strings.TrimSuffix(text, "\f"), nil) {
				cancel()
				_ = cmd.Wait() // it was killed
				return
			}
		}
		err = cmd.Wait()
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		} else if err != nil {
			err = fmt.Errorf("tesseract: %w: %s", err, strings.TrimSpace(complaints.String()))
		}
		if err != nil {
			yield("", err)
		}
	}
}

// limited keeps the first bytes and lets the rest go.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if _, err := l.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// A line's picture is left as it is where its height, from the top of an l to
// the foot of a p, is of this many pixels, and made lineHeight high where it
// is not: the program reads type of about 30 pixels best.
const lowest, highest, lineHeight = 20, 70, 40

// pad is how much white is added around a line, in pixels.
const pad = 10

// cutLine gives the picture of one line with white around it.
func cutLine(page *image.Gray, lines []textLine, i int) *image.Gray {
	r := lines[i].Rectangle
	// Faint edges lie just outside, up to half the way to the next line.
	above, below := 2, 2
	if i > 0 {
		above = min(above, (r.Min.Y-lines[i-1].Max.Y)/2)
	}
	if i+1 < len(lines) {
		below = min(below, (lines[i+1].Min.Y-r.Max.Y)/2)
	}
	r = image.Rect(r.Min.X-2, r.Min.Y-max(above, 0), r.Max.X+2, r.Max.Y+max(below, 0)).Intersect(page.Rect)
	w, h := r.Dx(), r.Dy()
	if wide := max(1, w*lineHeight/h); (h < lowest || h > highest) && wide+2*pad <= maxSide {
		w, h = wide, lineHeight
	}
	dst := image.NewGray(image.Rect(0, 0, w+2*pad, h+2*pad))
	for i := range dst.Pix {
		dst.Pix[i] = 255
	}
	to := image.Rect(pad, pad, pad+w, pad+h)
	if to.Size() == r.Size() {
		for y := range h {
			from := page.PixOffset(r.Min.X, r.Min.Y+y)
			copy(dst.Pix[dst.PixOffset(pad, pad+y):], page.Pix[from:from+w])
		}
		return dst
	}
	draw.CatmullRom.Scale(dst, to, page, r, draw.Src, nil)
	return dst
}

// writePGM writes the simplest format that the program reads.
func writePGM(name string, m *image.Gray) error {
	file := fmt.Appendf(nil, "P5\n%d %d\n255\n", m.Rect.Dx(), m.Rect.Dy())
	for y := range m.Rect.Dy() {
		file = append(file, m.Pix[y*m.Stride:][:m.Rect.Dx()]...)
	}
	return os.WriteFile(name, file, 0o600)
}
