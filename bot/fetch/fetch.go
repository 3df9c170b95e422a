// Package fetch downloads the files that people post or link to. [Slack] gets
// files from Slack with the bot's token, [Web] gets files from the public web
// without any credential.
package fetch

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"slackocr/ocr/tempfile"
)

// The errors of a download, besides those of the connection.
var (
	// ErrLoginPage means that Slack answered with its login page. The token
	// lacks files:read, or the app was not reinstalled after the scope was
	// added.
	ErrLoginPage = errors.New("Slack sent its login page instead of the file")
	// ErrNotFile means that Slack answered with another web page, or with a
	// redirect to a host that must not get the token.
	ErrNotFile = errors.New("Slack sent a web page instead of the file")
	// ErrTooLarge means that the file is larger than MaxSize.
	ErrTooLarge = errors.New("the file is too large")
	// ErrGone means that the file was deleted, never existed, or is hidden
	// from the bot.
	ErrGone = errors.New("the file is gone")
	// ErrForeign means that the file is not stored by Slack, so its address
	// must not get the token.
	ErrForeign = errors.New("the file is not on Slack's host")
	// ErrSlackSlow means that Slack did not deliver the file in 2 minutes, or
	// delivered less than 1 kB/s. A later try may succeed.
	ErrSlackSlow = errors.New("the file comes too slowly from Slack")
)

// Slack downloads files from Slack with a bot's token.
type Slack struct {
	// Client must have no time-out of its own: a large file may take long.
	Client *http.Client
	// API is the address of the Web API, whose host may get the token too.
	API   *url.URL
	Token string
	// MaxSize bounds a file, in bytes.
	MaxSize int64
}

// Within returns a Slack for files of at most so many bytes, if that is less than
// MaxSize.
func (s *Slack) Within(bytes int64) *Slack {
	within := *s
	within.MaxSize = min(s.MaxSize, bytes)
	return &within
}

// maxWait is the longest Retry-After that a download waits for, in seconds,
// since other downloads may be waiting.
const maxWait = 30

// Download copies a file to a temporary file without a name, which disappears
// when the caller closes it. The addresses are those that Slack gives for the
// file, the best first: url_private_download, then url_private, which for a
// PDF may lead to a web page (curie-eng/curie 2715). If an address returns
// something other than the file, Download tries the next address; the error is
// that of the first. Up to three redirects are followed, only to Slack's own
// hosts and with the token, because Enterprise Grid serves the bytes behind a
// redirect. Cut and refused connections, 429, 5xx and Slack's "Error serving
// file." are tried again, six times within two minutes. A body slower than 1
// kB/s is not tried again.
func (s *Slack) Download(ctx context.Context, addresses ...string) (*os.File, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, wholeTime, ErrSlackSlow)
	defer cancel()
	var first error
	for _, address := range addresses {
		if address == "" {
			continue
		}
		target, err := url.Parse(address)
		if err != nil || !s.trusted(target) {
			first = cmp.Or(first, ErrForeign)
			continue
		}
		permanent := false
		file, err := retry(ctx, func() (*os.File, error) {
			file, err := s.try(ctx, target)
			_, permanent = errors.AsType[*backoff.PermanentError](err)
			return file, err
		})
		if err == nil {
			return file, nil
		}
		first = cmp.Or(first, err)
		// Slack's own faults are the same for all addresses.
		if !permanent || ctx.Err() != nil || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrSlackSlow) {
			break
		}
	}
	return nil, cmp.Or(first, ErrForeign)
}

// slackHosts are the domains that store files:
// https://docs.slack.dev/reference/objects/file-object
var slackHosts = []string{"slack.com", "slack-gov.com"}

// trusted reports whether the token may be sent to u.
func (s *Slack) trusted(u *url.URL) bool {
	if u.Scheme == s.API.Scheme && strings.EqualFold(u.Host, s.API.Host) {
		return true
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && u.Port() == "" && slices.ContainsFunc(slackHosts, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

func (s *Slack) try(ctx context.Context, target *url.URL) (*os.File, error) {
	get := func(ctx context.Context) (*http.Response, error) { return s.follow(ctx, target) }
	return receive(ctx, ErrSlackSlow, s.MaxSize, get, func(r *http.Response, head []byte) error {
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		return checkPage(kind, head)
	})
}

// follow returns the response with the file, after the redirects. The caller must
// close the body.
func (s *Slack) follow(ctx context.Context, target *url.URL) (*http.Response, error) {
	for range maxRedirects + 1 {
		response, err := s.get(ctx, target)
		if err != nil {
			return nil, err
		}
		if response.StatusCode < 300 || response.StatusCode >= 400 {
			return s.accept(response)
		}
		_ = response.Body.Close() // the body of a redirect is not read
		target, err = response.Location()
		switch {
		case err != nil:
			return nil, backoff.Permanent(ErrNotFile)
		case target.Query().Has("redir"):
			return nil, backoff.Permanent(ErrLoginPage)
		case !s.trusted(target):
			return nil, backoff.Permanent(ErrNotFile)
		}
	}
	return nil, backoff.Permanent(ErrNotFile)
}

// get requests a trusted address with the token.
func (s *Slack) get(ctx context.Context, target *url.URL) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.Token)
	client := *s.Client
	// The client would follow a redirect to any host.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the wrapper quotes the address, which has the file's name
	}
	return response, err
}

// accept returns the response if it promises a file.
func (s *Slack) accept(r *http.Response) (*http.Response, error) {
	if r.StatusCode != http.StatusTooManyRequests {
		return accept(r, "Slack", ErrLoginPage, s.MaxSize)
	}
	_ = r.Body.Close() // not read
	seconds, _ := strconv.Atoi(r.Header.Get("Retry-After"))
	if seconds > maxWait {
		return nil, backoff.Permanent(fmt.Errorf("Slack asks to wait %d s", seconds))
	}
	return nil, backoff.RetryAfter(max(seconds, 1))
}

// errServing is a temporary fault of Slack's file servers.
var errServing = errors.New("Slack could not serve the file just now")

// checkPage returns an error if head is a web page instead of a file. kind is
// the Content-Type; a file with the Content-Type of a web page passes.
func checkPage(kind string, head []byte) error {
	head = bytes.ToLower(bytes.TrimLeft(head, " \t\r\n\xef\xbb\xbf"))
	page := bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
	switch {
	case bytes.HasPrefix(head, []byte("error serving file")):
		return errServing
	case !page && (kind != "text/html" || !text(head)):
		return nil
	}
	for _, sign := range []string{"?redir=", "signin", "sign-in", "sign in"} {
		if bytes.Contains(head, []byte(sign)) {
			return backoff.Permanent(ErrLoginPage)
		}
	}
	return backoff.Permanent(ErrNotFile)
}

const (
	maxRedirects = 3
	tries        = 6               // over about 15 seconds
	wholeTime    = 2 * time.Minute // for all tries together
	// paceBytes must arrive in each paceTime: 1 kB/s.
	paceBytes = 10 << 10
	paceTime  = 10 * time.Second
	// sniffed is the number of bytes in which the kind of a file is looked
	// for.
	sniffed = 32 << 10
)

// retry repeats try until try succeeds or returns a permanent error. If ctx
// ends, retry returns the cause.
func retry(ctx context.Context, try func() (*os.File, error)) (*os.File, error) {
	file, err := backoff.Retry(ctx, try, backoff.WithMaxTries(tries),
		backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval: 300 * time.Millisecond, RandomizationFactor: 0.3, Multiplier: 3, MaxInterval: 5 * time.Second,
		}))
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return file, err
}

// receive copies the body of a response into a temporary file of at most maxSize
// bytes. Content-Length is not trusted. If get or check, which sees the first
// bytes, returns an error, receive returns that error unchanged. If the body
// comes too slowly, the error is slow.
func receive(ctx context.Context, slow error, maxSize int64, get func(context.Context) (*http.Response, error), check func(r *http.Response, head []byte) error) (*os.File, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	response, err := get(ctx)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	pace := time.AfterFunc(paceTime, func() { cancel(slow) })
	defer pace.Stop()
	body := bufio.NewReaderSize(io.LimitReader(&paced{body: response.Body, timer: pace}, maxSize+1), sniffed)
	head, err := body.Peek(sniffed)
	if err == nil || errors.Is(err, io.EOF) {
		err = check(response, head)
	}
	var file *os.File
	if err == nil {
		file, err = save(body, maxSize)
	}
	if err != nil && errors.Is(context.Cause(ctx), slow) {
		return nil, backoff.Permanent(slow)
	}
	return file, err
}

// accept returns the response if its status and header promise a file of at
// most maxSize bytes. server names the server in errors; forbidden is the error
// if the server wants a login.
func accept(r *http.Response, server string, forbidden error, maxSize int64) (*http.Response, error) {
	var err error
	switch {
	case r.StatusCode >= 500:
		err = fmt.Errorf("%s answered %d", server, r.StatusCode)
	case r.StatusCode == http.StatusUnauthorized, r.StatusCode == http.StatusForbidden:
		err = backoff.Permanent(forbidden)
	case r.StatusCode == http.StatusNotFound, r.StatusCode == http.StatusGone:
		err = backoff.Permanent(ErrGone)
	case r.StatusCode != http.StatusOK:
		err = backoff.Permanent(fmt.Errorf("%s answered %d", server, r.StatusCode))
	case r.ContentLength > maxSize:
		err = backoff.Permanent(ErrTooLarge)
	default:
		return r, nil
	}
	_ = r.Body.Close() // not read
	return nil, err
}

// save copies a body of at most maxSize bytes into a temporary file.
func save(body io.Reader, maxSize int64) (*os.File, error) {
	file, err := tempfile.Create()
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	n, err := io.Copy(file, body)
	if err == nil && n > maxSize {
		err = backoff.Permanent(ErrTooLarge)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// paced resets a timer when enough of a body has come.
type paced struct {
	body  io.Reader
	timer *time.Timer
	n     int // bytes since the timer was set
}

func (p *paced) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	if p.n += n; p.n >= paceBytes {
		p.n = 0
		p.timer.Reset(paceTime)
	}
	return n, err
}

// text reports whether head is a web page or another text, whatever the
// Content-Type is. A PDF may start within its first 1024 bytes (PDF Reference
// 1.7, appendix H.3, note 13).
func text(head []byte) bool {
	return strings.HasPrefix(http.DetectContentType(head), "text/") && !bytes.Contains(head[:min(len(head), 1<<10)], []byte("%PDF-"))
}
