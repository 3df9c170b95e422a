package ocr

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/sashabaranov/go-openai"

	"slackocr/ocr/page"
)

// imageMark stands for the image's base64 text in the request that go-openai
// builds. Left to itself, go-openai would copy the data URL about eight times;
// so the image joins the request as a stream while it is sent.
const imageMark = "IMAGE-DATA"

// chatRequest is the documented request: one user message with the prompt and
// one image.
func (c *Client) chatRequest(p page.Page) openai.ChatCompletionRequest {
	return openai.ChatCompletionRequest{
		Model: c.config.Model,
		Messages: []openai.ChatCompletionMessage{{
			Role: openai.ChatMessageRoleUser,
			MultiContent: []openai.ChatMessagePart{
				{Type: openai.ChatMessagePartTypeText, Text: c.prompt(c.mode)},
				{Type: openai.ChatMessagePartTypeImageURL, ImageURL: &openai.ChatMessageImageURL{
					URL: "data:" + p.MediaType + ";base64," + imageMark,
				}},
			},
		}},
		//lint:ignore SA1019 max_tokens is what the endpoints this is for document; they do not know max_completion_tokens.
		MaxTokens: c.config.MaxTokens,
	}
}

// checkPage refuses what could not be a valid image part.
func checkPage(p page.Page) error {
	if len(p.Data) == 0 {
		return errors.New("the image is empty")
	}
	name, ok := strings.CutPrefix(p.MediaType, "image/")
	if !ok || name == "" || strings.ContainsFunc(name, func(r rune) bool {
		return !isASCIILetter(r) && (r < '0' || r > '9') && !strings.ContainsRune("+-.", r)
	}) {
		return errors.New("the image's media type is not one of an image")
	}
	return nil
}

// embedImage replaces the small body of req by one that streams the image in
// place of its mark.
func embedImage(req *http.Request, image []byte) error {
	if req.Body == nil {
		return errors.New("the request has no body")
	}
	body, err := io.ReadAll(req.Body)
	if err = errors.Join(err, req.Body.Close()); err != nil {
		return err
	}
	// The image is the last part of the last message, so the last mark is
	// ours, even where a prompt holds the same word.
	at := bytes.LastIndex(body, []byte(imageMark))
	if at < 0 {
		return errors.New("the request has no image part")
	}
	head, tail := body[:at], body[at+len(imageMark):]
	req.ContentLength = int64(len(head) + base64.StdEncoding.EncodedLen(len(image)) + len(tail))
	// GetBody lets the HTTP client send again on a new connection when an idle
	// one turns out to be closed.
	req.GetBody = func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(
			bytes.NewReader(head), &base64Reader{rest: image}, bytes.NewReader(tail),
		)), nil
	}
	req.Body, err = req.GetBody()
	return err
}

// A base64Reader reads the base64 text of rest, one piece at a time.
type base64Reader struct {
	rest    []byte
	pending []byte // what is left of buf's text
	buf     [8 << 10]byte
}

func (r *base64Reader) Read(p []byte) (int, error) {
	if len(r.pending) == 0 {
		if len(r.rest) == 0 {
			return 0, io.EOF
		}
		// Whole groups of three bytes, so that only the last piece is padded.
		n := min(len(r.rest), len(r.buf)/4*3)
		base64.StdEncoding.Encode(r.buf[:], r.rest[:n])
		r.pending = r.buf[:base64.StdEncoding.EncodedLen(n)]
		r.rest = r.rest[n:]
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}
