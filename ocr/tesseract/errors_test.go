package tesseract

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"

	"slackocr/ocr/page/pagetest"
)

func TestErrors(t *testing.T) {
	_, url := serve(t, Options{})
	good := pagetest.PNG("Hi", pagetest.Layout{Width: 1, Height: 1, Margin: 0.2})
	lying := largePNG()
	image := func(url string) string {
		return `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + url + `"}}]}]}`
	}
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		param, code              any
	}{
		{"no JSON", "POST", "/chat/completions", "<html>", 400, nil, "invalid_json"},
		{"nothing", "POST", "/chat/completions", "", 400, nil, "invalid_json"},
		{"a list", "POST", "/chat/completions", "[]", 400, nil, "invalid_type"},
		{"two values", "POST", "/chat/completions", "{} {}", 400, nil, "invalid_json"},
		{"no model", "POST", "/chat/completions", "{}", 400, "model", "missing_model"},
		{"no picture", "POST", "/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hello"}]}`, 400, "messages", "missing_image"},
		{"stream of wrong type", "POST", "/chat/completions", body(good, `,"stream":"yes"`), 400, "stream", "invalid_type"},
		{"no tokens", "POST", "/chat/completions", body(good, `,"max_tokens":0`), 400, "max_tokens", "invalid_value"},
		{"remote picture", "POST", "/chat/completions", image("https://example.com/a.png"), 400, "messages", "invalid_image_url"},
		{"not base64", "POST", "/chat/completions", image("data:image/png,abc"), 400, "messages", "invalid_image_url"},
		{"damaged base64", "POST", "/chat/completions", image("data:image/png;base64,****"), 400, "messages", "invalid_image"},
		{"no picture in it", "POST", "/chat/completions", image("data:text/html;base64,PGh0bWw+"), 400, "messages", "invalid_image"},
		{"html as picture", "POST", "/chat/completions", image("data:image/png;base64,PGh0bWw+"), 400, "messages", "invalid_image"},
		{"cut picture", "POST", "/chat/completions", body(good[:len(good)/2], ""), 400, "messages", "invalid_image"},
		{"huge picture", "POST", "/chat/completions", body(lying, ""), 400, "messages", "invalid_image"},
		{"huge body", "POST", "/chat/completions", body(make([]byte, maxBody/4*3), ""), 413, nil, "request_too_large"},
		{"wrong method", "GET", "/chat/completions", "", 405, nil, "method_not_allowed"},
		{"wrong method", "POST", "/models", "", 405, nil, "method_not_allowed"},
		{"unknown path", "POST", "/completions", "{}", 404, nil, "unknown_url"},
	} {
		t.Run(test.name, func(t *testing.T) {
			resp := sendRequest(t, t.Context(), test.method, url+test.path, strings.NewReader(test.body))
			b, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != test.status || resp.Header.Get("Content-Type") != "application/json" {
				t.Fatalf("%s, %s: %s", resp.Status, resp.Header, b)
			}
			e := decode(t, b)["error"].(map[string]any)
			param, hasParam := e["param"]
			if e["type"] != "invalid_request_error" || e["message"] == "" || e["code"] != test.code || param != test.param || !hasParam {
				t.Errorf("%s", b)
			}
		})
	}
}

// A body of unknown length is bounded as well.
func TestLargeBodyOfUnknownLength(t *testing.T) {
	_, url := serve(t, Options{})
	reader := io.MultiReader(strings.NewReader(body(make([]byte, maxBody/4*3), "")))
	resp := sendRequest(t, t.Context(), http.MethodPost, url+"/chat/completions", reader)
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Error(resp.Status)
	}
}

func TestMissingProgram(t *testing.T) {
	_, err := New(Options{Program: "tesseract-that-is-not-there"})
	if err == nil || !strings.Contains(err.Error(), "apt install tesseract-ocr") {
		t.Error(err)
	}
}

// largePNG is a file whose header is over the limit, and which has no pixels.
func largePNG() []byte {
	var b bytes.Buffer
	m := image.NewPaletted(image.Rect(0, 0, 8000, 7000), color.Palette{color.White})
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()[:60]
}

// What is too large is refused before it is decoded, for what it claims.
func TestDecodePictureLimits(t *testing.T) {
	long := func(w, h int) []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, test := range map[string]struct {
		file []byte
		says string
	}{
		"pixels": {largePNG(), "over the limit of 50000000 pixels"},
		"width":  {long(maxSide+1, 2), "a side of over 32767 pixels"},
		"height": {long(2, maxSide+1), "a side of over 32767 pixels"},
	} {
		if _, err := decodePicture(test.file); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
