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
	"slices"
	"strings"
	"time"
	"unicode"
)

// maxText bounds tesseract's output for a picture, in bytes.
const maxText = 16 << 20

// A reader runs tesseract.
type reader struct {
	program   string
	languages []string
}

// do carries out the task of a prompt. An error comes last. When the loop or
// ctx ends, the process and its files are gone.
func (r reader) do(ctx context.Context, m *image.Gray, t task) iter.Seq2[string, error] {
	switch t.kind {
	case locate:
		return r.locate(ctx, m, t.what)
	case unsupported:
		return withNotice(r.read(ctx, m, false))
	}
	return r.read(ctx, m, t.kind == asMarkdown)
}

// tesseract's modes of page segmentation.
const (
	oneBlock = "6" // lines that go all the way across
	anything = "3" // columns and blocks
	scripts  = "0" // not text, but its script
)

// read yields the picture's text in pieces, from top to bottom.
func (r reader) read(ctx context.Context, m *image.Gray, markdown bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		parts, height := strips(m)
		j := joiner{markdown: markdown, height: height}
		if len(parts) > 1 { // the page is even: its ink shows where lines end
			j.right = bytes.LastIndexByte(columns(m, m.Rect), 1)
		}
		now := r         // reads these parts
		begun := false   // whether a part of the page was read
		checked := false // whether an installed language has the script
	languages:
		for {
			for words, err := range now.words(ctx, m, parts, oneBlock) {
				if err != nil {
					yield("", err)
					return
				}
				part := words[0].part
				// The first part after a change of languages stays as it is read.
				if better := r.better(words); (part > 0 || !begun) && len(better) > 0 && !slices.Equal(better, now.languages) {
					parts, now, begun = parts[part:], reader{r.program, better}, true
					continue languages
				}
				begun = true
				if letters, confidence := meanConfidence(words); !checked && letters >= minLetters && confidence < foreignConfidence {
					checked = true
					if foreign := r.foreign(ctx, m); foreign != "" {
						yield(j.separate(foreign), nil)
						return
					}
				}
				pieces, err := now.pieces(ctx, m, parts[part], words, &j)
				if err != nil {
					yield("", err)
					return
				}
				for _, piece := range pieces {
					if !yield(piece, nil) {
						return
					}
				}
			}
			return
		}
	}
}

// pieces returns the text of a part that has these words. If the part has
// columns, it is read again, one column after the other.
func (r reader) pieces(ctx context.Context, m *image.Gray, part image.Rectangle, words []word, j *joiner) (all []string, err error) {
	if !inColumns(rows(words)) {
		return j.add(rows(words)), nil
	}
	j.right = 0 // each column ends elsewhere
	for words, err := range r.words(ctx, m, []image.Rectangle{part}, anything) {
		if err != nil {
			return nil, err
		}
		for block := range runs(words, func(a, b word) bool { return a.block == b.block }) {
			all = append(all, j.add(rows(block))...)
		}
	}
	return all, nil
}

// better returns the languages that read such words best: Chinese alone if most
// words are Chinese, since other languages take half of the Chinese words for
// their own, all languages if most are not, and none if there is no telling.
func (r reader) better(words []word) []string {
	var chinese []string
	for _, code := range r.languages {
		if code == "chi_sim" || code == "chi_tra" {
			chinese = append(chinese, code)
		}
	}
	wides, others := 0, 0
	for _, w := range words {
		if strings.ContainsFunc(w.text, isEastAsian) {
			wides++
		} else if strings.ContainsFunc(w.text, unicode.IsLetter) {
			others++
		}
	}
	switch {
	case wides > others && len(chinese) > 0:
		return chinese
	case others > wides:
		return r.languages
	}
	return nil
}

// words yields the words of each part of a picture, as soon as the part is
// read.
func (r reader) words(ctx context.Context, m *image.Gray, parts []image.Rectangle, find string) iter.Seq2[[]word, error] {
	return func(yield func([]word, error) bool) {
		threshold := "thresholding_method=0"
		if shaded(m) {
			threshold = "thresholding_method=2" // Sauvola's method, with a threshold for each place
		}
		var words []word
		// The table of each part, tsv, ends where its text, txt, begins.
		for row, err := range r.run(ctx, m, parts, "--psm", find, "-l", strings.Join(r.languages, "+"), "-c", threshold, "tsv", "txt") {
			if err != nil {
				yield(nil, err)
				return
			}
			cells := strings.Split(row, "\t")
			if w, ok := parseRow(cells, parts); ok {
				words = append(words, w)
			} else if len(cells) == 1 && len(words) > 0 {
				if !yield(words, nil) {
					return
				}
				words = nil
			}
		}
		if len(words) > 0 {
			yield(words, nil)
		}
	}
}

// FolderPattern is the pattern of the folder, in the folder for temporary files, with
// the pictures that tesseract reads. A process that is killed leaves the folder.
const FolderPattern = "slackocr-tesseract-*"

// run starts tesseract once for all parts of a picture and yields its output
// lines. When the loop ends, the process has ended.
func (r reader) run(ctx context.Context, m *image.Gray, parts []image.Rectangle, args ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if len(parts) == 0 {
			return
		}
		folder, err := os.MkdirTemp("", FolderPattern)
		if err != nil {
			yield("", err)
			return
		}
		defer os.RemoveAll(folder)
		var list strings.Builder
		for i, part := range parts {
			name := filepath.Join(folder, fmt.Sprintf("%d.pgm", i))
			if err := writePGM(name, m, part); err != nil {
				yield("", err)
				return
			}
			fmt.Fprintln(&list, name)
		}
		input := filepath.Join(folder, "parts.txt")
		if err := os.WriteFile(input, []byte(list.String()), 0o600); err != nil {
			yield("", err)
			return
		}
		for line, err := range output(ctx, r.program, append([]string{input, "stdout"}, args...)) {
			if !yield(line, err) {
				return
			}
		}
	}
}

// output yields the lines of a program's output.
func output(ctx context.Context, program string, args []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var complaints bytes.Buffer
		cmd := exec.CommandContext(ctx, program, args...)
		// With threads of its own the program is five times slower.
		cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
		cmd.Stderr = &limited{w: &complaints, left: 4 << 10}
		cmd.WaitDelay = time.Second
		stdout, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			yield("", err)
			return
		}
		out := bufio.NewReader(io.LimitReader(stdout, maxText))
		for readErr := error(nil); readErr == nil; {
			var line string
			line, readErr = out.ReadString('\n')
			if ctx.Err() == nil && line != "" && !yield(strings.TrimRight(line, "\r\n"), nil) {
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

// limited keeps the first bytes and discards the rest.
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
