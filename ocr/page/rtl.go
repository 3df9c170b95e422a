package page

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"slackocr/ocr/witness"
)

// pdftotext gives with -tsv what stands on the page from left to right. Hebrew and
// Arabic are read from right to left, and the numbers in them from left to right.

// readingOrder puts a line that is mostly right-to-left into reading order.
func readingOrder(line *witness.Line) {
	leftward, rightward := 0, 0
	for _, w := range line.Words {
		for _, r := range w.Text {
			switch {
			case isLeftward(r):
				leftward++
			case unicode.IsLetter(r):
				rightward++
			}
		}
	}
	if leftward == 0 {
		return
	}
	if leftward < rightward {
		return
	}
	for i, w := range line.Words {
		line.Words[i].Text = reversed(w.Text)
	}
	slices.Reverse(line.Words)
}

func isLeftward(r rune) bool {
	return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko) && unicode.IsLetter(r)
}

// reversed returns a word in the order of reading from the right: each letter
// with its marks, but numbers and words of other scripts unchanged.
func reversed(word string) string {
	runes := []rune(word)
	rightward := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsDigit(runes[i]) || unicode.IsLetter(runes[i]) && !isLeftward(runes[i]))
	}
	var runs []string
	for i, r := range runes {
		inside := rightward(i) || rightward(i-1) && rightward(i+1)
		if len(runs) > 0 && (unicode.IsMark(r) || inside && (rightward(i-1) || i > 0 && rightward(i-2) && rightward(i))) {
			runs[len(runs)-1] += string(r)
			continue
		}
		runs = append(runs, string(r))
	}
	slices.Reverse(runs)
	return norm.NFC.String(strings.Join(runs, ""))
}
