// Package tesseract is a local OCR endpoint that speaks OpenAI's chat
// completions, based on the tesseract program. With this endpoint the bot
// reads real pictures without an account and without a GPU, in the demo and in
// tests.
//
// The endpoint takes the first picture of a request, and streams the text of
// headings, paragraphs and tables as they are read. Printed text in the
// installed languages is read. The endpoint is no language model: it knows
// DeepSeek-OCR's prompts for markdown, for plain text and for the places of a
// text, and says so for any other prompt.
//
// tesseract does less of this than it seems to: it returns a picture's text only
// at the end, misses text beside the rules of tables, reads a photo's shadow as
// ink, and knows no tables. So the package cuts a page into strips, erases rules,
// chooses the threshold, and makes tables of the words' boxes.
package tesseract

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os/exec"
	"runtime"
	"time"
)

const (
	// Model is the name in the endpoint's list of models. Requests may name
	// any model: this one answers all.
	Model = "tesseract"

	// maxBody bounds the body of a request, in bytes.
	maxBody = 32 << 20

	// queuePerSlot is the number of requests that may wait for each running
	// request.
	queuePerSlot = 8

	bodyTimeout  = time.Minute      // to receive a request
	readTimeout  = 2 * time.Minute  // to read one picture, hundreds of lines
	writeTimeout = 30 * time.Second // for a client to take one event
)

// Options configure a Server. The zero value is ready for use.
type Options struct {
	Program     string       // default "tesseract", found in PATH
	Languages   []string     // codes such as "eng"; default all that are installed
	Concurrency int          // pictures read at once; default one for each CPU
	Log         *slog.Logger // default: nothing is logged
}

// A Server is the endpoint's HTTP handler. When ServeHTTP has returned, the
// request's process and files are gone.
type Server struct {
	reader  reader
	log     *slog.Logger
	started time.Time
	places  chan struct{} // one for each request, running or waiting
	slots   chan struct{} // one for each running request
}

// New returns a Server. If tesseract or a language is missing, the error says
// which package to install.
func New(o Options) (*Server, error) {
	if o.Program == "" {
		o.Program = "tesseract"
	}
	program, err := exec.LookPath(o.Program)
	if err != nil {
		return nil, fmt.Errorf("the program %q is missing: install it with `apt install tesseract-ocr` "+
			"(Debian, Ubuntu) or `brew install tesseract` (macOS): %w", o.Program, err)
	}
	languages, err := chosen(program, o.Languages)
	if err != nil {
		return nil, err
	}
	if o.Concurrency <= 0 {
		o.Concurrency = runtime.NumCPU()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		reader:  reader{program, languages},
		log:     o.Log,
		started: time.Now(),
		places:  make(chan struct{}, o.Concurrency*(1+queuePerSlot)),
		slots:   make(chan struct{}, o.Concurrency),
	}, nil
}

// methods are the paths of the API, with the method of each.
var methods = map[string]string{
	"/v1/chat/completions": http.MethodPost,
	"/v1/models":           http.MethodGet,
}

// ServeHTTP serves /v1/chat/completions and /v1/models. Every other path is a
// 404 in the API's form.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var err error
	switch method := methods[r.URL.Path]; {
	case method == "":
		err = invalid(http.StatusNotFound, "unknown_url", "there is nothing at %q", r.URL.Path)
	case method != r.Method:
		w.Header().Set("Allow", method)
		err = invalid(http.StatusMethodNotAllowed, "method_not_allowed", "the method %s is not allowed here", r.Method)
	case method == http.MethodPost:
		err = s.complete(w, r)
	default:
		model := object{"id": Model, "object": "model", "created": s.started.Unix(), "owned_by": "tesseract-ocr"}
		writeJSON(w, http.StatusOK, object{"object": "list", "data": []object{model}})
	}
	if err != nil {
		writeJSON(w, asAPIError(err).Status, object{"error": asAPIError(err)})
	}
}

// complete answers a request. An error means that the answer has not begun.
func (s *Server) complete(w http.ResponseWriter, r *http.Request) error {
	// A place is taken before the body is read, which bounds the number of
	// bodies in memory.
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		w.Header().Set("Retry-After", "1")
		return errBusy
	}
	req, err := s.receive(w, r)
	if err != nil {
		return err
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-r.Context().Done():
		return context.Cause(r.Context())
	}
	picture, err := decodePicture(req.image)
	if err != nil {
		return err
	}
	req.image = nil // no longer needed while the picture is read

	ctx, cancel := context.WithTimeoutCause(r.Context(), readTimeout, errTooSlow)
	defer cancel()
	start := time.Now()
	a := answer{request: req, w: w, id: "chatcmpl-" + rand.Text(), created: start.Unix()}
	if err = a.begin(); err == nil {
		err = s.reader.do(ctx, picture, req.task, a.write)
	}
	if errors.Is(err, errCut) {
		err = nil
	}
	s.log.Info("picture read", "pixels", len(picture.Pix), "letters", a.text.Len(),
		"took", time.Since(start).Round(time.Millisecond), "error", err)
	return a.end(err)
}

// receive reads and checks the request.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (request, error) {
	// Some connections of tests have no deadlines, and neither deadline is
	// vital.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	if r.ContentLength > maxBody {
		return request{}, errTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return request{}, errTooLarge
	}
	if err != nil {
		return request{}, err
	}
	return parseRequest(body)
}
