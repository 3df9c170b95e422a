package tesseract

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
)

// maxText bounds tesseract's output for a picture, and maxComplaints the kept part of
// its error output, in bytes.
const (
	maxText       = 16 << 20
	maxComplaints = 4 << 10
)

// A reader runs tesseract.
type reader struct {
	program   string
	languages []string
}

// textOnlyNotice precedes the text of a picture if the prompt asked for something else.
const textOnlyNotice = "This OCR engine only reads text: it cannot describe pictures or answer questions. The text that it sees:"

// do carries out the task of a prompt, and writes the text piece by piece. An error of
// write ends the work. When do returns, the process and its files are gone.
func (r reader) do(ctx context.Context, m *image.Gray, t task, write func(piece string) error) error {
	switch t.kind {
	case locate:
		return r.locate(ctx, m, t.what, write)
	case asMarkdown, asText:
		return r.read(ctx, m, t.kind == asMarkdown, write)
	}
	notice := textOnlyNotice + "\n\n"
	err := r.read(ctx, m, false, func(piece string) error {
		piece, notice = notice+piece, ""
		return write(piece)
	})
	if err == nil && notice != "" {
		err = write("This OCR engine only reads text, and it sees none in this picture.")
	}
	return err
}

// tesseract's modes of page segmentation.
const (
	oneBlock = "6" // lines that go all the way across
	anything = "3" // columns and blocks
	scripts  = "0" // not text, but its script
)

var (
	// errOtherLanguages ends a run of tesseract if other languages read its parts better.
	errOtherLanguages = errors.New("other languages read this better")
	// errForeign ends the reading of a page that no installed language can read.
	errForeign = errors.New("no installed language has this script")
)

// read writes the picture's text in pieces, from top to bottom.
func (r reader) read(ctx context.Context, m *image.Gray, markdown bool, write func(piece string) error) error {
	parts, height := strips(m)
	j := joiner{write: write, markdown: markdown, height: height}
	if len(parts) > 1 { // the page is even: its ink shows where lines end
		j.right = bytes.LastIndexByte(columns(m, m.Rect), 1)
	}
	current := r           // with the languages for the first of parts
	chosen := false        // these languages were chosen for that part
	scriptChecked := false // an installed language has the script, or nobody can tell
	for {
		err := current.words(ctx, m, parts, oneBlock, func(words []word) error {
			part := words[0].part
			if better := r.better(words); (part > 0 || !chosen) && len(better) > 0 && !slices.Equal(better, current.languages) {
				parts, current, chosen = parts[part:], reader{r.program, better}, true
				return errOtherLanguages
			}
			chosen = true
			if letters, confidence := meanConfidence(words); !scriptChecked && letters >= minLetters && confidence < foreignConfidence {
				scriptChecked = true
				if foreign := r.foreign(ctx, m); foreign != "" {
					return cmp.Or(write(j.gap()+foreign), errForeign)
				}
			}
			if !inColumns(rows(words)) {
				return j.add(words)
			}
			return current.words(ctx, m, parts[part:part+1], anything, j.addColumns)
		})
		switch err {
		case errOtherLanguages:
		case errForeign:
			return nil
		default:
			return err
		}
	}
}

// better returns the languages that read such words best: Chinese alone if most
// words are Chinese, since other languages take half of the Chinese words for
// their own, all languages if most are not, and none if there is no telling.
func (r reader) better(words []word) []string {
	wides, others := 0, 0
	for _, w := range words {
		if strings.ContainsFunc(w.text, isEastAsian) {
			wides++
		} else if strings.ContainsFunc(w.text, unicode.IsLetter) {
			others++
		}
	}
	switch {
	case wides > others:
		return slices.DeleteFunc(slices.Clone(r.languages), func(code string) bool { return code != "chi_sim" && code != "chi_tra" })
	case others > wides:
		return r.languages
	}
	return nil
}

// words calls take with the words of each part of a picture, as soon as the part is
// read.
func (r reader) words(ctx context.Context, m *image.Gray, parts []image.Rectangle, segmentation string, take func([]word) error) error {
	threshold := "thresholding_method=0"
	if shaded(m) {
		threshold = "thresholding_method=2" // Sauvola's method, with a threshold for each place
	}
	var words []word
	flush := func() error {
		part := words
		if words = nil; len(part) == 0 {
			return nil
		}
		return take(part)
	}
	// The table of each part, tsv, ends where its text, txt, begins.
	err := r.run(ctx, m, parts, func(row string) error {
		cells := strings.Split(row, "\t")
		if w, ok := parseRow(cells, parts); ok {
			words = append(words, w)
		} else if len(cells) == 1 {
			return flush()
		}
		return nil
	}, "--psm", segmentation, "-l", strings.Join(r.languages, "+"), "-c", threshold, "tsv", "txt")
	if err != nil {
		return err
	}
	return flush()
}

// FolderPattern is the pattern of the folder, in the folder for temporary files, with
// the pictures that tesseract reads. A process that is killed leaves the folder.
const FolderPattern = "slackocr-tesseract-*"

// run starts tesseract once for all parts of a picture, and calls take with each line
// of the output. When run returns, the process has ended.
func (r reader) run(ctx context.Context, m *image.Gray, parts []image.Rectangle, take func(line string) error, args ...string) error {
	if len(parts) == 0 {
		return nil
	}
	folder, err := os.MkdirTemp("", FolderPattern)
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	var list strings.Builder
	for i, part := range parts {
		name := filepath.Join(folder, fmt.Sprintf("%d.pgm", i))
		if err := writePGM(name, m, part); err != nil {
			return err
		}
		fmt.Fprintln(&list, name)
	}
	input := filepath.Join(folder, "parts.txt")
	if err := os.WriteFile(input, []byte(list.String()), 0o600); err != nil {
		return err
	}
	return output(ctx, r.program, take, append([]string{input, "stdout"}, args...)...)
}

// output runs a program and calls take with each line of its output. An error of take
// ends the program.
func output(ctx context.Context, program string, take func(line string) error, args ...string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var said complaints
	cmd := exec.CommandContext(ctx, program, args...)
	// With threads of its own the program is five times slower.
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	cmd.Stderr = &said
	cmd.WaitDelay = time.Second
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(io.LimitReader(stdout, maxText))
	for err == nil && ctx.Err() == nil && lines.Scan() {
		err = take(lines.Text())
	}
	if err = cmp.Or(err, lines.Err()); err != nil {
		cancel(err) // kills the program
	}
	err = cmd.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		return fmt.Errorf("tesseract: %w: %s", err, strings.TrimSpace(string(said)))
	}
	return nil
}

// complaints keeps the first maxComplaints bytes of a program's error output.
type complaints []byte

func (c *complaints) Write(p []byte) (int, error) {
	*c = append(*c, p[:min(len(p), maxComplaints-len(*c))]...)
	return len(p), nil
}
