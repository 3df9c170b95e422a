package witness

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A change is a number of the text that the layer does not have at that place.
type change struct {
	layer int  // index of the layer's number at that place, or none
	sure  bool // the place is beyond doubt
}

const (
	// maxChanged is the most numbers that may be corrected, or, if greater,
	// maxChangedShare percent of all numbers. If more differ, the layer may be
	// wrong, and the numbers are only marked.
	maxChanged, maxChangedShare = 3, 20
	// maxOdd bounds the numbers of a page without counterpart, on either side.
	maxOdd = 500
	// minNumbers is the least number of numbers for a judgement that most
	// differ.
	minNumbers = 4
)

// changes returns the numbers of the text that have no counterpart, or a
// counterpart with another decimal sign. The keys are indices of read tokens.
func (c *checker) changes() map[int]change {
	var odd []int // numbers of the layer without counterpart
	inLayer := 0
	for i, t := range c.layer {
		if t.number {
			inLayer++
			if c.toRead[i] == none {
				odd = append(odd, i)
			}
		}
	}
	if len(odd) > maxOdd {
		return nil
	}
	found := map[int]change{}
	numbers, right := 0, 0
	for j, t := range c.read {
		if !t.number {
			continue
		}
		numbers++
		i := c.toLayer[j]
		if i == none {
			found[j] = c.replacement(j, odd)
		} else if single := c.toRead[i] == j && same(c.layer[i], t); single && movedPoint(c.layer[i], t) {
			found[j] = change{layer: i, sure: true}
		} else if single && c.signsDiffer(c.layer[i], t) {
			found[j] = change{layer: i}
		} else {
			right++
		}
	}
	fewer := min(numbers, inLayer)
	if fewer >= minNumbers && 2*right < fewer {
		return nil // the layer's digits have another meaning
	}
	sure := 0
	for j, ch := range found {
		if ch.sure && !c.alikeAttached(ch.layer, j) {
			found[j] = change{layer: ch.layer}
		} else if ch.sure {
			sure++
		}
	}
	if sure > maxChanged && 100*sure > maxChangedShare*fewer {
		for j, ch := range found {
			found[j] = change{layer: ch.layer}
		}
	}
	return found
}

// alikeAttached reports whether number i of the layer and number j of the text
// have letters on the same sides, or none: a letter may have been read as a
// digit.
func (c *checker) alikeAttached(i, j int) bool {
	beforeLayer, afterLayer := attached(c.text, c.layer[i])
	beforeRead, afterRead := attached(c.markdown, c.read[j])
	return beforeLayer == beforeRead && afterLayer == afterRead
}

func attached(text string, t token) (before, after bool) {
	left, _ := utf8.DecodeLastRuneInString(text[:t.start])
	right, _ := utf8.DecodeRuneInString(text[t.end:])
	return unicode.IsLetter(left), unicode.IsLetter(right)
}

// signsDiffer reports whether one of two equal numbers has a minus sign and
// the other has no sign that may be a minus. Single digits are those of
// formulas.
func (c *checker) signsDiffer(layer, read token) bool {
	minusLayer, maybeLayer := minus(c.text, layer)
	minusRead, maybeRead := minus(c.markdown, read)
	return len(read.key) > 1 && (minusLayer && !maybeRead || minusRead && !maybeLayer)
}

const dashes = "-−–‐‑"

// minus reports whether a number follows a minus sign (sure), or a sign that
// may stand for a minus (maybe): a dash and a space, as in a list, or a
// bracket.
func minus(text string, t token) (sure, maybe bool) {
	last, size := utf8.DecodeLastRuneInString(text[:t.start])
	before, _ := utf8.DecodeLastRuneInString(text[:t.start-size])
	dash := strings.ContainsRune(dashes, last) && size > 0
	sure = dash && (before == utf8.RuneError || before == '|' || before == '>' || unicode.IsSpace(before))
	return sure, dash || last == '(' || last == '{' || last == '$' || strings.ContainsRune(dashes, before)
}

// movedPoint reports whether two numbers of the same digits have different
// values.
func movedPoint(a, b token) bool {
	if a.fraction == thousands {
		a, b = b, a
	}
	switch {
	case a.fraction == unknown, b.fraction == unknown:
		return false
	case b.fraction == thousands:
		return a.fraction != 0 && a.fraction != 3 && a.fraction != thousands
	}
	return a.fraction != b.fraction
}

// replacement returns the layer's number in the place of number j of the text. The
// place is beyond doubt if both neighbours match, if one neighbour matches and
// the numbers are similar, or if no other similar numbers are left.
func (c *checker) replacement(j int, odd []int) change {
	beside, alike, likes := none, none, 0
	for _, i := range odd {
		before, after := c.adjoinsBefore(i, j), c.adjoinsAfter(i+1, j+1)
		similar := isSimilar(c.layer[i].key, c.read[j].key)
		if before && after || (before || after) && similar {
			return change{layer: i, sure: true}
		}
		if before || after {
			beside = i
		}
		if similar {
			alike = i
			likes++
		}
	}
	switch {
	case likes == 1 && c.onlyLike(alike, j):
		return change{layer: alike, sure: c.page.complete() && len(c.read[j].key) > 2}
	case likes > 0:
		return change{layer: alike}
	}
	return change{layer: beside}
}

// onlyLike reports whether no other remaining number of the text is similar to
// number i of the layer.
func (c *checker) onlyLike(i, j int) bool {
	for other, t := range c.read {
		if other != j && t.number && c.toLayer[other] == none && isSimilar(c.layer[i].key, t.key) {
			return false
		}
	}
	return true
}

// isSimilar reports whether a may be b misread: at most a third of the digits
// differ, and at least one may.
func isSimilar(a, b string) bool {
	return min(len(a), len(b)) > 1 && edits(a, b) <= max(1, min(len(a), len(b))/3)
}

// madeUp returns, for each read token, whether the token belongs to a passage
// that the page does not show.
func (c *checker) madeUp(changes map[int]change) []bool {
	made := make([]bool, len(c.read))
	if !c.page.complete() {
		return made // the text may stand in a picture
	}
	foreign := func(j int) bool {
		return c.toLayer[j] == none && (!c.read[j].number || changes[j].layer == none)
	}
	for start := 0; start < len(c.read); {
		end := start + 1
		for end < len(c.read) && c.read[end].line == c.read[start].line {
			end++
		}
		weight, gone, longest := 0, 0, 0
		for j := start; j < end; j++ {
			weight += c.read[j].weight()
			if foreign(j) {
				gone += c.read[j].weight()
				longest = max(longest, c.read[j].weight())
			}
		}
		if longest >= minWord && 100*gone >= missingPercent*weight {
			for j := start; j < end; j++ {
				made[j] = true
			}
		} else {
			for _, p := range passages(c.read[start:end], func(k int) bool { return foreign(start + k) }, minPassage) {
				for j := p.first; j <= p.last; j++ {
					made[start+j] = true
				}
			}
		}
		start = end
	}
	return made
}

// mark corrects or marks numbers, and marks the end of each passage that was
// made up. Numbers inside such a passage are not marked again.
func (c *checker) mark(changes map[int]change, made []bool) {
	for j, t := range c.read {
		if made[j] {
			if j+1 == len(made) || !made[j+1] || c.read[j+1].line != t.line {
				c.edits = append(c.edits, edit{t.end, t.end, Mark})
				c.report.MadeUp++
			}
			continue
		}
		ch, changed := changes[j]
		switch {
		case !changed:
		case ch.sure:
			right := c.layer[ch.layer]
			c.edits = append(c.edits, edit{t.start, t.end, c.text[right.start:right.end]})
			c.report.Corrected++
		case (ch.layer != none || c.page.complete()) && !c.isListNumber(t):
			c.edits = append(c.edits, edit{t.end, t.end, Mark})
			c.report.Marked++
		}
	}
}

// isListNumber reports whether t is the number that markdown gives to an item.
func (c *checker) isListNumber(t token) bool {
	lineStart := strings.LastIndexByte(c.markdown[:t.start], '\n') + 1
	rest := c.markdown[t.end:]
	return strings.TrimLeft(c.markdown[lineStart:t.start], " >\t") == "" && len(t.key) <= 3 &&
		(strings.HasPrefix(rest, ". ") || strings.HasPrefix(rest, ") "))
}
