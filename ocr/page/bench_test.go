package page_test

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// canvas is a model's for pages and photos that stand upright or lie.
func canvas(w, h int) (int, int) {
	if w > h {
		return 1920, 1280
	}
	return 1280, 1920
}

// BenchmarkOpen reads photos as phones take them, 4:2:0 JPEG, and a
// screenshot, in this process.
func BenchmarkOpen(b *testing.B) {
	files := map[string][]byte{"screenshot": pagetest.PNG(pagetest.Article, pagetest.Layout{})}
	for _, size := range []image.Point{{4032, 3024}, {8064, 6048}} {
		name := fmt.Sprintf("%dMP", size.X*size.Y/1_000_000)
		files[name] = encodeJPEG(b, scene(size))
	}
	for name, file := range files {
		b.Run(name, func(b *testing.B) {
			square := func(int, int) (int, int) { return 1280, 1280 }
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := page.Open(b.Context(), bytes.NewReader(file), page.Options{Canvas: square}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecoder reads whole files in processes of their own: the time until
// the first page is ready, and until all are, read four at once. Memory is what
// was resident at most, of all processes together and of this one.
func BenchmarkDecoder(b *testing.B) {
	photo := func() []byte { return encodeJPEG(b, scene(image.Pt(8064, 6048))) }
	for _, test := range []struct {
		name string
		file func() []byte
		n    int // files at once
	}{
		{"screenshot", func() []byte { return pagetest.PNG(pagetest.Article, pagetest.Layout{}) }, 1},
		{"48MP-jpeg", photo, 1},
		{"10x48MP-jpeg", photo, 10},
		{"scan-12-pages", scanned, 1},
		{"tall-screenshot", func() []byte {
			return encodePNG(b, pagetest.Image(strings.Repeat(pagetest.Article+"\n\n", 7), pagetest.Layout{Width: 7.8}))
		}, 1},
		{"12MP-heic", heicPhoto, 1},
	} {
		b.Run(test.name, func(b *testing.B) {
			content := test.file()
			if content == nil {
				b.Skip("HEIC_PHOTO names no photo of 12 megapixels")
			}
			d := newDecoder(b, page.DecoderConfig{})
			file := onDisk(b, content)
			content = nil
			debug.FreeOSMemory()
			peak := watchMemory(b)
			var first, all time.Duration
			for b.Loop() {
				f, a := readThrough(b, d, file, test.n)
				first, all = first+f, all+a
			}
			b.ReportMetric(float64(first.Milliseconds())/float64(b.N), "first-ms")
			b.ReportMetric(float64(all.Milliseconds())/float64(b.N), "all-ms")
			total, own := peak()
			b.ReportMetric(float64(total)/(1<<20), "peak-MB")
			b.ReportMetric(float64(own)/(1<<20), "own-MB")
		})
	}
}

// readThrough opens n documents at once and reads all their pages.
func readThrough(b *testing.B, d *page.Decoder, file *os.File, n int) (first, all time.Duration) {
	begin := time.Now()
	var once sync.Once
	var readers sync.WaitGroup
	for range n {
		readers.Go(func() {
			doc, err := d.Open(b.Context(), file, page.Options{Canvas: canvas})
			if err != nil {
				b.Error(err)
				return
			}
			defer doc.Close()
			next := make(chan int)
			var pages sync.WaitGroup
			for range 4 {
				pages.Go(func() {
					for i := range next {
						if _, err := doc.Page(b.Context(), i); err != nil {
							b.Error(err)
						}
						if i == 0 {
							once.Do(func() { first = time.Since(begin) })
						}
					}
				})
			}
			for i := range doc.Len() {
				next <- i
			}
			close(next)
			pages.Wait()
		})
	}
	readers.Wait()
	return first, time.Since(begin)
}

// watchMemory looks every few milliseconds at what this process and those that
// it started have resident. What it returns stops it and gives the most that
// all had together, and this one alone above what it had at first, in bytes.
func watchMemory(b *testing.B) (peak func() (total, own int64)) {
	b.Helper()
	stop, done := make(chan struct{}), make(chan struct{})
	var total, own int64
	start := resident(os.Getpid())
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			self := resident(os.Getpid())
			sum := int64(0)
			for _, pid := range descendants(os.Getpid()) {
				sum += resident(pid)
			}
			total, own = max(total, sum), max(own, self-start)
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	return func() (int64, int64) {
		close(stop)
		<-done
		return total, own
	}
}

// resident reads proc_pid_statm(5).
func resident(pid int) int64 {
	statm, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if fields := strings.Fields(string(statm)); len(fields) > 1 {
		pages, _ := strconv.ParseInt(fields[1], 10, 64)
		return pages * int64(os.Getpagesize())
	}
	return 0
}

// descendants are the processes that a process started, and those that they did.
func descendants(pid int) (all []int) {
	tasks, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	for _, task := range tasks {
		children, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + task.Name() + "/children")
		for child := range strings.FieldsSeq(string(children)) {
			if n, err := strconv.Atoi(child); err == nil {
				all = append(append(all, n), descendants(n)...)
			}
		}
	}
	return all
}

// heicPhoto is a photo of 12 megapixels, which nothing here can write: the
// variable HEIC_PHOTO names a file.
func heicPhoto() []byte {
	file, _ := os.ReadFile(os.Getenv("HEIC_PHOTO"))
	return file
}

// scanned is a PDF of twelve sheets of paper at 300 dots per inch.
func scanned() []byte {
	sheet := pagetest.Photo(pagetest.Article, pagetest.Layout{DPI: 300})
	var files [][]byte
	for range 12 {
		files = append(files, sheet)
	}
	return pagetest.Scan(300, files...)
}

// scene is a page of text with the grain of a photo.
func scene(size image.Point) image.Image {
	text := pagetest.Image(pagetest.Article, pagetest.Layout{})
	m := image.NewRGBA(image.Rectangle{Max: size})
	draw.NearestNeighbor.Scale(m, m.Rect, text, text.Rect, draw.Src, nil)
	noise := uint32(1)
	for i := 0; i < len(m.Pix); i += 4 {
		noise = noise*1664525 + 1013904223
		for c, least := range [...]uint8{20, 20, 10} {
			m.Pix[i+c] = least + m.Pix[i+c]/5*4 + uint8(noise>>28)
		}
	}
	return m
}
