package localslack

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"slackocr/bot/localslack/internal/filehost"
	"slackocr/bot/localslack/internal/webapi"
)

// Fault makes calls fail on purpose. Without any of Error, Status, Reset,
// LoginPage, ServingError and CutAfter the call is carried out, after Delay
// and subject to NeverShared, ShareDelay and NoMessages.
type Fault struct {
	// Method is a Web API method ("chat.update"), "download", "upload" (the
	// POST to an upload address), "socket" (envelopes), "ack" (the acks of
	// envelopes), or "*" for all but the last two.
	//
	// For "socket" the envelope is lost: the app does not see the envelope,
	// which counts as not acked. With Reset its connection closes too. The
	// other fields have no meaning. For "ack" the ack is lost: the app has
	// seen the envelope and gets the event again.
	Method string
	After  int // calls that pass before the fault starts
	Times  int // calls that the fault then hits; 0 means until cleared

	Error  string // {"ok":false,"error":Error}
	Status int    // HTTP status, such as 500, 503 or 429
	// RetryAfter belongs to Status 429, in whole seconds. Until RetryAfter has
	// passed, the app's calls of the method are refused, as after a 429 of
	// Slack's own.
	RetryAfter time.Duration
	Reset      bool          // the connection is closed without a response
	Applied    bool          // the call is carried out and then fails
	Delay      time.Duration // wait before the call, but no longer than the request lives
	LoginPage  bool          // download: 200 text/html, Slack's sign-in page
	CutAfter   int           // download: close after so many bytes of the announced length
	// ServingError makes a download answer 200 text/html "Error serving
	// file.", which Slack's file host sends now and then, without any
	// documentation.
	ServingError bool

	// NeverShared makes files.completeUploadExternal succeed without sharing
	// the file (slackapi/python-slack-sdk issue 1575). ShareDelay delays the
	// share.
	NeverShared bool
	ShareDelay  time.Duration
	// NoMessages makes conversations.replies and conversations.history succeed
	// with an empty list (rusq/slackdump).
	NoMessages bool
}

// faults are the faults that are switched on, oldest first.
type faults struct {
	mu     sync.Mutex
	active []*activeFault // guarded by mu
}

type activeFault struct {
	Fault
	seen, hit int
}

// Fail switches a fault on. clear switches the fault off.
func (w *Workspace) Fail(f Fault) (clear func()) {
	fs, added := &w.faults, &activeFault{Fault: f}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.active = append(fs.active, added)
	return func() {
		fs.mu.Lock()
		defer fs.mu.Unlock()
		fs.active = slices.DeleteFunc(fs.active, func(x *activeFault) bool { return x == added })
	}
}

// take returns the oldest fault that hits this call.
func (fs *faults) take(method string) (Fault, bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range fs.active {
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

// hit waits for the delay of the oldest fault that hits this request, and
// reports whether the fault makes the request fail.
func (fs *faults) hit(r *http.Request, method string) (f Fault, fails bool) {
	f, ok := fs.take(method)
	if !ok {
		return f, false
	}
	f.wait(r.Context())
	return f, f.fails()
}

// takeSocket is take for the methods socket and ack.
func (fs *faults) takeSocket(method string) (lost, reset bool) {
	f, lost := fs.take(method)
	return lost, f.Reset
}

// fails reports whether the fault makes the call fail.
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

// answer fails the request and returns the status and code for the log.
func (f Fault) answer(rw http.ResponseWriter) (status int, code string) {
	switch {
	case f.Reset:
		panic(http.ErrAbortHandler) // the server closes the connection
	case f.Status == http.StatusTooManyRequests:
		e := webapi.Limited(f.RetryAfter)
		return e.Write(rw), e.Code
	case f.Status != 0:
		http.Error(rw, http.StatusText(f.Status), f.Status)
		return f.Status, f.Error
	case f.LoginPage:
		filehost.WriteHTML(rw, filehost.LoginPage)
		return http.StatusOK, ""
	case f.ServingError:
		filehost.WriteHTML(rw, filehost.ServingError)
		return http.StatusOK, ""
	}
	return webapi.Err(f.Error).Write(rw), f.Error
}

// ParseFault returns the fault that a text describes, such as
// "chat.update,status=429,retry-after=30s,times=2": the method, then the fields by
// their names in small letters with hyphens. A field that is true or false stands
// alone: "download,login-page".
func ParseFault(text string) (Fault, error) {
	method, fields, _ := strings.Cut(text, ",")
	f := Fault{Method: method}
	if method == "" || strings.Contains(method, "=") {
		return f, fmt.Errorf("the fault %q does not begin with a method, such as chat.update", text)
	}
	if fields == "" {
		return f, fmt.Errorf("the fault %q does not say what happens, such as chat.update,status=500", text)
	}
	for field := range strings.SplitSeq(fields, ",") {
		name, value, hasValue := strings.Cut(field, "=")
		if err := f.set(name, value, hasValue); err != nil {
			return f, fmt.Errorf("the fault %q: %w", text, err)
		}
	}
	return f, nil
}

// set gives the field of that name a value.
func (f *Fault) set(name, value string, hasValue bool) (err error) {
	switches := map[string]*bool{
		"reset": &f.Reset, "applied": &f.Applied, "login-page": &f.LoginPage,
		"serving-error": &f.ServingError, "never-shared": &f.NeverShared, "no-messages": &f.NoMessages,
	}
	numbers := map[string]*int{"after": &f.After, "times": &f.Times, "status": &f.Status, "cut-after": &f.CutAfter}
	times := map[string]*time.Duration{"retry-after": &f.RetryAfter, "delay": &f.Delay, "share-delay": &f.ShareDelay}
	if field := switches[name]; field != nil {
		if hasValue {
			return fmt.Errorf("%s takes no value", name)
		}
		*field = true
		return nil
	}
	field, isNumber := numbers[name]
	duration, isTime := times[name]
	switch {
	case name == "error" && value != "":
		f.Error = value
	case isNumber:
		if *field, err = strconv.Atoi(value); err != nil || *field < 0 {
			return fmt.Errorf("%s=%q is no whole number. Example: %s=2", name, value, name)
		}
	case isTime:
		if *duration, err = time.ParseDuration(value); err != nil || *duration < 0 {
			return fmt.Errorf("%s=%q is no length of time. Example: %s=2s", name, value, name)
		}
	default:
		return fmt.Errorf("there is no %q; there are error=CODE, status=, retry-after=, delay=, after=, times=, cut-after=, share-delay=, reset, applied, login-page, serving-error, never-shared and no-messages", name)
	}
	return nil
}
