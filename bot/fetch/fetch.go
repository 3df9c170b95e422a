// Package fetch gets the files that people post or link to.
package fetch

import (
	"bufio"
	"bytes"
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
)

// What can be wrong with a download, beside the connection.
var (
	// ErrLoginPage: Slack answered with its login page instead of the file.
	// The token has no files:read, or the app was not reinstalled since.
	ErrLoginPage = errors.New("Slack sent its login page instead of the file")
	// ErrTooLarge: the file is larger than was allowed.
	ErrTooLarge = errors.New("the file is too large")
	// ErrGone: the file was deleted, was never there, or is not for us.
	ErrGone = errors.New("the file is gone")
	// ErrForeign: the file is not kept by Slack, so its address must not get the token.
	ErrForeign = errors.New("the file is not on Slack's host")
	// ErrSlackSlow: Slack did not give the file in 2 minutes, or gave less than
	// 1 kB/s. That may pass.
	ErrSlackSlow = errors.New("the file comes too slowly from Slack")
)

// Slack downloads files from Slack with a bot's token.
type Slack struct {
	// Client has no time-out of its own: a large file may take long.
	Client *http.Client
	// API is the address of the Web API; its host may have the token too.
	API   *url.URL
	Token string
	// MaxSize bounds a file, in bytes.
	MaxSize int64
}

const (
	tries = 6               // over about a quarter of a minute
	whole = 2 * time.Minute // for all of them
	// maxWait is the longest Retry-After that is waited for here, in seconds:
	// others may be waiting behind.
	maxWait = 30
	sniffed = 1 << 10 // bytes in which a file's kind is looked for
)

// Download copies a file to a temporary file, which has no name any more and is
// gone when the caller closes it. Cut and refused connections, 429 and 5xx are
// tried again, six times and for two minutes in all; a body that comes at less than
// 1 kB/s is not.
func (s *Slack) Download(ctx context.Context, address string) (*os.File, error) {
	target, err := url.Parse(address)
	if err != nil || !s.trusted(target) {
		return nil, ErrForeign
	}
	ctx, cancel := context.WithTimeoutCause(ctx, whole, ErrSlackSlow)
	defer cancel()
	file, err := retry(ctx, func() (*os.File, error) { return s.try(ctx, target) })
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return file, err
}

func retry(ctx context.Context, try func() (*os.File, error)) (*os.File, error) {
	return backoff.Retry(ctx, try, backoff.WithMaxTries(tries),
		backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval: 300 * time.Millisecond, RandomizationFactor: 0.3, Multiplier: 3, MaxInterval: 5 * time.Second,
		}))
}

// slackHosts keep files: https://docs.slack.dev/reference/objects/file-object
var slackHosts = []string{"slack.com", "slack-gov.com"}

// trusted reports whether an address may be sent the token.
func (s *Slack) trusted(u *url.URL) bool {
	if u.Scheme == s.API.Scheme && strings.EqualFold(u.Host, s.API.Host) {
		return true
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && u.Port() == "" && slices.ContainsFunc(slackHosts, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

func (s *Slack) try(ctx context.Context, target *url.URL) (file *os.File, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.Token)
	client := *s.Client
	// Slack redirects to its login page when it does not like the token, and
	// nowhere that a file would be.
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // it quotes the address, which holds the file's name
	}
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if err := s.check(response); err != nil {
		return nil, err
	}
	body := newPaced(response.Body, func() { cancel(ErrSlackSlow) })
	defer body.timer.Stop()
	file, err = save(body, s.MaxSize, func(head []byte) error {
		if html(head) {
			return ErrLoginPage
		}
		return nil
	})
	if err != nil && errors.Is(context.Cause(ctx), ErrSlackSlow) {
		return nil, backoff.Permanent(ErrSlackSlow)
	}
	return file, err
}

// check reads what the head of an answer says.
func (s *Slack) check(r *http.Response) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.StatusCode == http.StatusTooManyRequests:
		seconds, _ := strconv.Atoi(r.Header.Get("Retry-After"))
		if seconds > maxWait {
			return backoff.Permanent(fmt.Errorf("Slack asks to wait %d s", seconds))
		}
		return backoff.RetryAfter(max(seconds, 1))
	case r.StatusCode >= 500:
		return fmt.Errorf("Slack answered %s", r.Status)
	case r.StatusCode >= 300 && r.StatusCode < 400, r.StatusCode == http.StatusOK && kind == "text/html",
		r.StatusCode == http.StatusUnauthorized, r.StatusCode == http.StatusForbidden:
		return backoff.Permanent(ErrLoginPage)
	case r.StatusCode == http.StatusNotFound, r.StatusCode == http.StatusGone:
		return backoff.Permanent(ErrGone)
	case r.StatusCode != http.StatusOK:
		return backoff.Permanent(fmt.Errorf("Slack answered %s", r.Status))
	case r.ContentLength > s.MaxSize:
		return backoff.Permanent(ErrTooLarge)
	}
	return nil
}

// save copies a body into a temporary file, unless check refuses how it begins.
// What the answer says of its length is not believed.
func save(body io.Reader, maxSize int64, check func(head []byte) error) (*os.File, error) {
	r := bufio.NewReader(io.LimitReader(body, maxSize+1))
	head, err := r.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := check(head); err != nil {
		return nil, backoff.Permanent(err)
	}
	file, err := os.CreateTemp("", "slackocr-*")
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	if err := fill(file, r, maxSize); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func fill(file *os.File, r io.Reader, maxSize int64) error {
	if err := os.Remove(file.Name()); err != nil { // so that nothing stays after a crash
		return backoff.Permanent(err)
	}
	n, err := io.Copy(file, r)
	if err != nil {
		return err
	}
	if n > maxSize {
		return backoff.Permanent(ErrTooLarge)
	}
	_, err = file.Seek(0, io.SeekStart)
	return err
}

// html recognises a web page, whatever its Content-Type was.
func html(head []byte) bool {
	head = bytes.ToLower(bytes.TrimLeft(head, " \t\r\n\xef\xbb\xbf"))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}
