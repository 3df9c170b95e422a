package ocr

// An Update is one step of a page's text as it grows.
type Update struct {
	// Keep is how many bytes of the text so far still stand: all of them when
	// text is only added, fewer when some is taken back.
	Keep int
	// Add is the text that follows what was kept. It may be empty.
	Add string
	// Outcome is set on the last update only.
	Outcome *Outcome
}

// An Outcome says how a reading ended that did not fail.
type Outcome struct {
	// Model is the name of the model as the endpoint gives it, else as it was
	// asked for; "" where FromLayer is set.
	Model string
	// Words is the number of words of the whole text, see [CountWords].
	// It is 0 for a picture without text.
	Words int
	// Cut says that the text ends before the page does, also when the page was
	// read again in halves.
	Cut bool
	// Looped says why, where it was not the length limit: the model repeated
	// itself each time. One copy was kept; what follows on the page is missing.
	Looped bool
	// FromLayer says that the text is the one that the page itself carries, since
	// the model gave none that is whole.
	FromLayer bool
	// Boxes are the places that were asked for in the mode Locate, or that the
	// answer to a prompt names; at most 200.
	Boxes []Box
}

// A Text is a page's text so far: the sum of its updates. Applying updates
// costs time linear in what they add. The zero value is an empty text.
// A Text is not safe for use by several goroutines at once.
type Text struct {
	buf []byte
}

// Apply takes back what u does not keep and adds what u adds. A Keep outside
// the text is taken for its nearest end.
func (t *Text) Apply(u Update) {
	keep := max(0, min(u.Keep, len(t.buf)))
	t.buf = append(t.buf[:keep], u.Add...)
}

// String returns a copy of the text so far.
func (t *Text) String() string { return string(t.buf) }

// Len returns the length of the text so far in bytes.
func (t *Text) Len() int { return len(t.buf) }
