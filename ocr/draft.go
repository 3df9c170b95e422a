package ocr

import "unicode/utf8"

// A sheet is the text that a consumer has been given. It never shrinks because
// something is tried again: another draft takes its place when that is longer.
type sheet struct {
	yield func(Update, error) bool
	left  bool // the consumer does not want more
	text  []byte
	shows *draft // whose text it is, nil at first
}

// give sends an update, and notes what the consumer has then.
func (s *sheet) give(u Update) bool {
	if s.left {
		return false
	}
	s.text = append(s.text[:u.Keep], u.Add...)
	s.left = !s.yield(u, nil)
	return !s.left
}

// fail ends the reading with an error. What was given stays.
func (s *sheet) fail(err error) {
	if !s.left {
		s.left = true
		s.yield(Update{Keep: len(s.text)}, err)
	}
}

// A draft is the text of one try at a page. The first one is shown as it grows,
// a later one when it is longer than what is shown.
type draft struct {
	sheet *sheet
	text  []byte
	part  int // where the answer that is being read begins
	// hidden says that what comes is not shown before the draft is finished: it
	// may be taken back, and would fill the screen until then.
	hidden bool
}

func (s *sheet) draft() *draft { return &draft{sheet: s} }

// add adds text. It is false when the consumer does not want more.
func (d *draft) add(text string) bool { return d.put(len(d.text)-d.part, text) }

// put adds text that follows the first from bytes of the present answer, and
// takes back what stood there. It is false when the consumer does not want more.
func (d *draft) put(from int, text string) bool {
	from = min(d.part+from, len(d.text))
	if text == "" && from == len(d.text) {
		return !d.sheet.left
	}
	d.text = append(d.text[:from], text...)
	switch {
	case d.hidden:
	case d.sheet.shows == d:
		return d.sheet.give(Update{Keep: from, Add: text})
	case len(d.text) > len(d.sheet.text):
		return d.show()
	}
	return !d.sheet.left
}

// show makes the sheet show this draft.
func (d *draft) show() bool {
	same := d.same()
	d.sheet.shows = d
	return d.sheet.give(Update{Keep: same, Add: string(d.text[same:])})
}

// finish makes the sheet show this draft with its outcome.
func (d *draft) finish(o *Outcome) {
	same := d.same()
	d.sheet.give(Update{Keep: same, Add: string(d.text[same:]), Outcome: o})
}

// same is how many bytes of the sheet's text this draft begins with.
func (d *draft) same() (n int) {
	if d.sheet.shows == d {
		return min(len(d.text), len(d.sheet.text))
	}
	for n < min(len(d.text), len(d.sheet.text)) && d.text[n] == d.sheet.text[n] {
		n++
	}
	for n > 0 && n < len(d.text) && !utf8.RuneStart(d.text[n]) {
		n--
	}
	return n
}

// keep takes back what follows the first n bytes of the present answer.
func (d *draft) keep(n int) bool { return d.put(n, "") }

// begin begins a part of the page under the text that is there.
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
