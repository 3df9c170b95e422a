package ocr

import (
	"slackocr/ocr/clean"
	"slackocr/ocr/page"
)

// cleaningOf is what the answers of a mode need: where somebody asks for places
// or for something of their own, the tags hold the answer.
func cleaningOf(m Mode) clean.Rules {
	switch m.Kind {
	case Locate:
		return clean.Rules{Bare: true, Boxes: true}
	case Prompt:
		return clean.Rules{Boxes: true}
	}
	return clean.Rules{Labels: true, Bare: true}
}

// chatCleaning is the same for models that talk. What somebody asks of them in
// words of their own is answered as it is: a fence may be what was asked for.
func chatCleaning(m Mode) clean.Rules {
	rules := cleaningOf(m)
	rules.Chat = m.Kind != Prompt
	return rules
}

// A Box is a place on the page that the model names.
type Box struct {
	// Text is what stands there; it may be empty.
	Text string
	page.Area
}

// boxesOf turns the model's corners into parts of the page.
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
