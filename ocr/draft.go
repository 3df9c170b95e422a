package ocr

import "unicode/utf8"

// An output is the text that the consumer has received. A retry never makes the
// output shorter: another draft replaces the text only when that draft is
// longer.
type output struct {
	yield func(Update, error) bool
	left  bool // the consumer wants no more
	text  []byte
	shows *draft // the draft whose text is shown, or nil
}

// give sends an update to the consumer and records the update.
func (o *output) give(u Update) bool {
	if o.left {
		return false
	}
	o.text = append(o.text[:u.Keep], u.Add...)
	o.left = !o.yield(u, nil)
	return !o.left
}

// fail ends the reading with an error. The text so far stays.
func (o *output) fail(err error) {
	if !o.left {
		o.left = true
		o.yield(Update{Keep: len(o.text)}, err)
	}
}

// A draft is the text of a single try at a page. The first draft is shown
// while the draft grows, a later draft once it is longer than the shown text.
type draft struct {
	output *output
	text   []byte
	part   int // start of the answer that is being read
	// hidden is true if new text must not be shown before the draft is
	// finished. Such text may be taken back, and would fill the screen until
	// then.
	hidden bool
}

func (o *output) draft() *draft { return &draft{output: o} }

// add adds text. If the consumer wants no more, add returns false.
func (d *draft) add(text string) bool { return d.put(len(d.text)-d.part, text) }

// put adds text after the first from bytes of the present answer, and takes
// back the text that followed these bytes. If the consumer wants no more, put
// returns false.
func (d *draft) put(from int, text string) bool {
	from = min(d.part+from, len(d.text))
	if text == "" && from == len(d.text) {
		return !d.output.left
	}
	d.text = append(d.text[:from], text...)
	switch {
	case d.hidden:
	case d.output.shows == d:
		return d.output.give(Update{Keep: from, Add: text})
	case len(d.text) > len(d.output.text):
		return d.show()
	}
	return !d.output.left
}

// show makes the output show this draft.
func (d *draft) show() bool {
	same := d.same()
	d.output.shows = d
	return d.output.give(Update{Keep: same, Add: string(d.text[same:])})
}

// finish makes the output show this draft and its outcome.
func (d *draft) finish(o *Outcome) {
	same := d.same()
	d.output.give(Update{Keep: same, Add: string(d.text[same:]), Outcome: o})
}

// same returns the length of the common start of this draft and the output's
// text.
func (d *draft) same() (n int) {
	if d.output.shows == d {
		return min(len(d.text), len(d.output.text))
	}
	for n < min(len(d.text), len(d.output.text)) && d.text[n] == d.output.text[n] {
		n++
	}
	for n > 0 && n < len(d.text) && !utf8.RuneStart(d.text[n]) {
		n--
	}
	return n
}

// keep takes back the text after the first n bytes of the present answer.
func (d *draft) keep(n int) bool { return d.put(n, "") }

// begin starts a new part of the page below the present text.
func (d *draft) begin() bool {
	more := true
	if len(d.text) > 0 {
		more = d.add("\n\n"[min(2, trailingNewlines(d.text)):])
	}
	d.part = len(d.text)
	return more
}

func trailingNewlines(text []byte) (n int) {
	for n < len(text) && text[len(text)-1-n] == '\n' {
		n++
	}
	return n
}
