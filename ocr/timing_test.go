package ocr

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/ocr/page"
)

func TestIdle(t *testing.T) {
	const empty = `data: {"choices":[{"index":0,"delta":{"content":""}}]}` + "\n\n"
	const thought = `data: {"choices":[{"index":0,"delta":{"content":null,"reasoning_content":"Hm."}}]}` + "\n\n"
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		text   string
		tries  int
		low    time.Duration
		high   time.Duration
	}{
		"no headers":                {func(_ http.ResponseWriter, r *http.Request) { stall(r) }, "", 2, 120 * time.Second, 122 * time.Second},
		"headers but no text":       {func(w http.ResponseWriter, r *http.Request) { send(w, ""); stall(r) }, "", 2, 120 * time.Second, 122 * time.Second},
		"thoughts without end":      {func(w http.ResponseWriter, r *http.Request) { keepAlive(w, r, thought) }, "", 1, 10 * time.Minute, 10 * time.Minute},
		"thoughts after text":       {func(w http.ResponseWriter, r *http.Request) { send(w, delta("one")); keepAlive(w, r, thought) }, "one", 1, 10 * time.Minute, 10 * time.Minute},
		"keep-alives are no text":   {func(w http.ResponseWriter, r *http.Request) { keepAlive(w, r, ": ping\n\n") }, "", 1, 5 * time.Minute, 5 * time.Minute},
		"empty deltas are no text":  {func(w http.ResponseWriter, r *http.Request) { keepAlive(w, r, empty) }, "", 1, 5 * time.Minute, 5 * time.Minute},
		"silence after text":        {func(w http.ResponseWriter, r *http.Request) { send(w, delta("one")); stall(r) }, "one", 1, 60 * time.Second, 60 * time.Second},
		"keep-alives after text":    {func(w http.ResponseWriter, r *http.Request) { send(w, delta("one")); keepAlive(w, r, ": p\n\n") }, "one", 1, 60 * time.Second, 60 * time.Second},
		"an error body without end": {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(400); send(w, "{"); stall(r) }, "", 2, 120 * time.Second, 122 * time.Second},
		"a JSON answer without end": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			send(w, "{")
			stall(r)
		}, "", 2, 120 * time.Second, 122 * time.Second},
		"a line that is never ended":  {func(w http.ResponseWriter, r *http.Request) { keepAlive(w, r, "x") }, "", 2, 120 * time.Second, 122 * time.Second},
		"text that came at the start": {func(w http.ResponseWriter, r *http.Request) { send(w, delta("a"), delta("b")); keepAlive(w, r, empty) }, "ab", 1, 60 * time.Second, 60 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, nil, func(_ int, w http.ResponseWriter, r *http.Request) { c.answer(w, r) },
				func(t *testing.T, client *Client, tries *int) {
					start := time.Now()
					got := collect(client.Recognize(t.Context(), testPage))
					between(t, start, c.low, c.high)
					if got.class() != Idle || got.text != c.text || *tries != c.tries {
						t.Errorf("got %q, %v after %d tries; want %q, idle after %d", got.text, got.err, *tries, c.text, c.tries)
					}
				})
		})
	}
}

func TestSlowTextIsNotIdle(t *testing.T) {
	bubble(t, nil, func(_ int, w http.ResponseWriter, _ *http.Request) {
		for range 20 {
			<-time.After(59 * time.Second)
			send(w, delta("one "))
		}
		send(w, finish("stop"))
	}, func(t *testing.T, c *Client, _ *int) {
		if got := collect(c.Recognize(t.Context(), testPage)); got.err != nil || got.outcome.Words != 20 {
			t.Errorf("got %+v", got)
		}
	})
}

// TestLifeWithoutText: an endpoint that shows that it is at work is waited for.
func TestLifeWithoutText(t *testing.T) {
	every := func(pause time.Duration, n int, piece string) func(int, http.ResponseWriter, *http.Request) {
		return func(_ int, w http.ResponseWriter, r *http.Request) {
			for range n {
				send(w, piece)
				select {
				case <-time.After(pause):
				case <-r.Context().Done():
					return
				}
			}
			good(w)
		}
	}
	for name, answer := range map[string]func(int, http.ResponseWriter, *http.Request){
		"comments":             every(50*time.Second, 5, ": keep-alive\n\n"),
		"empty lines":          every(50*time.Second, 5, "\n"),
		"heartbeats":           every(50*time.Second, 5, "data: ping\n\n"),
		"roles":                every(50*time.Second, 5, role),
		"thoughts":             every(50*time.Second, 11, `data: {"choices":[{"delta":{"reasoning_content":"Hm."}}]}`+"\n\n"),
		"thoughts, OpenRouter": every(50*time.Second, 11, `data: {"choices":[{"delta":{"content":"","reasoning":"Hm."}}]}`+"\n\n"),
		"thoughts, Mistral":    every(50*time.Second, 11, `data: {"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]}]}}]}`+"\n\n"),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, nil, answer, func(t *testing.T, c *Client, tries *int) {
				if got := collect(c.Recognize(t.Context(), testPage)); got.err != nil || got.text != "one" || *tries != 1 {
					t.Errorf("got %+v after %d tries", got, *tries)
				}
			})
		})
	}
}

func TestEndOfAFinishedAnswerIsNotWaitedForLong(t *testing.T) {
	for name, c := range map[string]struct {
		pieces []string
		wait   time.Duration
	}{
		"finish reason in its own chunk": {[]string{delta("one"), finish("stop")}, afterFinish},
		"finish reason with the text":    {[]string{chunk("one", `"stop"`)}, afterFinish},
		"keep-alives":                    {[]string{delta("one"), finish("stop"), ": ping\n\n"}, afterFinish},
		"done":                           {[]string{delta("one"), done}, drainTime},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, nil, func(_ int, w http.ResponseWriter, r *http.Request) {
				send(w, c.pieces...)
				stall(r)
			}, func(t *testing.T, client *Client, _ *int) {
				start := time.Now()
				got := collect(client.Recognize(t.Context(), testPage))
				between(t, start, c.wait, c.wait)
				if got.err != nil || got.text != "one" {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

func TestSlowConsumerIsNotIdle(t *testing.T) {
	bubble(t, nil, func(_ int, w http.ResponseWriter, _ *http.Request) {
		send(w, delta("one "), delta("two"), finish("stop"), done)
	}, func(t *testing.T, c *Client, _ *int) {
		var text Text
		for u, err := range c.Recognize(t.Context(), testPage) {
			if err != nil {
				t.Fatal(err)
			}
			text.Apply(u)
			<-time.After(10 * time.Minute)
		}
		if text.String() != "one two" {
			t.Errorf("text = %q", text.String())
		}
	})
}

func TestWholeAnswerMayTakeFiveTimesAsLong(t *testing.T) {
	for wait, want := range map[time.Duration]Class{4 * time.Minute: 0, 6 * time.Minute: Idle} {
		t.Run(wait.String(), func(t *testing.T) {
			bubble(t, whole, func(_ int, w http.ResponseWriter, r *http.Request) {
				select {
				case <-time.After(wait):
				case <-r.Context().Done():
					return
				}
				reply(w, 200, "application/json", completion("one", `"stop"`))
			}, func(t *testing.T, c *Client, tries *int) {
				if got := collect(c.Recognize(t.Context(), testPage)); got.class() != want || *tries != 1 {
					t.Errorf("error %v after %d tries, want class %v after 1", got.err, *tries, want)
				}
			})
		})
	}
}

var errStopped = errors.New("somebody pressed stop")

func TestCancelYieldsTheCauseAtOnce(t *testing.T) {
	for name, answer := range map[string]func(try int, w http.ResponseWriter, r *http.Request){
		"before the headers": func(_ int, _ http.ResponseWriter, r *http.Request) { stall(r) },
		"after text":         func(_ int, w http.ResponseWriter, r *http.Request) { send(w, delta("one")); stall(r) },
		"while text comes":   func(_ int, w http.ResponseWriter, r *http.Request) { keepAlive(w, r, delta("one")) },
		"in an error body":   func(_ int, w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); send(w, "{"); stall(r) },
		"between tries": func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(429)
		},
	} {
		t.Run(name, func(t *testing.T) { bubble(t, nil, answer, yieldsTheCause) })
	}
	t.Run("without streaming", func(t *testing.T) {
		bubble(t, whole, func(_ int, _ http.ResponseWriter, r *http.Request) { stall(r) }, yieldsTheCause)
	})
}

func yieldsTheCause(t *testing.T, c *Client, _ *int) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer time.AfterFunc(5500*time.Millisecond, func() { cancel(errStopped) }).Stop()
	start := time.Now()
	got := collect(c.Recognize(ctx, testPage))
	between(t, start, 5500*time.Millisecond, 5500*time.Millisecond)
	if got.err != errStopped {
		t.Errorf("error = %v, want the cause itself", got.err)
	}
}

func TestLeavingTheLoopEndsTheRequestAtOnce(t *testing.T) {
	ended := make(chan struct{})
	bubble(t, nil, func(_ int, w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		send(w, delta("one"))
		keepAlive(w, r, delta("more"))
	}, func(t *testing.T, c *Client, _ *int) {
		start := time.Now()
		for range c.Recognize(t.Context(), testPage) {
			break
		}
		<-ended
		between(t, start, 0, 0)
	})
}

func TestOneConnectionServesManyPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			good(w)
		}, func(c *Config) {
			transport := c.HTTPClient.Transport.(*http.Transport)
			dial := transport.DialContext
			transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				dials++
				return dial(ctx, network, address)
			}
		})
		for range 5 {
			if got := collect(c.Recognize(t.Context(), testPage)); got.err != nil {
				t.Fatal(got.err)
			}
		}
		if dials != 1 {
			t.Errorf("%d connections for 5 pages, want 1", dials)
		}
	})
}

func TestPagesAreReadAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			send(w, delta(strconv.Itoa(len(body))))
			<-time.After(time.Second)
			send(w, finish("stop"), done)
		}, nil)
		start := time.Now()
		texts := make([]string, 8)
		var readers sync.WaitGroup
		for i := range texts {
			p := page.Page{Data: make([]byte, 300*(i+1)), MediaType: "image/png"}
			readers.Go(func() { texts[i] = collect(client.Recognize(t.Context(), p)).text })
		}
		readers.Wait()
		between(t, start, time.Second, time.Second)
		for i := 1; i < len(texts); i++ {
			first, _ := strconv.Atoi(texts[0])
			if want := strconv.Itoa(first + 400*i); texts[i] != want {
				t.Errorf("page %d was read as %q, want %q", i, texts[i], want)
			}
		}
	})
}
