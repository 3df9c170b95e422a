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
	// maxLine bounds one event of a stream, in bytes. It may hold a whole page's
	// text.
	maxLine = 1 << 20
	// maxStream bounds one event stream, in bytes: an event of about 300 bytes
	// for each token of the longest answer a model of today gives.
	maxStream = 64 << 20
	// maxWhole bounds an answer that is not streamed, in bytes.
	maxWhole = 8 << 20
	// maxJoined is how much text of events that came together is joined, in bytes.
	maxJoined = 16 << 10
)

var (
	errLineTooLong  = errors.New("a line of the event stream is too long")
	errTooLong      = errors.New("the event stream is too long")
	errWholeTooLong = fmt.Errorf("the answer is longer than %d bytes", maxWhole)
	errNoEvents     = errors.New("the answer is not an event stream")
	errNoChoices    = errors.New("the answer has no choices")
	errBadEvent     = errors.New("an event is not valid JSON")
	// ErrWebPage is the cause of an error where the answer was a web page.
	ErrWebPage = errors.New("the endpoint answered with a web page; is the base URL right?")
)

// events reads an endpoint's answer: an event stream
// (https://html.spec.whatwg.org/multipage/server-sent-events.html), or one JSON
// document. Which of them it is shows in its first bytes: endpoints do not always
// send what they were asked for, nor name it rightly. It gives go-openai an event
// stream with only what [answerChunk] keeps, and the final "data: [DONE]". Events
// that came together become one. Errors, in whatever form, and connections that
// break end it with an [Error].
//
// A data line that is whole JSON is taken for an event, since many endpoints leave
// the blank line between events out. Else the event goes on to the blank line.
type events struct {
	from  endpoint
	body  io.ReadCloser
	lines *bufio.Reader
	// alive is called for signs of life that are no text: thinking is set for
	// the model's thoughts, else it was a keep-alive.
	alive func(thinking bool)

	line  []byte // the line being read, reused
	cr    bool   // the last line ended in CR; a LF that follows belongs to it
	limit int    // bytes of the whole answer
	left  int    // of them
	chunk answerChunk
	event []byte // the data lines of an event that is not whole yet
	// document has the lines of a JSON document that is not whole yet.
	document []byte

	clean  []byte // normalised bytes not read yet, in buf
	buf    []byte
	err    error // what comes after clean
	failed bool  // the last event field said "error"
	junk   bool  // lines came that belong to no event stream
	data   bool  // an event came
	done   bool  // [DONE] came, or a whole answer
	told   bool  // go-openai knows it
}

// newEvents reads body, of which no more than limit bytes are taken.
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

// fill reads on until there is something to tell. What is there already is read
// without a wait.
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
// without spaces around it. With an error comes what there was of an unfinished
// line. It stays until the next call.
func (e *events) readLine() ([]byte, error) {
	e.line = e.line[:0]
	for {
		if _, err := e.lines.Peek(1); err != nil {
			return e.line, err
		}
		part, _ := e.lines.Peek(e.lines.Buffered())
		if e.cr && part[0] == '\n' { // the rest of the last line's end
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
		_, _ = e.lines.Discard(size) // the bytes stay until the buffer is filled again
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

// lineEnd returns where the first LF or CR is, -1 where there is none.
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

// longest is how long the line may be that is being read: a document may be one
// line.
func (e *events) longest() int {
	if isDocument(e.line) {
		return maxWhole
	}
	return maxLine
}

func isDocument(line []byte) bool { return len(line) > 0 && (line[0] == '{' || line[0] == '[') }

// take takes a line, and returns what ends the answer.
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
		// The field that llama.cpp's server once used for its errors
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
		return e.from.reject(0, f)
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

// broken takes the event whose data lines all came.
func (e *events) broken() error {
	_, _, err := e.decode(e.event)
	e.event = e.event[:0]
	return err
}

// takeDocument takes a line of a JSON document, or a whole one: some endpoints write
// an error as bare JSON into a stream that has begun.
func (e *events) takeDocument(line []byte) error {
	if e.document == nil {
		ok, short, err := e.decode(line)
		switch {
		case ok:
			return e.endDocument(err)
		case !short && e.data: // a line of something else
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

// endDocument says what a JSON document means that was decoded.
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

// decode takes what is JSON of an event or a document. Its error ends the answer.
func (e *events) decode(data []byte) (ok, short bool, err error) {
	e.chunk.thinking, e.chunk.fault, e.chunk.refusal = false, false, ""
	ok, short = e.chunk.decode(data)
	switch {
	case !ok:
		return ok, short, e.from.fail(Protocol, errBadEvent)
	case e.chunk.fault:
		if f, ok := parseFault(data, true); ok {
			return true, false, e.from.reject(0, f)
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

// end takes the last line, which may lack its end, and says how the answer ended.
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
