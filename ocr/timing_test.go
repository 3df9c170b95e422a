package ocr

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// bubble runs f in fake time against an endpoint that answers with answer,
// which is told how many tries came before.
func bubble(t *testing.T, edit func(*Config), answer func(try int, w http.ResponseWriter, r *http.Request), f func(t *testing.T, c *Client, tries *int)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			tries++
			_, _ = io.Copy(io.Discard, r.Body)
			answer(tries-1, w, r)
		}, edit)
		f(t, c, &tries)
	})
}

// between fails the test where the time since start is outside the bounds.
func between(t *testing.T, start time.Time, low, high time.Duration) {
	t.Helper()
	if took := time.Since(start); took < low || took > high {
		t.Errorf("took %v, want %v to %v", took, low, high)
	}
}

func good(w http.ResponseWriter) { send(w, delta("one"), finish("stop"), done) }

func TestRetriesWaitLongerEachTime(t *testing.T) {
	var at []time.Time
	bubble(t, nil, func(try int, w http.ResponseWriter, _ *http.Request) {
		at = append(at, time.Now())
		if try < 3 {
			w.WriteHeader(503)
			return
		}
		good(w)
	}, func(t *testing.T, c *Client, tries *int) {
		if got := collect(c.Recognize(t.Context(), testPage)); got.err != nil || got.text != "one" || *tries != 4 {
			t.Fatalf("got %+v after %d tries", got, *tries)
		}
	})
	for i, want := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second} {
		if wait := at[i+1].Sub(at[i]); wait < want/2 || wait > want*3/2+time.Millisecond {
			t.Errorf("wait %d was %v, want about %v", i, wait, want)
		}
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	for name, c := range map[string]struct {
		header    func() string
		low, high time.Duration
		tries     int
	}{
		"seconds":             {func() string { return "7" }, 7 * time.Second, 9 * time.Second, 2},
		"date":                {func() string { return time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat) }, 20 * time.Second, 23 * time.Second, 2},
		"longest":             {func() string { return "60" }, time.Minute, 67 * time.Second, 2},
		"too long":            {func() string { return "61" }, 0, 0, 1},
		"far beyond a number": {func() string { return "1e300" }, 0, 0, 1},
		"past date":           {func() string { return "Mon, 02 Jan 1995 15:04:05 GMT" }, 0, time.Second, 2},
		"nonsense":            {func() string { return "soon" }, 0, time.Second, 2},
		"NaN":                 {func() string { return "NaN" }, 0, time.Second, 2},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, nil, func(try int, w http.ResponseWriter, _ *http.Request) {
				if try == 0 {
					w.Header().Set("Retry-After", c.header())
					w.WriteHeader(429)
					return
				}
				good(w)
			}, func(t *testing.T, client *Client, tries *int) {
				start := time.Now()
				got := collect(client.Recognize(t.Context(), testPage))
				between(t, start, c.low, c.high)
				if *tries != c.tries {
					t.Errorf("%d tries, want %d", *tries, c.tries)
				}
				if c.tries == 1 {
					e, ok := errors.AsType[*Error](got.err)
					if !ok || e.Class != Busy || e.RetryAfter <= time.Minute || !e.Temporary() {
						t.Errorf("error = %#v, want busy with its long Retry-After", got.err)
					}
				}
			})
		})
	}
}

func TestRetryAfterHeader(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"-5":                            0,
		"NaN":                           0,
		"-Inf":                          0,
		"1.5":                           1500 * time.Millisecond,
		"30":                            30 * time.Second,
		"1e300":                         maxRetryAfter,
		"+Inf":                          maxRetryAfter,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second,
		"Fri, 02 Jan 2026 03:04:00 GMT": 0,
		"Fri, 02 Jan 2126 03:04:00 GMT": maxRetryAfter,
		"tomorrow":                      0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("Retry-After %q: %v, want %v", value, got, want)
		}
	}
}

func TestNoTryBeginsAfterTheWindow(t *testing.T) {
	bubble(t, nil, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "50")
		w.WriteHeader(429)
	}, func(t *testing.T, c *Client, tries *int) {
		start := time.Now()
		got := collect(c.Recognize(t.Context(), testPage))
		between(t, start, 100*time.Second, tryWindow)
		if got.class() != Busy || *tries != 3 {
			t.Errorf("error %v after %d tries, want busy after 3", got.err, *tries)
		}
	})
}

func TestIdle(t *testing.T) {
	const empty = `data: {"choices":[{"index":0,"delta":{"content":""}}]}` + "\n\n"
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		text   string
		tries  int
		low    time.Duration
		high   time.Duration
	}{
		"no headers":                {func(_ http.ResponseWriter, r *http.Request) { stall(r) }, "", 2, 120 * time.Second, 122 * time.Second},
		"headers but no text":       {func(w http.ResponseWriter, r *http.Request) { send(w, ""); stall(r) }, "", 2, 120 * time.Second, 122 * time.Second},
		"keep-alives are no text":   {func(w http.ResponseWriter, r *http.Request) { keepAlive(w, r, ": ping\n\n") }, "", 2, 120 * time.Second, 122 * time.Second},
		"empty deltas are no text":  {func(w http.ResponseWriter, r *http.Request) { keepAlive(w, r, empty) }, "", 2, 120 * time.Second, 122 * time.Second},
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
