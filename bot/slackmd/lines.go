package slackmd

import (
	"fmt"
	"strings"
)

// isThematicBreak reports whether text is a rule. DeepSeek-OCR's own tools put
// a rule of another form between pages, which counts too.
func isThematicBreak(text string) bool {
	if text == "<--- Page Split --->" {
		return true
	}
	sign := text[0]
	if sign != '-' && sign != '*' && sign != '_' {
		return false
	}
	return strings.Count(text, text[:1]) >= 3 && strings.Trim(text, string(sign)+" \t") == ""
}

func headingLevel(text string) int {
	level := len(text) - len(strings.TrimLeft(text, "#"))
	if level < 1 || level > 6 || (len(text) > level && text[level] != ' ' && text[level] != '\t') {
		return 0
	}
	return level
}

// trimHeading removes the closing # of a heading.
func trimHeading(text string) string {
	text = strings.TrimSpace(text)
	if bare := strings.TrimRight(text, "#"); bare == "" || strings.HasSuffix(bare, " ") {
		return strings.TrimSpace(bare)
	}
	return text
}

// PageBreak returns the text before page number page of a document with of
// pages: a rule and the number.
func PageBreak(page, of int) string {
	return fmt.Sprintf("\n\n---\n\n**Page %d of %d**\n\n", page, of)
}

// pageOf returns the page number in a line of PageBreak, or 0.
func pageOf(text string) int {
	var page, of int
	if !strings.HasPrefix(text, "**Page ") {
		return 0
	}
	_, err := fmt.Sscanf(text, "**Page %d of %d**", &page, &of)
	if err != nil || text != fmt.Sprintf("**Page %d of %d**", page, of) {
		return 0
	}
	return page
}

// maxFence bounds a fence's marker, which is repeated when a fence is split.
const maxFence = 20

// fenceOf returns the marker of the code fence that line opens, or "":
// https://spec.commonmark.org/0.31.2/#fenced-code-blocks
func fenceOf(line string) string {
	line = strings.TrimLeft(line, " \t")
	for _, sign := range []string{"`", "~"} {
		rest := strings.TrimLeft(line, sign)
		n := len(line) - len(rest)
		if n >= 3 && n <= maxFence && (sign == "~" || !strings.Contains(rest, sign)) {
			return line[:n]
		}
	}
	return ""
}

// closes reports whether line closes the fence with the given marker.
func closes(line, fence string) bool {
	line = strings.TrimSpace(line)
	return len(line) >= len(fence) && strings.Trim(line, fence[:1]) == ""
}

// openFence returns the marker of the code fence that s leaves open, or "".
func openFence(s string) (open string) {
	for line := range strings.Lines(s) {
		switch {
		case open == "":
			open = fenceOf(line)
		case closes(line, open):
			open = ""
		}
	}
	return open
}
