package ocr

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxErrorBody is how much of an error answer is looked at, in bytes.
const maxErrorBody = 64 << 10

// An exchange is one request and its answer. It stands between go-openai and
// the HTTP client and mends what go-openai v1.43.0 does not see: it sends the
// image as a stream, and makes an event stream of whatever comes back. What is no
// answer becomes an [Error], with Retry-After and the endpoint's message kept.
type exchange struct {
	from   endpoint
	client *http.Client
	image  []byte
	fields map[string]json.RawMessage // that join the body
	stream bool                       // a stream was asked for
	alive  func(thinking bool)        // see events
	events *events                    // the answer, once it has begun
}

// Do implements [openai.HTTPDoer].
func (x *exchange) Do(req *http.Request) (*http.Response, error) {
	if err := complete(req, x.fields, x.image); err != nil {
		return nil, x.from.fail(BadRequest, err)
	}
	// A compressed stream would arrive in lumps.
	req.Header.Set("Accept-Encoding", "identity")
	if !x.stream {
		req.Header.Set("Accept", "application/json")
	}
	resp, err := x.client.Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return nil, x.from.fail(Down, err)
	}
	if err := x.open(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// whole reports whether the answer came at once and not as a stream.
func (x *exchange) whole() bool { return x.events != nil && x.events.chunk.message }

// open makes the answer one that go-openai reads.
func (x *exchange) open(resp *http.Response) error {
	if err := x.inflate(resp); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return x.refused(resp)
	}
	limit := maxWhole
	if x.stream {
		limit = maxStream
	}
	x.events = newEvents(x.from, resp.Body, limit, x.alive)
	resp.Body = x.events
	return nil
}

// inflate takes the compression off that some endpoints use unasked.
func (x *exchange) inflate(resp *http.Response) error {
	switch kind := strings.ToLower(resp.Header.Get("Content-Encoding")); kind {
	case "", "identity":
	case "gzip", "x-gzip":
		resp.Body = &inflated{body: resp.Body}
	default:
		return x.from.fail(Protocol, fmt.Errorf("the answer is compressed with %q although it was asked not to be", tidy(kind)))
	}
	return nil
}

// inflated reads a body that is compressed with gzip. It waits for its first bytes
// only when it is read.
type inflated struct {
	body   io.ReadCloser
	reader *gzip.Reader
}

func (i *inflated) Read(p []byte) (n int, err error) {
	if i.reader == nil {
		if i.reader, err = gzip.NewReader(i.body); err != nil {
			i.reader = nil
			return 0, err
		}
	}
	return i.reader.Read(p)
}

func (i *inflated) Close() error { return i.body.Close() }

// refused makes the error of an answer whose status is not 200.
func (x *exchange) refused(resp *http.Response) *Error {
	status := resp.StatusCode
	if location, err := resp.Location(); err == nil && 300 <= status && status < 400 {
		// Following it could send the image to a host nobody agreed to.
		return &Error{
			Class: Protocol, Status: status, Host: x.from.host,
			err: fmt.Errorf("the endpoint redirects to host %q; set the base URL to where it is", location.Host),
		}
	}
	// A body that breaks off still says more than none.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	f, ok := parseFault(body, true)
	if !ok {
		// Not JSON: often a gateway's web page, of no use to anybody.
		f.message = http.StatusText(status)
		if kind := resp.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/plain") {
			f.message = string(body)
		}
	}
	e := x.from.reject(status, f)
	e.RetryAfter = retryAfter(resp.Header, time.Now())
	return e
}
