package page_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"slackocr/ocr/page"
)

// A tally is what came of the files of one kind.
type tally struct {
	read, partial, refused int
	times                  []time.Duration // until the first page, or the refusal
	memory                 int64           // of all processes of a file together, in bytes, at most
}

// BenchmarkCorpus reads the first page of every file below the folder that the variable
// CORPUS names, one file after the other. It logs which files are refused, and a line
// for each kind.
func BenchmarkCorpus(b *testing.B) {
	root := os.Getenv("CORPUS")
	if root == "" {
		b.Skip("CORPUS names no folder")
	}
	d := newDecoder(b, page.DecoderConfig{})
	all := map[page.Kind]*tally{}
	for b.Loop() {
		clear(all)
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			return readOne(b, d, name, all)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for kind, t := range all {
		slices.Sort(t.times)
		p50, p95 := t.times[len(t.times)/2], t.times[len(t.times)*95/100]
		b.Logf("%4s: %d read, %d of them in part, %d refused, p50 %v, p95 %v, %d MB at most", kind, t.read, t.partial, t.refused,
			p50.Round(time.Millisecond), p95.Round(time.Millisecond), t.memory>>20)
	}
}

func readOne(b *testing.B, d *page.Decoder, name string, all map[page.Kind]*tally) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	head := make([]byte, 1024)
	n, _ := file.ReadAt(head, 0) // an empty file is refused below
	kind := page.Sniff(head[:n])
	if all[kind] == nil {
		all[kind] = &tally{}
	}
	t := all[kind]
	peak, begin := watchMemory(b), time.Now()
	p, err := firstPage(b, d, file)
	t.times = append(t.times, time.Since(begin))
	memory, _ := peak()
	t.memory = max(t.memory, memory)
	switch {
	case err != nil:
		t.refused++
		b.Logf("%s: %v", name, err)
	case p.Partial:
		t.partial++
		fallthrough
	default:
		t.read++
	}
	return nil
}

func firstPage(b *testing.B, d *page.Decoder, file *os.File) (page.Page, error) {
	doc, err := d.Open(b.Context(), file, page.Options{Canvas: canvas})
	if err != nil {
		return page.Page{}, err
	}
	defer doc.Close()
	return doc.Page(b.Context(), 0)
}
