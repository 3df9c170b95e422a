package tesseract

import (
	"errors"
	"testing"
)

func TestParseRequest(t *testing.T) {
	picture := []byte("not decoded here")
	for _, test := range []struct {
		name, body string
		prompt     string
		task       taskKind
	}{
		{"parts", body(picture, ""), "convert to markdown", asMarkdown},
		{"text after a system message", `{"model":"m","messages":[
			{"role":"system","content":"Be brief."},
			{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + dataURL(picture) + `","detail":"high"}},{"type":"text","text":"Free OCR."}]}
		],"temperature":0,"vllm_xargs":{"a":[1]},"stop":null}`, "Free OCR.", asText},
		{"the first of two pictures", `{"model":"m","messages":[
			{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + dataURL(picture) + `"}},{"type":"image_url","image_url":{"url":"data:nothing"}}]},
			{"role":"user","content":"hello"}, {"role":"assistant","content":null}
		]}`, "hello", unsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			req, err := parseRequest([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if string(req.image) != string(picture) || req.prompt != test.prompt || req.task.kind != test.task {
				t.Errorf("%+v", req)
			}
		})
	}
}

func TestTaskOf(t *testing.T) {
	for prompt, want := range map[string]task{
		"":                    {},
		"convert to markdown": {},
		"<|grounding|>Convert the document to markdown.":  {},
		"<|grounding|>OCR this image.":                    {},
		"Free OCR.":                                       {kind: asText},
		"\nFree OCR.":                                     {kind: asText},
		"Locate <|ref|> Total net <|/ref|> in the image.": {locate, "Total net"},
		"Locate <|ref|> <|/ref|> in the image.":           {kind: unsupported},
		"Parse the figure.":                               {kind: unsupported},
		"Describe this image in detail.":                  {kind: unsupported},
		"What is the total?":                              {kind: unsupported},
	} {
		if got := taskOf(prompt); got != want {
			t.Errorf("%q is %+v, want %+v", prompt, got, want)
		}
	}
}

// Any body is a request with a picture, or an error for the client.
func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(body([]byte("picture"), `,"stream":true,"max_tokens":7`)))
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":"hello"}]}`))
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,"}}]}]}`))
	f.Add([]byte(`{"stream":"yes"}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := parseRequest(body)
		if err == nil {
			if req.Model == "" || req.MaxTokens != nil && *req.MaxTokens < 1 {
				t.Errorf("let through: %+v", req)
			}
			return
		}
		if e, ok := errors.AsType[*apiError](err); !ok || e.Status != 400 || e.Message == "" || e.Type == "" {
			t.Errorf("%T: %v", err, err)
		}
	})
}
