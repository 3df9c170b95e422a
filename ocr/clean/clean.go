// Package clean takes out of a model's answer what is no text of the page, while
// the answer comes: DeepSeek-OCR's layout tags and boxes, thoughts, special tokens
// that leaked, and a fence round the whole answer. What only looks like one of
// these stays.
package clean

// Rules say what becomes of the model's own signs. The zero value takes off only
// what no mode needs.
type Rules struct {
	// Labels drops the known layout labels in <|ref|> tags; else what a tag
	// holds is text.
	Labels bool
	// Bare drops coordinates that lost their tags too.
	Bare bool
	// Boxes collects the boxes as a part of the answer.
	Boxes bool
	// Chat is for models that talk: a fence round the whole answer is taken off
	// whatever stands in it. Without Chat it is taken off where it says that it
	// holds Markdown; any other is a page of code.
	Chat bool
}

// A Box is a place on the page that the model names.
type Box struct {
	// Text is what stands there, in at most 200 bytes; it may be empty.
	Text string
	// Corners are x1, y1, x2, y2 as the model writes them: from 0 to [Grid]
	// across the width and the height of the page. They are not checked.
	Corners [4]int
}

const (
	// maxName bounds what is kept of the text in a <|ref|> for its boxes, in
	// bytes.
	maxName = 200
	// maxBoxes bounds the boxes of one answer.
	maxBoxes = 200
	// maxThoughts bounds the thoughts of one answer, in bytes.
	maxThoughts = 1 << 20
)

// A Cleaner takes the model's own signs out of its text as that comes, in
// pieces that may be cut anywhere. What it gives does not depend on the cuts.
// It looks at each byte a bounded number of times and holds back at most
// about 600 bytes of text whose meaning the next piece decides. The zero value
// with its Rules is ready. A Cleaner is not safe for use by several goroutines
// at once.
type Cleaner struct {
	Rules Rules

	held     []byte
	page     blocks
	wrapper  wrapper
	given    int  // bytes of clean text that stand
	void     bool // the text given was none
	thoughts thoughts
}

// Add takes the next piece. The first keep bytes of the clean text so far still
// stand, and text follows them. Text is taken back seldom: where it turns out
// that it was thoughts, or that no fence stands round the whole text.
func (c *Cleaner) Add(s string) (keep int, text string) {
	c.held = append(c.held, s...)
	c.scan(false)
	return c.give(false)
}

// End is Add for the end of the text: it gives what was held back.
func (c *Cleaner) End() (keep int, text string) {
	c.scan(true)
	c.page.end()
	return c.give(true)
}

// Abandon is End for a text that broke off: half a tag is no text then.
func (c *Cleaner) Abandon() (keep int, text string) {
	if len(c.held) > 0 && (c.held[0] == '<' || c.held[0] == '[') {
		c.held = c.held[:0]
	}
	return c.End()
}

// Looped reports whether the model writes tags or thoughts without end.
func (c *Cleaner) Looped() bool {
	return c.page.loop || c.page.out.silent > maxSilent || c.thoughts.length > maxThoughts
}

// Boxes returns the boxes so far, at most 200.
func (c *Cleaner) Boxes() []Box { return c.page.boxes }

func (c *Cleaner) scan(last bool) {
	c.page.rules = c.Rules
	rest := c.held
	for len(rest) > 0 {
		n, more := c.step(rest, last)
		if more {
			break
		}
		rest = rest[n:]
	}
	c.held = append(c.held[:0], rest...)
}

// step takes what stands at the start of b and returns its length. more says
// that what follows decides.
func (c *Cleaner) step(b []byte, last bool) (n int, more bool) {
	if c.thoughts.open() {
		return c.thoughts.skip(b, last)
	}
	if b[0] == '<' || b[0] == '[' || b[0] == "◁"[0] {
		if n, more = c.thoughts.sign(b, &c.page, last); more {
			return 0, true
		} else if n > 0 {
			if !c.page.blank() { // what came before were thoughts too
				c.page, c.wrapper, c.void = blocks{rules: c.Rules}, wrapper{}, true
			}
			return n, false
		}
	}
	if n, more = c.page.token(b, last); more {
		return 0, true
	}
	if n == 0 {
		c.page.text(b[0])
		n = 1
	}
	c.page.out.silent += n
	return n, false
}

// give returns the clean text since the last call.
func (c *Cleaner) give(last bool) (keep int, text string) {
	fresh := c.page.out.take()
	back, text := c.wrapper.add(fresh, c.Rules.Chat, last)
	if keep = c.given; back || c.void {
		keep = 0
	}
	c.given, c.void = keep+len(text), false
	return keep, text
}
