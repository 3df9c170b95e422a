//go:build linux || darwin

package page_test

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// hanging decodes for ever, in a process that its process started, as pdftoppm
// is one. started gives the inner process's number once it runs, and log names a
// file with a line for each process.
func hanging(t *testing.T, c page.DecoderConfig) (d *page.Decoder, started func() int, log string) {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	c.Command = []string{"/bin/sh", "-c", `echo started >>"$0.log"; /bin/sh -c 'echo $$ >"$0"; exec sleep 1000' "$0" & wait`, pipe}
	return page.NewDecoder(c), func() int {
		said, err := os.ReadFile(pipe) // waits for a writer
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(said)))
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}, pipe + ".log"
}

// gone waits until a process has ended. It may be left for init to collect.
func gone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
	}
	t.Errorf("process %d lives on", pid)
}

// Whoever gives up ends the process and what that started, and nothing is
// counted as a kill.
func TestCancelKillsTheWholeGroup(t *testing.T) {
	d, started, _ := hanging(t, page.DecoderConfig{})
	ctx, cancel := context.WithCancelCause(t.Context())
	left := errors.New("the person has left")
	result := make(chan error, 1)
	go func() {
		_, err := d.Open(ctx, onDisk(t, pngHeader(9, 9, 8)), page.Options{})
		result <- err
	}()
	pid := started()
	cancel(left)
	if err := <-result; !errors.Is(err, left) {
		t.Errorf("got %v", err)
	}
	gone(t, pid)
	if d.Kills() != 0 {
		t.Error("it was counted as a kill")
	}
}

func TestTimeLimitKillsTheWholeGroup(t *testing.T) {
	d, started, _ := hanging(t, page.DecoderConfig{Time: 500 * time.Millisecond})
	result := make(chan error, 1)
	go func() {
		_, err := d.Open(t.Context(), onDisk(t, pngHeader(9, 9, 8)), page.Options{})
		result <- err
	}()
	pid := started()
	err := <-result
	if killed, ok := errors.AsType[*page.KilledError](err); !ok || killed.Limit != page.LimitTime {
		t.Errorf("got %v", err)
	}
	gone(t, pid)
}

// A second file waits until there is a slot, and gives up when nobody waits
// for it.
func TestSlots(t *testing.T) {
	d, started, log := hanging(t, page.DecoderConfig{Processes: 1})
	ctx, cancel := context.WithCancel(t.Context())
	var first sync.WaitGroup
	first.Go(func() { _, _ = d.Open(ctx, onDisk(t, pngHeader(9, 9, 8)), page.Options{}) })
	pid := started()
	left := errors.New("nobody waits")
	waiting, leave := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, left)
	defer leave()
	if _, err := d.Open(waiting, onDisk(t, pngHeader(9, 9, 8)), page.Options{}); !errors.Is(err, left) {
		t.Errorf("got %v", err)
	}
	if said, err := os.ReadFile(log); string(said) != "started\n" {
		t.Errorf("%q of one process, %v", said, err)
	}
	cancel()
	first.Wait()
	gone(t, pid)
}

// Several pages are read at once, each once, and those who come later find
// what the first one made.
func TestPagesAtOnce(t *testing.T) {
	file := encodePNG(t, pagetest.Image(strings.Repeat(pagetest.Article+"\n\n", 4), pagetest.Layout{DPI: 100}))
	doc := openDocument(t, newDecoder(t, page.DecoderConfig{}), file, page.Options{
		Canvas: func(int, int) (int, int) { return 600, 900 },
	})
	if doc.Len() < 3 || doc.Pages() != 1 {
		t.Fatalf("%d pieces of %d pages", doc.Len(), doc.Pages())
	}
	var readers sync.WaitGroup
	for range 2 {
		for i := range doc.Len() {
			readers.Go(func() {
				if _, err := doc.Page(t.Context(), i); err != nil {
					t.Error(err)
				}
			})
		}
	}
	readers.Wait()
}

// The pieces of a page are made at once, and its file is not needed for the
// others.
func TestPiecesAreMadeOnce(t *testing.T) {
	file := onDisk(t, encodePNG(t, image.NewGray(image.Rect(0, 0, 300, 9000))))
	d := newDecoder(t, page.DecoderConfig{})
	doc, err := d.Open(t.Context(), file, page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Close()
	height := 0
	for i := range doc.Len() {
		p, err := doc.Page(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		height += p.Height
		file.Close()
		if doc.Continues(i) != (i > 0) || doc.Number(i) != 1 {
			t.Errorf("piece %d of page %d goes on: %v", i, doc.Number(i), doc.Continues(i))
		}
	}
	if height != 9000 {
		t.Errorf("the pieces are %d pixels high", height)
	}
	if d.Used() != 0 {
		t.Errorf("%d bytes stay taken when all pieces are read", d.Used())
	}
}

// A page does not stay on the disk for a piece that nobody asks for.
func TestSkippedPieces(t *testing.T) {
	d := newDecoder(t, page.DecoderConfig{})
	doc := openDocument(t, d, encodePNG(t, image.NewGray(image.Rect(0, 0, 300, 9000))), page.Options{})
	doc.Skip(0)
	for i := 1; i < doc.Len(); i++ {
		if d.Used() == 0 && i > 1 {
			t.Error("the page is gone before its last part is read")
		}
		if _, err := doc.Page(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	if doc.Len() < 3 || d.Used() != 0 {
		t.Errorf("%d bytes stay taken for the first of %d parts", d.Used(), doc.Len())
	}
}

// What lies on the disk cannot be found there, so that it goes with the
// process.
func TestNoFileStaysOnDisk(t *testing.T) {
	dir := t.TempDir()
	file := onDisk(t, encodePNG(t, image.NewGray(image.Rect(0, 0, 300, 9000))))
	t.Setenv("TMPDIR", dir)
	doc, err := newDecoder(t, page.DecoderConfig{}).Open(t.Context(), file, page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Close()
	if _, err := doc.Page(t.Context(), 0); err != nil || doc.Len() < 2 {
		t.Fatal(err, doc.Len())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v lie there, %v", left, err)
	}
	t.Setenv("TMPDIR", filepath.Join(dir, "nowhere"))
	doc, err = newDecoder(t, page.DecoderConfig{}).Open(t.Context(), file, page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := doc.Page(t.Context(), 0); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a folder for it: %v", err)
	}
}

func TestWithoutPoppler(t *testing.T) {
	d := newDecoder(t, page.DecoderConfig{}) // which the path's go builds
	t.Setenv("PATH", t.TempDir())
	_, err := d.Open(t.Context(), onDisk(t, scan(t, image.NewGray(image.Rect(0, 0, 30, 30)))), page.Options{})
	if !errors.Is(err, page.ErrNoTool) {
		t.Errorf("got %v", err)
	}
}

// What a process leaves running beside its answer is ended with it.
func TestNothingIsLeftRunning(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	d := page.NewDecoder(page.DecoderConfig{Command: []string{
		"/bin/sh", "-c",
		`sleep 1000 <&- >&- 2>&- 3>&- & echo $! >"$0"; echo '{"Pages":[{"Width":9,"Height":9}],"Total":1}' >&3`, pids,
	}})
	doc, err := d.Open(t.Context(), onDisk(t, pngHeader(9, 9, 8)), page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Close()
	said, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(said)))
	if err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
}
