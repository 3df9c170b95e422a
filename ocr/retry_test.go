package ocr

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

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
