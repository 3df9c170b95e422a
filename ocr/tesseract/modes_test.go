package tesseract

import (
	"bytes"
	"strings"
	"testing"

	"slackocr/ocr"
	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// TestEveryModeOfTheClient: with the bot's own client each mode gives what a
// person can use.
func TestEveryModeOfTheClient(t *testing.T) {
	skipUnderRaceDetector(t)
	_, url := serve(t, Options{})
	client, err := ocr.NewClient(ocr.Config{BaseURL: url, Model: Model, Stream: true, StopLoops: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	p := pageOf(t, pagetest.PNG(pagetest.Invoice, pagetest.Layout{}), client.Canvas)
	read := func(m ocr.Mode) (string, ocr.Outcome) {
		var text ocr.Text
		var outcome ocr.Outcome
		for u, err := range client.WithMode(m).Recognize(t.Context(), p) {
			if err != nil {
				t.Fatal(err)
			}
			if text.Apply(u); u.Outcome != nil {
				outcome = *u.Outcome
			}
		}
		return text.String(), outcome
	}
	for _, kind := range ocr.Kinds() {
		if kind.NeedsArgument() {
			continue
		}
		text, outcome := read(ocr.Mode{Kind: kind})
		text, sorrow := strings.CutPrefix(text, textOnlyNotice+"\n\n")
		if share := pagetest.Words(text, pagetest.Invoice); share < 0.95 || outcome.Cut || sorrow == kind.IsPageText() {
			t.Errorf("%s: %.2f of the words, %+v: %q", kind, share, outcome, text)
		}
	}
	text, outcome := read(ocr.Mode{Kind: ocr.Locate, Argument: "Total"})
	if len(outcome.Boxes) == 0 || outcome.Boxes[0].Text != "Total" || text != "Total" {
		t.Fatalf("%q is at %+v", text, outcome.Boxes)
	}
	var areas []page.Area
	for _, box := range outcome.Boxes {
		areas = append(areas, box.Area)
	}
	marked, err := page.Mark(t.Context(), p, areas)
	if err != nil || marked.Width != p.Width || bytes.Equal(marked.Data, p.Data) {
		t.Errorf("%d×%d, %v", marked.Width, marked.Height, err)
	}
}
