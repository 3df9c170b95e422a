package page

import (
	"context"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"slackocr/ocr/page/internal/input"
)

// scratch is where the program of DecodeCommand is, until the tests end.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "page-test-*")
	if err != nil {
		panic(err)
	}
	scratch = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		os.RemoveAll(dir)
		os.Exit(status)
	}))
}

// DecodeCommand is a program that decodes as the bot's own process does. It is
// built without the race detector, which takes more memory and time than any
// limit here leaves, also where the tests are run with it.
var DecodeCommand = sync.OnceValue(func() []string {
	program := filepath.Join(scratch, "decode")
	build := exec.Command("go", "build", "-o", program, "./testdata/decode")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("building the decoder: %v\n%s", err, said))
	}
	return []string{program}
})

// Open makes a page of the picture in r in this process, without other programs
// and without cutting it.
func Open(ctx context.Context, r sizedReader, o Options) (Page, error) {
	return OpenWithin(ctx, r, input.MaxPixels, o)
}

// OpenWithin is Open for a picture of at most maxPixels.
func OpenWithin(ctx context.Context, r sizedReader, maxPixels int, o Options) (Page, error) {
	f := input.NewFile(ctx, r, r.Size())
	p, err := drawAlone(f, maxPixels, o)
	return p, f.WrapErr(err)
}

type sizedReader interface {
	io.ReaderAt
	Size() int64
}

func drawAlone(f *input.File, maxPixels int, o Options) (Page, error) {
	kind, err := f.Kind()
	if err != nil {
		return Page{}, err
	}
	size, turn, err := inspect(f, kind, maxPixels)
	if err != nil {
		return Page{}, err
	}
	w, h := target(size.X, size.Y, o.Canvas)
	m, err := render(f, kind, turn, image.Pt(w, h))
	if err != nil {
		return Page{}, err
	}
	p, err := encode(m, kind)
	p.Partial = f.Partial
	return p, err
}

// SetMaxPixels changes the bound of a picture's pixels.
func (d *Decoder) SetMaxPixels(n int) { d.maxPixels = n }
