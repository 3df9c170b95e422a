package clean

import "strings"

// corners is a box in the model's form: x1, y1, x2, y2 from 0 to 999.
type corners = [4]int

// Grid is the coordinate of a page's right and lower edge. The model's own
// code divides by 999.
const Grid = 999

// A detParser reads the contents of a <|det|>, byte by byte.
type detParser struct {
	box    corners
	n      int // number of complete coordinates of box
	number int
	digits int
}

// take takes one byte. ok is false if b cannot be part of a list of
// coordinates. If b completes a box, take returns the box.
func (p *detParser) take(b byte) (box *corners, ok bool) {
	if '0' <= b && b <= '9' {
		p.digits++
		p.number = min(10*p.number+int(b-'0'), 1<<20)
		return nil, true
	}
	if !strings.ContainsRune("[], \n\r\t", rune(b)) {
		return nil, false
	}
	if p.digits > 0 {
		p.box[p.n] = p.number
		p.n, p.number, p.digits = p.n+1, 0, 0
	}
	if p.n == len(p.box) {
		p.n = 0
		return &p.box, true
	}
	return nil, true
}

// maxBare bounds a bare list of boxes, in bytes: twenty boxes.
const maxBare = 512

// boxList reads [[x1, y1, x2, y2], …] at the start of b and returns the
// length, or 0 for anything else.
func boxList(b []byte, last bool) (boxes []corners, n int, more bool) {
	next := func(want string) bool { // next skips spaces, then takes one of the bytes of want
		for n < len(b) && b[n] == ' ' {
			n++
		}
		if n < len(b) && strings.IndexByte(want, b[n]) >= 0 {
			n++
			return true
		}
		return false
	}
	none := func() ([]corners, int, bool) { return nil, 0, !last && n == len(b) && n < maxBare }
	if !next("[") {
		return none()
	}
	for {
		if !next("[") {
			return none()
		}
		var box corners
		for i := range box {
			start := n
			for n < len(b) && b[n] == ' ' {
				start, n = start+1, n+1
			}
			for n < len(b) && n < start+3 && '0' <= b[n] && b[n] <= '9' {
				box[i] = 10*box[i] + int(b[n]-'0')
				n++
			}
			after := ","
			if i == len(box)-1 {
				after = "]"
			}
			if n == start || !next(after) {
				return none()
			}
		}
		if box[0] > box[2] || box[1] > box[3] || n > maxBare {
			return nil, 0, false
		}
		boxes = append(boxes, box)
		switch {
		case next("]") && n <= maxBare:
			return boxes, n, false
		case n > maxBare:
			return nil, 0, false
		case !next(","):
			return none()
		}
	}
}

// endsLine reports whether only spaces follow on the line.
func endsLine(b []byte, last bool) (ends, more bool) {
	const most = 8
	for i, c := range b[:min(len(b), most)] {
		if c == '\n' || c == '\r' {
			return true, false
		}
		if c != ' ' || i == most-1 {
			return false, false
		}
	}
	return last, !last
}
