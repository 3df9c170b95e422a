package ocr

import "unicode/utf8"

// An output is the text that the consumer has received. A retry never makes the
// output shorter: another candidate replaces the text only when that one is
// longer.
type output struct {
	yield   func(Update, error) bool
	stopped bool // the consumer wants no more
	text    []byte
	shows   *candidate // the candidate whose text is shown, or nil
}

// give sends an update to the consumer and records the update.
func (o *output) give(u Update) bool {
	if o.stopped {
		return false
	}
	o.text = append(o.text[:u.Keep], u.Add...)
	o.stopped = !o.yield(u, nil)
	return !o.stopped
}

// fail ends the reading with an error. The text so far stays.
func (o *output) fail(err error) {
	if !o.stopped {
		o.stopped = true
		o.yield(Update{Keep: len(o.text)}, err)
	}
}

// A candidate is the text of a single try at a page. The first candidate is shown
// while it grows, a later one once it is longer than the shown text.
type candidate struct {
	output *output
	text   []byte
	part   int // start of the answer that is being read
	// hidden is true if new text must not be shown before the candidate is
	// finished. Such text may be taken back, and would fill the screen until
	// then.
	hidden bool
}

func (o *output) candidate() *candidate { return &candidate{output: o} }

// add adds text. If the consumer wants no more, add returns false.
func (c *candidate) add(text string) bool { return c.put(len(c.text)-c.part, text) }

// put adds text after the first from bytes of the present answer, and takes
// back the text that followed these bytes. If the consumer wants no more, put
// returns false.
func (c *candidate) put(from int, text string) bool {
	from = min(c.part+from, len(c.text))
	if text == "" && from == len(c.text) {
		return !c.output.stopped
	}
	c.text = append(c.text[:from], text...)
	switch {
	case c.hidden:
	case c.output.shows == c:
		return c.output.give(Update{Keep: from, Add: text})
	case len(c.text) > len(c.output.text):
		return c.show()
	}
	return !c.output.stopped
}

// show makes the output show this candidate.
func (c *candidate) show() bool {
	same := c.same()
	c.output.shows = c
	return c.output.give(Update{Keep: same, Add: string(c.text[same:])})
}

// finish makes the output show this candidate and its outcome.
func (c *candidate) finish(o *Outcome) {
	same := c.same()
	c.output.give(Update{Keep: same, Add: string(c.text[same:]), Outcome: o})
}

// same returns the length of the common start of this candidate and the output's
// text.
func (c *candidate) same() (n int) {
	for n < min(len(c.text), len(c.output.text)) && c.text[n] == c.output.text[n] {
		n++
	}
	for n > 0 && n < len(c.text) && !utf8.RuneStart(c.text[n]) {
		n--
	}
	return n
}

// keep takes back the text after the first n bytes of the present answer.
func (c *candidate) keep(n int) bool { return c.put(n, "") }

// begin starts a new part of the page below the present text.
func (c *candidate) begin() bool {
	more := true
	if len(c.text) > 0 {
		more = c.add("\n\n"[min(2, trailingNewlines(c.text)):])
	}
	c.part = len(c.text)
	return more
}

func trailingNewlines(text []byte) (n int) {
	for n < len(text) && text[len(text)-1-n] == '\n' {
		n++
	}
	return n
}
