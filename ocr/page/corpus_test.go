package page_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"slackocr/ocr/page"
	"slackocr/ocr/page/internal/input"
)

// BenchmarkCorpus reads the first page of every file below the folder that the variable
// CORPUS names, one file after the other. Its times are those until the page is there
// or the file is refused. With -v it says which files are refused.
func BenchmarkCorpus(b *testing.B) {
	root := os.Getenv("CORPUS")
	if root == "" {
		b.Skip("CORPUS names no folder")
	}
	files, err := filesByKind(root)
	if err != nil {
		b.Fatal(err)
	}
	d := newDecoder(b, page.DecoderConfig{})
	for kind, names := range files {
		b.Run(string(kind), func(b *testing.B) {
			var times []time.Duration
			read, partial := 0, 0
			peak := watchMemory(b)
			for b.Loop() {
				times, read, partial = nil, 0, 0
				for _, name := range names {
					begin := time.Now()
					p, err := firstPage(b, d, name)
					times = append(times, time.Since(begin))
					if err != nil {
						b.Logf("%s: %v", name, err)
						continue
					}
					read++
					if p.Partial {
						partial++
					}
				}
			}
			memory, _ := peak()
			slices.Sort(times)
			b.ReportMetric(float64(read), "read")
			b.ReportMetric(float64(partial), "in-part")
			b.ReportMetric(float64(len(names)-read), "refused")
			b.ReportMetric(float64(times[len(times)/2].Milliseconds()), "p50-ms")
			b.ReportMetric(float64(times[len(times)*95/100].Milliseconds()), "p95-ms")
			b.ReportMetric(float64(memory>>20), "peak-MB")
		})
	}
}

// filesByKind returns the names of the files below a folder.
func filesByKind(root string) (map[page.Kind][]string, error) {
	files := map[page.Kind][]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		head := make([]byte, 1024)
		n, _ := file.ReadAt(head, 0) // a short file gives what it has
		kind := input.Sniff(head[:n])
		files[kind] = append(files[kind], name)
		return nil
	})
	return files, err
}

func firstPage(b *testing.B, d *page.Decoder, name string) (page.Page, error) {
	b.Helper()
	file, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	doc, err := d.Open(b.Context(), file, page.Options{Canvas: canvas})
	if err != nil {
		return page.Page{}, err
	}
	defer doc.Close()
	return doc.Page(b.Context(), 0)
}
