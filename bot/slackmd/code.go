package slackmd

import "strings"

// ticks reads a code span: https://spec.commonmark.org/0.31.2/#code-spans
func (p *inliner) ticks() bool {
	rest := p.src[p.i:]
	n := len(rest) - len(strings.TrimLeft(rest, "`"))
	if p.ticked == nil {
		p.ticked = findTicks(p.src)
	}
	if end := p.ticked.next(n, p.i+n); end > 0 {
		p.codeSpan(codeText(p.src[p.i+n : end]))
		p.i = end + n
		return true
	}
	p.write(rest[:n])
	p.i += n
	return true
}

// tickRuns holds the positions of the runs of backticks in a text, by length.
// A run longer than maxFence is text.
type tickRuns [maxFence + 1][]int32

func findTicks(s string) *tickRuns {
	var runs tickRuns
	for i := 0; i < len(s); i++ {
		from := i
		for i < len(s) && s[i] == '`' {
			i++
		}
		if n := i - from; n > 0 && n <= maxFence {
			runs[n] = append(runs[n], int32(from))
		}
	}
	return &runs
}

// next returns the position of the next run of length n at or after pos, or 0
// if there is none. Earlier runs are dropped.
func (t *tickRuns) next(n, pos int) int {
	if n > maxFence {
		return 0
	}
	for len(t[n]) > 0 && int(t[n][0]) < pos {
		t[n] = t[n][1:]
	}
	if len(t[n]) == 0 {
		return 0
	}
	return int(t[n][0])
}

func codeText(s string) string {
	s = strings.ReplaceAll(s, "\n", " ")
	if len(s) > 2 && s[0] == ' ' && s[len(s)-1] == ' ' && strings.TrimSpace(s) != "" {
		s = s[1 : len(s)-1]
	}
	return s
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
