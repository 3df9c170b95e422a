package tesseract

import (
	"bufio"
	"strings"
	"testing"
	"time"

	"slackocr/ocr/page/pagetest"
)

// BenchmarkStream reads a page of 400 words over HTTP, and tells when its
// first and its last text came.
func BenchmarkStream(b *testing.B) {
	_, url := serve(b, Options{})
	request := body(pagetest.PNG(pagetest.Article, pagetest.Layout{}), `,"stream":true`)
	var first, last time.Duration
	for b.Loop() {
		start := time.Now()
		resp := post(b, url, request)
		lines := bufio.NewScanner(resp.Body)
		begun := false
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"content":"`) && !strings.Contains(lines.Text(), `"content":""`) {
				if !begun {
					first += time.Since(start)
				}
				begun = true
			}
		}
		last += time.Since(start)
	}
	b.ReportMetric(first.Seconds()*1000/float64(b.N), "ms-first-text")
	b.ReportMetric(last.Seconds()*1000/float64(b.N), "ms-last-text")
}

// BenchmarkStrips is the work before the program starts.
func BenchmarkStrips(b *testing.B) {
	page := gray(pagetest.Image(pagetest.Article, pagetest.Layout{}))
	b.ReportAllocs()
	for b.Loop() {
		if all, _ := strips(page); len(all) < 3 {
			b.Fatal(all)
		}
	}
}
