package ocr

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

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
	resp, err := c.http.Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return c.endpoint.fail(Down, err)
	}
	defer resp.Body.Close()
	defer io.Copy(io.Discard, io.LimitReader(resp.Body, maxErrorBody)) // so that the connection can be used again
	switch status := resp.StatusCode; {
	case status == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"):
		return c.endpoint.fail(Protocol, ErrWebPage)
	case status == http.StatusUnauthorized, status >= 500, 300 <= status && status < 400:
		return (&exchange{from: c.endpoint}).refused(resp)
	}
	return nil
}
