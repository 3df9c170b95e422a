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
	f.known, f.at = true, len(s)
	if i := IndexFold(s[pos:], f.What); i >= 0 {
		f.at = pos + i
	}
	return f.at
}

// IndexFold is strings.Index for a string that starts with a sign, such as the
// start of a tag, with ASCII letters in any case.
func IndexFold(s, what string) int {
	for from := 0; ; from++ {
		i := strings.IndexByte(s[from:], what[0])
		if from += i; i < 0 || len(s)-from < len(what) {
			return -1
		}
		if strings.EqualFold(s[from:from+len(what)], what) {
			return from
		}
	}
}
