package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
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

// What can be wrong with a download from the web, beside [ErrLink],
// [ErrPrivate], [ErrTooLarge], [ErrGone] and the connection.
var (
	// ErrForbidden: the server wants to know who asks, or lets nobody.
	ErrForbidden = errors.New("the web server does not let us have the file")
	// ErrNotImage: the server sent a web page, another text, or nothing.
	ErrNotImage = errors.New("the link leads to a text or a web page, not to an image or a PDF")
	// ErrRedirects: there are more than three redirects on the way.
	ErrRedirects = errors.New("the link leads on and on")
	// ErrSlow: the file did not come in 2 minutes, or at less than 1 kB/s.
	ErrSlow = errors.New("the file comes too slowly")

	errAnswer = errors.New("the web server's answer cannot be used")
)

// Web downloads from addresses that people type. The address and all that
// comes from it are hostile: it must not lead inside, nor cost much.
type Web struct {
	maxSize int64
	client  *http.Client
	guard   *ssrf.Guardian
	dialer  *net.Dialer
	// connect is the dialer's, but for tests. Whatever it does, dial looks after it.
	connect func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	maxRedirects = 3
	maxHeader    = 64 << 10         // bytes
	hopTime      = 10 * time.Second // to connect, and again for TLS
	headTime     = 30 * time.Second // to the end of a header
	// paceBytes have to come in each paceTime: 1 kB/s.
	paceBytes = 10 << 10
	paceTime  = 10 * time.Second

	userAgent = "slackocr"
)

// NewWeb makes a client for files of maxSize bytes at most. It keeps no
// connection, no cookie and no state.
func NewWeb(maxSize int64) *Web {
	w := &Web{maxSize: maxSize, guard: newGuard()}
	w.dialer = &net.Dialer{
		Timeout: hopTime,
		// It sees each address that is about to be connected to, whatever name
		// led there and whatever that name meant a moment ago.
		Control: w.guard.Safe,
	}
	w.connect = w.dialer.DialContext
	w.client = &http.Client{
		Transport: &http.Transport{
			Proxy:               nil, // it would connect in our place, unguarded
			DialContext:         w.dial,
			TLSHandshakeTimeout: hopTime, ResponseHeaderTimeout: headTime, MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives: true,
		},
		CheckRedirect: checkRedirect,
	}
	return w
}

// dial connects, and makes sure where to.
func (w *Web) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := w.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	to, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil || w.guard.SafeAddrPort(netip.AddrPortFrom(to.Addr().Unmap(), to.Port())) != nil {
		_ = conn.Close() // nothing was said on it
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
	next.Header.Del("Referer") // the address that was typed may hold a secret
	return checkURL(next.URL)
}

// Download copies what is at an address to a temporary file, which has no name
// any more and is gone when the caller closes it. What is no text is taken for
// an image. Cut and refused connections and 5xx are tried again, six times and
// for two minutes in all. No error quotes the address.
func (w *Web) Download(ctx context.Context, address string) (*os.File, error) {
	target, err := parseLink(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, whole, ErrSlow)
	defer cancel()
	file, err := retry(ctx, func() (*os.File, error) { return w.try(ctx, target) })
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return file, err
}

func (w *Web) try(ctx context.Context, target *url.URL) (*os.File, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, backoff.Permanent(ErrLink)
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", "image/*, application/pdf")
	request.Header.Set("Accept-Encoding", "identity") // what is unpacked has no bound
	response, err := w.client.Do(request)
	if err != nil {
		return nil, failure(err)
	}
	defer response.Body.Close()
	if err := w.check(response); err != nil {
		return nil, err
	}
	body := newPaced(response.Body, func() { cancel(ErrSlow) })
	defer body.timer.Stop()
	file, err := save(body, w.maxSize, func(head []byte) error {
		if text(head) {
			return backoff.Permanent(ErrNotImage)
		}
		return nil
	})
	if err != nil && errors.Is(context.Cause(ctx), ErrSlow) {
		return nil, backoff.Permanent(ErrSlow)
	}
	return file, err
}

// failure sorts the errors of a request: which are worth another try, and what
// may be said of them. Many others quote the server or an address.
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
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		if name.IsNotFound {
			return backoff.Permanent(ErrPrivate)
		}
		return errors.New("the name cannot be looked up")
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return backoff.Permanent(errAnswer)
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return errors.New("the web server does not answer")
	}
	if _, ok := errors.AsType[*net.OpError](err); ok || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the connection to the web server failed")
	}
	return backoff.Permanent(errAnswer)
}

// check reads what the head of an answer says.
func (w *Web) check(r *http.Response) error {
	encoding := r.Header.Get("Content-Encoding")
	switch {
	case r.StatusCode >= 500:
		return fmt.Errorf("the web server answered %d", r.StatusCode)
	case r.StatusCode == http.StatusUnauthorized, r.StatusCode == http.StatusForbidden:
		return backoff.Permanent(ErrForbidden)
	case r.StatusCode == http.StatusNotFound, r.StatusCode == http.StatusGone:
		return backoff.Permanent(ErrGone)
	case r.StatusCode != http.StatusOK:
		return backoff.Permanent(fmt.Errorf("the web server answered %d", r.StatusCode))
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		return backoff.Permanent(errAnswer)
	case r.ContentLength > w.maxSize:
		return backoff.Permanent(ErrTooLarge)
	}
	return nil
}

// paced ends the try where a body comes too slowly.
type paced struct {
	body  io.Reader
	timer *time.Timer
	n     int // bytes since the timer was set
}

func newPaced(body io.Reader, end func()) *paced {
	return &paced{body: body, timer: time.AfterFunc(paceTime, end)}
}

func (p *paced) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	if p.n += n; p.n >= paceBytes {
		p.n = 0
		p.timer.Reset(paceTime)
	}
	return n, err
}

// text recognises a web page or another text, whatever its Content-Type was.
// A PDF may begin within its first 1024 bytes (PDF Reference 1.7, appendix H.3, note 13).
func text(head []byte) bool {
	return strings.HasPrefix(http.DetectContentType(head), "text/") && !bytes.Contains(head[:min(len(head), 1<<10)], []byte("%PDF-"))
}
