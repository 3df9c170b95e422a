package localslack

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Fault makes calls fail on purpose. Without any of the ways to fail (Error,
// Status, Reset, LoginPage, ServingError, CutAfter) the call is carried out, late
// with Delay, and as NeverShared, ShareDelay and NoMessages say.
type Fault struct {
	// Method is a Web API method ("chat.update"), "download", "upload" (the
	// POST to an upload address), "socket" (envelopes), "ack" (the answers to
	// them), or "*" for all but the last two.
	//
	// An envelope that "socket" hits is lost on its way: the app does not see
	// it, and it counts as not acked. With Reset its connection closes too. The
	// other fields mean nothing there. An ack that "ack" hits is lost: the app
	// has seen the envelope and gets it again.
	Method string
	After  int // calls that pass first
	Times  int // calls it hits then; 0 = until cleared

	Error  string // {"ok":false,"error":Error}
	Status int    // HTTP status, such as 500, 503 or 429
	// RetryAfter goes with Status 429, in whole seconds. The app's calls of the
	// method are refused until it has passed, as after a 429 of Slack's own.
	RetryAfter time.Duration
	Reset      bool          // the connection is closed without an answer
	Applied    bool          // the call is carried out first and fails then
	Delay      time.Duration // wait first; it ends with the request
	LoginPage  bool          // download: 200 text/html, Slack's sign-in page
	CutAfter   int           // download: close after so many bytes of the announced length
	// ServingError makes a download answer 200 text/html "Error serving file.", which
	// Slack's file host sends now and then; no documentation mentions it.
	ServingError bool

	// NeverShared makes files.completeUploadExternal answer ok and share nothing
	// (slackapi/python-slack-sdk issue 1575). ShareDelay makes it share so much later.
	NeverShared bool
	ShareDelay  time.Duration
	// NoMessages makes conversations.replies and conversations.history answer ok with
	// an empty list (rusq/slackdump).
	NoMessages bool
}

type activeFault struct {
	Fault
	seen, hit int
}

// Fail switches a fault on. clear switches it off.
func (w *Workspace) Fail(f Fault) (clear func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	af := &activeFault{Fault: f}
	w.faults = append(w.faults, af)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for i, x := range w.faults {
			if x == af {
				w.faults = append(w.faults[:i:i], w.faults[i+1:]...)
				return
			}
		}
	}
}

// takeFault returns the fault that hits this call, the oldest first.
func (w *Workspace) takeFault(method string) (Fault, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.takeFaultLocked(method)
}

func (w *Workspace) takeFaultLocked(method string) (Fault, bool) {
	for _, f := range w.faults {
		if f.Method != method && (f.Method != "*" || method == "socket" || method == "ack") {
			continue
		}
		f.seen++
		if f.seen <= f.After || (f.Times > 0 && f.hit >= f.Times) {
			continue
		}
		f.hit++
		return f.Fault, true
	}
	return Fault{}, false
}

// fails tells whether the fault does more than delay.
func (f Fault) fails() bool {
	return f.Error != "" || f.Status != 0 || f.Reset || f.LoginPage || f.ServingError || f.CutAfter != 0
}

// wait sleeps for the fault's delay or until ctx ends.
func (f Fault) wait(ctx context.Context) {
	if f.Delay <= 0 {
		return
	}
	t := time.NewTimer(f.Delay)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// answer fails the request as the fault says and returns what was logged of it.
func (f Fault) answer(rw http.ResponseWriter) (status int, code string) {
	switch {
	case f.Reset:
		panic(http.ErrAbortHandler) // the server closes the connection
	case f.Status == http.StatusTooManyRequests:
		e := limited(wholeSeconds(f.RetryAfter))
		return writeError(rw, e), e.Code
	case f.Status != 0:
		http.Error(rw, http.StatusText(f.Status), f.Status)
		return f.Status, f.Error
	case f.LoginPage:
		writeLoginPage(rw)
		return http.StatusOK, ""
	case f.ServingError:
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(rw, "Error serving file.")
		return http.StatusOK, ""
	}
	return writeError(rw, apiErr(f.Error)), f.Error
}
