package tesseract

import (
	"bytes"
	"encoding/json"
	"image"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"slackocr/ocr/page/pagetest"
)

// ask has a picture read with a prompt.
func ask(t *testing.T, picture []byte, prompt string) string {
	t.Helper()
	_, url := serve(t, Options{})
	quoted, _ := json.Marshal(prompt)
	resp := post(t, url, strings.Replace(body(picture, ""), `"convert to markdown"`, string(quoted), 1))
	b, _ := io.ReadAll(resp.Body)
	var answer struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.Unmarshal(b, &answer); err != nil || len(answer.Choices) != 1 {
		t.Fatalf("%s: %s", resp.Status, b)
	}
	return answer.Choices[0].Message.Content
}

var boxForm = regexp.MustCompile(`^<\|ref\|>(.*)<\|/ref\|><\|det\|>\[(\[\d+, \d+, \d+, \d+\](?:, \[\d+, \d+, \d+, \d+\])*)\]<\|/det\|>$`)

// TestLocate checks that the places that are named hold ink, and all of a word.
func TestLocate(t *testing.T) {
	picture := pagetest.PNG("Harbour Café\n\nCoffee 2.50\nTea 2.00\nCoffee 2.50\n\nTotal net 7.00\n", pagetest.Layout{})
	m, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	for what, places := range map[string]int{"total NET": 1, "Coffee": 2, "2.50": 2, "Harbour": 1} {
		answer := ask(t, picture, "Locate <|ref|>"+what+"<|/ref|> in the image.")
		parts := boxForm.FindStringSubmatch(answer)
		if parts == nil || parts[1] != what {
			t.Errorf("%s: %q", what, answer)
			continue
		}
		boxes := strings.Split(parts[2], "], [")
		if len(boxes) != places {
			t.Errorf("%s: %d places, want %d: %s", what, len(boxes), places, answer)
		}
		for _, box := range boxes {
			var at [4]int
			for i, n := range strings.Split(strings.Trim(box, "[]"), ", ") {
				at[i], _ = strconv.Atoi(n)
			}
			size := m.Bounds().Size()
			r := image.Rect(at[0]*size.X/grid, at[1]*size.Y/grid, at[2]*size.X/grid+1, at[3]*size.Y/grid+1)
			if r.Dx() < 20 || r.Dy() < 10 || r.Dy() > size.Y/10 || ink(m, r) < 0.05 || ink(m, r.Inset(-4)) >= ink(m, r) {
				t.Errorf("%s: %v of %v, %.2f ink", what, r, size, ink(m, r))
			}
		}
	}
	if answer := ask(t, picture, "Locate <|ref|>whale<|/ref|> in the image."); strings.Contains(answer, "<|") || !strings.Contains(answer, "whale") {
		t.Errorf("what is not there: %q", answer)
	}
}

// ink is the share of dark pixels.
func ink(m image.Image, r image.Rectangle) float64 {
	dark, all := 0, 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if v, _, _, _ := m.At(x, y).RGBA(); v < 0x8000 {
				dark++
			}
			all++
		}
	}
	return float64(dark) / float64(max(all, 1))
}

// TestPromptsForALanguageModel get the text, and a word about it.
func TestPromptsForALanguageModel(t *testing.T) {
	picture := pagetest.PNG(pagetest.Receipt, pagetest.Layout{})
	for _, prompt := range []string{"Describe this image in detail.", "Parse the figure.", "What is the total?"} {
		answer, ok := strings.CutPrefix(ask(t, picture, prompt), textOnlyNotice+"\n\n")
		if share := pagetest.Words(answer, pagetest.Receipt); !ok || share < 0.95 {
			t.Errorf("%s: %.2f of the words: %q", prompt, share, answer)
		}
	}
	blank := pagetest.PNG("", pagetest.Layout{})
	if answer := ask(t, blank, "Describe this image in detail."); !strings.Contains(answer, "sees none") {
		t.Errorf("a blank picture is described as %q", answer)
	}
	if answer := ask(t, blank, "Free OCR."); answer != "" {
		t.Errorf("a blank picture is read as %q", answer)
	}
}

// wordsOf reads a table of the program about a page of 100 by 100 pixels.
func wordsOf(table string) []word {
	var words []word
	for row := range strings.Lines(table) {
		if w, ok := parseRow(strings.Split(strings.TrimRight(row, "\r\n"), "\t"), []image.Rectangle{image.Rect(0, 0, 100, 100)}); ok {
			words = append(words, w)
		}
	}
	return words
}

func TestFindInLines(t *testing.T) {
	table := "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n" +
		"1\t1\t0\t0\t0\t0\t0\t0\t100\t100\t-1\t\n" +
		"5\t1\t1\t1\t1\t1\t10\t10\t20\t10\t96.1\tTotal:\n" +
		"5\t1\t1\t1\t1\t2\t40\t10\t20\t10\t96.1\tnet\r\n" +
		"5\t1\t1\t1\t2\t1\t10\t30\t20\t10\t96.1\ttotal\n" +
		"5\t1\t1\t1\t2\t2\t-4\t30\t20\t10\t96.1\tbroken\n" +
		"5\t1\t1\t1\t3\t1\t10\t50\t30\t10\t50\tsubtotal\n" +
		"half a row"
	words := wordsOf(table)
	if len(words) != 4 {
		t.Fatalf("%+v", words)
	}
	for what, want := range map[string][]image.Rectangle{
		"TOTAL":      {image.Rect(10, 10, 30, 20), image.Rect(10, 30, 30, 40), image.Rect(10, 50, 40, 60)},
		"total: NET": {image.Rect(10, 10, 60, 20)},
		"net total":  nil, // over two lines
		"":           nil,
	} {
		got := find(words, what)
		if len(got) != len(want) {
			t.Errorf("%q is found at %v, want %v", what, got, want)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q is found at %v, want %v", what, got, want)
			}
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("5\t1\t1\t1\t1\t1\t10\t10\t20\t10\t96\tTotal\n", "total")
	f.Add("5\t1\t1\t1\t1\t1\t10\t10\t20\t10\t96\tİİ\n", "i\u0307")
	f.Fuzz(func(t *testing.T, table, what string) {
		for _, place := range find(wordsOf(table), what) {
			if place.Min.X < 0 || place.Max.X > 2*maxSide || place.Min.Y < 0 || place.Max.Y > 2*maxSide {
				t.Errorf("found at %v", place)
			}
		}
	})
}
