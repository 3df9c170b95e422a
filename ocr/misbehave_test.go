package ocr

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// request is what an endpoint sees of a request.
type request struct {
	Temperature *float64 `json:"temperature"`
}

// A move is what an endpoint does about one request.
type move func(w http.ResponseWriter, r *http.Request)

func says(text, reason string) move {
	return func(w http.ResponseWriter, _ *http.Request) { send(w, delta(text), finish(reason), done) }
}

// babbles writes text, and then the same again and again until nobody listens.
func babbles(text, again string) move {
	return func(w http.ResponseWriter, r *http.Request) {
		send(w, delta(text))
		for r.Context().Err() == nil {
			send(w, delta(again))
		}
	}
}

// counts writes text, and then boxes whose coordinates change, until nobody
// listens.
func counts(text, format string, step int) move {
	return func(w http.ResponseWriter, r *http.Request) {
		send(w, delta(text))
		for i := 0; r.Context().Err() == nil; i += step {
			send(w, delta(strings.ReplaceAll(format, "#", string(rune('0'+i/100%9))+string(rune('0'+i/10%10))+string(rune('0'+i%10)))))
		}
	}
}

// counter is n bytes of a model that counts.
func counter(n int) string {
	var b strings.Builder
	for i := 1; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d ", i)
	}
	return b.String()[:n-1] + "1"
}

func drops(text string) move {
	return func(w http.ResponseWriter, _ *http.Request) { send(w, delta(text)); drop() }
}

func fails(status int) move {
	return func(w http.ResponseWriter, _ *http.Request) {
		reply(w, status, "application/json", `{"error":{"message":"no"}}`)
	}
}

// letter is a page that can be halved, solid one that cannot.
var (
	letter = pagetest.PNG(pagetest.Letter, pagetest.Layout{})
	solid  = testPage.Data
)

func TestMisbehaviour(t *testing.T) {
	for _, c := range misbehaviours {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var requests []request
				client := serve(t, func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					var got request
					_ = json.Unmarshal(body, &got)
					requests = append(requests, got)
					c.moves[min(len(requests), len(c.moves))-1](w, r)
				}, c.edit)
				p := page.Page{Data: letter, MediaType: "image/png"}
				if c.page != nil {
					p.Data = c.page
				}
				var text Text
				var got recognized
				for u, err := range client.WithMode(c.mode).Recognize(t.Context(), p) {
					before := text.String()
					text.Apply(u)
					if err != nil {
						got.err = err
						if text.String() != before {
							t.Errorf("with the error %q became %q", before, text.String())
						}
						continue
					}
					got.outcome = u.Outcome
					// Text is taken back before the end after a loop, and where it is none.
					if u.Outcome == nil && !c.back && text.Len() < len(before) && !c.outcome.Looped && !slices.Contains(c.warm, true) {
						t.Errorf("%q was taken back to %q", before, text.String())
					}
					if n := strings.Count(text.String(), "gain"); n > 65 {
						t.Errorf("a line is shown %d times", n)
					}
				}
				if text.String() != c.text {
					t.Errorf("the person sees %q, want %q", text.String(), c.text)
				}
				if got.class() != c.class || (got.err == nil) != (c.class == 0) {
					t.Errorf("error %v, want class %v", got.err, c.class)
				}
				if o := got.outcome; got.err == nil {
					want := c.outcome
					want.Model, want.Words = o.Model, CountWords(c.text)
					if len(want.Boxes) > 2 && len(o.Boxes) == len(want.Boxes) {
						want.Boxes = o.Boxes
					}
					if !reflect.DeepEqual(*o, want) {
						t.Errorf("outcome %+v, want %+v", *o, want)
					}
				}
				var warm []bool
				for _, r := range requests {
					if r.Temperature == nil {
						t.Fatal("a request has no temperature")
					}
					warm = append(warm, *r.Temperature == 0.3)
					if *r.Temperature != 0 && *r.Temperature != 0.3 {
						t.Errorf("temperature %v", *r.Temperature)
					}
				}
				if !reflect.DeepEqual(warm, c.warm) {
					t.Errorf("requests %v, want %v", warm, c.warm)
				}
			})
		})
	}
}

// TestLoopEndsTheRequestAtOnce: the endpoint sees its client leave.
func TestLoopEndsTheRequestAtOnce(t *testing.T) {
	sent := 0
	bubble(t, nil, func(try int, w http.ResponseWriter, r *http.Request) {
		if try > 0 {
			good(w)
			return
		}
		for r.Context().Err() == nil {
			send(w, delta("Again and again. "))
			sent++
		}
	}, func(t *testing.T, c *Client, tries *int) {
		got := collect(c.Recognize(t.Context(), testPage))
		if got.err != nil || *tries != 2 {
			t.Errorf("got %+v after %d tries", got, *tries)
		}
	})
	if copies := (3*17+400)/17 + 40; sent > copies { // some are on their way
		t.Errorf("%d copies were sent", sent)
	}
}

// TestLoopsAreTakenAsTheyComeWithoutTheGuard is what StopLoops is for.
func TestLoopsAreTakenAsTheyComeWithoutTheGuard(t *testing.T) {
	text := strings.Repeat("Again and again.\n", 200)
	bubble(t, func(c *Config) { c.StopLoops = false }, func(_ int, w http.ResponseWriter, _ *http.Request) {
		says(text, "stop")(w, nil)
	}, func(t *testing.T, c *Client, tries *int) {
		if got := collect(c.Recognize(t.Context(), testPage)); got.text != text || *tries != 1 {
			t.Errorf("%d bytes after %d tries", len(got.text), *tries)
		}
	})
}

// TestStopWhileALoopIsReadAgain: the better text of the first reading is there,
// whatever the second one came to.
func TestStopWhileALoopIsReadAgain(t *testing.T) {
	var stop context.CancelCauseFunc
	bubble(t, nil, func(try int, w http.ResponseWriter, r *http.Request) {
		switch try {
		case 0:
			babbles("First words. Upper line.\n", "And again.\n")(w, r)
		default:
			send(w, delta(strings.Repeat("x", 1000)))
			stop(errStopped)
			<-r.Context().Done()
		}
	}, func(t *testing.T, c *Client, _ *int) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		stop = cancel
		var text Text
		var last error
		for u, err := range c.Recognize(ctx, testPage) {
			text.Apply(u)
			last = err
		}
		if want := "First words. Upper line.\nAnd again.\n"; text.String() != want || last != errStopped {
			t.Errorf("the person has %q, %v", text.String(), last)
		}
	})
}

// TestTagsAreASignOfLife: while the model writes boxes it is not idle.
func TestTagsAreASignOfLife(t *testing.T) {
	bubble(t, nil, func(_ int, w http.ResponseWriter, r *http.Request) {
		for range 3 {
			select {
			case <-time.After(40 * time.Second):
			case <-r.Context().Done():
				return
			}
			send(w, delta("<|ref|>image<|/ref|>"))
		}
		good(w)
	}, func(t *testing.T, c *Client, tries *int) {
		if got := collect(c.Recognize(t.Context(), testPage)); got.err != nil || *tries != 1 {
			t.Errorf("got %+v after %d tries", got, *tries)
		}
	})
}
