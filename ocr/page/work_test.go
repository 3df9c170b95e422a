package page

import (
	"errors"
	"os"
	"syscall"
	"testing"

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
