package ocr

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/ocr/page"
)

func randomBytes(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data)
	return data
}

// TestRequest holds the request against the documented one.
func TestRequest(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*Config)
		page page.Page
		keys []string
	}{
		"stream":            {nil, testPage, []string{"max_tokens", "messages", "model", "stream", "temperature"}},
		"whole":             {whole, testPage, []string{"max_tokens", "messages", "model", "stream", "temperature"}},
		"without limit":     {func(c *Config) { c.MaxTokens = NoLimit }, testPage, []string{"messages", "model", "stream", "temperature"}},
		"one byte":          {nil, page.Page{Data: []byte{1}, MediaType: "image/jpeg"}, nil},
		"two bytes":         {nil, page.Page{Data: []byte{1, 2}, MediaType: "image/jpeg"}, nil},
		"just one piece":    {nil, page.Page{Data: randomBytes(6 << 10), MediaType: "image/jpeg"}, nil},
		"a bit over":        {nil, page.Page{Data: randomBytes(6<<10 + 1), MediaType: "image/svg+xml"}, nil},
		"a megabyte":        {nil, page.Page{Data: randomBytes(1 << 20), MediaType: "image/png"}, nil},
		"prompt like mark":  {func(c *Config) { c.Prompt = "read " + imageMark + " \"<now>\"" }, testPage, nil},
		"model like mark":   {func(c *Config) { c.Model = imageMark }, testPage, nil},
		"without key":       {func(c *Config) { c.Key = "" }, testPage, nil},
		"base ends in path": {func(c *Config) { c.BaseURL += "/" }, testPage, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var config Config
			var client *Client
			var header http.Header
			var length int64
			var body []byte
			var path string
			synctest.Test(t, func(t *testing.T) {
				client = serve(t, func(w http.ResponseWriter, r *http.Request) {
					header, length, path = r.Header, r.ContentLength, r.URL.Path
					body, _ = io.ReadAll(r.Body)
					good(w)
				}, c.edit)
				config = client.config
				collect(client.Recognize(t.Context(), c.page))
			})
			var got struct {
				Model    string
				Messages []struct {
					Role    string
					Content []struct {
						Type     string
						Text     string
						ImageURL struct{ URL string } `json:"image_url"`
					}
				}
				MaxTokens int `json:"max_tokens"`
				Stream    bool
			}
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatalf("body is not JSON: %v", err)
			}
			if len(got.Messages) != 1 || got.Messages[0].Role != "user" || len(got.Messages[0].Content) != 2 {
				t.Fatalf("messages = %.200s", body)
			}
			text, image := got.Messages[0].Content[0], got.Messages[0].Content[1]
			if text.Type != "text" || text.Text != client.profile.prompt(Mode{}) {
				t.Errorf("text part = %+v, want %q", text, client.profile.prompt(Mode{}))
			}
			url := "data:" + c.page.MediaType + ";base64," + base64.StdEncoding.EncodeToString(c.page.Data)
			if image.Type != "image_url" || image.ImageURL.URL != url {
				t.Errorf("image part = %.200v, want %.200s", image, url)
			}
			if got.Model != config.Model || got.MaxTokens != config.MaxTokens || got.Stream != config.Stream {
				t.Errorf("model %q, max_tokens %d, stream %v; want %+v", got.Model, got.MaxTokens, got.Stream, config)
			}
			if length != int64(len(body)) {
				t.Errorf("Content-Length = %d, want %d", length, len(body))
			}
			wantAuth := "Bearer " + config.Key
			if config.Key == "" {
				wantAuth = ""
			}
			if header.Get("Authorization") != wantAuth || header.Get("Content-Type") != "application/json" || path != "/v1/chat/completions" {
				t.Errorf("path %q, header %v", path, header)
			}
			var fields map[string]json.RawMessage
			_ = json.Unmarshal(body, &fields)
			keys := make([]string, 0, len(fields))
			for key := range fields {
				keys = append(keys, key)
			}
			if slices.Sort(keys); c.keys != nil && !slices.Equal(keys, c.keys) {
				t.Errorf("fields %v, want %v", keys, c.keys)
			}
		})
	}
}

func TestBadPagesAreNotSent(t *testing.T) {
	client := newTestClient(t, &http.Client{Transport: roundTripper(nil)}, nil)
	for name, p := range map[string]page.Page{
		"empty":           {MediaType: "image/png"},
		"no media type":   {Data: []byte{1}},
		"not an image":    {Data: []byte{1}, MediaType: "text/html"},
		"broken out of":   {Data: []byte{1}, MediaType: `image/png","x":"`},
		"with parameters": {Data: []byte{1}, MediaType: "image/png;charset=x"},
	} {
		if got := collect(client.Recognize(t.Context(), p)); got.class() != BadRequest {
			t.Errorf("%s: error %v, want bad request", name, got.err)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNewClientReportsAllThatIsWrong(t *testing.T) {
	_, err := NewClient(Config{BaseURL: "ftp://x", Key: "secret key", MaxTokens: -2, IdleTimeout: -time.Second})
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"base URL", "model", "key has", "-2", "-1s"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not mention %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("error %q holds the key", err)
	}
	for _, base := range []string{
		"", "model.test/v1", "http://", "http://user:secret@model.test/v1", "http://model.test/v1?key=secret",
		"http://model.test/v1#x", "http://secret%zz", "http://model.test:se cret/v1",
	} {
		_, err := NewClient(Config{BaseURL: base, Model: "m"})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("base URL %q: error %v", base, err)
		}
	}
}

func TestHost(t *testing.T) {
	for base, want := range map[string]string{
		"https://api.modelverse.cn/v1": "api.modelverse.cn",
		"http://127.0.0.1:8000/v1/":    "127.0.0.1:8000",
	} {
		c, err := NewClient(Config{BaseURL: base, Model: "m"})
		if err != nil || c.Host() != want {
			t.Errorf("%s: host %q, %v; want %q", base, c.Host(), err, want)
		}
	}
}

// TestNoErrorHoldsASecret has an endpoint quote all it was sent.
func TestNoErrorHoldsASecret(t *testing.T) {
	p := page.Page{Data: randomBytes(5000), MediaType: "image/png"}
	encoded := base64.StdEncoding.EncodeToString(p.Data)
	for name, answer := range map[string]func(w http.ResponseWriter, message string){
		"status, JSON": func(w http.ResponseWriter, m string) {
			reply(w, 400, "application/json", fmt.Sprintf(`{"error":{"message":%q}}`, m))
		},
		"status, text": func(w http.ResponseWriter, m string) { reply(w, 400, "text/plain", m) },
		"event": func(w http.ResponseWriter, m string) {
			send(w, fmt.Sprintf("data: {\"error\":{\"message\":%q}}\n\n", m))
		},
		"odd event": func(w http.ResponseWriter, m string) { send(w, "event: error\ndata: "+m+"\n\n") },
		"refusal": func(w http.ResponseWriter, m string) {
			send(w, fmt.Sprintf("data: {\"choices\":[{\"delta\":{\"refusal\":%q}}]}\n\n", m))
		},
		"redirect": func(w http.ResponseWriter, m string) {
			w.Header().Set("Location", "http://"+testKey+"@elsewhere.test/?"+testKey+"="+m[len(m)-100:])
			w.WriteHeader(302)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := serve(t, func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					answer(w, r.Header.Get("Authorization")+" is no key for\x1b[31m data:image/png;base64,"+encoded+" "+string(body))
				}, nil)
				got := collect(client.Recognize(t.Context(), p))
				if got.class() == 0 {
					t.Fatalf("error = %v", got.err)
				}
				for err := got.err; err != nil; err = errors.Unwrap(err) {
					message := err.Error()
					if strings.Contains(message, testKey) || strings.Contains(message, encoded[:32]) || len(message) > 300 || strings.ContainsAny(message, "\x1b\n") {
						t.Errorf("%T: %q", err, message)
					}
				}
			})
		})
	}
}
