package ocr

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

func TestProfileOfAModel(t *testing.T) {
	for model, want := range map[string]string{
		"deepseek-ai/DeepSeek-OCR":              "deepseek-ocr",
		"deepseek-ai/DeepSeek-OCR-2":            "deepseek-ocr",
		"deepseek/deepseek-ocr":                 "deepseek-ocr",
		"deepseek-ocr":                          "deepseek-ocr-ollama",
		"deepseek-ocr:3b":                       "deepseek-ocr-ollama",
		"ggml-org/DeepSeek-OCR-GGUF:Q8_0":       "deepseek-ocr-ollama",
		"Qwen/Qwen2.5-VL-7B-Instruct":           "chat",
		"qwen3-vl:8b":                           "chat",
		"gpt-4o-mini":                           "chat",
		"mistral-small3.1":                      "chat",
		"tesseract":                             "deepseek-ocr",
		"some/model-that-nobody-knows-anything": "deepseek-ocr",
	} {
		if p, err := findProfile("", model); err != nil || p.name != want {
			t.Errorf("%s: profile %q, %v, want %q", model, p.name, err, want)
		}
	}
	for _, name := range Profiles() {
		if p, err := findProfile(name, "deepseek-ai/DeepSeek-OCR"); err != nil || p.name != name {
			t.Errorf("%s: profile %q, %v", name, p.name, err)
		}
	}
	if _, err := NewClient(Config{BaseURL: "http://localhost/v1", Model: "m", Profile: "deepseek"}); err == nil || !strings.Contains(err.Error(), "deepseek-ocr-vllm") {
		t.Errorf("an unknown profile: %v", err)
	}
}

func TestEveryProfileIsComplete(t *testing.T) {
	for _, p := range profiles {
		for _, kind := range Kinds() {
			m := Mode{Kind: kind, Argument: "the %s total <|det|>\""}
			prompt := p.prompt(m)
			if prompt == "" || strings.Contains(prompt, "total") != kind.NeedsArgument() || strings.Contains(prompt, "<|det|>") && p.name != "chat" {
				t.Errorf("%s: %s is asked as %q", p.name, kind, prompt)
			}
		}
		if w, h := p.canvas(3000, 1000); w <= 0 || h <= 0 || w < h {
			t.Errorf("%s: a canvas of %d×%d", p.name, w, h)
		}
		if _, h := p.canvas(0, -1); h <= 0 {
			t.Errorf("%s: no canvas for no picture", p.name)
		}
	}
	if w, h := (profile{chat: true}).canvas(4000, 1000); w != 2048 || h != 512 {
		t.Errorf("a chat model's canvas is %d×%d", w, h)
	}
}

// sentBody reads a page and returns the fields of the body that was sent.
func sentBody(t *testing.T, edit func(*Config), m Mode) map[string]json.RawMessage {
	t.Helper()
	var fields map[string]json.RawMessage
	synctest.Test(t, func(t *testing.T) {
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if err := json.Unmarshal(body, &fields); err != nil {
				t.Error(err)
			}
			good(w)
		}, edit)
		collect(client.WithMode(m).Recognize(t.Context(), testPage))
	})
	return fields
}

func TestWhatEachProfileSends(t *testing.T) {
	profile := func(name string) func(*Config) {
		return func(c *Config) { c.Profile, c.MaxTokens = name, 0 }
	}
	for name, c := range map[string]struct {
		edit func(*Config)
		want map[string]string // beside messages, model and stream
	}{
		"hosted": {profile("deepseek-ocr"), map[string]string{"max_tokens": "8192", "temperature": "0"}},
		"vLLM": {profile("deepseek-ocr-vllm"), map[string]string{
			"temperature": "0", "skip_special_tokens": "false", "stream_options": `{"include_usage":true}`,
			"vllm_xargs": `{"ngram_size":30,"window_size":90,"whitelist_token_ids":[128821,128822]}`,
		}},
		"Ollama": {profile("deepseek-ocr-ollama"), map[string]string{"max_tokens": "4096", "temperature": "0", "stream_options": `{"include_usage":true}`}},
		"chat":   {profile("chat"), map[string]string{"temperature": "0"}},
		"vLLM not streamed, with its own fields": {func(c *Config) {
			profile("deepseek-ocr-vllm")(c)
			c.Stream, c.MaxTokens = false, 50
			c.ExtraBody, _ = ParseExtraBody(`{"vllm_xargs": null, "temperature": 0.1, "seed": 7, "skip_special_tokens": true}`)
		}, map[string]string{"max_tokens": "50", "temperature": "0.1", "seed": "7", "skip_special_tokens": "true"}},
		"without a temperature": {func(c *Config) {
			profile("chat")(c)
			c.ExtraBody, _ = ParseExtraBody(`{"temperature": null, "prompt": "` + imageMark + `"}`)
		}, map[string]string{"prompt": `"` + imageMark + `"`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := sentBody(t, c.edit, Mode{})
			for _, always := range []string{"messages", "model", "stream"} {
				if got[always] == nil && always != "stream" {
					t.Errorf("%s is missing", always)
				}
				delete(got, always)
			}
			if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(c.want))) {
				t.Errorf("sent %s, want %v", got, c.want)
			}
			for field, want := range c.want {
				if string(got[field]) != want {
					t.Errorf("%s is %s, want %s", field, got[field], want)
				}
			}
		})
	}
}

func TestParseExtraBody(t *testing.T) {
	for _, s := range []string{"null", "[]", "{", `{"a":1}x`, `{"messages":[]}`, `{"model":"x"}`, `{"stream":false}`, `{"n":2}`, `{"a":"` + strings.Repeat("x", maxExtraBody) + `"}`} {
		if fields, err := ParseExtraBody(s); err == nil {
			t.Errorf("%.40s is taken for %v", s, fields)
		}
	}
	if fields, err := ParseExtraBody(""); fields != nil || err != nil {
		t.Errorf("nothing is %v, %v", fields, err)
	}
	if _, err := NewClient(Config{BaseURL: "http://localhost/v1", Model: "m", ExtraBody: map[string]json.RawMessage{"model": nil}}); err == nil {
		t.Error("a client was made that sets its model twice")
	}
}

// TestTemperatureThatIsLeftOutStaysOut: what an operator left out stays out,
// also when a page is read again.
func TestTemperatureThatIsLeftOutStaysOut(t *testing.T) {
	bubble(t, func(c *Config) { c.ExtraBody, _ = ParseExtraBody(`{"temperature":null}`) }, nil, func(t *testing.T, c *Client, _ *int) {
		for _, again := range []bool{false, true} {
			if value, ok := c.fields(again)["temperature"]; ok {
				t.Errorf("temperature %s", value)
			}
		}
	})
}

func TestSameWords(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"# Invoice\n\n| a | 1 |", "invoice a\n1", true},
		{"<table><tr><td>x</td></tr></table>", "x", true},
		{"one two", "one", false},
		{"one", "one two", false},
		{"one two", "two one", false},
		{"", "", true},
		{"漢字", "漢字。", true},
		{"***", "", true},
	} {
		if SameWords(c.a, c.b) != c.same || SameWords(c.b, c.a) != c.same {
			t.Errorf("%q and %q: want %v", c.a, c.b, c.same)
		}
	}
}
