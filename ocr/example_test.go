package ocr_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"slackocr/ocr"
	"slackocr/ocr/page"
)

func ExampleClient_Recognize() {
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"choices":[{"delta":{"content":"# Invoice\n"}}]}

data: {"choices":[{"delta":{"content":"Total: 412.50"},"finish_reason":"stop"}]}

data: [DONE]

`)
	}))
	defer endpoint.Close()

	client, err := ocr.NewClient(ocr.Config{BaseURL: endpoint.URL, Model: "deepseek-ai/DeepSeek-OCR", Stream: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	image := page.Page{Data: []byte("the bytes of a PNG file"), MediaType: "image/png"}
	var text ocr.Text
	for update, err := range client.Recognize(context.Background(), image) {
		if err != nil {
			fmt.Println(err) // the text so far stays valid
			break
		}
		text.Apply(update)
		if update.Outcome != nil {
			fmt.Printf("%s\n%d words\n", text.String(), update.Outcome.Words)
		}
	}
	// Output:
	// # Invoice
	// Total: 412.50
	// 3 words
}
