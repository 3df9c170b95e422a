package tesseract

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sashabaranov/go-openai"
	"go.uber.org/goleak"

	"slackocr/ocr/page/pagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts the endpoint on this machine.
func serve(t testing.TB, o Options) (*Server, string) {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		server.Close()
	})
	return s, server.URL + "/v1"
}

// body is a request for one picture; extra fields are JSON after a comma.
func body(picture []byte, extra string) string {
	return `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"convert to markdown"},` +
		`{"type":"image_url","image_url":{"url":"` + dataURL(picture) + `"}}]}]` + extra + `}`
}

func dataURL(picture []byte) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)
}

// sendRequest sends a request, whose answer is closed at the end of the test.
func sendRequest(t testing.TB, ctx context.Context, method, url string, body io.Reader) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func post(t testing.TB, url, body string) *http.Response {
	t.Helper()
	return sendRequest(t, t.Context(), http.MethodPost, url+"/chat/completions", strings.NewReader(body))
}

func decode(t *testing.T, from []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(from, &v); err != nil {
		t.Fatalf("%v in %q", err, from)
	}
	return v
}

// events reads a stream to its end: each event's data.
func events(t testing.TB, r io.Reader) []string {
	t.Helper()
	var all []string
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			all = append(all, data)
		} else if lines.Text() != "" {
			t.Errorf("a line that is no event: %q", lines.Text())
		}
	}
	return all
}

func TestCompletion(t *testing.T) {
	_, url := serve(t, Options{})
	resp := post(t, url, body(pagetest.PNG(pagetest.Letter, pagetest.Layout{}), ""))
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s, %s: %s", resp.Status, resp.Header, b)
	}
	v := decode(t, b)
	if v["object"] != "chat.completion" || v["model"] != "m" || !strings.HasPrefix(v["id"].(string), "chatcmpl-") || v["created"].(float64) < 1.7e9 {
		t.Errorf("%s", b)
	}
	choice := v["choices"].([]any)[0].(map[string]any)
	message := choice["message"].(map[string]any)
	if choice["finish_reason"] != "stop" || choice["index"] != 0.0 || message["role"] != "assistant" {
		t.Errorf("%v", choice)
	}
	text := message["content"].(string)
	if share := pagetest.Words(text, pagetest.Letter); share < 0.95 {
		t.Errorf("%.1f %% of the words:\n%s", 100*share, text)
	}
	u := v["usage"].(map[string]any)
	if u["completion_tokens"] != float64(tokens(len(text))) || u["total_tokens"] != u["prompt_tokens"].(float64)+u["completion_tokens"].(float64) {
		t.Errorf("usage %v of %d bytes", u, len(text))
	}
}

func TestStream(t *testing.T) {
	_, url := serve(t, Options{})
	resp := post(t, url, body(pagetest.PNG(pagetest.Letter, pagetest.Layout{}), `,"stream":true,"stream_options":{"include_usage":true}`))
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatal(got)
	}
	all := events(t, resp.Body)
	if len(all) < 12 || all[len(all)-1] != "[DONE]" {
		t.Fatalf("%q", all)
	}
	var text strings.Builder
	last := len(all) - 2 // the usage
	for i, event := range all[:last+1] {
		v := decode(t, []byte(event))
		choices := v["choices"].([]any)
		if v["object"] != "chat.completion.chunk" || (len(choices) == 0) != (i == last) {
			t.Fatalf("event %d: %s", i, event)
		}
		u, told := v["usage"]
		if !told || (u != nil) != (i == last) {
			t.Errorf("event %d: usage %v, %v", i, u, told)
		}
		if i == last {
			break
		}
		choice := choices[0].(map[string]any)
		delta := choice["delta"].(map[string]any)
		if (delta["role"] == "assistant") != (i == 0) {
			t.Errorf("event %d: role %v", i, delta["role"])
		}
		if want := any("stop"); (choice["finish_reason"] == want) != (i == last-1) {
			t.Errorf("event %d: finish reason %v", i, choice["finish_reason"])
		}
		piece, _ := delta["content"].(string)
		text.WriteString(piece)
	}
	if share := pagetest.Words(text.String(), pagetest.Letter); share < 0.95 {
		t.Errorf("%.1f %% of the words:\n%s", 100*share, text.String())
	}
}

// The client that the bot uses understands it all.
func TestStreamToClient(t *testing.T) {
	_, url := serve(t, Options{})
	config := openai.DefaultConfig("any key")
	config.BaseURL = url
	client := openai.NewClientWithConfig(config)
	request := openai.ChatCompletionRequest{
		Model: Model, Stream: true,
		Messages: []openai.ChatCompletionMessage{{Role: "user", MultiContent: []openai.ChatMessagePart{{
			Type:     openai.ChatMessagePartTypeImageURL,
			ImageURL: &openai.ChatMessageImageURL{URL: dataURL(pagetest.PNG(pagetest.Receipt, pagetest.Layout{}))},
		}}}},
	}
	stream, err := client.CreateChatCompletionStream(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var text strings.Builder
	for {
		chunk, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(chunk.Choices[0].Delta.Content)
	}
	if share := pagetest.Words(text.String(), pagetest.Receipt); share < 0.95 {
		t.Errorf("%.1f %% of the words:\n%s", 100*share, text.String())
	}
	request.Messages, request.Stream = nil, false
	_, err = client.CreateChatCompletion(t.Context(), request)
	if e, ok := errors.AsType[*openai.APIError](err); !ok || e.HTTPStatusCode != 400 || e.Code != "missing_image" {
		t.Errorf("%v", err)
	}
	models, err := client.ListModels(t.Context())
	if err != nil || len(models.Models) != 1 || models.Models[0].ID != Model {
		t.Errorf("%v, %v", models, err)
	}
}

func TestBlankPicture(t *testing.T) {
	_, url := serve(t, Options{})
	var blank bytes.Buffer
	m := image.NewGray(image.Rect(0, 0, 800, 600))
	for i := range m.Pix {
		m.Pix[i] = 240
	}
	if err := png.Encode(&blank, m); err != nil {
		t.Fatal(err)
	}
	resp := post(t, url, body(blank.Bytes(), ""))
	b, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(b), `"content":""`) || !strings.Contains(string(b), `"finish_reason":"stop"`) {
		t.Errorf("%s: %s", resp.Status, b)
	}
	resp = post(t, url, body(blank.Bytes(), `,"stream":true`))
	if all := events(t, resp.Body); len(all) != 3 || all[2] != "[DONE]" {
		t.Errorf("%q", all)
	}
}

func TestMaxTokens(t *testing.T) {
	_, url := serve(t, Options{})
	picture := pagetest.PNG(pagetest.Letter, pagetest.Layout{})
	for _, extra := range []string{`,"max_tokens":30`, `,"max_completion_tokens":30,"stream":true`} {
		resp := post(t, url, body(picture, extra))
		b, _ := io.ReadAll(resp.Body)
		if !strings.Contains(string(b), `"finish_reason":"length"`) {
			t.Errorf("%s: %s", extra, b)
		}
		if len(b) > 4000 || !strings.Contains(string(b), "Harbour Street") {
			t.Errorf("%s: %d bytes: %s", extra, len(b), b)
		}
	}
}
