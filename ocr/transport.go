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

	"slackocr/ocr/internal/events"
)

// maxErrorBody bounds the part of an error answer that is read, in bytes.
const maxErrorBody = 64 << 10

// An exchange is a single request and its answer. The exchange stands between
// go-openai and the HTTP client and makes up for limits of go-openai v1.43.0:
// the image is sent as a stream, and every answer becomes an event stream.
// Anything that is not an answer becomes an [Error], with Retry-After and the
// endpoint's message.
type exchange struct {
	from   endpoint
	client *http.Client
	image  []byte
	fields map[string]json.RawMessage // fields to add to the body
	stream bool                       // the request asks for a stream
	alive  func(thinking bool)        // see events.NewReader

	// body is the answer, once begun, and events reads it.
	body   io.Reader
	events *events.Reader
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
	resp, err := x.from.do(x.client, req)
	if err != nil {
		return nil, err
	}
	if err := x.open(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// do sends a request. An error leaves out the address, which the host stands for.
func (e endpoint) do(client *http.Client, req *http.Request) (*http.Response, error) {
	resp, err := client.Do(req)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if err != nil {
		return nil, e.fail(Down, err)
	}
	return resp, nil
}

// whole reports whether the answer came at once rather than as a stream.
func (x *exchange) whole() bool { return x.events != nil && x.events.Whole() }

// open replaces the body by one that go-openai can read.
func (x *exchange) open(resp *http.Response) error {
	err := x.inflate(resp)
	if resp.StatusCode != http.StatusOK { // which says more than a body that cannot be read
		return x.from.refused(resp)
	}
	if err != nil {
		return err
	}
	x.body, x.events = resp.Body, events.NewReader(resp.Body, x.stream, x.alive)
	resp.Body = readCloser{answerBody{x.events, x.from}, resp.Body}
	return nil
}

// An answerBody reads events. Each error but io.EOF is an [Error].
type answerBody struct {
	events *events.Reader
	from   endpoint
}

func (b answerBody) Read(p []byte) (int, error) {
	n, err := b.events.Read(p)
	if err != nil && err != io.EOF {
		err = b.from.readError(err)
	}
	return n, err
}

// inflate decompresses the body, since some endpoints compress unasked.
func (x *exchange) inflate(resp *http.Response) error {
	switch kind := strings.ToLower(resp.Header.Get("Content-Encoding")); kind {
	case "", "identity":
	case "gzip", "x-gzip":
		plain, err := gzip.NewReader(resp.Body)
		if err != nil {
			return x.from.readError(err)
		}
		resp.Body = readCloser{plain, resp.Body}
	default:
		return x.from.fail(Protocol, fmt.Errorf("the answer is compressed with %q although it was asked not to be", sanitize(kind)))
	}
	return nil
}

// A readCloser is a body that is read through another reader.
type readCloser struct {
	io.Reader
	io.Closer
}

// refused returns the error for an answer whose status is not 200.
func (e endpoint) refused(resp *http.Response) *Error {
	status := resp.StatusCode
	if location, err := resp.Location(); err == nil && 300 <= status && status < 400 {
		// A redirect could send the image to a host that nobody agreed to.
		return &Error{
			Class: Protocol, Status: status, Host: e.host,
			err: fmt.Errorf("the endpoint redirects to host %q; set the base URL to where it is", location.Host),
		}
	}
	// An incomplete body still says more than none.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	f, ok := parseFault(body)
	if !ok {
		// Not JSON: often a gateway's web page, which helps nobody.
		f.message = http.StatusText(status)
		if kind := resp.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/plain") {
			f.message = string(body)
		}
	}
	failure := e.errorFrom(status, f)
	failure.RetryAfter = retryAfter(resp.Header, time.Now())
	return failure
}
