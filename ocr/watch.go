package ocr

import "time"

// A Try is a single request for a page, and the result. A Try holds no content
// of the page.
type Try struct {
	Nth     int           // number of the request for this page, from 1
	First   time.Duration // until the first text, or 0
	Took    time.Duration // until the end, including the consumer's time
	Err     error         // nil, an [*Error], or the cause of the caller's end
	Looped  bool          // the model repeated itself and was stopped
	Cut     bool          // cut at the model's limit
	Reason  string        // the finish reason if unknown, in which case the text counts as cut
	Whole   bool          // the answer was not streamed
	Picture int           // bytes of the picture, before base64
	Text    int           // bytes of text received
}

// WithWatcher returns a client that calls watch after each request for a page,
// from the goroutine that reads the page. The client shares c's connections.
// Probes of [Client.WaitUp] are not reported.
func (c *Client) WithWatcher(watch func(Try)) *Client {
	other := *c
	other.watch = watch
	return &other
}
