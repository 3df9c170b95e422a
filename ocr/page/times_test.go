package page

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/ocr/page/internal/input"
)

// slowly is a decoder in fake time: each page of the file that begins with %PDF takes a
// while, and each picture a second. busy counts the time of all pages.
func slowly(each, fileTime time.Duration) (d *Decoder, busy *time.Duration) {
	d, busy = NewDecoder(DecoderConfig{FileTime: fileTime, IgnoreText: true}), new(time.Duration)
	var mu sync.Mutex
	d.execute = func(ctx context.Context, r request, _, output, _ *os.File) (answer, error) {
		if r.Task == taskExamine {
			a := answer{Pages: []input.Page{{Width: 100, Height: 100}}, Total: 1}
			for r.Kind == input.PDF && a.Total < 50 {
				a.Pages, a.Total = append(a.Pages, input.Page{Width: 100, Height: 100}), a.Total+1
			}
			return a, nil
		}
		begun, took := time.Now(), time.Second
		if r.Kind == input.PDF {
			took = each
		}
		var err error
		select {
		case <-time.After(took):
			_, err = output.WriteString("a page")
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		mu.Lock()
		*busy += time.Since(begun)
		mu.Unlock()
		return answer{Pieces: []drawnPiece{{Size: 6, MediaType: PNG.MediaType(), Width: 1, Height: 1}}}, err
	}
	return d, busy
}

func fileOf(t *testing.T, content string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// readPages has all pages of a file at once, and returns how many failed.
func readPages(t *testing.T, d *Decoder, owner string, f *os.File) (failed int) {
	doc, err := d.Open(t.Context(), f, Options{Person: owner})
	if err != nil {
		t.Error(err)
		return 0
	}
	defer doc.Close()
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range doc.Len() {
		all.Go(func() {
			_, err := doc.Page(t.Context(), i)
			if killed, ok := errors.AsType[*KilledError](err); ok && killed.Limit == LimitTime {
				mu.Lock()
				failed++
				mu.Unlock()
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return failed
}

// The fifty slow pages of one person cost a colleague's pictures nothing, though they
// have both processes until then. They are given up when the file has used up its time,
// or at once after a page that took too long; a page that has begun may end.
func TestOnesSlowPagesAndAColleaguesPicture(t *testing.T) {
	for _, test := range []struct {
		name         string
		each         time.Duration
		failed       int
		took, used   time.Duration
		picturesLong int
	}{
		// The third page has the 20 s that are left. The fourth began before.
		{"each below its limit", 50 * time.Second, 47, 100 * time.Second, 170 * time.Second, 10},
		{"each over its limit", 5 * time.Minute, 50, 65 * time.Second, 2 * time.Minute, 5},
		{"quick", 2 * time.Second, 0, 56 * time.Second, 100 * time.Second, 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			scan, picture := fileOf(t, "%PDF-1.7"), fileOf(t, "\x89PNG\r\n\x1a\n and a picture")
			synctest.Test(t, func(t *testing.T) {
				d, busy := slowly(test.each, 0)
				var slow sync.WaitGroup
				slow.Go(func() {
					begun := time.Now()
					if failed := readPages(t, d, "ann", scan); failed != test.failed {
						t.Errorf("%d pages were given up, want %d", failed, test.failed)
					}
					if took := time.Since(begun); took != test.took {
						t.Errorf("the file took %v, want %v", took, test.took)
					}
				})
				synctest.Wait()
				for range test.picturesLong {
					begun := time.Now()
					if failed := readPages(t, d, "bob", picture); failed > 0 || time.Since(begun) != time.Second {
						t.Errorf("bob's picture took %v", time.Since(begun))
					}
				}
				slow.Wait()
				if *busy != test.used+time.Duration(test.picturesLong)*time.Second {
					t.Errorf("the decoders were at work for %v", *busy)
				}
			})
		})
	}
}

// A long file has more time.
func TestTimeForEachFiftyPages(t *testing.T) {
	d := NewDecoder(DecoderConfig{})
	for pages, want := range map[int]time.Duration{1: 2 * time.Minute, 50: 2 * time.Minute, 51: 4 * time.Minute, 1000: 40 * time.Minute} {
		a := d.newAccount("ann")
		if a.extend(pages, d.config.FileTime); a.left != want {
			t.Errorf("%d pages have %v", pages, a.left)
		}
	}
}
