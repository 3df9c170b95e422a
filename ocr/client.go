// Package ocr is the model's side of the bot: it sends a page's image to an
// OpenAI-compatible endpoint and gives the text as the model writes it.
//
// [NewClient] returns a [Client] for an endpoint, and [Client.Recognize] reads a page.
// The image of a page comes from the package page. Failures are of type [*Error].
package ocr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// DefaultPrompt is the prompt that ModelVerse documents for DeepSeek-OCR.
	DefaultPrompt = "convert to markdown"
	// NoLimit leaves the length of answers to the endpoint.
	NoLimit = -1
	// DefaultIdleTimeout is the longest time without new text.
	DefaultIdleTimeout = 60 * time.Second

	// wholeFactor is the number of idle time-outs that an answer without streaming
	// may take in all, since no text comes before the end. A stream of which only
	// keep-alives came may take as many.
	wholeFactor = 5
	// thinkingFactor is the number of idle time-outs that a model may think between
	// texts.
	thinkingFactor = 10
)

// A Config describes an endpoint and the requests to it.
type Config struct {
	// BaseURL is the address of the API without "/chat/completions", such as
	// https://api.modelverse.cn/v1. It holds no user, query or fragment.
	BaseURL string
	// Key is the bearer key, or "" if the endpoint wants none.
	Key string
	// Model is the model's name at the endpoint.
	Model string
	// Profile is the name of the endpoint's profile, see [Profiles]. The default
	// is the profile that fits the model's name.
	Profile string
	// Prompt is the text beside the image in the mode Markdown. The default is
	// the profile's prompt.
	Prompt string
	// Stream is true to ask for the text while the model writes, and false to ask
	// for the whole answer at once.
	Stream bool
	// MaxTokens is the longest answer in tokens. If 0, the profile decides; if
	// NoLimit, the endpoint decides.
	MaxTokens int
	// ExtraBody are more fields for the body of each request. They replace fields
	// of the profile; null removes a field. See [ParseExtraBody].
	ExtraBody map[string]json.RawMessage
	// StopLoops ends an answer in which the model repeats itself. One copy is
	// kept, and the page is read once more. Without StopLoops, repeated text is
	// kept.
	StopLoops bool
	// IdleTimeout is the longest time without new text; DefaultIdleTimeout if 0.
	// While the model sends thoughts, the time is ten times as long, and while
	// only keep-alives come before the first text, five times. Without Stream the
	// whole answer may take five times as long.
	IdleTimeout time.Duration
	// Concurrency is the number of requests that may run at once. If 0, the
	// number is found by trying, see [Limit]. The caller must keep to the limit.
	Concurrency int
	// HTTPClient sends the requests; redirects are never followed. The client's
	// Timeout must leave time for a whole answer. The default has time-outs for
	// dialling, TLS and headers, none for the whole answer, and uses the
	// environment's proxy.
	HTTPClient *http.Client
}

// A Client reads pages. It is safe for use by several goroutines at once.
type Client struct {
	config   Config
	profile  profile
	endpoint endpoint
	http     *http.Client
	breaker  *breaker // shared by all copies, as are dialect and limit
	dialect  *dialect
	limit    *Limit
	tries    int // requests for a page, at most, until one succeeds
	mode     Mode
	watch    func(Attempt)
}

// NewClient returns a client for c. The error joins all mistakes of c, and never
// holds the key.
func NewClient(c Config) (*Client, error) {
	base, err := checkURL(c.BaseURL)
	errs := []error{err}
	if c.Model == "" {
		errs = append(errs, errors.New("no model is named"))
	}
	if strings.ContainsFunc(c.Key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		errs = append(errs, errors.New("the key has a space or another character that no key has"))
	}
	if c.MaxTokens < NoLimit {
		errs = append(errs, fmt.Errorf("the token limit %d is negative", c.MaxTokens))
	}
	asked, err := findProfile(c.Profile, c.Model)
	errs = append(errs, err, checkExtraBody(c.ExtraBody))
	if c.Concurrency < 0 {
		errs = append(errs, fmt.Errorf("the number of requests at once %d is negative", c.Concurrency))
	}
	if c.IdleTimeout < 0 {
		errs = append(errs, fmt.Errorf("the idle time-out %v is negative", c.IdleTimeout))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Prompt != "" {
		asked.markdown = c.Prompt
	}
	switch c.MaxTokens {
	case 0:
		c.MaxTokens = asked.maxTokens
	case NoLimit:
		c.MaxTokens = 0
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = DefaultIdleTimeout
	}
	client := &Client{
		config: c, profile: asked, endpoint: endpoint{host: base.Host, secret: c.Key},
		breaker: newBreaker(), dialect: newDialect(), limit: newLimit(c.Concurrency), tries: maxTries, watch: func(Attempt) {},
	}
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
			ResponseHeaderTimeout:  c.firstTextTimeout(),
			IdleConnTimeout:        90 * time.Second,
			MaxIdleConnsPerHost:    16,
			MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2:      true,
			// An HTTP/2 connection outlives a cancelled request, even if the
			// connection is dead. Without pings every try would use it again.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
		}}
	}
	client := *given
	// A redirect could send the image to a host that nobody agreed to.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// firstTextTimeout returns the time allowed for the first text.
func (c *Client) firstTextTimeout() time.Duration {
	if c.config.Stream {
		return c.config.IdleTimeout
	}
	return wholeFactor * c.config.IdleTimeout
}

// WithTries returns a client that gives a page up after n failed requests, for
// a caller that tries again later. The client shares c's connections. Some
// pages may take more requests: one more if the model loops, if no text comes,
// if a web page comes in place of an answer, or for each field that the
// endpoint refuses; two more if the page is cut at the model's limit.
func (c *Client) WithTries(n int) *Client {
	few := *c
	few.tries = n
	return &few
}

// WithMode returns a client that reads pages in mode m. The client shares c's
// connections.
func (c *Client) WithMode(m Mode) *Client {
	other := *c
	other.mode = m
	return &other
}

// Host returns the host that images are sent to, with the port if the base URL
// has one.
func (c *Client) Host() string { return c.endpoint.host }

// MaxTokens returns the length limit of a request, in tokens, or 0 if the
// endpoint decides.
func (c *Client) MaxTokens() int { return tokenLimit(c.fields(false)) }

// Limit returns the limit of concurrent requests, which all copies of a client
// share.
func (c *Client) Limit() *Limit { return c.limit }

// CloseIdleConnections closes the connections that are not in use.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Canvas returns the size in pixels that an image of the given size has for
// the model; see the function [Canvas].
func (c *Client) Canvas(width, height int) (w, h int) { return c.profile.canvas(width, height) }

// An Attempt is a single request for a page, and the result. An Attempt holds no content
// of the page.
type Attempt struct {
	Number     int           // number of the request for this page, from 1
	First      time.Duration // until the first text, or 0
	Took       time.Duration // until the end, including the consumer's time
	Err        error         // nil, an [*Error], or the cause of the caller's end
	Looped     bool          // the model repeated itself and was stopped
	Cut        bool          // cut at the model's limit
	Reason     string        // the finish reason if unknown, in which case the text counts as cut
	Whole      bool          // the answer was not streamed
	ImageBytes int           // bytes of the picture, before base64
	Text       int           // bytes of text received
}

// WithWatcher returns a client that calls watch after each request for a page,
// from the goroutine that reads the page. The client shares c's connections.
// Probes of [Client.WaitUp] are not reported.
func (c *Client) WithWatcher(watch func(Attempt)) *Client {
	other := *c
	other.watch = watch
	return &other
}

// reachTimeout bounds the request of [Client.Reach].
const reachTimeout = 20 * time.Second

// Reach asks the endpoint for its list of models, which costs nothing. It returns an
// [*Error] if the endpoint cannot be reached, is no API, or refuses the key. Any other
// answer is fine: not every endpoint has such a list, or lets every key see it.
func (c *Client) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.config.BaseURL, "/")+"/models", nil)
	if err != nil {
		return c.endpoint.fail(BadRequest, errors.New("the base URL makes no request"))
	}
	if c.config.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.config.Key)
	}
	resp, err := c.endpoint.do(c.http, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	defer io.Copy(io.Discard, io.LimitReader(resp.Body, maxErrorBody)) // so that the connection can be used again
	switch status := resp.StatusCode; {
	case status == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"):
		return c.endpoint.fail(Protocol, ErrWebPage)
	case status == http.StatusUnauthorized, status >= 500, 300 <= status && status < 400:
		return c.endpoint.refused(resp)
	}
	return nil
}
