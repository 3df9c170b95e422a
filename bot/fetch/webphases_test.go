package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
)

// webInFakeTime runs a test with a Web for whom every host is h.
func webInFakeTime(t *testing.T, h http.HandlerFunc, test func(t *testing.T, w *Web)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pipe := localslack.NewPipe()
		var handlers sync.WaitGroup // hijacked ones too
		server := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			handlers.Add(1)
			defer handlers.Done()
			h(rw, r)
		})}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = server.Serve(pipe)
		}()
		w := NewWeb(1 << 20)
		w.connect = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := pipe.Dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return publicConn{conn}, nil
		}
		defer func() {
			server.Close()
			<-ended
			handlers.Wait()
		}()
		test(t, w)
	})
}

// drip sends so many bytes each second.
func drip(perSecond int) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(rw, png)
		for sleep(r.Context(), time.Second) {
			if _, err := io.WriteString(rw, strings.Repeat("x", perSecond)); err != nil {
				return
			}
			_ = http.NewResponseController(rw).Flush()
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func TestWebIsNotKeptWaiting(t *testing.T) {
	for name, tt := range map[string]struct {
		handler  http.HandlerFunc
		from, to time.Duration
		asked    int32
		want     error // nil: ErrSlow
	}{
		"a body that stops":            {drip(0), paceTime, 2 * paceTime, 1, nil},
		"a slow body":                  {drip(900), paceTime, 2 * paceTime, 1, nil},
		"a body just fast enough":      {drip(1500), wholeTime, wholeTime, 1, nil},
		"a head that does not come":    {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, wholeTime, wholeTime, 4, nil},
		"a head that comes bit by bit": {dripHead, wholeTime, wholeTime, 4, nil},
		"redirects that take their time": {func(rw http.ResponseWriter, r *http.Request) {
			sleep(r.Context(), headTime-time.Second)
			http.Redirect(rw, r, r.URL.Path+"x", http.StatusFound)
		}, 4 * (headTime - time.Second), 4 * headTime, 4, ErrRedirects},
		"a body announced too large": {func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Length", fmt.Sprint(1<<20+1))
			_ = http.NewResponseController(rw).Flush()
			<-r.Context().Done()
		}, 0, 0, 1, ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			webInFakeTime(t, func(rw http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				tt.handler(rw, r)
			}, func(t *testing.T, w *Web) {
				begun := time.Now()
				f, err := w.Download(t.Context(), "http://web.test/secret.png")
				if f != nil || !errors.Is(err, cmp.Or(tt.want, ErrSlow)) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(begun); took < tt.from || took > tt.to+time.Second {
					t.Errorf("that took %s", took)
				}
				if asked.Load() != tt.asked {
					t.Errorf("asked %d times", asked.Load())
				}
			})
		})
	}
}

// dripHead sends a header that never ends, one byte a second.
func dripHead(rw http.ResponseWriter, r *http.Request) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: ")
	for sleep(r.Context(), time.Second) {
		if _, err := io.WriteString(conn, "x"); err != nil {
			return
		}
	}
}

// What a server fails at once or twice, and a connection that is cut, are tried
// again; not for ever.
func TestWebTriesAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		failures, asked int32
	}{
		"twice":    {2, 3},
		"for ever": {100, tries},
	} {
		for what, fail := range map[string]http.HandlerFunc{
			"busy": func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) },
			"cut": func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Content-Length", "500") // which is not true
				_, _ = io.WriteString(rw, png)
			},
			"dropped": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		} {
			t.Run(what+" "+name, func(t *testing.T) {
				var asked atomic.Int32
				webInFakeTime(t, func(rw http.ResponseWriter, r *http.Request) {
					if asked.Add(1) <= tt.failures {
						fail(rw, r)
						return
					}
					_, _ = io.WriteString(rw, png)
				}, func(t *testing.T, w *Web) {
					f, err := w.Download(t.Context(), "http://web.test/a.png")
					if (err == nil) != (tt.asked > tt.failures) || asked.Load() != tt.asked {
						t.Errorf("asked %d times, %v", asked.Load(), err)
					}
					if err == nil {
						f.Close()
					}
				})
			})
		}
	}
}

// Who does not want the file any more is not told that it was slow.
func TestWebIsCancelled(t *testing.T) {
	webInFakeTime(t, drip(5000), func(t *testing.T, w *Web) {
		stopped := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Second, func() { cancel(stopped) })
		begun := time.Now()
		if _, err := w.Download(ctx, "http://web.test/a.png"); !errors.Is(err, stopped) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begun); took != 5*time.Second {
			t.Errorf("that took %s", took)
		}
	})
}
