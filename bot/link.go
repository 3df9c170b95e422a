package bot

import (
	"net/url"
	"regexp"
	"strings"

	"slackocr/bot/ask"
)

// link is an address that somebody gave, as far as its text tells.
type link struct {
	message *ask.MessageRef // a message of this workspace
	file    string          // id of a file of this workspace
	web     string          // anything else
	foreign bool            // it leads to another workspace
}

var (
	// https://docs.slack.dev/reference/methods/chat.getPermalink
	messagePath = regexp.MustCompile(`^/archives/([CDG][A-Z0-9]{2,30})/p(\d{10})(\d{6})/?$`)
	filePath    = regexp.MustCompile(`^/files/[UW][A-Z0-9]+/(F[A-Z0-9]{2,30})(/|$)`)
	privatePath = regexp.MustCompile(`^/files-(?:pri|tmb)/[TE][A-Z0-9]+-(F[A-Z0-9]{2,30})(-[a-z0-9]+)?/`)
)

// parseLink reads an address. home is the workspace's own, which Slack's links to
// messages and files begin with. ok is false where s is no address.
func parseLink(s, home string) (l link, ok bool) {
	s = strings.TrimSpace(s)
	if inner, found := strings.CutPrefix(s, "<"); found { // as Slack writes addresses in texts
		s, _, _ = strings.Cut(strings.TrimSuffix(inner, ">"), "|")
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || strings.ContainsAny(s, " \t\n") || u.Scheme != "https" && u.Scheme != "http" {
		return link{}, false
	}
	own, err := url.Parse(home)
	here := err == nil && strings.EqualFold(u.Host, own.Host)
	if m := messagePath.FindStringSubmatch(u.Path); m != nil && here {
		return link{message: &ask.MessageRef{Channel: m[1], TS: m[2] + "." + m[3]}}, true
	}
	if m := filePath.FindStringSubmatch(u.Path); m != nil && here {
		return link{file: m[1]}, true
	}
	host := strings.ToLower(u.Hostname())
	slacks := host == "slack.com" || strings.HasSuffix(host, ".slack.com") || strings.HasSuffix(host, ".slack-gov.com")
	if m := privatePath.FindStringSubmatch(u.Path); m != nil && (slacks || here) {
		return link{file: m[1]}, true
	}
	if slacks || here {
		return link{foreign: true}, true
	}
	return link{web: s}, true
}
