package ocr

import (
	"slackocr/ocr/clean"
	"slackocr/ocr/page"
)

// cleaningOf returns the rules for the answers of a mode. In the modes Locate
// and Prompt the tags are the answer.
func cleaningOf(m Mode) clean.Rules {
	switch m.Kind {
	case Locate:
		return clean.Rules{Bare: true, Boxes: true}
	case Prompt:
		return clean.Rules{Boxes: true}
	}
	return clean.Rules{Labels: true, Bare: true}
}

// chatCleaning returns the rules for models that talk. An answer to a person's
// own prompt is left as it is: the prompt may ask for a fence.
func chatCleaning(m Mode) clean.Rules {
	rules := cleaningOf(m)
	rules.Chat = m.Kind != Prompt
	return rules
}

// A Box is a place on the page that the model names.
type Box struct {
	// Text is the text in the box; it may be empty.
	Text string
	page.Area
}

// boxesOf converts the model's corners to shares of the page.
func boxesOf(found []clean.Box) (boxes []Box) {
	for _, b := range found {
		boxes = append(boxes, Box{Text: b.Text, Area: areaOf(b.Corners)})
	}
	return boxes
}

func areaOf(corners [4]int) page.Area {
	at := func(i int) float64 { return float64(min(corners[i], clean.Grid)) / clean.Grid }
	return page.Area{
		Left: min(at(0), at(2)), Top: min(at(1), at(3)),
		Right: max(at(0), at(2)), Bottom: max(at(1), at(3)),
	}
}
