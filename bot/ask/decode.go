package ask

import (
	"strings"
)

// entities are the three characters that Slack encodes in texts.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
var entities = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")

// Decode returns a text as its author sees the text. Slack sends &, < and >
// encoded, and uses tokens: for an address ("<mailto:a@b.c|a@b.c>"), a person
// ("<@U1|ann>"), a channel, a group. A token becomes its label or, without a
// label, its target.
func Decode(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "<")
		b.WriteString(entities.Replace(before))
		if !found {
			return b.String()
		}
		token, after, closed := strings.Cut(rest, ">")
		if !closed || strings.ContainsAny(token, "<\n") { // not a token of Slack
			b.WriteByte('<')
			text = rest
			continue
		}
		b.WriteString(decodeToken(token))
		text = after
	}
}

// decodeToken decodes the text between < and >.
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

// Address removes a mention of a user, with or without a label, and decodes
// the rest. If the text does not mention the user, mentioned is false.
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
		b.WriteString("<@" + user) // a longer id with the same start
		text = rest
	}
}
