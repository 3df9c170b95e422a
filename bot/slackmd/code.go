package slackmd

import "strings"

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
