package ocr

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
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

var (
	errLineTooLong = errors.New("a line of the answer is too long")
	errTooLong     = errors.New("the answer is too long")
	errNoEvents    = errors.New("the answer is not an event stream")
	errNoChoices   = errors.New("the answer has no choices")
	errBadEvent    = errors.New("an event is not valid JSON")
	// ErrWebPage is the cause of an error if the answer was a web page.
	ErrWebPage = errors.New("the endpoint answered with a web page; is the base URL right?")
)

// events reads an endpoint's answer: an event stream
// (https://html.spec.whatwg.org/multipage/server-sent-events.html), or a JSON
// document. The first bytes decide, because endpoints do not always send the
// format that the request or the Content-Type names. go-openai reads from
// events an event stream with only the contents of [answerChunk], and the
// final "data: [DONE]". Events that arrived together become a single event. An
// error in any form, or a broken connection, ends the stream with an [Error].
//
// A data line that is complete JSON is an event. Otherwise the event goes on to
// the empty line.
type events struct {
	from  endpoint
	body  io.ReadCloser
	lines *bufio.Reader
	// alive is called when the endpoint sends something other than text: a
	// thought (thinking is true) or a keep-alive.
	alive func(thinking bool)

	line  []byte // the line being read, reused
	chunk answerChunk
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

// newEvents returns a reader of body that takes at most limit bytes.
func newEvents(from endpoint, body io.ReadCloser, limit int, alive func(thinking bool)) *events {
	return &events{from: from, body: body, lines: bufio.NewReader(&lineEndReader{body: body, left: limit}), alive: alive}
}

func (e *events) Close() error { return e.body.Close() }

func (e *events) Read(p []byte) (int, error) {
	for len(e.ready) == 0 {
		if e.err == nil {
			e.fill()
		}
		switch {
		case !e.chunk.empty():
			e.buf = e.chunk.takeEvent(e.buf[:0])
			e.ready = e.buf
		case e.done && e.err == io.EOF && !e.doneSent:
			e.doneSent = true
			e.ready = append(e.buf[:0], "data: [DONE]\n"...)
		case e.err != nil:
			return 0, e.err
		}
	}
	n := copy(p, e.ready)
	e.ready = e.ready[n:]
	return n, nil
}

// fill reads until there is something to pass on, and then the lines that can
// be read without a wait.
func (e *events) fill() {
	for e.err == nil && (e.chunk.empty() || e.lineIsThere() && len(e.chunk.text) < maxJoined) {
		line, err := e.readLine()
		switch {
		case err == nil:
			e.err = e.take(line)
		case errors.Is(err, io.EOF):
			e.err = e.end(line)
		case err == errLineTooLong, err == errTooLong:
			e.err = e.from.fail(Protocol, err)
		default:
			e.err = e.from.fail(CutOff, err)
		}
	}
	e.chunk.ended = e.err != nil
}

// lineIsThere reports whether a line can be read without a wait.
func (e *events) lineIsThere() bool {
	part, _ := e.lines.Peek(e.lines.Buffered())
	return bytes.IndexByte(part, '\n') >= 0
}

// readLine returns the next line without surrounding spaces. An error comes
// with the incomplete line. The line is valid until the next call.
func (e *events) readLine() ([]byte, error) {
	e.line = e.line[:0]
	for {
		part, err := e.lines.ReadSlice('\n')
		e.line = append(e.line, part...)
		line := bytes.TrimSpace(e.line)
		switch {
		case len(line) > maxLine && !isDocument(line), len(line) > maxWhole:
			return nil, errLineTooLong
		case err != bufio.ErrBufferFull:
			return line, err
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
		return 0, errTooLong
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
func (e *events) take(line []byte) error {
	line = bytes.TrimPrefix(line, []byte("\uFEFF"))
	if e.document {
		return e.takeJSON(line)
	}
	name, value, colon := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case len(line) == 0 && len(e.pending) > 0: // the end of an event
		_, _, err := e.decode(e.pending)
		e.pending = e.pending[:0]
		return err
	case len(line) == 0, colon && len(name) == 0: // also a comment
		e.alive(false)
		return nil
	case isDocument(line):
		e.document = true
		return e.takeJSON(line)
	case string(name) == "data":
		return e.takeData(value)
	case string(name) == "event":
		e.failed = string(value) == "error"
		return nil
	case string(name) == "id", string(name) == "retry":
		return nil
	case string(name) == "error":
		// llama.cpp's server once sent its errors in this field
		// (https://github.com/ggml-org/llama.cpp/pull/16109).
		e.failed = true
		return e.takeData(value)
	case line[0] == '<' && !e.data:
		return e.from.fail(Protocol, ErrWebPage)
	}
	e.junk = true
	return nil
}

func (e *events) takeData(value []byte) error {
	switch {
	case e.failed:
		f, ok := parseFault(value, true)
		if !ok {
			f.message = string(value)
		}
		return e.from.errorFrom(0, f)
	case string(value) == "[DONE]" && len(e.pending) == 0:
		e.done = true
		return io.EOF
	case isDocument(value), len(e.pending) > 0:
		return e.takeJSON(value)
	}
	e.alive(false) // a heartbeat
	return nil
}

// takeJSON takes a line of an event or document. If the first line is complete,
// that line is all: many endpoints leave out the empty line between events,
// some write documents line by line, and some write an error as bare JSON into
// a stream that has begun.
func (e *events) takeJSON(line []byte) error {
	longest := maxLine
	if e.document {
		longest = maxWhole
	}
	if len(e.pending) == 0 {
		ok, short, err := e.decode(line)
		switch {
		case ok && e.document:
			return e.endDocument(err)
		case !ok && !short && e.document && e.data: // the line is not part of a document
			e.document = false
			return nil
		case ok, !short:
			return err
		}
	}
	if len(e.pending)+len(line) > longest {
		return e.from.fail(Protocol, errTooLong)
	}
	e.pending = append(append(e.pending, line...), '\n')
	return nil
}

// endDocument handles a decoded JSON document.
func (e *events) endDocument(err error) error {
	e.document = false
	switch {
	case err != nil:
		return err
	case e.chunk.message:
		e.done = true
		return io.EOF
	case !e.chunk.choices:
		return e.from.fail(Protocol, errNoChoices)
	}
	return nil
}

// decode takes the JSON of an event or a document. A non-nil error ends the
// answer.
func (e *events) decode(data []byte) (ok, short bool, err error) {
	e.chunk.thinking, e.chunk.fault, e.chunk.refusal = false, false, ""
	ok, short = e.chunk.decode(data)
	switch {
	case !ok:
		return ok, short, e.from.fail(Protocol, errBadEvent)
	case e.chunk.fault:
		if f, ok := parseFault(data, true); ok {
			return true, false, e.from.errorFrom(0, f)
		}
	case e.chunk.refusal != "":
		return true, false, e.from.refusal(e.chunk.refusal)
	}
	e.data = true
	if len(e.chunk.text) == 0 && e.chunk.finish == "" {
		e.alive(e.chunk.thinking)
	}
	return true, false, nil
}

// end takes the last line, which may lack its end, and returns how the answer
// ended.
func (e *events) end(last []byte) error {
	if len(last) > 0 {
		if err := e.take(last); err != nil {
			return err
		}
	}
	if len(e.pending) == 0 {
		if e.junk && !e.data {
			return e.from.fail(Protocol, errNoEvents)
		}
		return io.EOF
	}
	ok, short, err := e.decode(e.pending)
	switch {
	case short, !ok && !e.document:
		return e.from.fail(CutOff, io.ErrUnexpectedEOF)
	case ok && e.document:
		err = e.endDocument(err)
	}
	return cmp.Or(err, io.EOF)
}
