package page

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/pagetest"
)

func TestNoisy(t *testing.T) {
	m := pagetest.Image(pagetest.Letter, pagetest.Layout{DPI: 60})
	if noisy(m) {
		t.Error("a drawn page")
	}
	random := uint32(1)
	for i := range m.Pix {
		random = random*1664525 + 1013904223
		m.Pix[i] ^= uint8(random >> 30)
	}
	if !noisy(m) {
		t.Error("a photo")
	}
}

// A full disk is told as what it is, also through another process.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this system has no full device:", err)
	}
	defer full.Close()
	file, err := os.Open("testdata/flag-lossy.webp")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, command := range [][]string{nil, DecodeCommand()} {
		d := NewDecoder(DecoderConfig{Command: command})
		_, err := d.run(t.Context(), d.newAccount(""), request{Task: taskDraw, Kind: input.WebP, MaxPixels: 1e6, Layout: layout{20, 10, 1}}, file, full, nil)
		if !errors.Is(err, syscall.ENOSPC) || d.Kills() != 0 {
			t.Errorf("got %v", err)
		}
	}
}

// A panic over the text of a hostile PDF reaches the caller of Page, who can recover.
func TestPanicOverText(t *testing.T) {
	d := NewDecoder(DecoderConfig{})
	d.execute = func(_ context.Context, r request, _, output, _ *os.File) (answer, error) {
		switch r.Task {
		case taskExamine:
			return answer{Pages: []input.Page{{Width: 100, Height: 100}}, Total: 1}, nil
		case taskText:
			panic("the text is hostile")
		}
		_, err := output.WriteString("a page")
		return answer{Pieces: []drawnPiece{{Size: 6, MediaType: PNG.MediaType(), Width: 1, Height: 1}}}, err
	}
	doc, err := d.Open(t.Context(), fileOf(t, "%PDF-1.7\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Close()
	defer func() {
		if fault := recover(); fault != "the text is hostile" {
			t.Errorf("recovered from %v", fault)
		}
	}()
	_, err = doc.Page(t.Context(), 0)
	t.Errorf("Page returned %v", err)
}

// A panic over the picture of a hostile PDF reaches the caller of Page only when nothing
// works on the file any more, since the caller may close it.
func TestPanicOverPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDecoder(DecoderConfig{})
		var extracted bool
		d.execute = func(_ context.Context, r request, _, _, _ *os.File) (answer, error) {
			switch r.Task {
			case taskExamine:
				return answer{Pages: []input.Page{{Width: 100, Height: 100}}, Total: 1}, nil
			case taskText:
				time.Sleep(time.Second)
				extracted = true
				return answer{}, nil
			}
			panic("the picture is hostile")
		}
		doc, err := d.Open(t.Context(), fileOf(t, "%PDF-1.7\n"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer doc.Close()
		defer func() {
			if fault := recover(); fault != "the picture is hostile" || !extracted {
				t.Errorf("recovered from %v; the text was extracted: %v", fault, extracted)
			}
		}()
		_, err = doc.Page(t.Context(), 0)
		t.Errorf("Page returned %v", err)
	})
}
