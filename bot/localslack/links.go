package localslack

import (
	"fmt"
	"regexp"
	"strings"
)

var notInDomain = regexp.MustCompile(`[^a-z0-9-]+`)

// teamURL is the team's address, without a slash at its end. Permalinks begin
// with it, and auth.test tells it. The page shows what such a link points to.
func (w *Workspace) teamURL() string {
	return "https://" + w.team.Domain + ".slack.com"
}

// domainOf makes a team's domain of its name.
func domainOf(name string) string {
	domain := strings.Trim(notInDomain.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if domain == "" {
		return "local"
	}
	return domain
}

// Permalink is the address of a message as people copy it:
// https://TEAM.slack.com/archives/C…/p…, of a reply with thread_ts and cid. It is
// "" where there is no such message.
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
