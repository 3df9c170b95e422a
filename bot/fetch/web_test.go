package fetch

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR and so on"

// get downloads, and returns what came.
func (w *web) get(t *testing.T, address string) (string, error) {
	t.Helper()
	f, err := w.Download(t.Context(), address)
	if err != nil {
		if f != nil {
			t.Error("a file besides the error")
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error quotes the address: %v", err)
		}
		return "", err
	}
	defer f.Close()
	if _, err := os.Stat(f.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary file has a name still: %v", err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Error(err)
	}
	return string(b), nil
}

// A redirect is followed three times, and no request says who asks for what.
func TestWebDownload(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a proxy was asked") }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	t.Setenv("NO_PROXY", "")
	var asked atomic.Int32
	w := serveWeb(t, func(rw http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		want := http.Header{"User-Agent": {userAgent}, "Accept": {"image/*, application/pdf"}, "Accept-Encoding": {"identity"}, "Connection": {"close"}}
		if !maps.EqualFunc(r.Header, want, slices.Equal) {
			t.Errorf("asked with %v", r.Header)
		}
		rw.Header().Set("Set-Cookie", "id=secret; Path=/")
		switch r.URL.Path {
		case "/1":
			http.Redirect(rw, r, "/2", http.StatusMovedPermanently)
		case "/2":
			http.Redirect(rw, r, "http://web.test/3", http.StatusTemporaryRedirect)
		case "/3":
			http.Redirect(rw, r, "https://web.test/4", http.StatusFound)
		default:
			rw.Header().Set("Content-Type", "text/html") // which it is not
			_, _ = io.WriteString(rw, png)
		}
	})
	if got, err := w.get(t, "http://web.test/1?sig=secret"); got != png || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if asked.Load() != 4 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestWebRefuses(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(code) }
	}
	send := func(body string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "image/png")
			_, _ = io.WriteString(rw, body)
		}
	}
	endless := func(write func(rw http.ResponseWriter) error) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil && write(rw) == nil {
			}
		}
	}
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		want    error
		asked   int32
	}{
		"login needed": {status(401), ErrForbidden, 1},
		"forbidden":    {status(403), ErrForbidden, 1},
		"not found":    {status(404), ErrGone, 1},
		"gone":         {status(410), ErrGone, 1},
		"a web page":   {send("\n<!DOCTYPE html><html>"), ErrNotImage, 1},
		"half a page":  {send("<script>location='/'</script>"), ErrNotImage, 1},
		"text":         {send("hello"), ErrNotImage, 1},
		"nothing":      {send(""), ErrNotImage, 1},
		"an endless page": {endless(func(rw http.ResponseWriter) error {
			_, err := io.WriteString(rw, strings.Repeat("<p>", 1000))
			return err
		}), ErrNotImage, 1},
		"too large, and says so": {send(png + strings.Repeat("x", 1000)), ErrTooLarge, 1},
		"endless": {endless(func(rw http.ResponseWriter) error {
			_, err := io.WriteString(rw, png)
			return err
		}), ErrTooLarge, 1},
		"compressed": {func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(rw)
			_, _ = io.Copy(z, io.LimitReader(zeros{}, 50<<20))
			_ = z.Close()
		}, errAnswer, 1},
		"a large header": {func(rw http.ResponseWriter, _ *http.Request) {
			for i := range 100 {
				rw.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1000))
			}
			_, _ = io.WriteString(rw, png)
		}, errAnswer, 1},
		"four redirects": {func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, r.URL.Path+"x", http.StatusFound)
		}, ErrRedirects, 4},
		"a file system":     {redirect("file:///etc/passwd"), ErrLink, 1},
		"another port":      {redirect("https://web.test:8443/"), ErrLink, 1},
		"a user":            {redirect("https://ann:secret@web.test/"), ErrLink, 1},
		"from https":        {redirect("http://web.test/"), ErrLink, 1},
		"a broken redirect": {redirect("https://secret%zz/"), errAnswer, 1},
		"another success":   {status(204), nil, 1},
		"too many requests": {status(429), nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			w := serveWeb(t, func(rw http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				tt.handler(rw, r)
			})
			if _, err := w.get(t, "https://web.test/?sig=secret"); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if asked.Load() != tt.asked {
				t.Errorf("asked %d times", asked.Load())
			}
		})
	}
}

func redirect(to string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Location", to)
		rw.WriteHeader(http.StatusFound)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// Nothing inside is reached: not by its address in any notation, nor by a name,
// nor by a redirect to either.
func TestWebStaysOutside(t *testing.T) {
	var to string
	w := serveWeb(t, func(rw http.ResponseWriter, r *http.Request) { redirect(to)(rw, r) })
	w.names = func(name string, kind dnsmessage.Type) []netip.Addr {
		ip, err := netip.ParseAddr(strings.ReplaceAll(strings.TrimSuffix(name, ".leads.test"), "-", ":"))
		if v4, ok := strings.CutPrefix(name, "v4-"); ok {
			ip, err = netip.ParseAddr(strings.ReplaceAll(strings.TrimSuffix(v4, ".leads.test"), "-", "."))
		}
		if err != nil || ip.Is4() != (kind == dnsmessage.TypeA) {
			return nil
		}
		return []netip.Addr{ip}
	}
	hosts := inside()
	for _, ip := range insideAddresses() {
		name := "v4-" + strings.ReplaceAll(ip.String(), ".", "-")
		if ip.Is6() {
			name = strings.ReplaceAll(netip.AddrFrom16(ip.As16()).StringExpanded(), ":", "-")
		}
		hosts = append(hosts, name+".leads.test")
	}
	for _, host := range hosts {
		for _, scheme := range []string{"http://", "https://"} {
			to = scheme + host + "/secret.png"
			if _, err := w.get(t, to); !errors.Is(err, ErrPrivate) {
				t.Fatalf("%s: %v", to, err)
			}
			if _, err := w.get(t, scheme+"web.test/"); !errors.Is(err, ErrPrivate) && !errors.Is(err, errAnswer) {
				t.Fatalf("redirected to %s: %v", to, err)
			}
		}
	}
	if n := w.sprung.Load(); n != 0 {
		t.Errorf("%d connections inside", n)
	}
}

// A name that leads outside first and inside then is looked up each time, and
// what it leads to is looked at each time. One that leads to both at once, and
// one that leads nowhere, are no better.
func TestWebRebinding(t *testing.T) {
	outside, loopback := netip.MustParseAddr("93.184.215.14"), netip.MustParseAddr("127.0.0.1")
	for name, names := range map[string]func(asked int32) []netip.Addr{
		"first out, then in": func(asked int32) []netip.Addr {
			if asked == 1 {
				return []netip.Addr{outside}
			}
			return []netip.Addr{loopback}
		},
		"in":      func(int32) []netip.Addr { return []netip.Addr{loopback} },
		"nowhere": func(int32) []netip.Addr { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serveWeb(t, http.NotFound)
			var asked atomic.Int32
			w.names = func(_ string, kind dnsmessage.Type) []netip.Addr {
				if kind != dnsmessage.TypeA {
					return nil
				}
				return names(asked.Add(1))
			}
			if _, err := w.get(t, "http://rebind.test/secret.png"); !errors.Is(err, ErrPrivate) {
				t.Errorf("got %v", err)
			}
			if n := w.sprung.Load(); n != 0 {
				t.Errorf("%d connections inside", n)
			}
		})
	}
}

// Whatever connects, dial looks where to, before a byte is sent.
func TestWebLooksAfterTheDialer(t *testing.T) {
	w := serveWeb(t, http.NotFound)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
	defer server.Close()
	w.connect = func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server.Listener.Addr().String())
	}
	if _, err := w.get(t, "http://web.test/"); !errors.Is(err, ErrPrivate) {
		t.Errorf("got %v", err)
	}
}
