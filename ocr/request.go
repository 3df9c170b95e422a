package ocr

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sashabaranov/go-openai"

	"slackocr/ocr/page"
)

// imageMark stands for the image's base64 text in the request that go-openai
// builds. go-openai would copy the data URL about eight times; instead the
// image joins the request as a stream while the request is sent.
const imageMark = "IMAGE-DATA"

// chatRequest returns the documented request: a single user message with the
// prompt and an image. All other fields join later, see fields, because
// go-openai refuses models and limits by name that endpoints accept.
func (c *Client) chatRequest(p page.Page) openai.ChatCompletionRequest {
	return openai.ChatCompletionRequest{
		Messages: []openai.ChatCompletionMessage{{
			Role: openai.ChatMessageRoleUser,
			MultiContent: []openai.ChatMessagePart{
				{Type: openai.ChatMessagePartTypeText, Text: c.profile.prompt(c.mode)},
				{Type: openai.ChatMessagePartTypeImageURL, ImageURL: &openai.ChatMessageImageURL{
					URL: "data:" + p.MediaType + ";base64," + imageMark,
				}},
			},
		}},
	}
}

// checkPage returns an error if p cannot be a valid image part.
func checkPage(p page.Page) error {
	if len(p.Data) == 0 {
		return errors.New("the image is empty")
	}
	name, _, err := mime.ParseMediaType(p.MediaType)
	if err != nil || name != p.MediaType || !strings.HasPrefix(name, "image/") {
		return errors.New("the image's media type is not one of an image")
	}
	return nil
}

// reserved are the fields of the body that an extra body must not set.
var reserved = []string{"messages", "model", "stream", "n"}

// maxExtraBody bounds the extra fields, in bytes.
const maxExtraBody = 16 << 10

// ParseExtraBody parses the JSON object of [Config.ExtraBody]. An empty string
// means no fields.
func ParseExtraBody(s string) (map[string]json.RawMessage, error) {
	if s == "" {
		return nil, nil
	}
	var fields map[string]json.RawMessage
	if len(s) > maxExtraBody || json.Unmarshal([]byte(s), &fields) != nil || fields == nil {
		return nil, fmt.Errorf("the extra body is no JSON object of up to %d bytes", maxExtraBody)
	}
	return fields, checkExtraBody(fields)
}

func checkExtraBody(fields map[string]json.RawMessage) error {
	for _, name := range reserved {
		if _, ok := fields[name]; ok {
			return fmt.Errorf("the extra body may not set %q", name)
		}
	}
	return nil
}

// firstTemperature is the temperature of a first reading: always the model's best
// guess. retryTemperature is the temperature of a reading after a loop, which the best
// guess would only repeat: https://github.com/datalab-to/chandra
const (
	firstTemperature = `0`
	retryTemperature = `0.3`
)

// A query is the contents of a request.
type query struct {
	page   page.Page
	reread bool                       // the page was read already and needs another answer
	fields map[string]json.RawMessage // see Client.fields
}

// fields returns the fields of the request's body beside the messages.
func (c *Client) fields(reread bool) map[string]json.RawMessage {
	model, _ := json.Marshal(c.config.Model) // a string never fails
	fields := map[string]json.RawMessage{"model": model, "stream": json.RawMessage(strconv.FormatBool(c.config.Stream))}
	limit := maxTokens
	if reasoning.MatchString(strings.ToLower(c.config.Model)) {
		limit = maxCompletionTokens
	} else {
		fields[temperature] = json.RawMessage(firstTemperature)
	}
	if c.config.MaxTokens > 0 {
		fields[limit] = json.RawMessage(strconv.Itoa(c.config.MaxTokens))
	}
	if c.config.Stream && c.profile.askUsage {
		fields["stream_options"] = json.RawMessage(`{"include_usage":true}`)
	}
	maps.Copy(fields, c.profile.extra)
	maps.Copy(fields, c.config.ExtraBody)
	maps.DeleteFunc(fields, func(_ string, value json.RawMessage) bool { return string(value) == "null" })
	if reread && fields[temperature] != nil {
		fields[temperature] = json.RawMessage(retryTemperature)
	}
	c.dialect.apply(fields)
	return fields
}

// tokenLimit returns the limit that the fields of a request set for the answer, in
// tokens, or 0 if there is none.
func tokenLimit(fields map[string]json.RawMessage) int {
	for _, name := range []string{maxTokens, maxCompletionTokens} {
		if limit, err := strconv.Atoi(string(fields[name])); err == nil {
			return limit
		}
	}
	return 0
}

// complete replaces the body of req by one with the same messages and with
// fields, and streams the image in place of its mark.
func complete(req *http.Request, fields map[string]json.RawMessage, image []byte) error {
	var body struct{ Messages json.RawMessage }
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
		return err
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	// The image is the last part of the message, so the last mark is the
	// image's, even if a prompt has the same word.
	at := bytes.LastIndex(body.Messages, []byte(imageMark))
	if at < 0 {
		return errors.New("the request has no image part")
	}
	head := slices.Concat(rest[:len(rest)-1], []byte(`,"messages":`), body.Messages[:at])
	tail := slices.Concat(body.Messages[at+len(imageMark):], []byte(`}`))
	req.ContentLength = int64(len(head) + base64.StdEncoding.EncodedLen(len(image)) + len(tail))
	// GetBody lets the HTTP client send the request again on a new connection
	// if an idle connection turns out to be closed.
	req.GetBody = func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(
			bytes.NewReader(head), &base64Reader{rest: image}, bytes.NewReader(tail),
		)), nil
	}
	req.Body, err = req.GetBody()
	return err
}

// A base64Reader reads the base64 text of rest, piece by piece.
type base64Reader struct {
	rest    []byte
	pending []byte // the unread part of buf's text
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
