// Package clean removes everything from a model's answer that is not text of
// the page, while the answer arrives: DeepSeek-OCR's layout tags and boxes,
// thoughts, leaked special tokens, and a fence around the whole answer. Text
// that only resembles these stays.
package clean

// Rules say how to treat the model's tags. The zero value removes only the
// tags that no mode needs.
type Rules struct {
	// Labels drops the known layout labels in <|ref|> tags. Otherwise the
	// contents of a tag are text.
	Labels bool
	// Bare also drops coordinates that lost their tags.
	Bare bool
	// Boxes collects the boxes as a part of the answer.
	Boxes bool
	// Chat is for models that talk: any fence around the whole answer is
	// removed. Without Chat only a fence of Markdown is removed; any other is
	// a page of code.
	Chat bool
}

// A Box is a place on the page that the model names.
type Box struct {
	// Text is the text in the box, at most 200 bytes; it may be empty.
	Text string
	// Corners are x1, y1, x2, y2 in the model's form: from 0 to [Grid] across
	// the width and the height of the page. The values are not checked.
	Corners [4]int
}

const (
	// maxName bounds the text of a <|ref|> that is kept for its boxes, in
	// bytes.
	maxName = 200
	// maxBoxes bounds the boxes of an answer.
	maxBoxes = 200
	// maxThoughts bounds the thoughts of an answer, in bytes.
	maxThoughts = 1 << 20
)

// A Cleaner removes the model's tags from an answer that arrives in pieces of
// any size. The result does not depend on the pieces. A Cleaner examines each
// byte a bounded number of times and holds back at most about 600 bytes until
// the next piece decides. The zero value with its Rules is ready for use. A
// Cleaner must not be used by several goroutines at once.
type Cleaner struct {
	Rules Rules

	held     []byte
	page     blocks
	wrapper  wrapper
	flushed  int  // length of the clean text that was returned and stands
	void     bool // the returned text was thoughts
	thoughts thoughts
}

// Add takes the next piece. The first keep bytes of the clean text so far
// stand, and text follows them. Text is rarely taken back: only if the text turns
// out to be thoughts, or if later text shows that the markup around the whole text
// begins or ends elsewhere.
func (c *Cleaner) Add(s string) (keep int, text string) {
	c.held = append(c.held, s...)
	c.scan(false)
	return c.flush(false)
}

// End is Add for the end of the answer. End returns the text held back.
func (c *Cleaner) End() (keep int, text string) {
	c.scan(true)
	c.page.end()
	return c.flush(true)
}

// Abandon is End for an answer that broke off: half a tag is not text then.
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

// step takes the first item of b and returns its length. If more is true, the
// next bytes must decide.
func (c *Cleaner) step(b []byte, last bool) (n int, more bool) {
	if c.thoughts.open() {
		return c.thoughts.skip(b, last)
	}
	if b[0] == '<' || b[0] == '[' || b[0] == "◁"[0] {
		if n, more = c.thoughts.sign(b, &c.page, last); more {
			return 0, true
		} else if n > 0 {
			if !c.page.blank() { // the text before was thoughts too
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

// flush returns the clean text since the last call.
func (c *Cleaner) flush(last bool) (keep int, text string) {
	fresh := c.page.out.take()
	back, text := c.wrapper.add(fresh, c.Rules.Chat, last)
	if keep = c.flushed; back || c.void {
		keep = 0
	}
	c.flushed, c.void = keep+len(text), false
	return keep, text
}
