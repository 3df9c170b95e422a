package ocr

import "time"

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
