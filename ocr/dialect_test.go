package ocr

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// picky is an endpoint that refuses requests with certain fields.
type picky struct {
	refuses map[string]string // the field, and the body of the refusal
	status  int               // of a refusal
	asked   []map[string]any  // the bodies of the requests, without the messages
}

func (p *picky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	var body map[string]any
	_ = json.Unmarshal(data, &body)
	delete(body, "messages")
	p.asked = append(p.asked, body)
	for _, field := range slices.Sorted(func(yield func(string) bool) {
		for name := range p.refuses {
			if _, sent := body[name]; sent && !yield(name) {
				return
			}
		}
	}) {
		reply(w, p.status, "application/json", p.refuses[field])
		return
	}
	good(w)
}

// TestRefusedFields: a field that the endpoint refuses by its name is left out, and
// not sent again by anybody.
func TestRefusedFields(t *testing.T) {
	refusal := func(message string) string {
		quoted, _ := json.Marshal(message)
		return `{"error":{"message":` + string(quoted) + `,"type":"invalid_request_error"}}`
	}
	openAI := map[string]string{
		"max_tokens":  refusal("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
		"temperature": `{"error":{"message":"Unsupported value","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}`,
	}
	for name, c := range map[string]struct {
		edit    func(*Config)
		refuses map[string]string
		status  int
		first   int            // requests for the first page
		then    map[string]any // the fields of the next page's request
		left    []string
	}{
		"temperature": {
			nil,
			map[string]string{"temperature": refusal("`temperature` must be strictly positive")},
			422, 2,
			map[string]any{"model": "test/model", "stream": true, "max_tokens": 100.0},
			[]string{"temperature"},
		},
		"a model that thinks, under another name": {
			nil, openAI, 400, 3,
			map[string]any{"model": "test/model", "stream": true, "max_completion_tokens": 100.0},
			[]string{"max_tokens", "temperature"},
		},
		"a model that thinks": {
			func(c *Config) { c.Model = "openai/gpt-5-mini" }, openAI, 400, 1,
			map[string]any{"model": "openai/gpt-5-mini", "stream": true, "max_completion_tokens": 100.0},
			nil,
		},
		"o3": {
			func(c *Config) { c.Model, c.MaxTokens = "o3", NoLimit }, openAI, 400, 1,
			map[string]any{"model": "o3", "stream": true},
			nil,
		},
		"a limit under either name": {
			nil,
			map[string]string{
				"max_tokens":            refusal("Use 'max_completion_tokens' instead of 'max_tokens'."),
				"max_completion_tokens": refusal("'max_completion_tokens' is not supported with this model."),
			},
			400, 3,
			map[string]any{"model": "test/model", "stream": true, "temperature": 0.0},
			[]string{"max_completion_tokens", "max_tokens"},
		},
		"a limit over the context": {
			nil,
			map[string]string{"max_tokens": `{"object":"error","message":"This model's maximum context length is 8192 tokens. However, you requested 9092 tokens (900 in the messages, 8192 in the completion). Please reduce the length of the messages or completion.","type":"BadRequestError","code":400}`},
			400, 2,
			map[string]any{"model": "test/model", "stream": true, "temperature": 0.0},
			[]string{"max_tokens"},
		},
		"a limit over the range": {
			nil,
			map[string]string{"max_tokens": `{"error":{"message":"Range of max_tokens should be [1, 50]","code":"invalid_parameter_error"}}`},
			400, 2,
			map[string]any{"model": "test/model", "stream": true, "temperature": 0.0},
			[]string{"max_tokens"},
		},
		"the operator's field": {
			func(c *Config) {
				c.ExtraBody = map[string]json.RawMessage{"top_k": json.RawMessage("1"), "seed": json.RawMessage("7")}
			},
			map[string]string{"top_k": `{"detail":[{"type":"extra_forbidden","loc":["body","top_k"],"msg":"Extra inputs are not permitted"}]}`},
			422, 2,
			map[string]any{"model": "test/model", "stream": true, "temperature": 0.0, "max_tokens": 100.0, "seed": 7.0},
			[]string{"top_k"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &picky{refuses: c.refuses, status: c.status}
				client := serve(t, p.ServeHTTP, c.edit)
				for page := range 2 {
					if got := collect(client.WithTries(1).Recognize(t.Context(), testPage)); got.err != nil || got.text != "one" {
						t.Fatalf("page %d: %+v", page, got)
					}
				}
				if len(p.asked) != c.first+1 || !reflect.DeepEqual(p.asked[len(p.asked)-1], c.then) {
					t.Errorf("%d requests, the last with %v; want %d, %v", len(p.asked), p.asked[len(p.asked)-1], c.first+1, c.then)
				}
				if got := client.LeftOut(); !slices.Equal(got, c.left) {
					t.Errorf("left out %v, want %v", got, c.left)
				}
			})
		})
	}
}

// TestOtherRefusals are those that no field is to blame for: they are not asked
// again, or once, and nothing is left out because of them.
func TestOtherRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		class  Class
		asked  int
	}{
		"a picture":                  {400, `{"error":{"message":"the image cannot be decoded"}}`, BadRequest, 1},
		"an ordinary word":           {400, `{"error":{"message":"please stop the seed user"}}`, BadRequest, 1},
		"a page over the context":    {400, `{"error":{"message":"This model's maximum context length is 8192 tokens. However, you requested 19092 tokens (18992 in the messages, 100 in the completion)."}}`, TooLarge, 2},
		"a prompt over the context":  {400, `{"error":{"message":"Prompt tokens too long","code":"tokens_too_long"}}`, TooLarge, 1},
		"too large a body":           {413, `{"error":{"message":"max_tokens"}}`, TooLarge, 1},
		"a name in a server's error": {500, `{"error":{"message":"temperature sensor"}}`, Down, 1},
		"the key, with a name":       {401, `{"error":{"message":"temperature"}}`, KeyRefused, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				client := serve(t, func(w http.ResponseWriter, r *http.Request) {
					asked++
					_, _ = io.Copy(io.Discard, r.Body)
					reply(w, c.status, "application/json", c.body)
				}, func(c *Config) {
					c.ExtraBody = map[string]json.RawMessage{"seed": json.RawMessage("1"), "user": json.RawMessage(`"u"`)}
				})
				got := collect(client.WithTries(1).Recognize(t.Context(), testPage))
				if got.class() != c.class || asked != c.asked || len(client.LeftOut()) > 0 {
					t.Errorf("%v after %d requests, %v left out; want class %v after %d", got.err, asked, client.LeftOut(), c.class, c.asked)
				}
			})
		})
	}
}

// TestWebPageForAMoment: a gateway's page in place of the first answer is not seen.
func TestWebPageForAMoment(t *testing.T) {
	bubble(t, nil, func(try int, w http.ResponseWriter, _ *http.Request) {
		if try == 0 {
			reply(w, 200, "text/html", "<!doctype html><p>One moment, please")
			return
		}
		good(w)
	}, func(t *testing.T, c *Client, tries *int) {
		if got := collect(c.WithTries(1).Recognize(t.Context(), testPage)); got.err != nil || got.text != "one" || *tries != 2 {
			t.Errorf("got %+v after %d tries", got, *tries)
		}
	})
}

// TestUnknownEndIsTold: the name of a finish reason that is not known reaches the
// watcher.
func TestUnknownEndIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			send(w, delta("one"), finish(strings.Repeat("tea ", 100)), done)
		}, nil)
		var seen []Attempt
		collect(c.WithWatcher(func(t Attempt) { seen = append(seen, t) }).Recognize(t.Context(), testPage))
		if len(seen) != 1 || !strings.HasPrefix(seen[0].Reason, "tea tea") || len(seen[0].Reason) > maxDetail || !seen[0].Cut {
			t.Errorf("seen %+v", seen)
		}
	})
}
