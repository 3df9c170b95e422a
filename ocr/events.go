package ocr

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

const (
	// maxLine bounds one line of an event stream, in bytes. One event may hold
	// a whole page's text.
	maxLine = 1 << 20
	// maxStream bounds one event stream, in bytes: an event of about 300 bytes
	// for each token of the longest answer a model of today gives.
	maxStream = 64 << 20
)

var (
	errLineTooLong   = errors.New("a line of the event stream is too long")
	errStreamTooLong = errors.New("the event stream is too long")
	errNoEvents      = errors.New("the answer is not an event stream")
)

// events reads an endpoint's event stream
// (https://html.spec.whatwg.org/multipage/server-sent-events.html) and gives
// go-openai only what it reads rightly: lines of "data: {…}" and the final
// "data: [DONE]". Comments, other fields and blank lines are dropped; error
// events, in whatever form, and connections that break end it with an [Error].
// Each data line is taken for one event, since many endpoints leave the blank
// line between events out.
type events struct {
	from   endpoint
	body   io.ReadCloser
	lines  *bufio.Reader
	line   []byte // the line being read, reused
	left   int    // bytes of maxStream still allowed
	clean  []byte // normalised bytes not read yet
	err    error  // what comes after clean
	failed bool   // the last event field said "error"
	junk   bool   // lines came that belong to no event stream
	data   bool   // a data line came
	done   bool   // [DONE] came
}

func newEvents(from endpoint, body io.ReadCloser) *events {
	return &events{from: from, body: body, lines: bufio.NewReader(body), left: maxStream}
}

func (e *events) Close() error { return e.body.Close() }

func (e *events) Read(p []byte) (int, error) {
	for len(e.clean) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		line, err := e.readLine()
		switch {
		case err == nil:
			e.err = e.take(line)
		case errors.Is(err, io.EOF):
			e.err = e.end(line)
		case errors.Is(err, errLineTooLong), errors.Is(err, errStreamTooLong):
			e.err = e.from.fail(Protocol, err)
		default:
			e.err = e.from.fail(CutOff, err)
		}
	}
	n := copy(p, e.clean)
	e.clean = e.clean[n:]
	return n, nil
}

// readLine returns the next line without its end. With an error comes what
// there was of an unfinished line.
func (e *events) readLine() ([]byte, error) {
	e.line = e.line[:0]
	for {
		part, err := e.lines.ReadSlice('\n')
		e.left -= len(part)
		switch {
		case e.left < 0:
			return nil, errStreamTooLong
		case len(e.line)+len(part) > maxLine:
			return nil, errLineTooLong
		}
		e.line = append(e.line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSpace(e.line), err
		}
	}
}

// take puts a line's event into clean, or returns what ends the stream.
func (e *events) take(line []byte) error {
	line = bytes.TrimPrefix(line, []byte("\uFEFF"))
	name, value, colon := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case len(line) == 0, colon && len(name) == 0: // end of an event, comment
		return nil
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
	}
	// Some endpoints write an error as bare JSON into a stream that has begun.
	if f, ok := parseFault(line, false); ok {
		return e.from.reject(0, f)
	}
	e.junk = true
	return nil
}

func (e *events) takeData(value []byte) error {
	if string(value) == "[DONE]" {
		e.done = true
		e.clean = append(e.clean[:0], "data: [DONE]\n"...)
		return io.EOF
	}
	if e.failed {
		f, ok := parseFault(value, true)
		if !ok {
			f.message = string(value)
		}
		return e.from.reject(0, f)
	}
	if len(value) == 0 || value[0] != '{' {
		return nil // a heartbeat
	}
	// A quoted "error" cannot stand inside text, where its quotes are escaped.
	if bytes.Contains(value, []byte(`"error"`)) {
		if f, ok := parseFault(value, false); ok {
			return e.from.reject(0, f)
		}
	}
	e.data = true
	// go-openai takes every line that begins with {"error": for an error, even
	// one with "error":null; the space keeps it from that.
	e.clean = append(e.clean[:0], "data: { "...)
	e.clean = append(append(e.clean, value[1:]...), '\n')
	return nil
}

// end takes the last line, which may lack its newline, and says how the
// stream ended.
func (e *events) end(last []byte) error {
	if _, value, ok := bytes.Cut(last, []byte(":")); ok {
		if value = bytes.TrimSpace(value); len(value) > 0 && value[0] == '{' && !json.Valid(value) {
			return e.from.fail(CutOff, io.ErrUnexpectedEOF)
		}
	}
	if err := e.take(last); err != nil {
		return err
	}
	if e.junk && !e.data {
		return e.from.fail(Protocol, errNoEvents)
	}
	return io.EOF
}
