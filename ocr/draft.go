package ocr

import "unicode/utf8"

// A sheet is the text that a consumer has been given. It never shrinks because
// something is tried again: another draft takes its place when that is longer.
type sheet struct {
	yield func(Update, error) bool
	left  bool // the consumer does not want more
	text  []byte
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
		s.yield(Update{}, err)
	}
}

// A draft is the text of one try at a page. The first one is shown as it grows,
// a later one when it is longer than what is shown.
type draft struct {
	sheet *sheet
	text  []byte
	live  bool // the sheet shows this draft
	part  int  // where the answer that is being read begins
}

func (s *sheet) draft() *draft { return &draft{sheet: s, live: len(s.text) == 0} }

// add adds text. It is false when the consumer does not want more.
func (d *draft) add(text string) bool {
	if text == "" {
		return !d.sheet.left
	}
	d.text = append(d.text, text...)
	switch {
	case d.live:
		return d.sheet.give(Update{Keep: len(d.sheet.text), Add: text})
	case len(d.text) > len(d.sheet.text):
		return d.show(nil)
	}
	return !d.sheet.left
}

// show makes the sheet show this draft.
func (d *draft) show(outcome *Outcome) bool {
	d.live = true
	same := 0
	for same < min(len(d.text), len(d.sheet.text)) && d.text[same] == d.sheet.text[same] {
		same++
	}
	for same < len(d.text) && same > 0 && !utf8.RuneStart(d.text[same]) {
		same--
	}
	return d.sheet.give(Update{Keep: same, Add: string(d.text[same:]), Outcome: outcome})
}

// keep takes back what follows the first n bytes of the present answer.
func (d *draft) keep(n int) bool {
	n += d.part
	if n >= len(d.text) {
		return !d.sheet.left
	}
	d.text = d.text[:n]
	if d.live {
		return d.sheet.give(Update{Keep: n})
	}
	return !d.sheet.left
}

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
