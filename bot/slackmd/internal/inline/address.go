package inline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// findAddresses returns the parts of s that Slack would turn into links or
// emoji: addresses of pages and mail, and names of emoji. The result also
// holds the code spans of s, in which nothing is looked for. All parts are in
// order.
func findAddresses(s string, code []extent) []extent {
	var all []extent
	from := 0
	for _, c := range code {
		all = append(findBetween(all, s[:c.from], from), c)
		from = c.to
	}
	return findBetween(all, s, from)
}

// findBetween adds the addresses in s after offset from. The time is linear:
// the search goes back only over the word before a sign.
func findBetween(all []extent, s string, from int) []extent {
	for i := from; i < len(s); i++ {
		x := extent{i, i}
		switch c := s[i]; {
		case c == ':' && strings.HasPrefix(s[i:], "://"):
			if x.from = wordBefore(s, from, i, "+-.%"); x.from < i {
				x.to = i + addressLength(s[i:])
			}
		case c == ':':
			x = emoji(s, from, i)
		case c == '@':
			x = mail(s, from, i)
		case c == '.' && i >= from+3 && strings.EqualFold(s[i-3:i], "www"): // also after a letter, which may be outside of emphasis
			if n := addressLength(s[i:]); strings.Trim(s[i:i+n], endSigns) != "" {
				x = extent{i - 3, i + n}
			}
		}
		if x.to <= i {
			continue
		}
		if s[x.to-1] != ':' || !strings.HasPrefix(s[i:], ":") || strings.HasPrefix(s[i:], "://") {
			x.to = x.from + len(strings.TrimRight(s[x.from:x.to], endSigns))
		}
		for x.to < len(s) { // a mark belongs to the letter before
			r, n := utf8.DecodeRuneInString(s[x.to:])
			if r < utf8.RuneSelf || !unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) {
				break
			}
			x.to += n
		}
		all = append(all, x)
		from, i = x.to, max(i, x.to-1)
	}
	return all
}

// endSigns end a sentence or emphasis, not an address.
const endSigns = ".,;:!?'*_~-+"

// wordBefore returns the start of the word that ends at i. A word has letters,
// digits and the given signs, and must not start before from.
func wordBefore(s string, from, i int, signs string) int {
	for i > from && (isLetter(s[i-1]) || isDigit(s[i-1]) || strings.IndexByte(signs, s[i-1]) >= 0) {
		i--
	}
	return i
}

func wordAfter(s string, i int, signs string) int {
	for i < len(s) && (isLetter(s[i]) || isDigit(s[i]) || strings.IndexByte(signs, s[i]) >= 0) {
		i++
	}
	return i
}

// mail returns the mail address whose @ is at i.
func mail(s string, from, i int) extent {
	x := extent{wordBefore(s, from, i, "+-._%"), wordAfter(s, i+1, "-.")}
	if x.from == i || !strings.Contains(strings.Trim(s[i+1:x.to], "."), ".") {
		return extent{i, i}
	}
	return x
}

// emoji returns the name of an emoji, such as :tada:, whose first colon is at
// i. If letters touch the name, as in std::vector::iterator, emoji returns the
// whole word.
func emoji(s string, from, i int) extent {
	end := emojiEnd(s, i+1)
	if end == len(s) || s[end] != ':' || end-i > maxEmoji {
		return extent{i, i}
	}
	name := s[i+1 : end]
	if !strings.ContainsFunc(name, unicode.IsLetter) && name != "+1" && name != "-1" && name != "100" && name != "1234" {
		return extent{i, i} // a time such as 12:30:45
	}
	return extent{wordBefore(s, from, i, ":_"), wordAfter(s, end+1, ":_")}
}

// emojiEnd returns the end of the name that starts at i. A workspace may name
// its own emoji in any script, as in :確認:.
func emojiEnd(s string, i int) int {
	for j, r := range s[i:] {
		if !unicode.In(r, unicode.L, unicode.M, unicode.Nd) && !strings.ContainsRune("_+-'", r) {
			return i + j
		}
	}
	return len(s)
}

// maxEmoji bounds an emoji's name with its first colon, in bytes: 100 letters
// of up to three bytes.
const maxEmoji = 301

// addressLength returns the length of the rest of an address, after the first
// word. An address ends before a space, a quote, East Asian text, and a
// closing bracket without an opening bracket.
func addressLength(s string) int {
	depth := 0
	for i, r := range s {
		switch {
		case r <= ' ', strings.ContainsRune("<>\"`|\\^{}", r), r >= '\u2000':
			return i
		case r == '(' || r == '[':
			depth++
		case r == ')' || r == ']':
			if depth--; depth < 0 {
				return i
			}
		}
	}
	return len(s)
}

// BreakAddresses returns s with spaces inside addresses and names of emoji.
// The rest of a broken address can be part of another one, as in a@b.c@d.e.
func BreakAddresses(s string) string {
	for {
		broken := breakOnce(s)
		if broken == s {
			return s
		}
		s = broken
	}
}

func breakOnce(s string) string {
	var out strings.Builder
	from := 0
	for _, x := range findAddresses(s, nil) {
		out.WriteString(s[from:x.from])
		for i := x.from; i < x.to; i++ {
			out.WriteByte(s[i])
			if s[i] == ':' || s[i] == '@' || s[i] == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www") {
				out.WriteByte(' ')
			}
		}
		from = x.to
	}
	out.WriteString(s[from:])
	return out.String()
}
