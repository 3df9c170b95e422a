// Package events reads the answer of an OpenAI-compatible endpoint, in any form
// that endpoints are known to send, and gives it in the form that go-openai
// reads.
package events

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
)

const (
	// maxLine bounds an event of a stream, in bytes. An event may hold the
	// text of a whole page.
	maxLine = 1 << 20
	// maxStream bounds an event stream, in bytes: an event of about 300 bytes
	// for each token of the longest answer of today's models.
	maxStream = 64 << 20
	// maxWhole bounds an answer that is not streamed, in bytes.
	maxWhole = 8 << 20
	// maxJoined bounds the joined text of events that arrived together, in
	// bytes.
	maxJoined = 16 << 10
)

// A FormatError says that an answer is not one of an OpenAI-compatible endpoint.
type FormatError struct{ message string }

func (e *FormatError) Error() string { return e.message }

// The format errors.
var (
	ErrLineTooLong = &FormatError{"a line of the answer is too long"}
	ErrTooLong     = &FormatError{"the answer is too long"}
	ErrNoEvents    = &FormatError{"the answer is not an event stream"}
	ErrNoChoices   = &FormatError{"the answer has no choices"}
	ErrBadEvent    = &FormatError{"an event is not valid JSON"}
	ErrWebPage     = &FormatError{"the endpoint answered with a web page; is the base URL right?"}
)

// A Fault is an error that the endpoint sent in its answer.
type Fault struct {
	Data []byte // JSON, or bare text
}

func (e *Fault) Error() string { return string(e.Data) }

// A Refusal holds the words of a model that refuses the content.
type Refusal struct{ Message string }

func (e *Refusal) Error() string { return e.Message }

// A Reader reads an endpoint's answer: an event stream
// (https://html.spec.whatwg.org/multipage/server-sent-events.html), or a JSON
// document. The first bytes decide, because endpoints do not always send the
// format that the request or the Content-Type names. Read gives an event stream
// with only the contents of [chunk], and the final "data: [DONE]". Events that
// arrived together become a single event. The stream ends with io.EOF, a
// [FormatError], [Fault] or [Refusal], or the error of a broken connection.
//
// A data line that is complete JSON is an event. Otherwise the event goes on to
// the empty line.
type Reader struct {
	lines *bufio.Reader
	alive func(thinking bool) // see NewReader

	line  []byte // the line being read, reused
	chunk chunk
	// pending holds the lines of incomplete JSON: of an event, or, if document
	// is true, of an answer that is not an event stream.
	pending  []byte
	document bool

	ready    []byte // normalized bytes not read yet, in buf
	buf      []byte
	err      error // returned after ready
	failed   bool  // the last event field was "error"
	junk     bool  // some lines belong to no event stream
	data     bool  // an event came
	done     bool  // [DONE] came, or a whole answer
	doneSent bool  // [DONE] was passed to go-openai
}

// NewReader returns a reader of body. stream tells whether a stream was asked
// for, which may be longer than another answer. alive is called when the
// endpoint sends something other than text: a thought (thinking is true) or a
// keep-alive.
func NewReader(body io.Reader, stream bool, alive func(thinking bool)) *Reader {
	limit := maxWhole
	if stream {
		limit = maxStream
	}
	return &Reader{lines: bufio.NewReader(&lineEndReader{body: body, left: limit}), alive: alive}
}

// Done reports whether the endpoint closed the answer properly.
func (r *Reader) Done() bool { return r.done }

// Whole reports whether the answer came at once rather than as a stream.
func (r *Reader) Whole() bool { return r.chunk.message }

func (r *Reader) Read(p []byte) (int, error) {
	for len(r.ready) == 0 {
		if r.err == nil {
			r.fill()
		}
		switch {
		case !r.chunk.empty():
			r.buf = r.chunk.takeEvent(r.buf[:0])
			r.ready = r.buf
		case r.done && r.err == io.EOF && !r.doneSent:
			r.doneSent = true
			r.ready = append(r.buf[:0], "data: [DONE]\n"...)
		case r.err != nil:
			return 0, r.err
		}
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// fill reads until there is something to pass on, and then the lines that can
// be read without a wait.
func (r *Reader) fill() {
	for r.err == nil && (r.chunk.empty() || r.lineIsThere() && len(r.chunk.text) < maxJoined) {
		line, err := r.readLine()
		switch {
		case err == nil:
			r.err = r.take(line)
		case err == io.EOF:
			r.err = r.end(line)
		default:
			r.err = err
		}
	}
	r.chunk.ended = r.err != nil
}

// lineIsThere reports whether a line can be read without a wait.
func (r *Reader) lineIsThere() bool {
	part, _ := r.lines.Peek(r.lines.Buffered())
	return bytes.IndexByte(part, '\n') >= 0
}

// readLine returns the next line without surrounding spaces. An error comes
// with the incomplete line. The line is valid until the next call.
func (r *Reader) readLine() ([]byte, error) {
	r.line = r.line[:0]
	for {
		part, err := r.lines.ReadSlice('\n')
		if len(r.line) == 0 {
			part = bytes.TrimLeft(part, " \t")
		}
		r.line = append(r.line, part...)
		switch {
		case len(r.line) > maxLine && !isDocument(r.line), len(r.line) > maxWhole:
			return nil, ErrLineTooLong
		case err != bufio.ErrBufferFull:
			return bytes.TrimSpace(r.line), err
		}
	}
}

// A lineEndReader turns each line end, which is LF, CR or both, into LF. After
// left bytes it fails.
type lineEndReader struct {
	body io.Reader
	left int
	cr   bool // the last byte was CR; a LF that follows belongs to that line end
}

func (r *lineEndReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if r.left -= n; r.left < 0 {
		return 0, ErrTooLong
	}
	if !r.cr && bytes.IndexByte(p[:n], '\r') < 0 {
		return n, err
	}
	kept := p[:0]
	for _, b := range p[:n] {
		second := r.cr && b == '\n'
		if r.cr = b == '\r'; r.cr {
			b = '\n'
		}
		if !second {
			kept = append(kept, b)
		}
	}
	return len(kept), err
}

// isDocument reports whether a line starts a JSON document, which may be a
// single long line.
func isDocument(line []byte) bool { return len(line) > 0 && (line[0] == '{' || line[0] == '[') }

// take takes a line. A non-nil error, possibly io.EOF, ends the answer.
func (r *Reader) take(line []byte) error {
	line = bytes.TrimPrefix(line, []byte("\uFEFF"))
	if r.document {
		return r.takeJSON(line)
	}
	name, value, colon := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case len(line) == 0 && len(r.pending) > 0: // the end of an event
		_, _, err := r.decode(r.pending)
		r.pending = r.pending[:0]
		return err
	case len(line) == 0, colon && len(name) == 0: // also a comment
		r.alive(false)
		return nil
	case isDocument(line):
		r.document, r.pending = true, r.pending[:0] // no more of an incomplete event comes
		return r.takeJSON(line)
	case string(name) == "data":
		return r.takeData(value)
	case string(name) == "event":
		r.failed = string(value) == "error"
		return nil
	case string(name) == "id", string(name) == "retry":
		return nil
	case string(name) == "error":
		// llama.cpp's server once sent its errors in this field
		// (https://github.com/ggml-org/llama.cpp/pull/16109).
		r.failed = true
		return r.takeData(value)
	case line[0] == '<' && !r.data:
		return ErrWebPage
	}
	r.junk = true
	return nil
}

func (r *Reader) takeData(value []byte) error {
	switch {
	case r.failed:
		return &Fault{bytes.Clone(value)}
	case string(value) == "[DONE]" && len(r.pending) == 0:
		r.done = true
		return io.EOF
	case isDocument(value), len(r.pending) > 0:
		return r.takeJSON(value)
	}
	r.alive(false) // a heartbeat
	return nil
}

// takeJSON takes a line of an event or document. If the first line is complete,
// that line is all: many endpoints leave out the empty line between events,
// some write documents line by line, and some write an error as bare JSON into
// a stream that has begun.
func (r *Reader) takeJSON(line []byte) error {
	longest := maxLine
	if r.document {
		longest = maxWhole
	}
	if len(r.pending) == 0 {
		ok, short, err := r.decode(line)
		switch {
		case ok && r.document:
			return r.endDocument(err)
		case !ok && !short && r.document && r.data: // the line is not part of a document
			r.document = false
			return nil
		case ok, !short:
			return err
		}
	}
	if len(r.pending)+len(line) > longest {
		return ErrTooLong
	}
	r.pending = append(append(r.pending, line...), '\n')
	return nil
}

// endDocument handles a decoded JSON document.
func (r *Reader) endDocument(err error) error {
	r.document = false
	switch {
	case err != nil:
		return err
	case r.chunk.message:
		r.done = true
		return io.EOF
	case !r.chunk.choices:
		return ErrNoChoices
	}
	return nil
}

// decode takes the JSON of an event or a document. A non-nil error ends the
// answer.
func (r *Reader) decode(data []byte) (ok, short bool, err error) {
	r.chunk.thinking, r.chunk.fault, r.chunk.refusal = false, false, ""
	ok, short = r.chunk.decode(data)
	switch {
	case !ok:
		return ok, short, ErrBadEvent
	case r.chunk.fault:
		return true, false, &Fault{bytes.Clone(data)}
	case r.chunk.refusal != "":
		return true, false, &Refusal{r.chunk.refusal}
	}
	r.data = true
	if len(r.chunk.text) == 0 && r.chunk.finish == "" {
		r.alive(r.chunk.thinking)
	}
	return true, false, nil
}

// end takes the last line, which may lack its end, and returns how the answer
// ended.
func (r *Reader) end(last []byte) error {
	if len(last) > 0 {
		if err := r.take(last); err != nil {
			return err
		}
	}
	if len(r.pending) == 0 {
		if r.junk && !r.data {
			return ErrNoEvents
		}
		return io.EOF
	}
	ok, short, err := r.decode(r.pending)
	switch {
	case short, !ok && !r.document:
		return io.ErrUnexpectedEOF
	case ok && r.document:
		err = r.endDocument(err)
	}
	return cmp.Or(err, io.EOF)
}
