package ask

import (
	"net/url"
	"regexp"
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

// Link is the meaning of an address, as far as its text tells. One of the
// fields is set.
type Link struct {
	Message MessageRef // a message in Slack
	File    string     // id of a file in Slack
	Web     string     // an address outside Slack
	Other   bool       // anything else in Slack, such as a channel
}

// The forms of addresses that people copy. The id decides, whatever workspace
// the host names: in a shared channel the host may be the partner's, on
// Enterprise Grid the organization's. Permission is checked later in any case.
var (
	// /archives/C1/p1700000000123456, also behind /x-p…:
	// https://docs.slack.dev/reference/methods/chat.getPermalink
	archivePath = regexp.MustCompile(`^(?:/x-p[0-9A-Za-z-]*)?/(?:archives|messages)/([CDG][A-Z0-9]{2,30})/p(\d{10})(\d{6})/?$`)
	// /client/T1/C1/p1700000000123456, of Slack in a browser
	clientPath = regexp.MustCompile(`^/client/[TE][A-Z0-9]{2,30}/([CDG][A-Z0-9]{2,30})/p(\d{10})(\d{6})/?$`)
	// /client/T1/C1/thread/C1-1700000000.123456, of a thread there
	threadPath = regexp.MustCompile(`^/client/[TE][A-Z0-9]{2,30}/(?:[A-Za-z0-9]{2,30}/)?thread/([CDG][A-Z0-9]{2,30})-(\d{10})\.(\d{6})/?$`)
	timestamp  = regexp.MustCompile(`^(\d{10})\.(\d{6})$`)
	channelID  = regexp.MustCompile(`^[CDG][A-Z0-9]{2,30}$`)

	filePath = regexp.MustCompile(`^(?:/x-p[0-9A-Za-z-]*)?/files/(?:[TE][A-Z0-9]{2,30}/)?[UW][A-Z0-9]+/(F[A-Z0-9]{2,30})(?:/|$)`)
	// /files-pri/T1-F1/a.png, the content's address, and /T1-F1-abcdef, a public one
	privatePath = regexp.MustCompile(`^/(?:files-(?:pri|tmb)/)?[TE][A-Z0-9]{2,30}-(F[A-Z0-9]{2,30})(?:-[a-z0-9]+)?(?:/|$)`)
)

// ParseLink parses an address, in Slack's <…> form or bare. home is the
// workspace's own address. If s is not an address, ok is false.
func ParseLink(s, home string) (l Link, ok bool) {
	s = strings.TrimSpace(s)
	if inner, found := strings.CutPrefix(s, "<"); found { // Slack's form of addresses in texts
		s, _, _ = strings.Cut(strings.TrimSuffix(inner, ">"), "|")
	}
	s = entities.Replace(s)
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || strings.ContainsAny(s, " \t\n") {
		return Link{}, false
	}
	switch u.Scheme {
	case "slack": // slack://channel?team=T1&id=C1&message=1700000000.123456
		return appLink(u), true
	case "https", "http":
	default:
		return Link{}, false
	}
	if !slackHost(u, home) {
		return Link{Web: s}, true
	}
	for _, form := range []*regexp.Regexp{archivePath, clientPath, threadPath} {
		if m := form.FindStringSubmatch(u.Path); m != nil {
			return Link{Message: MessageRef{Channel: m[1], TS: m[2] + "." + m[3]}}, true
		}
	}
	for _, form := range []*regexp.Regexp{filePath, privatePath} {
		if m := form.FindStringSubmatch(u.Path); m != nil {
			return Link{File: m[1]}, true
		}
	}
	return Link{Other: true}, true
}

// slackHost reports whether an address belongs to Slack, or to the workspace
// at home.
func slackHost(u *url.URL, home string) bool {
	if own, err := url.Parse(home); err == nil && own.Host != "" && strings.EqualFold(u.Host, own.Host) {
		return true
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	for _, domain := range []string{"slack.com", "slack-gov.com", "slack-files.com"} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

// appLink parses a link that opens Slack's app.
// https://docs.slack.dev/interactivity/deep-linking
func appLink(u *url.URL) Link {
	q := u.Query()
	switch ts, id := q.Get("message"), q.Get("id"); {
	case u.Host == "channel" && channelID.MatchString(id) && timestamp.MatchString(ts):
		return Link{Message: MessageRef{Channel: id, TS: ts}}
	case u.Host == "file" && fileID.MatchString(id):
		return Link{File: id}
	}
	return Link{Other: true}
}

var fileID = regexp.MustCompile(`^F[A-Z0-9]{2,30}$`)
