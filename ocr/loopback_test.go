package ocr

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"slackocr/ocr/page"
)

// TestDefaultHTTPClient reads over loopback TCP with the client's own
// transport, and has the connection reset.
func TestDefaultHTTPClient(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		text   string
		class  Class
	}{
		"whole": {func(w http.ResponseWriter, _ *http.Request) { good(w) }, "one", 0},
		"reset after text": {func(w http.ResponseWriter, _ *http.Request) {
			send(w, delta("one"))
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}, "one", CutOff},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				c.answer(w, r)
			}))
			defer server.Close()
			client := newTestClient(t, nil, func(c *Config) { c.BaseURL = server.URL })
			defer client.CloseIdleConnections()
			got := collect(client.Recognize(t.Context(), testPage))
			if got.class() != c.class || (got.err == nil) != (c.class == 0) {
				t.Errorf("error = %v, want class %v", got.err, c.class)
			}
			// A reset may overtake text that is still on its way.
			if !strings.HasPrefix(c.text, got.text) {
				t.Errorf("text = %q, want %q", got.text, c.text)
			}
		})
	}
}

// TestHTTP2 has the client's own transport speak HTTP/2, as most hosted
// endpoints do, and has a stream of it reset.
func TestHTTP2(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		send(w, delta(r.Proto))
		if len(body) > 1<<20 {
			drop()
		}
		send(w, finish("stop"), done)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client := newTestClient(t, nil, func(c *Config) { c.BaseURL = server.URL })
	defer client.CloseIdleConnections()
	client.http.Transport.(*http.Transport).TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()

	got := collect(client.Recognize(t.Context(), testPage))
	if got.err != nil || got.text != "HTTP/2.0" {
		t.Errorf("got %+v", got)
	}
	got = collect(client.Recognize(t.Context(), page.Page{Data: randomBytes(2 << 20), MediaType: "image/png"}))
	if got.class() != CutOff || got.text != "HTTP/2.0" {
		t.Errorf("a reset stream gives %+v", got)
	}
}

func TestNobodyListensIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newTestClient(t, &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
		})}, nil)
		got := collect(client.Recognize(t.Context(), testPage))
		if want := "ocr: model.test: down: dial tcp: connection refused"; got.err == nil || got.err.Error() != want {
			t.Errorf("error = %v, want %s", got.err, want)
		}
		if _, ok := errors.AsType[*net.OpError](got.err); !ok {
			t.Errorf("the cause is lost: %v", got.err)
		}
	})
}

// TestEarlyRefusal has the endpoint refuse a large image before it has read
// it, as a gateway does.
func TestEarlyRefusal(t *testing.T) {
	var tries atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		tries.Add(1)
		reply(w, http.StatusRequestEntityTooLarge, "text/html", "<h1>too large</h1>")
	}))
	defer server.Close()
	client := newTestClient(t, nil, func(c *Config) { c.BaseURL = server.URL })
	defer client.CloseIdleConnections()
	got := collect(client.Recognize(t.Context(), page.Page{Data: randomBytes(20 << 20), MediaType: "image/png"}))
	if got.class() != TooLarge || tries.Load() != 1 {
		t.Errorf("error = %v after %d tries, want too large after 1", got.err, tries.Load())
	}
}
