package ask

import (
	"strings"
)

// entities are the three characters that Slack encodes in texts.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
var entities = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")

// Decode returns a text as the person who wrote it sees it. Slack sends it with
// &, < and > encoded and with its own tokens: an address that it made a link of
// ("<mailto:a@b.c|a@b.c>"), a person ("<@U1|ann>"), a channel, a group. A token
// becomes its label or, where it has none, what it names.
func Decode(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "<")
		b.WriteString(entities.Replace(before))
		if !found {
			return b.String()
		}
		token, after, closed := strings.Cut(rest, ">")
		if !closed || strings.ContainsAny(token, "<\n") { // no token of Slack's
			b.WriteByte('<')
			text = rest
			continue
		}
		b.WriteString(decodeToken(token))
		text = after
	}
}

// decodeToken reads what stands between < and >.
func decodeToken(token string) string {
	target, label, _ := strings.Cut(token, "|")
	target, label = entities.Replace(target), entities.Replace(label)
	switch {
	case strings.HasPrefix(target, "@"), strings.HasPrefix(target, "#"):
		if label != "" {
			return target[:1] + strings.TrimLeft(label, "@#")
		}
		return target
	case label != "":
		return label
	case strings.HasPrefix(target, "!"): // such as <!here>
		return "@" + target[1:]
	}
	return strings.TrimPrefix(target, "mailto:")
}

// Address takes a mention of a user out of a text, with or without a label, and
// decodes the rest. mentioned is false where there is none.
func Address(text, user string) (words string, mentioned bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "<@"+user)
		b.WriteString(before)
		if !found {
			return strings.TrimSpace(Decode(b.String())), mentioned
		}
		label, after, closed := strings.Cut(rest, ">")
		if closed && (label == "" || label[0] == '|' && !strings.ContainsAny(label, "<\n")) {
			mentioned = true
			b.WriteByte(' ')
			text = after
			continue
		}
		b.WriteString("<@" + user) // somebody whose id only begins like this
		text = rest
	}
}
