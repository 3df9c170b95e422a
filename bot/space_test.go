package bot_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr"
	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// noise is a picture that no format makes small.
func noise(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(m.Pix)
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
	return m
}

// noisyScan is a PDF whose pages take megabytes when they are drawn.
func noisyScan(t testing.TB, pages int) []byte {
	t.Helper()
	scan(t, 1) // skips the test without poppler
	var b bytes.Buffer
	_ = jpeg.Encode(&b, noise(480, 640), nil) // to memory
	return pagetest.Scan(72, slices.Repeat([][]byte{b.Bytes()}, pages)...)
}

// TestOnePersonsFilesLeaveSpace reads a colleague's picture while a person's files
// wait for space, and reads those files in the end.
func TestOnePersonsFilesLeaveSpace(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Concurrency, c.Space = 40, 4*c.MaxFileSize })
		release := make(chan struct{})
		h.model.will(func(w *stream) {
			if len(w.body) > 100_000 { // ann's
				<-release
			}
			w.text("some text")
			w.end("stop")
		})
		var b bytes.Buffer
		_ = png.Encode(&b, noise(512, 512)) // 790 KB, to memory
		large := localslack.Upload{Name: "noise.png", Data: b.Bytes()}
		ts := h.postFiles(large, large, large, large, large, large)
		h.wait("ann's first files are being read", func() bool { n, _ := h.model.count(); return n > 0 })
		bob := h.ws.AddUser("bob")
		quiet := h.ws.AddChannel("quiet", false, bob, h.app.BotUserID)
		h.postIn(bob, quiet, "", "", "page.png")
		h.waitIn(quiet, "bob's text", func() bool { return strings.Contains(strings.Join(h.said(quiet), "\n"), "some text") })
		if n, _ := h.model.count(); n != 3 {
			t.Errorf("%d requests, want two of ann, whose other files wait for space, and bob's", n)
		}
		close(release)
		h.closesWith(ts, words.ReadFiles(6, 6, ocr.Mode{}, time.Second))
	})
}

// TestFilesThatWaitForADecoderHoldNoTurn at the model. Its decoder is a real process,
// so the time is real too.
func TestFilesThatWaitForADecoderHoldNoTurn(t *testing.T) {
	h := build(t)
	busy := filepath.Join(t.TempDir(), "busy")
	if err := os.WriteFile(busy, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	decoder := page.NewDecoder(page.DecoderConfig{
		Processes: 1, Command: []string{"/bin/sh", "-c", "while [ -e '" + busy + "' ]; do sleep 0.02; done"},
	})
	h.startAs(func(c *bot.Config) { c.Concurrency, c.Decoder = 2, decoder })
	load := func(running, waiting int) func() bool {
		return func() bool { r, w := decoder.Load(); return r == running && w == waiting }
	}
	first := h.post("page.png")
	h.wait("a file is being opened", load(1, 0))
	second := h.post("page.png")
	h.wait("another file waits for the decoder", load(1, 1))
	if n := h.metric("slackocr_model_running"); n != 1 {
		t.Errorf("%v turns are held, want that of the file that is being opened", n)
	}
	if err := os.Remove(busy); err != nil {
		t.Fatal(err)
	}
	h.closed(first)
	h.closed(second)
}

// TestPagesThatWaitForSpaceHoldNoTurn reads the scans of two people with one turn at
// the model, and with space for a page of each: a page that is drawn waits for a turn,
// so a page that waits for space must not have one.
func TestPagesThatWaitForSpaceHoldNoTurn(t *testing.T) {
	const space = 12 << 20
	file := noisyScan(t, 2)
	inBubble(t, func(h *house) {
		decoder := page.NewDecoder(page.DecoderConfig{Space: space, IgnoreText: true})
		h.startAs(func(c *bot.Config) { c.Concurrency, c.Decoder = 1, decoder })
		h.model.will(func(w *stream) {
			if used := decoder.Used(); used > space {
				t.Errorf("%d bytes are taken, of %d", used, space)
			}
			w.slowly(time.Second, "some text")
			w.end("stop")
		})
		bob := h.ws.AddUser("bob")
		quiet := h.ws.AddChannel("quiet", false, bob, h.app.BotUserID)
		var threads []string
		for range 2 {
			threads = append(threads, h.postFile("scan.pdf", file))
			h.say(bob, localslack.Post{Channel: quiet, Files: []localslack.Upload{{Name: "scan.pdf", Data: file}}})
		}
		for _, ts := range threads {
			h.closesWith(ts, readLine("scan.pdf", 4, 2))
		}
		h.waitFor(quiet, wordstest.ReadAs("scan.pdf", "markdown"), 2)
		if n, most := h.model.count(); n != 8 || most != 1 {
			t.Errorf("%d requests, %d at once", n, most)
		}
		h.wait("all space is free again", func() bool { return decoder.Used() == 0 })
	})
}

// metric is the value of a metric without labels.
func (h *house) metric(name string) float64 {
	h.Helper()
	families, err := h.bot.Metrics().Gather()
	if err != nil {
		h.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	h.Fatalf("there is no metric %s", name)
	return 0
}
