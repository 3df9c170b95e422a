// Package ocr is the model's side of the bot: it sends a page's image to an
// OpenAI-compatible endpoint and gives the text as the model writes it.
package ocr

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"slackocr/ocr/page"
)

const (
	// DefaultPrompt is the prompt that ModelVerse documents for DeepSeek-OCR.
	DefaultPrompt = "convert to markdown"
	// DefaultIdleTimeout is the time without new text that is borne.
	DefaultIdleTimeout = 60 * time.Second

	maxTries = 4
	// tryWindow is how long after the first try another one may begin: a
	// person waits for it.
	tryWindow = 2 * time.Minute
	// maxWait is the longest Retry-After that is waited for here. A caller
	// with a queue can do better with a longer one.
	maxWait = time.Minute
	// wholeFactor is how many idle time-outs an answer that is not streamed
	// may take in all: it brings no text before its end.
	wholeFactor = 5
)

// A Config describes an endpoint and what is asked of it.
type Config struct {
	// BaseURL is the address of the API without "/chat/completions", such as
	// https://api.modelverse.cn/v1. It holds no user, query or fragment.
	BaseURL string
	// Key is the bearer key; empty for an endpoint that wants none.
	Key string
	// Model is the model's name at the endpoint.
	Model string
	// Prompt is the text beside the image in the mode Markdown; DefaultPrompt
	// where empty.
	Prompt string
	// Stream asks for the text as it is written, else for one answer.
	Stream bool
	// MaxTokens is the longest answer in tokens; 0 leaves the field out.
	MaxTokens int
	// IdleTimeout is how long to wait for new text before the request is given
	// up; DefaultIdleTimeout where 0. Keep-alives are not text. Without Stream
	// the whole answer may take five times as long.
	IdleTimeout time.Duration
	// HTTPClient sends the requests; redirects are never followed. Its Timeout
	// must leave room for a whole answer. Where nil, a client is made with
	// time-outs for dialling, TLS and headers, none for the whole, and with the
	// environment's proxy.
	HTTPClient *http.Client
}

// A Client reads pages. It is safe for use by several goroutines at once.
type Client struct {
	config   Config
	endpoint endpoint
	http     *http.Client
	tries    int // requests for a page, at most
	mode     Mode
}

// NewClient checks c and makes a client of it. It reports all that is wrong
// with c at once; no error holds the key.
func NewClient(c Config) (*Client, error) {
	base, err := checkURL(c.BaseURL)
	errs := []error{err}
	if c.Model == "" {
		errs = append(errs, errors.New("no model is named"))
	}
	if strings.ContainsFunc(c.Key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		errs = append(errs, errors.New("the key has a space or another character that no key has"))
	}
	if c.MaxTokens < 0 {
		errs = append(errs, fmt.Errorf("the token limit %d is negative", c.MaxTokens))
	}
	if c.IdleTimeout < 0 {
		errs = append(errs, fmt.Errorf("the idle time-out %v is negative", c.IdleTimeout))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Prompt == "" {
		c.Prompt = DefaultPrompt
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = DefaultIdleTimeout
	}
	client := &Client{config: c, endpoint: endpoint{host: base.Host, secret: c.Key}, tries: maxTries}
	client.http = client.httpClient()
	return client, nil
}

func checkURL(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		// The parser's error quotes the address, which may hold a password.
		return nil, errors.New("the base URL cannot be parsed")
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return nil, errors.New("the base URL is not an http or https address with a host")
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return nil, errors.New("the base URL has a user, query or fragment")
	}
	return u, nil
}

func (c *Client) httpClient() *http.Client {
	given := c.config.HTTPClient
	if given == nil {
		given = &http.Client{Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:    10 * time.Second,
			ResponseHeaderTimeout:  c.patience(),
			IdleConnTimeout:        90 * time.Second,
			MaxIdleConnsPerHost:    16,
			MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2:      true,
			// An HTTP/2 connection outlives a cancelled request, also where it
			// is dead: without pings every try would go down the same hole.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
		}}
	}
	client := *given
	// A redirect could send the image to a host nobody agreed to.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// patience is how long the first text may take.
func (c *Client) patience() time.Duration {
	if c.config.Stream {
		return c.config.IdleTimeout
	}
	return wholeFactor * c.config.IdleTimeout
}

// WithTries returns a client that makes at most n requests for a page, for a
// caller that comes back later by itself. It shares c's connections.
func (c *Client) WithTries(n int) *Client {
	few := *c
	few.tries = n
	return &few
}

// WithMode returns a client that reads pages in the mode m. It shares c's
// connections.
func (c *Client) WithMode(m Mode) *Client {
	other := *c
	other.mode = m
	return &other
}

// Host returns where images are sent: the endpoint's host, with its port where
// it has one.
func (c *Client) Host() string { return c.endpoint.host }

// CloseIdleConnections closes the connections that no request uses now.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Recognize reads the page. It yields updates, the last of which has an
// Outcome; or updates and then one error, after which the text so far stays
// valid. The error is an [*Error], or the cause of ctx where that ended. A
// failure that may pass is tried again, up to four times within two minutes,
// as long as no text came; after that it is the caller's to try again.
// A consumer that leaves the loop ends the request at once. The page's data
// must not change meanwhile.
func (c *Client) Recognize(ctx context.Context, p page.Page) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		if err := checkPage(p); err != nil {
			yield(Update{}, c.endpoint.fail(BadRequest, err))
			return
		}
		a, u, err := c.begin(ctx, p)
		if err != nil {
			yield(Update{}, err)
			return
		}
		defer a.close()
		for yield(u, nil) && u.Outcome == nil {
			a.resume()
			if u, err = a.next(); err != nil {
				yield(Update{}, err)
				return
			}
		}
	}
}

// begin asks until an answer brings its first text.
func (c *Client) begin(ctx context.Context, p page.Page) (a *answer, first Update, err error) {
	var failed error // Retry's own result may be wrapped
	a, err = backoff.Retry(ctx, func() (*answer, error) {
		var try *answer
		if try, first, failed = c.ask(ctx, p); failed != nil {
			try.close()
			return nil, retryRule(failed)
		}
		return try, nil
	},
		backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval:     500 * time.Millisecond,
			RandomizationFactor: 0.5,
			Multiplier:          2,
			MaxInterval:         10 * time.Second,
		}),
		backoff.WithMaxTries(uint(c.tries)),
		backoff.WithMaxElapsedTime(tryWindow),
	)
	switch {
	case err == nil:
		return a, first, nil
	case ctx.Err() != nil:
		return nil, Update{}, context.Cause(ctx)
	}
	return nil, Update{}, failed
}

// retryRule tells backoff what to do about a failed try.
func retryRule(err error) error {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok, !e.Temporary(), e.RetryAfter > maxWait:
		return backoff.Permanent(err)
	case e.RetryAfter > 0:
		// Those who were turned away together must not come back together.
		return &backoff.RetryAfterError{Duration: e.RetryAfter + rand.N(e.RetryAfter/10+time.Second/4)}
	}
	return err
}
