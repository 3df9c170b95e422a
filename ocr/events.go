package ocr

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
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
	errLineTooLong  = errors.New("a line of the event stream is too long")
	errTooLong      = errors.New("the event stream is too long")
	errWholeTooLong = fmt.Errorf("the answer is longer than %d bytes", maxWhole)
	errNoEvents     = errors.New("the answer is not an event stream")
	errNoChoices    = errors.New("the answer has no choices")
	errBadEvent     = errors.New("an event is not valid JSON")
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
// A data line that is complete JSON is an event, since many endpoints leave
// out the blank line between events. Otherwise the event goes on to the blank
// line.
type events struct {
	from  endpoint
	body  io.ReadCloser
	lines *bufio.Reader
	// alive is called when the endpoint sends something other than text: a
	// thought (thinking is true) or a keep-alive.
	alive func(thinking bool)

	line  []byte // the line being read, reused
	cr    bool   // the last line ended in CR; a LF that follows belongs to that line
	limit int    // bound of the whole answer, in bytes
	left  int    // bytes left of limit
	chunk answerChunk
	event []byte // data lines of an incomplete event
	// document holds the lines of an incomplete JSON document.
	document []byte

	clean  []byte // normalized bytes not read yet, in buf
	buf    []byte
	err    error // returned after clean
	failed bool  // the last event field was "error"
	junk   bool  // some lines belong to no event stream
	data   bool  // an event came
	done   bool  // [DONE] came, or a whole answer
	told   bool  // [DONE] was passed to go-openai
}

// newEvents returns a reader of body that takes at most limit bytes.
func newEvents(from endpoint, body io.ReadCloser, limit int, alive func(thinking bool)) *events {
	return &events{from: from, body: body, lines: bufio.NewReader(body), limit: limit, left: limit, alive: alive}
}

func (e *events) Close() error { return e.body.Close() }

func (e *events) Read(p []byte) (int, error) {
	for len(e.clean) == 0 {
		if e.err == nil {
			e.fill()
		}
		switch {
		case !e.chunk.empty():
			e.clean = e.chunk.appendEvent(e.buf[:0])
			e.buf = e.clean
			e.chunk.reset()
		case e.done && e.err == io.EOF && !e.told:
			e.told = true
			e.clean = append(e.buf[:0], "data: [DONE]\n"...)
		case e.err != nil:
			return 0, e.err
		}
	}
	n := copy(p, e.clean)
	e.clean = e.clean[n:]
	return n, nil
}

// fill reads until there is something to pass on, and then the lines that can
// be read without a wait.
func (e *events) fill() {
	for e.err == nil && (e.chunk.empty() || e.lineIsThere() && len(e.chunk.text.text) < maxJoined) {
		line, err := e.readLine()
		switch {
		case err == nil:
			e.err = e.take(line)
		case errors.Is(err, io.EOF):
			e.err = e.end(line)
		case err == errLineTooLong, err == errTooLong, err == errWholeTooLong:
			e.err = e.from.fail(Protocol, err)
		default:
			e.err = e.from.fail(CutOff, err)
		}
	}
	if e.err != nil {
		e.chunk.text.end()
	}
}

// lineIsThere reports whether a line can be read without a wait.
func (e *events) lineIsThere() bool {
	part, _ := e.lines.Peek(e.lines.Buffered())
	return bytes.IndexByte(part, '\n') >= 0 || bytes.IndexByte(part, '\r') >= 0
}

// readLine returns the next line without its end, which is LF, CR or both, and
// without surrounding spaces. An error comes with the incomplete line. The
// line is valid until the next call.
func (e *events) readLine() ([]byte, error) {
	e.line = e.line[:0]
	for {
		if _, err := e.lines.Peek(1); err != nil {
			return e.line, err
		}
		part, _ := e.lines.Peek(e.lines.Buffered())
		if e.cr && part[0] == '\n' { // the rest of the previous line's end
			part = part[:1]
		}
		text, size := part, len(part)
		end := lineEnd(part)
		if end >= 0 {
			text, size = part[:end], end+1
		}
		switch e.left -= size; {
		case e.left < 0 && e.limit == maxWhole:
			return nil, errWholeTooLong
		case e.left < 0:
			return nil, errTooLong
		}
		_, _ = e.lines.Discard(size) // the bytes stay until the next fill of the buffer
		rest := e.cr && end == 0 && part[0] == '\n'
		if e.cr = end >= 0 && part[end] == '\r'; rest {
			continue
		}
		if len(e.line) == 0 {
			if text = bytes.TrimLeft(text, " \t"); end >= 0 {
				return bytes.TrimSpace(text), nil
			}
		}
		if e.line = append(e.line, text...); len(e.line) > e.longest() {
			return nil, errLineTooLong
		}
		if end >= 0 {
			return bytes.TrimSpace(e.line), nil
		}
	}
}

// lineEnd returns the position of the first LF or CR, or -1.
func lineEnd(b []byte) int {
	lf := bytes.IndexByte(b, '\n')
	if lf < 0 {
		return bytes.IndexByte(b, '\r')
	}
	if cr := bytes.IndexByte(b[:lf], '\r'); cr >= 0 {
		return cr
	}
	return lf
}

// longest returns the bound of the present line: a document may be a single
// line.
func (e *events) longest() int {
	if isDocument(e.line) {
		return maxWhole
	}
	return maxLine
}

func isDocument(line []byte) bool { return len(line) > 0 && (line[0] == '{' || line[0] == '[') }

// take takes a line. A non-nil error, possibly io.EOF, ends the answer.
func (e *events) take(line []byte) error {
	line = bytes.TrimPrefix(line, []byte("\uFEFF"))
	if e.document != nil {
		return e.takeDocument(line)
	}
	name, value, colon := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case len(line) == 0: // the end of an event
		if len(e.event) > 0 {
			return e.broken()
		}
		e.alive(false)
		return nil
	case colon && len(name) == 0: // a comment
		e.alive(false)
		return nil
	case isDocument(line):
		return e.takeDocument(line)
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
	if e.failed {
		f, ok := parseFault(value, true)
		if !ok {
			f.message = string(value)
		}
		return e.from.errorFrom(0, f)
	}
	if len(e.event) > 0 {
		if len(e.event)+len(value) > maxLine {
			return e.from.fail(Protocol, errLineTooLong)
		}
		e.event = append(append(e.event, '\n'), value...)
		return nil
	}
	switch {
	case string(value) == "[DONE]":
		e.done = true
		return io.EOF
	case len(value) == 0 || value[0] != '{' && value[0] != '[':
		e.alive(false) // a heartbeat
		return nil
	}
	ok, short, err := e.decode(value)
	if !ok && short {
		e.event = append(e.event[:0], value...)
		return nil
	}
	return err
}

// broken takes an event after its last data line.
func (e *events) broken() error {
	_, _, err := e.decode(e.event)
	e.event = e.event[:0]
	return err
}

// takeDocument takes a line of a JSON document, or a whole document: some
// endpoints write an error as bare JSON into a stream that has begun.
func (e *events) takeDocument(line []byte) error {
	if e.document == nil {
		ok, short, err := e.decode(line)
		switch {
		case ok:
			return e.endDocument(err)
		case !short && e.data: // the line is not part of a document
			return nil
		case !short:
			return err
		}
	}
	if len(e.document)+len(line) > maxWhole {
		return e.from.fail(Protocol, errWholeTooLong)
	}
	e.document = append(append(e.document, line...), '\n')
	return nil
}

// endDocument handles a decoded JSON document.
func (e *events) endDocument(err error) error {
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
	if len(e.chunk.text.text) == 0 && e.chunk.finish == "" {
		e.alive(e.chunk.thinking)
	}
	return true, false, nil
}

// end takes the last line, which may lack its end, and returns how the answer
// ended.
func (e *events) end(last []byte) error {
	if len(last) > 0 {
		if err := e.take(bytes.TrimSpace(last)); err != nil {
			return err
		}
	}
	switch {
	case len(e.event) > 0:
		if ok, _, err := e.decode(e.event); ok {
			return cmp.Or(err, io.EOF)
		}
		return e.from.fail(CutOff, io.ErrUnexpectedEOF)
	case e.document != nil:
		ok, short, err := e.decode(e.document)
		if short {
			return e.from.fail(CutOff, io.ErrUnexpectedEOF)
		}
		if !ok {
			return err
		}
		return cmp.Or(e.endDocument(err), io.EOF)
	case e.junk && !e.data:
		return e.from.fail(Protocol, errNoEvents)
	}
	return io.EOF
}
