// Package events reads the answer of an OpenAI-compatible endpoint, in any form
// that endpoints are known to send, and gives it in the form that go-openai
// reads.
package events

import (
	"io"
	"strings"
)

const (
	// maxLine bounds an event of a stream, in bytes. An event may hold the
	// text of a whole page.
	maxLine = 1 << 20
	// maxStream bounds an event stream, in bytes: an event of about 300 bytes
	// for each token of the longest answer of today's models.
	maxStream = 64 << 20
	// maxWhole bounds an answer that is not streamed, and each line of it, in bytes, also
	// if a stream was asked for. Beside the text, it may have the odds of each token.
	maxWhole = 8 << 20
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
	body    io.Reader
	left    int                 // bytes that the answer may still have
	maxLine int                 // the bound of a line or event of a stream, in bytes
	alive   func(thinking bool) // see NewReader

	block []byte // for the next bytes
	line  []byte // the start of an incomplete line
	cr    bool   // the last byte was CR; an LF that follows belongs to that line end
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
	sawEvent bool
	done     bool // [DONE] came, or a whole answer
	doneSent bool // [DONE] was passed to go-openai
}

// NewReader returns a reader of body. stream tells whether a stream was asked
// for, which may be longer than another answer. alive is called when the
// endpoint sends something other than text: a thought (thinking is true) or a
// keep-alive.
func NewReader(body io.Reader, stream bool, alive func(thinking bool)) *Reader {
	r := &Reader{body: body, left: maxWhole, maxLine: maxWhole, alive: alive, block: make([]byte, 8<<10)}
	if stream {
		r.left, r.maxLine = maxStream, maxLine
	}
	return r
}

// Done reports whether the endpoint closed the answer properly.
func (r *Reader) Done() bool { return r.done }

// Whole reports whether the answer came at once rather than as a stream.
func (r *Reader) Whole() bool { return r.chunk.message }

func (r *Reader) Read(p []byte) (int, error) {
	for len(r.ready) == 0 {
		if r.err == nil {
			r.err = r.fill()
			r.chunk.ended = r.err != nil
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

// fill takes the next bytes of the answer, as many as came together.
func (r *Reader) fill() error {
	n, err := r.body.Read(r.block)
	if r.left -= n; r.left < 0 {
		return ErrTooLong
	}
	if failed := r.takeBlock(string(r.block[:n])); failed != nil {
		return failed
	}
	if err == io.EOF {
		return r.end()
	}
	return err
}

// takeBlock takes lines and the start of a line. A line ends with LF, CR or both. A
// non-nil error, possibly io.EOF, ends the answer.
func (r *Reader) takeBlock(block string) error {
	for block != "" {
		if r.cr {
			r.cr, block = false, strings.TrimPrefix(block, "\n")
			continue
		}
		end := lineEnd(block)
		part := block[:end]
		if len(r.line) == 0 {
			part = strings.TrimLeft(part, " \t")
		}
		if len(r.line)+len(part) > r.longest() {
			return ErrLineTooLong
		}
		if end == len(block) {
			r.line = append(r.line, part...)
			return nil
		}
		if len(r.line) > 0 {
			part = string(append(r.line, part...))
			r.line = r.line[:0]
		}
		r.cr = block[end] == '\r'
		block = block[end+1:]
		if err := r.take(strings.TrimSpace(part)); err != nil {
			return err
		}
	}
	return nil
}

// lineEnd returns the position of the first LF or CR, or the length of the block.
func lineEnd(block string) int {
	end := len(block)
	for _, c := range []byte{'\n', '\r'} { // each search is far faster than one for both
		if at := strings.IndexByte(block[:end], c); at >= 0 {
			end = at
		}
	}
	return end
}

// longest returns the bound of the present line and event, in bytes. A document comes in
// place of a whole stream, perhaps in a single line.
func (r *Reader) longest() int {
	if r.document || len(r.line) > 0 && isDocument(string(r.line[:1])) {
		return maxWhole
	}
	return r.maxLine
}

// isDocument reports whether a line starts a JSON document.
func isDocument(line string) bool { return line != "" && (line[0] == '{' || line[0] == '[') }

// take takes a line without the spaces around it. The error is that of takeBlock.
func (r *Reader) take(line string) error {
	line = strings.TrimPrefix(line, "\uFEFF")
	if r.document {
		return r.takeJSON(line)
	}
	name, value, colon := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch {
	case line == "" && len(r.pending) > 0: // the end of an event
		event := string(r.pending)
		r.pending = r.pending[:0]
		if whole, _ := brackets(event); !whole {
			return ErrBadEvent
		}
		return r.decode(event)
	case line == "", colon && name == "": // also a comment
		r.alive(false)
		return nil
	case isDocument(line):
		r.document, r.pending = true, r.pending[:0] // no more of an incomplete event comes
		return r.takeJSON(line)
	case name == "data":
		return r.takeData(value)
	case name == "event":
		r.failed = value == "error"
		return nil
	case name == "id", name == "retry":
		return nil
	case name == "error":
		// llama.cpp's server once sent its errors in this field
		// (https://github.com/ggml-org/llama.cpp/pull/16109).
		r.failed = true
		return r.takeData(value)
	case line[0] == '<' && !r.sawEvent:
		return ErrWebPage
	}
	r.junk = true
	return nil
}

func (r *Reader) takeData(value string) error {
	switch {
	case r.failed:
		return &Fault{[]byte(value)}
	case value == "[DONE]" && len(r.pending) == 0:
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
func (r *Reader) takeJSON(line string) error {
	if len(r.pending) == 0 {
		whole, begun := brackets(line)
		switch {
		case whole:
			return r.decode(line)
		case !begun && r.document && r.sawEvent: // the line is not part of a document
			r.document = false
			return nil
		case !begun:
			return ErrBadEvent
		}
	}
	if len(r.pending)+len(line) > r.longest() {
		return ErrTooLong
	}
	r.pending = append(append(r.pending, line...), '\n')
	return nil
}

// decode takes the JSON of an event or a document. The error is that of takeBlock.
func (r *Reader) decode(data string) error {
	fault, refusal, thinking := r.chunk.decode(data)
	switch {
	case fault:
		return &Fault{[]byte(data)}
	case refusal != "":
		return &Refusal{refusal}
	}
	r.sawEvent = true
	if len(r.chunk.text) == 0 && r.chunk.finish == "" {
		r.alive(thinking)
	}
	switch {
	case !r.document:
	case r.chunk.message:
		r.done = true
		return io.EOF
	case !r.chunk.choices:
		return ErrNoChoices
	}
	r.document = false
	return nil
}

// end takes the last line, which may lack its end, and returns how the answer
// ended.
func (r *Reader) end() error {
	if last := strings.TrimSpace(string(r.line)); last != "" {
		if err := r.take(last); err != nil {
			return err
		}
	}
	if len(r.pending) > 0 {
		if whole, _ := brackets(string(r.pending)); !whole {
			return io.ErrUnexpectedEOF
		}
		if err := r.decode(string(r.pending)); err != nil {
			return err
		}
	}
	if r.junk && !r.sawEvent {
		return ErrNoEvents
	}
	return io.EOF
}

// brackets reports whether a text is whole JSON of an object or array, or the beginning
// of one, as far as its brackets and strings tell. Some endpoints send bare words such as
// NaN, or control characters in strings, which no strict parser takes.
func brackets(text string) (whole, begun bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return depth == 0 && strings.TrimSpace(text[i+1:]) == "", false
			}
		}
	}
	return false, true
}
