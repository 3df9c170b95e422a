package ocr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxWhole     = 8 << 20  // bytes of a non-streamed answer
	maxErrorBody = 64 << 10 // bytes of an error answer that are looked at
)

// An exchange is one request and its answer. It stands between go-openai and
// the HTTP client and mends what go-openai v1.43.0 does not see: it sends the
// image as a stream, and lets through only answers that go-openai understands.
// Everything else becomes an [Error], with Retry-After and the endpoint's
// message kept.
type exchange struct {
	from   endpoint
	client *http.Client
	image  []byte
	fields map[string]json.RawMessage // that join the body
	stream bool
	sent   bool    // go-openai built the request and gave it over
	events *events // the answer, once a stream has begun
}

// Do implements [openai.HTTPDoer].
func (x *exchange) Do(req *http.Request) (*http.Response, error) {
	x.sent = true
	if err := complete(req, x.fields, x.image); err != nil {
		return nil, x.from.fail(BadRequest, err)
	}
	// A compressed stream would arrive in lumps.
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := x.client.Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return nil, x.from.fail(Down, err)
	}
	if err := x.check(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

func (x *exchange) check(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return x.refused(resp)
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	isJSON := kind == "application/json" || strings.HasSuffix(kind, "+json")
	switch {
	case kind == "text/html":
		return x.from.fail(Protocol, errors.New("the endpoint answered with a web page; is the base URL right?"))
	case x.stream && isJSON:
		_, err := x.readJSON(resp.Body)
		if err == nil {
			err = x.from.fail(Protocol, errors.New("the endpoint answered without streaming"))
		}
		return err
	case x.stream:
		x.events = newEvents(x.from, resp.Body)
		resp.Body = x.events
		return nil
	case kind == "text/event-stream":
		return x.from.fail(Protocol, errors.New("the endpoint streams although it was asked not to"))
	}
	data, err := x.readJSON(resp.Body)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(data))
	return nil
}

// readJSON reads a whole answer, and fails where that is an error after all.
func (x *exchange) readJSON(body io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxWhole+1))
	switch {
	case err != nil:
		return nil, x.from.fail(CutOff, err)
	case len(data) > maxWhole:
		return nil, x.from.fail(Protocol, fmt.Errorf("the answer is longer than %d bytes", maxWhole))
	}
	if f, ok := parseFault(data, false); ok {
		return nil, x.from.reject(0, f)
	}
	return data, nil
}

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
