package page_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"slackocr/ocr/page"
)

// Example opens a file and reads its pages. A program that opens files of
// strangers gives the Decoder a Command, which calls [page.Work] in a process of
// its own.
func Example() {
	ctx := context.Background()
	file, err := os.Open("testdata/flag-lossy.webp")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	decoder := page.NewDecoder(page.DecoderConfig{})
	doc, err := decoder.Open(ctx, file, page.Options{
		Canvas: func(_, _ int) (w, h int) { return 45, 30 },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer doc.Close()
	for i := range doc.Len() {
		p, err := doc.Page(ctx, i)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("page %d of %d: %s, %d×%d pixels\n", doc.Number(i), doc.Pages(), p.MediaType, p.Width, p.Height)
	}
	// Output: page 1 of 1: image/png, 45×30 pixels
}
