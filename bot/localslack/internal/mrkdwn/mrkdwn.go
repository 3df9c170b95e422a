// Package mrkdwn is the text of messages in the form in which Slack sends it:
// &, < and > as entities, addresses and mentions as <…> tokens
// (https://docs.slack.dev/messaging/formatting-message-text).
package mrkdwn

import (
	"regexp"
	"strings"
)

// Escape replaces &, < and > that are not part of an entity or a <…> token by
// entities.
func Escape(s string) string {
	if !strings.ContainsAny(s, "&<>") {
		return s
	}
	var b strings.Builder
	for s != "" {
		n := max(1, entityLen(s), tokenLen(s))
		switch part := s[:n]; part {
		case "&":
			b.WriteString("&amp;")
		case "<":
			b.WriteString("&lt;")
		case ">":
			b.WriteString("&gt;")
		default:
			b.WriteString(part)
		}
		s = s[n:]
	}
	return b.String()
}

// entityLen returns the length of the entity at the start of s, or 0.
func entityLen(s string) int {
	for _, e := range []string{"&amp;", "&lt;", "&gt;"} {
		if strings.HasPrefix(s, e) {
			return len(e)
		}
	}
	return 0
}

// tokenLen returns the length of the token at the start of s, such as <@U…>,
// <#C…>, <!here> or <https://…|label>, or 0.
func tokenLen(s string) int {
	if s[0] != '<' {
		return 0
	}
	end := strings.IndexAny(s[1:], "<>\n") + 1
	if end <= 1 || s[end] != '>' {
		return 0
	}
	body := s[1:end]
	if strings.ContainsRune("@#!", rune(body[0])) && len(body) > 1 {
		return end + 1
	}
	for _, scheme := range []string{"http://", "https://", "mailto:", "tel:"} {
		if strings.HasPrefix(body, scheme) && len(body) > len(scheme) {
			return end + 1
		}
	}
	return 0
}

// typedURL matches an address as typed: with a scheme, of mail, or a host
// alone (Slack knows more top-level domains than these). A <…> token stays
// unchanged.
var typedURL = regexp.MustCompile(`<[^<>]*>|https?://[^\s<>|]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.\w+|` +
	`\b(?:[a-zA-Z0-9-]+\.)+(?:com|org|net|edu|io|dev|app|co|eu|de|fr|uk)\b(?:/[^\s<>|]*)?`)

// LinkURLs puts addresses in < >, as Slack sends them to apps
// (https://docs.slack.dev/messaging/formatting-message-text#automatic-parsing).
func LinkURLs(text string) string {
	return typedURL.ReplaceAllStringFunc(text, func(s string) string {
		if strings.HasPrefix(s, "<") {
			return s
		}
		typed := strings.TrimRight(s, `.,;:!?)'"`)
		link := strings.ReplaceAll(typed, "&", "&amp;")
		switch {
		case strings.Contains(typed, "://"):
		case strings.Contains(typed, "@"):
			link = "mailto:" + link + "|" + link
		default:
			link = "http://" + link + "|" + link
		}
		return "<" + link + ">" + s[len(typed):]
	})
}

// LinkName replaces every @name by a mention of the user, unless a letter, a
// digit or < touches it.
func LinkName(text, name, user string) string {
	typed := "@" + name
	var b strings.Builder
	for {
		i := strings.Index(text, typed)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := i + len(typed)
		alone := (i == 0 || !wordByte(text[i-1]) && text[i-1] != '<') && (end == len(text) || !wordByte(text[end]))
		b.WriteString(text[:i])
		if alone {
			b.WriteString("<@" + user + ">")
		} else {
			b.WriteString(typed)
		}
		text = text[end:]
	}
}

func wordByte(b byte) bool {
	return b == '_' || b >= 0x80 || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// Mentions reports whether the text mentions the user.
func Mentions(text, user string) bool {
	return strings.Contains(text, "<@"+user+">") || strings.Contains(text, "<@"+user+"|")
}

// Cut cuts s to at most n characters.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
