package main

import (
	"bytes"
	"cmp"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"slackocr/bot/words/wordstest"
	"slackocr/ocr/page/pagetest"
)

const (
	maxPictureSize = 2_000_000 // bytes
	lastFrame      = 4 * time.Second
)

// TestPictureOfTheREADME films the demo for the README, while somebody posts an
// invoice and its text grows in the thread. `make picture` runs it.
func TestPictureOfTheREADME(t *testing.T) {
	file := os.Getenv("PICTURE")
	if file == "" {
		t.Skip("PICTURE names no file to write the picture to")
	}
	p, address := demoProcess(t)
	v := visitor{t, newTab(t)}
	invoice := filepath.Join(t.TempDir(), "invoice.png")
	if err := os.WriteFile(invoice, pagetest.PNG(pagetest.Invoice, pagetest.Layout{}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(v.tab, chromedp.EmulateViewport(1180, 800), chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	// The engine reads one picture at a time: the colleague's are done first.
	v.sees(`document.querySelectorAll("#messages .replies").length === 2`)
	v.does(`[...document.querySelectorAll("#messages .replies")].at(-1).click()`)
	v.reads("#replies", wordstest.ReadFiles(3, 3, "markdown"))
	if err := chromedp.Do(v.tab, chromedp.Navigate(address)); err != nil { // a page whose threads open by themselves again
		t.Fatal(err)
	}
	v.sees(`document.querySelectorAll("#messages .replies").length === 2`)
	v.does(`[...document.querySelectorAll("#places a")].find((a) => a.innerText.includes("receipts")).click()`)
	v.sees(`document.querySelector("#channel-title").textContent === "receipts" && document.querySelector("#thread").hidden`)
	if err := chromedp.Do(v.tab, chromedp.SetUploadFiles(chromedp.CSS("#composer input[type=file]"), []string{invoice})); err != nil {
		t.Fatal(err)
	}
	v.sees(`document.querySelector("#composer .previews img")?.complete`)

	var f film
	f.shoot(v)
	f.delays[0] = time.Second
	v.does(`document.querySelector("#composer").requestSubmit()`)
	read := includes("#replies", wordstest.ReadAs("invoice.png", "markdown")) + ` && !document.querySelector(".msg.live")`
	for end := time.Now().Add(time.Minute); evaluate(t, v.tab, read) != true; {
		if time.Now().After(end) {
			t.Fatal("the invoice was not read within a minute")
		}
		f.shoot(v)
	}
	f.shoot(v)
	f.delays[len(f.delays)-1] = lastFrame
	data := f.encode(t)
	if len(data) > maxPictureSize {
		t.Errorf("the picture has %d bytes, more than %d", len(data), maxPictureSize)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil { //nolint:gosec // everybody may see it
		t.Fatal(err)
	}
	t.Logf("%d frames, %d bytes", len(f.shots), len(data))
	p.stop(t)
}

// film is what a page looked like, and for how long.
type film struct {
	shots  [][]byte // PNG; decoding them now would cost frames
	delays []time.Duration
	last   time.Time
}

// shoot adds a frame, or makes the last one longer if nothing has changed.
func (f *film) shoot(v visitor) {
	v.Helper()
	ctx, stop := context.WithTimeout(v.tab, 20*time.Second)
	defer stop()
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		v.Fatal(err)
	}
	now, n := time.Now(), len(f.shots)
	if n > 0 {
		f.delays[n-1] += now.Sub(f.last)
	}
	f.last = now
	if n == 0 || !bytes.Equal(f.shots[n-1], shot) {
		f.shots, f.delays = append(f.shots, shot), append(f.delays, 0)
	}
}

// frames are the pictures of the film.
func (f *film) frames(t *testing.T) (frames []*image.NRGBA) {
	t.Helper()
	for _, shot := range f.shots {
		shown, err := png.Decode(bytes.NewReader(shot))
		if err != nil {
			t.Fatal(err)
		}
		frame := image.NewNRGBA(shown.Bounds())
		draw.Draw(frame, frame.Rect, shown, frame.Rect.Min, draw.Src)
		frames = append(frames, frame)
	}
	return frames
}

// encode makes a GIF in which each frame holds only what has changed.
func (f *film) encode(t *testing.T) []byte {
	t.Helper()
	frames := f.frames(t)
	palette := paletteOf(frames)
	nearest := map[color.NRGBA]uint8{}
	var out gif.GIF
	for i, frame := range frames {
		changed := frame.Rect
		if i > 0 {
			changed = difference(frames[i-1], frame)
		}
		part := image.NewPaletted(changed, palette)
		for y := changed.Min.Y; y < changed.Max.Y; y++ {
			for x := changed.Min.X; x < changed.Max.X; x++ {
				c := frame.NRGBAAt(x, y)
				if i > 0 && c == frames[i-1].NRGBAAt(x, y) {
					continue // transparent
				}
				index, ok := nearest[c]
				if !ok {
					index = uint8(palette[1:].Index(c)) + 1 //nolint:gosec // a palette has 256 colours
					nearest[c] = index
				}
				part.SetColorIndex(x, y, index)
			}
		}
		out.Image = append(out.Image, part)
		out.Delay = append(out.Delay, int(f.delays[i]/(10*time.Millisecond)))
		out.Disposal = append(out.Disposal, gif.DisposalNone)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// paletteOf returns a transparent colour and 255 colours of the frames: the most
// frequent ones, of which few are nearly the same.
func paletteOf(frames []*image.NRGBA) color.Palette {
	counts := map[color.NRGBA]int{}
	for _, frame := range frames {
		for i := 0; i < len(frame.Pix); i += 4 {
			counts[color.NRGBA{frame.Pix[i], frame.Pix[i+1], frame.Pix[i+2], 255}]++
		}
	}
	byCount := slices.SortedFunc(maps.Keys(counts), func(a, b color.NRGBA) int {
		return cmp.Or(counts[b]-counts[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	palette := color.Palette{color.NRGBA{}}
	taken := map[color.NRGBA]bool{}
	for _, c := range byCount {
		alike := color.NRGBA{c.R >> 4, c.G >> 4, c.B >> 4, 0}
		if len(palette) == 256 || taken[alike] && counts[c] < 2000 {
			continue
		}
		taken[alike] = true
		palette = append(palette, c)
	}
	return palette
}

// difference is the smallest rectangle that holds all that differs in two frames.
func difference(a, b *image.NRGBA) (changed image.Rectangle) {
	for y := range b.Rect.Dy() {
		for x := range b.Rect.Dx() {
			if a.NRGBAAt(x, y) != b.NRGBAAt(x, y) {
				changed = changed.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return changed
}
