package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"slackocr/ocr"
	"slackocr/ocr/page/pagetest"
)

// TestCheckEndpoint is about what an endpoint can do wrong. The one line says it,
// and nothing else is touched by it.
func TestCheckEndpoint(t *testing.T) {
	const key = "sk-planted-key"
	refuse := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	whole := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"model":"scripted","choices":[{"message":{"content":"Marmalade"},"finish_reason":"stop"}]}`)
	}
	// unless refuses a request that has the field.
	unless := func(field, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if sent, _ := io.ReadAll(r.Body); bytes.Contains(sent, []byte(`"`+field+`":`)) {
				refuse(400, body)(w, r)
				return
			}
			writeAll(w, "Marmalade")
		}
	}
	for _, tt := range []struct {
		name  string
		model http.HandlerFunc
		more  string // a setting
		want  []string
	}{
		{"cannot stream", whole, "", []string{"✓", "cannot stream", "OCR_STREAM=false"}},
		{"not asked to stream", whole, "OCR_STREAM=false", []string{"✓", "with scripted", "not streamed"}},
		{"no limit", reading, "OCR_MAX_TOKENS=0", []string{"✓", "no limit of ours"}},
		{"refuses the key and repeats it", refuse(401, `{"error":{"message":"wrong key: `+key+`"}}`), "", []string{"✗", ocr.KeyRefused.String(), "status 401", remedyOf(ocr.KeyRefused, config{OCRAPIKey: key})}},
		{"no credit", refuse(402, `{"error":{"message":"pay"}}`), "", []string{"✗", remedyOf(ocr.Unpaid, config{})}},
		{"unpaid, at DashScope", refuse(400, `{"error":{"code":"Arrearage","message":"Access denied, please make sure your account is in good standing."}}`), "", []string{"✗", ocr.Unpaid.String(), remedyOf(ocr.Unpaid, config{})}},
		{"refuses the temperature", unless("temperature", `{"error":{"message":"'temperature' is not supported"}}`), "", []string{"✓", "refuses temperature", `OCR_EXTRA_BODY={"temperature":null}`}},
		{"refuses the limit", unless("max_tokens", `{"error":{"message":"max_tokens is too large"}}`), "", []string{"✓", "refuses max_tokens", "OCR_MAX_TOKENS=0"}},
		{"refuses a field of the operator's", unless("top_k", `{"detail":[{"loc":["body","top_k"],"msg":"Extra inputs are not permitted"}]}`), `OCR_EXTRA_BODY={"top_k": 1}`, []string{"✓", "refuses top_k", "out of OCR_EXTRA_BODY"}},
		{"too small a context", refuse(400, `{"error":{"type":"exceed_context_size_error","message":"the request exceeds the available context size"}}`), "", []string{"✗", ocr.TooLarge.String(), remedyOf(ocr.TooLarge, config{})}},
		{"an unknown end", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"Marmalade\"},\"finish_reason\":\"tea_break\"}]}\n\n")
		}, "", []string{"✓", "tea_break", "OCR_PROFILE"}},
		{"no such model", refuse(404, `{"error":{"message":"no model"}}`), "", []string{"✗", remedyOf(ocr.NotFound, config{})}},
		{"does not take max_tokens", refuse(400, `{"error":{"message":"max_tokens is too large"}}`), "", []string{"✗", "max_tokens is too large", remedyOf(ocr.BadRequest, config{})}},
		{"busy", refuse(429, `{}`), "", []string{"✗", remedyOf(ocr.Busy, config{})}},
		{"failing", refuse(503, `{}`), "", []string{"✗", "status 503", remedyOf(ocr.Down, config{})}},
		{"a web page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>")
		}, "", []string{"✗", "web page", "/v1"}},
		{"down", nil, "OCR_BASE_URL=http://127.0.0.1:1/v1", []string{"✗", "connection refused", remedyOf(ocr.Down, config{})}},
		{"reads something else", func(w http.ResponseWriter, _ *http.Request) { writeAll(w, "I am a planted-text assistant") }, "", []string{"✗", "but it was the wrong word", "OCR_PROFILE"}},
		{"breaks off", func(w http.ResponseWriter, _ *http.Request) {
			writeText(w, "Marma")
		}, "", []string{"✗", remedyOf(ocr.CutOff, config{})}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := openOffice(t, tt.model)
			o.environ = append(o.environ, "OCR_API_KEY="+key)
			if name, value, ok := strings.Cut(tt.more, "="); ok {
				o.set(name, value)
			}
			out, status := probed(t, o.environ, "bot token", "endpoint")
			expect(t, out, "endpoint", tt.want[0], tt.want[1:]...)
			if strings.Contains(out, "planted") {
				t.Errorf("a key or a text is printed:\n%s", out)
			}
			if want := map[string]int{"✓": 0, "✗": 1}[tt.want[0]]; status != want || strings.Count(out, "✗") != want {
				t.Errorf("exit status %d:\n%s", status, out)
			}
		})
	}
}

// TestCheckPrompts: whether an endpoint looks at its prompt.
func TestCheckPrompts(t *testing.T) {
	for want, model := range map[string]http.HandlerFunc{
		"✓ prompts: this endpoint ignores them": func(w http.ResponseWriter, _ *http.Request) { writeAll(w, "# Marmalade") },
		"✓ prompts: they work":                  reading,
		"✗ prompts: reading in the mode describe failed": func(w http.ResponseWriter, r *http.Request) {
			if body, _ := io.ReadAll(r.Body); bytes.Contains(body, []byte("Describe this image")) {
				http.Error(w, "no", http.StatusBadRequest)
				return
			}
			writeAll(w, "Marmalade")
		},
	} {
		server := httptest.NewServer(model)
		c, err := loadConfig([]string{"OCR_BASE_URL=" + server.URL, "OCR_MODEL=m"}, "", needModel)
		if err != nil {
			t.Fatal(err)
		}
		all := checkModel(t.Context(), c)
		server.Close()
		if len(all) != 2 || !strings.HasPrefix(all[1].String(), want) {
			t.Errorf("want %q, got %v", want, all)
		}
	}
}

// TestEachFailureHasARemedy: none of ocr's classes is forgotten.
func TestEachFailureHasARemedy(t *testing.T) {
	last := remedyOf(0, config{})
	for class := ocr.KeyRefused; class <= ocr.Protocol; class++ {
		if r := remedyOf(class, config{}); r == last || !strings.ContainsAny(r[len(r)-1:], ".?") {
			t.Errorf("%v: %q", class, r)
		}
	}
}

// TestCheckPicture: the file shows the word, and is small.
func TestCheckPicture(t *testing.T) {
	drawn := pagetest.PNG(checkWord, pagetest.Layout{DPI: 100, Points: 28, Width: 3.2, Height: 1, Margin: 0.25})
	if !bytes.Equal(checkPNG, drawn) {
		t.Errorf("check.png, of %d bytes, is not the picture of %d bytes that shows %q", len(checkPNG), len(drawn), checkWord)
	}
}

// TestCheckReadsItsPicture: the word can be read, by the demo's engine.
func TestCheckReadsItsPicture(t *testing.T) {
	c, err := loadConfig([]string{"OCR_BASE_URL=" + serveEngine(t), "OCR_MODEL=tesseract"}, "", needModel)
	if err != nil {
		t.Fatal(err)
	}
	if f := checkModel(t.Context(), c)[0]; !f.OK {
		t.Error(f)
	}
}
