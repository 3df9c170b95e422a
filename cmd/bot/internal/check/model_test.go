package check

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"slackocr/cmd/bot/internal/officetest"
	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr"
	"slackocr/ocr/page/pagetest"
	"slackocr/ocr/tesseract"
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
			officetest.WriteAll(w, "Marmalade")
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
		{"no limit", officetest.Reading, "OCR_MAX_TOKENS=0", []string{"✓", "no limit of ours"}},
		{"refuses the key and repeats it", refuse(401, `{"error":{"message":"wrong key: `+key+`"}}`), "", []string{"✗", ocr.KeyRefused.String(), "status 401", remedy(ocr.KeyRefused, settings.Config{OCRAPIKey: key})}},
		{"no credit", refuse(402, `{"error":{"message":"pay"}}`), "", []string{"✗", remedy(ocr.Unpaid, settings.Config{})}},
		{"unpaid, at DashScope", refuse(400, `{"error":{"code":"Arrearage","message":"Access denied, please make sure your account is in good standing."}}`), "", []string{"✗", ocr.Unpaid.String(), remedy(ocr.Unpaid, settings.Config{})}},
		{"refuses the temperature", unless("temperature", `{"error":{"message":"'temperature' is not supported"}}`), "", []string{"✓", "refuses temperature", `OCR_EXTRA_BODY={"temperature":null}`}},
		{"refuses the limit", unless("max_tokens", `{"error":{"message":"max_tokens is too large"}}`), "", []string{"✓", "refuses max_tokens", "OCR_MAX_TOKENS=0"}},
		{"refuses a field of the operator's", unless("top_k", `{"detail":[{"loc":["body","top_k"],"msg":"Extra inputs are not permitted"}]}`), `OCR_EXTRA_BODY={"top_k": 1}`, []string{"✓", "refuses top_k", "out of OCR_EXTRA_BODY"}},
		{"too small a context", refuse(400, `{"error":{"type":"exceed_context_size_error","message":"the request exceeds the available context size"}}`), "", []string{"✗", ocr.TooLarge.String(), remedy(ocr.TooLarge, settings.Config{})}},
		{"an unknown end", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"Marmalade\"},\"finish_reason\":\"tea_break\"}]}\n\n")
		}, "", []string{"✓", "tea_break", "OCR_PROFILE"}},
		{"no such model", refuse(404, `{"error":{"message":"no model"}}`), "", []string{"✗", remedy(ocr.NotFound, settings.Config{})}},
		{"does not take max_tokens", refuse(400, `{"error":{"message":"max_tokens is too large"}}`), "", []string{"✗", "max_tokens is too large", remedy(ocr.BadRequest, settings.Config{})}},
		{"busy", refuse(429, `{}`), "", []string{"✗", remedy(ocr.Busy, settings.Config{})}},
		{"failing", refuse(503, `{}`), "", []string{"✗", "status 503", remedy(ocr.Down, settings.Config{})}},
		{"a web page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>")
		}, "", []string{"✗", "web page", "/v1"}},
		{"down", nil, "OCR_BASE_URL=http://127.0.0.1:1/v1", []string{"✗", "connection refused", remedy(ocr.Down, settings.Config{})}},
		{"reads something else", func(w http.ResponseWriter, _ *http.Request) { officetest.WriteAll(w, "I am a planted-text assistant") }, "", []string{"✗", "but it was the wrong word", "OCR_PROFILE"}},
		{"breaks off", func(w http.ResponseWriter, _ *http.Request) {
			officetest.WriteText(w, "Marma")
		}, "", []string{"✗", remedy(ocr.CutOff, settings.Config{})}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := officetest.Open(t, tt.model)
			o.Environ = append(o.Environ, "OCR_API_KEY="+key)
			if name, value, ok := strings.Cut(tt.more, "="); ok {
				o.Set(name, value)
			}
			out, status := probed(t, o.Environ, "bot token", "endpoint")
			officetest.ExpectFinding(t, out, "endpoint", tt.want[0], tt.want[1:]...)
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
		"✓ prompts: this endpoint ignores them": func(w http.ResponseWriter, _ *http.Request) { officetest.WriteAll(w, "# Marmalade") },
		"✓ prompts: they work":                  officetest.Reading,
		"✗ prompts: reading in the mode describe failed": func(w http.ResponseWriter, r *http.Request) {
			if body, _ := io.ReadAll(r.Body); bytes.Contains(body, []byte("Describe this image")) {
				http.Error(w, "no", http.StatusBadRequest)
				return
			}
			officetest.WriteAll(w, "Marmalade")
		},
	} {
		server := httptest.NewServer(model)
		c, err := settings.Load([]string{"OCR_BASE_URL=" + server.URL, "OCR_MODEL=m"}, "", settings.NeedModel)
		if err != nil {
			t.Fatal(err)
		}
		all := checker(c).model(t.Context())
		server.Close()
		if len(all) != 2 || !strings.HasPrefix(all[1].String(), want) {
			t.Errorf("want %q, got %v", want, all)
		}
	}
}

// TestCheckPicture: the file shows the word, and is small.
func TestCheckPicture(t *testing.T) {
	drawn := pagetest.PNG(checkWord, pagetest.Layout{DPI: 100, Points: 28, Width: 3.2, Height: 1, Margin: 0.25})
	if !bytes.Equal(checkPNG, drawn) {
		t.Errorf("check.png, of %d bytes, is not the picture of %d bytes that shows %q", len(checkPNG), len(drawn), checkWord)
	}
	size, err := png.DecodeConfig(bytes.NewReader(checkPNG))
	if p := checkPage(); err != nil || p.Width != size.Width || p.Height != size.Height {
		t.Errorf("the page has %d×%d pixels, and the picture %d×%d, %v", p.Width, p.Height, size.Width, size.Height, err)
	}
}

// TestCheckReadsItsPicture: the word can be read, by the demo's engine.
func TestCheckReadsItsPicture(t *testing.T) {
	engine, err := tesseract.New(tesseract.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(engine)
	defer server.Close()
	c, err := settings.Load([]string{"OCR_BASE_URL=" + server.URL + "/v1", "OCR_MODEL=" + tesseract.Model}, "", settings.NeedModel)
	if err != nil {
		t.Fatal(err)
	}
	if f := checker(c).model(t.Context())[0]; !f.OK {
		t.Error(f)
	}
}

func remedy(class ocr.Class, c settings.Config) string { return c.Remedy(class) }
