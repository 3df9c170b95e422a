package inline

import "strings"

// A Finder looks ahead for a string. Callers ask for growing positions, and
// the finder remembers the last answer, so all searches together take linear
// time.
type Finder struct {
	What  string
	at    int
	known bool
}

// Next returns the position of the string at or after pos, or the length of s.
func (f *Finder) Next(s string, pos int) int {
	if f.known && f.at >= pos {
		return f.at
	}
	i := 0
	if strings.HasPrefix(f.What, "<") {
		i = IndexFold(s[pos:], f.What)
	} else {
		i = strings.Index(s[pos:], f.What)
	}
	f.known, f.at = true, len(s)
	if i >= 0 {
		f.at = pos + i
	}
	return f.at
}
