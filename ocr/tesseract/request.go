package tesseract

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// A request holds the used fields of a chat completion request. Other fields
// are ignored.
type request struct {
	Model         string    `json:"model"`
	Messages      []message `json:"messages"`
	Stream        bool      `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	MaxTokens           *int `json:"max_tokens"`
	MaxCompletionTokens *int `json:"max_completion_tokens"`

	// Taken from the messages.
	image  []byte
	prompt string
	task   task
}

type message struct {
	Role    string  `json:"role"`
	Content content `json:"content"`
}

// content is a list of parts. A plain string is a single part of text.
type content []part

type part struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	ImageURL struct {
		URL string `json:"url"`
	} `json:"image_url"`
}

func (c *content) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*c = content{{Type: "text"}}
		return json.Unmarshal(b, &(*c)[0].Text)
	}
	return json.Unmarshal(b, (*[]part)(c))
}

// parseRequest parses and checks a request. The error is an *apiError.
func parseRequest(body []byte) (request, error) {
	var req request
	if err := json.Unmarshal(body, &req); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return request{}, badRequest(wrong.Field, "invalid_type", "%s may not be a JSON %s", wrong.Field, wrong.Value)
		}
		return request{}, badRequest("", "invalid_json", "the body is no JSON object: %v", err)
	}
	if req.Model == "" {
		return request{}, badRequest("model", "missing_model", "the model is missing")
	}
	if req.MaxTokens == nil {
		req.MaxTokens = req.MaxCompletionTokens
	}
	if req.MaxTokens != nil && *req.MaxTokens < 1 {
		return request{}, badRequest("max_tokens", "invalid_value", "max_tokens must be at least 1")
	}
	url := ""
	for _, m := range req.Messages {
		for _, p := range m.Content {
			switch {
			case p.Type == "text" && m.Role == "user":
				req.prompt += p.Text
			case p.Type == "image_url" && url == "":
				url = p.ImageURL.URL
			}
		}
	}
	req.task = taskOf(req.prompt)
	req.Messages = nil // hold the picture only once
	if url == "" {
		return request{}, badRequest("messages", "missing_image", "no message has a part of type image_url")
	}
	picture, err := decodeDataURL(url)
	req.image = picture
	return req, err
}

// decodeDataURL returns the bytes of a picture in a data URL (RFC 2397).
func decodeDataURL(url string) ([]byte, error) {
	head, data, isBase64 := strings.Cut(url, ";base64,")
	mediaType, isData := strings.CutPrefix(head, "data:")
	if !isData || !isBase64 {
		return nil, badRequest("messages", "invalid_image_url", "image_url must be a data URL in base64; nothing is fetched from the network")
	}
	if !strings.HasPrefix(mediaType, "image/") {
		return nil, badImage("the data URL holds no picture")
	}
	picture, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return nil, badImage("the data URL's base64 is damaged")
	}
	return picture, nil
}

// A task is the request of a prompt, as far as a program can carry out that
// request by reading printed text.
type task struct {
	kind taskKind
	what string // text to locate
}

type taskKind int

const (
	asMarkdown taskKind = iota
	asText
	locate
	unsupported // a prompt for a language model
)

// DeepSeek-OCR's prompts: https://github.com/deepseek-ai/DeepSeek-OCR#prompts-examples
const (
	refOpen, refClose = "<|ref|>", "<|/ref|>"
	detOpen, detClose = "<|det|>", "<|/det|>"
)

// taskOf returns the task of a prompt. An empty prompt asks for markdown.
func taskOf(prompt string) task {
	prompt = strings.TrimSpace(prompt)
	_, rest, _ := strings.Cut(prompt, refOpen)
	what, _, closed := strings.Cut(rest, refClose)
	lower := strings.ToLower(prompt)
	switch {
	case closed && strings.TrimSpace(what) != "":
		return task{locate, strings.TrimSpace(what)}
	case strings.HasPrefix(lower, "free ocr"):
		return task{kind: asText}
	case prompt == "", strings.Contains(lower, "markdown"), strings.Contains(lower, "ocr this image"):
		return task{kind: asMarkdown}
	}
	return task{kind: unsupported}
}
