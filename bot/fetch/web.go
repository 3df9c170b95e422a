package fetch

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	"github.com/cenkalti/backoff/v5"
)

// The errors of a download from the web, besides [ErrLink], [ErrPrivate],
// [ErrTooLarge], [ErrGone] and those of the connection.
var (
	// ErrForbidden means that the server requires a login or refuses
	// everybody.
	ErrForbidden = errors.New("the web server does not let us have the file")
	// ErrNotImage means that the server sent a web page, another text, or
	// nothing.
	ErrNotImage = errors.New("the link leads to a text or a web page, not to an image or a PDF")
	// ErrRedirects means that the address redirects more than three times.
	ErrRedirects = errors.New("the link leads on and on")
	// ErrSlow means that the file did not arrive in 2 minutes, or came at less
	// than 1 kB/s.
	ErrSlow = errors.New("the file comes too slowly")

	errAnswer = errors.New("the web server's answer cannot be used")
)

// Web downloads from addresses that people type. The address and the response
// are hostile: a download must not reach an internal host, nor cost much.
type Web struct {
	maxSize int64
	client  *http.Client
	guard   *ssrf.Guardian
	dialer  *net.Dialer
	// connect is the dialer's function; tests replace it. dial checks the
	// connection that connect returns.
	connect func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	maxHeader = 64 << 10         // bytes
	hopTime   = 10 * time.Second // to connect, and again for TLS
	headTime  = 30 * time.Second // to the end of a header
	userAgent = "slackocr"
)

// NewWeb returns a client for files of at most maxSize bytes. The client keeps
// no connection, no cookie and no other state.
func NewWeb(maxSize int64) *Web {
	w := &Web{maxSize: maxSize, guard: newGuard()}
	w.dialer = &net.Dialer{
		Timeout: hopTime,
		// Control sees each address right before the connection, whatever name
		// was resolved and whatever that name meant a moment ago.
		Control: w.guard.Safe,
	}
	w.connect = w.dialer.DialContext
	w.client = &http.Client{
		Transport: &http.Transport{
			Proxy:               nil, // a proxy would connect in the bot's place, unguarded
			DialContext:         w.dial,
			TLSHandshakeTimeout: hopTime, ResponseHeaderTimeout: headTime, MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives: true,
		},
		CheckRedirect: checkRedirect,
	}
	return w
}

// dial connects, and checks the address of the connection.
func (w *Web) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := w.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	to, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil || w.guard.SafeAddrPort(netip.AddrPortFrom(to.Addr().Unmap(), to.Port())) != nil {
		_ = conn.Close() // nothing was sent yet
		return nil, ErrPrivate
	}
	return conn, nil
}

func checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return ErrRedirects
	}
	if via[len(via)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
		return ErrLink
	}
	next.Header.Del("Referer") // the typed address may hold a secret
	return checkURL(next.URL)
}

// Download copies the file at an address to a temporary file without a name,
// which disappears when the caller closes it. Everything but text passes for
// an image. Cut and refused connections and 5xx are tried again, six times
// within two minutes. No error quotes the address.
func (w *Web) Download(ctx context.Context, address string) (*os.File, error) {
	target, err := parseLink(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, wholeTime, ErrSlow)
	defer cancel()
	get := func(ctx context.Context) (*http.Response, error) { return w.get(ctx, target) }
	return retry(ctx, func() (*os.File, error) {
		return receive(ctx, ErrSlow, w.maxSize, get, func(_ *http.Response, head []byte) error {
			if text(head) {
				return backoff.Permanent(ErrNotImage)
			}
			return nil
		})
	})
}

func (w *Web) get(ctx context.Context, target *url.URL) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, backoff.Permanent(ErrLink)
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", "image/*, application/pdf")
	request.Header.Set("Accept-Encoding", "identity") // decompressed data would have no bound
	response, err := w.client.Do(request)
	if err != nil {
		return nil, failure(err)
	}
	encoding := cmp.Or(response.Header.Get("Content-Encoding"), "identity")
	if response.StatusCode == http.StatusOK && !strings.EqualFold(encoding, "identity") {
		_ = response.Body.Close() // not read
		return nil, backoff.Permanent(errAnswer)
	}
	return accept(response, "the web server", ErrForbidden, w.maxSize)
}

// failure classifies the error of a request: whether another try may help, and
// which error callers may see. Many errors quote the server or an address.
func failure(err error) error {
	for _, known := range []error{ErrLink, ErrPrivate, ErrRedirects} {
		if errors.Is(err, known) {
			return backoff.Permanent(known)
		}
	}
	for _, refused := range []error{ssrf.ErrProhibitedIP, ssrf.ErrProhibitedPort, ssrf.ErrProhibitedNetwork, ssrf.ErrInvalidHostPort} {
		if errors.Is(err, refused) {
			return backoff.Permanent(ErrPrivate)
		}
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok && name.IsNotFound {
		return backoff.Permanent(ErrPrivate)
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the wrapper is a net.Error, whatever it wraps
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the connection to the web server failed")
	}
	return backoff.Permanent(errAnswer)
}
