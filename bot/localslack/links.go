package localslack

import (
	"fmt"
	"regexp"
	"strings"
)

var notInDomain = regexp.MustCompile(`[^a-z0-9-]+`)

// teamURL returns the team's address, without a slash at the end. Permalinks
// start with this address, and auth.test returns it. The page opens such links
// itself.
func (w *Workspace) teamURL() string {
	return "https://" + w.team.Domain + ".slack.com"
}

// domainOf returns a team's domain for its name.
func domainOf(name string) string {
	domain := strings.Trim(notInDomain.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if domain == "" {
		return "local"
	}
	return domain
}

// Permalink returns the address of a message as people copy it:
// https://TEAM.slack.com/archives/C…/p…, with thread_ts and cid for a reply.
// If there is no such message, Permalink returns "".
func (w *Workspace) Permalink(channel, ts string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.convs[channel]
	if c == nil || c.message(ts) == nil {
		return ""
	}
	return w.permalink(c, c.message(ts))
}

func (w *Workspace) permalink(c *conversation, m *Message) string {
	link := fmt.Sprintf("%s/archives/%s/p%s", w.teamURL(), c.info.ID, strings.ReplaceAll(m.TS, ".", ""))
	if m.isReply() {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + c.info.ID
	}
	return link
}
