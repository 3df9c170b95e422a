package ocr

import "time"

// A Try is one request for a page and what became of it. It holds nothing of the
// page.
type Try struct {
	Nth     int           // of the requests for this page, from 1
	First   time.Duration // until the first text; 0 where there was none
	Took    time.Duration // until its end, with the time that the consumer took
	Err     error         // nil, an [*Error], or why the caller ended it
	Looped  bool          // the model repeated itself, and was stopped
	Cut     bool          // at the model's limit
	Reason  string        // the finish reason, where it is not a known one, so that the text is taken for cut
	Whole   bool          // the answer was not streamed, whatever was asked for
	Picture int           // bytes of the picture, before base64
	Text    int           // bytes of text that came
}

// WithWatcher returns a client that calls watch after each request for a page,
// from the goroutine that reads it. It shares c's connections. A probe of
// [Client.WaitUp] is no such request.
func (c *Client) WithWatcher(watch func(Try)) *Client {
	other := *c
	other.watch = watch
	return &other
}
