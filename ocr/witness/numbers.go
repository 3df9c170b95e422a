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
	// minNumbers is the least number of numbers for a judgement that most
	// differ.
	minNumbers = 4
)

// changed returns the numbers of the text that the layer does not have, or has
// with another decimal sign or minus sign. The keys are indices of read tokens.
func (c *checker) changed() map[int]change {
	changes, claims := map[int]change{}, map[int]int{}
	numbers, right, inLayer := 0, 0, 0
	for _, t := range c.layer.tokens {
		if t.number {
			inLayer++
		}
	}
	for j, t := range c.read.tokens {
		if !t.number {
			continue
		}
		numbers++
		ch := c.judge(j)
		if ch.layer == none && c.read.found[j] {
			right++
			continue
		}
		changes[j] = ch
		claims[ch.layer]++
	}
	fewer := min(numbers, inLayer)
	if fewer >= minNumbers && 2*right < fewer {
		return nil // the layer's digits have another meaning
	}
	sure := 0
	for j, ch := range changes {
		if changes[j] = (change{ch.layer, ch.sure && claims[ch.layer] == 1}); changes[j].sure {
			sure++
		}
	}
	if sure > maxChanged && 100*sure > maxChangedShare*fewer {
		for j, ch := range changes {
			changes[j] = change{layer: ch.layer}
		}
	}
	return changes
}

// judge compares number j of the text with the layer.
func (c *checker) judge(j int) change {
	t := c.read.tokens[j]
	if !c.read.found[j] {
		i, sure := c.read.opposite(c.layer, t)
		return change{i, sure && c.alikeAttached(i, j)}
	}
	i := c.layer.of[c.read.pair[t.from]]
	other := c.layer.tokens[i]
	switch {
	case other.to-other.from != t.to-t.from: // one of several that are one number
	case other.decimals != t.decimals && other.decimals != unknown && t.decimals != unknown:
		return change{i, true}
	case c.signsDiffer(other, t):
		return change{layer: i}
	}
	return change{layer: none}
}

// alikeAttached reports whether number i of the layer and number j of the text
// have letters on the same sides, or none: a letter may have been read as a
// digit.
func (c *checker) alikeAttached(i, j int) bool {
	after := func(x *text, i int) bool { return i+1 < len(x.tokens) && x.tokens[i+1].attached }
	return c.layer.tokens[i].attached == c.read.tokens[j].attached && after(c.layer, i) == after(c.read, j)
}

// signsDiffer reports whether one of two equal numbers has a minus sign and
// the other has no sign that may be a minus. Single digits are those of
// formulas.
func (c *checker) signsDiffer(layer, read token) bool {
	minusLayer, maybeLayer := c.layer.minus(layer)
	minusRead, maybeRead := c.read.minus(read)
	return read.to-read.from > 1 && (minusLayer && !maybeRead || minusRead && !maybeLayer)
}

const dashes = "-−–‐‑"

// minus reports whether a number follows a minus sign (sure), or a sign that
// may stand for a minus (maybe): a dash and a space, as in a list, or a
// bracket.
func (x *text) minus(t token) (sure, maybe bool) {
	last, size := utf8.DecodeLastRuneInString(x.source[:t.start])
	before, _ := utf8.DecodeLastRuneInString(x.source[:t.start-size])
	dash := strings.ContainsRune(dashes, last) && size > 0
	sure = dash && (before == utf8.RuneError || unicode.IsSpace(before))
	return sure, dash || last == '(' || last == '{' || last == '$' || strings.ContainsRune(dashes, before)
}

// markNumbers corrects or marks numbers, except in passages that were made up.
func (c *checker) markNumbers(made []bool) {
	for j, t := range c.read.tokens {
		ch, changed := c.changes[j]
		switch {
		case !changed || made[j]:
		case ch.sure:
			right := c.layer.tokens[ch.layer]
			c.edits = append(c.edits, edit{t.start, t.end, c.layer.source[right.start:right.end]})
			c.report.Corrected++
		case (ch.layer != none || c.page.complete()) && !c.read.isListNumber(t):
			c.edits = append(c.edits, edit{t.end, t.end, Mark})
			c.report.Marked++
		}
	}
}

// isListNumber reports whether t is the number that markdown gives to an item.
func (x *text) isListNumber(t token) bool {
	lineStart := strings.LastIndexByte(x.source[:t.start], '\n') + 1
	rest := x.source[t.end:]
	return strings.TrimLeft(x.source[lineStart:t.start], " >\t") == "" &&
		(strings.HasPrefix(rest, ". ") || strings.HasPrefix(rest, ") "))
}
