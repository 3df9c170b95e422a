package ocr

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sashabaranov/go-openai"

	"slackocr/ocr/page"
)

// answering sends the request to nobody and answers with body.
func answering(body string) *http.Client {
	return answeringWith(func() io.Reader { return strings.NewReader(body) })
}

func answeringWith(body func() io.Reader) *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		_, err := io.Copy(io.Discard, r.Body)
		return &http.Response{
			StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}},
			Body: io.NopCloser(body()), Request: r,
		}, err
	})}
}

// BenchmarkStream reads 1 MB of text that comes in deltas of 4 bytes, about a
// token each.
func BenchmarkStream(b *testing.B) {
	benchmarkStream(b, func(body string) io.Reader { return strings.NewReader(body) })
}

// BenchmarkStreamOneByOne is the same where no two deltas come together.
func BenchmarkStreamOneByOne(b *testing.B) {
	benchmarkStream(b, func(body string) io.Reader { return &eventReader{rest: body} })
}

// eventReader gives one event with each read.
type eventReader struct{ rest string }

func (e *eventReader) Read(p []byte) (int, error) {
	event, rest, found := strings.Cut(e.rest, "\n\n")
	if !found {
		return 0, io.EOF
	}
	e.rest = rest
	return copy(p, event+"\n\n"), nil
}

func benchmarkStream(b *testing.B, reader func(body string) io.Reader) {
	text := longProse(1 << 20)
	var body strings.Builder
	for rest := text; rest != ""; rest = rest[min(4, len(rest)):] {
		body.WriteString(delta(rest[:min(4, len(rest))]))
	}
	body.WriteString(finish("stop") + done)
	want := len(strings.TrimRight(text, " "))
	client := newTestClient(b, answeringWith(func() io.Reader { return reader(body.String()) }), nil)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var text Text
		for u, err := range client.Recognize(b.Context(), testPage) {
			if err != nil {
				b.Fatal(err)
			}
			text.Apply(u)
		}
		if text.Len() != want {
			b.Fatal(text.Len())
		}
	}
}

// BenchmarkText applies 1 MB of text in deltas of 4 bytes.
func BenchmarkText(b *testing.B) {
	const size = 1 << 20
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		var text Text
		for text.Len() < size {
			text.Apply(Update{Keep: text.Len(), Add: "abc "})
		}
	}
}

func BenchmarkCountWords(b *testing.B) {
	text := strings.Repeat("| one | 漢字 | <td>don't</td> |\n", 30_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		CountWords(text)
	}
}

// BenchmarkRequest sends a 5 MB image, as this package does it and as
// go-openai does it when left alone.
func BenchmarkRequest(b *testing.B) {
	p := page.Page{Data: randomBytes(5 << 20), MediaType: "image/jpeg"}
	answer := finish("stop") + done
	b.Run("streamed", func(b *testing.B) {
		client := newTestClient(b, answering(answer), nil)
		b.SetBytes(int64(len(p.Data)))
		b.ReportAllocs()
		for b.Loop() {
			if got := collect(client.Recognize(b.Context(), p)); got.err != nil {
				b.Fatal(got.err)
			}
		}
	})
	b.Run("go-openai alone", func(b *testing.B) {
		config := openai.DefaultConfig("")
		config.HTTPClient = answering(answer)
		client := newTestClient(b, answering(answer), nil)
		b.SetBytes(int64(len(p.Data)))
		b.ReportAllocs()
		for b.Loop() {
			request := client.chatRequest(p)
			request.Messages[0].MultiContent[1].ImageURL.URL = "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(p.Data)
			stream, err := openai.NewClientWithConfig(config).CreateChatCompletionStream(context.Background(), request)
			if err != nil {
				b.Fatal(err)
			}
			_ = stream.Close()
		}
	})
}
