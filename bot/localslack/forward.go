package localslack

import (
	"cmp"
	"encoding/json"
	"maps"
	"strings"
	"time"

	"slackocr/bot/localslack/internal/webapi"
)

// forward holds the parts of the original message that a forwarded message
// carries.
type forward struct {
	fields map[string]any
	files  []File
}

// Forward shares a message as the user in another conversation, or in the same
// one, with an optional text, and returns the new message's ts. The new
// message has an attachment with is_share, from_url, channel_id, ts, text and
// files. The files do not enter that conversation: people who could not see
// the files still cannot (Slack does not document this; this is the stricter
// choice). to.Files is ignored. The errors are those of Post for both
// conversations, and message_not_found.
func (w *Workspace) Forward(user, channel, ts string, to Post) (newTS string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from, err := w.memberOf(user, channel)
	if err != nil {
		return "", err
	}
	c, err := w.memberOf(user, to.Channel)
	if err != nil {
		return "", err
	}
	m := from.message(ts)
	if m == nil || m.Subtype == "tombstone" {
		return "", webapi.Err("message_not_found")
	}
	parent, err := threadOf(c, to.Thread)
	if err != nil {
		return "", err
	}
	shared := &Message{Type: "message", User: user, ClientMsgID: strings.ToLower(secret()), Text: w.compose(to.Text), forward: w.forwarded(from, m)}
	if parent != nil {
		shared.ThreadTS = parent.TS
	}
	shared.TS = w.newTS()
	w.append(c, shared)
	return shared.TS, nil
}

func (w *Workspace) forwarded(from *conversation, m *Message) *forward {
	author := w.users[m.User]
	us, _ := parseTS(m.TS)
	footer := "Posted in #" + from.info.Name
	if from.info.IsPrivate {
		footer = "Slack Conversation"
	}
	fields := map[string]any{
		"id": 1, "is_share": true, "is_msg_unfurl": true, "from_url": w.permalink(from, m),
		"channel_id": from.info.ID, "channel_team": w.team.ID, "ts": m.TS, "text": m.Text,
		"author_id": author.ID, "author_name": author.RealName, "author_subname": author.RealName,
		"author_link": w.teamURL() + "/team/" + author.ID, "footer": footer, "mrkdwn_in": []string{"text"},
		"fallback": "[" + time.UnixMicro(us).UTC().Format("January 2, 2006 3:04 PM") + "] " + author.Name + ": " + cmp.Or(m.Text, "[no text]"),
	}
	if len(m.Blocks) > 0 {
		fields["message_blocks"] = []any{map[string]any{
			"team": w.team.ID, "channel": from.info.ID, "ts": m.TS, "message": map[string]any{"blocks": m.Blocks},
		}}
	}
	return &forward{fields, m.Files}
}

// attachments returns the message's field, with links that start with base.
func (f *forward) attachments(base string) json.RawMessage {
	if len(f.files) > 0 {
		files := make([]File, len(f.files))
		for i := range f.files {
			files[i] = f.files[i].view(base)
		}
		fields := map[string]any{"files": files}
		maps.Copy(fields, f.fields)
		return webapi.MustJSON([]any{fields})
	}
	return webapi.MustJSON([]any{f.fields})
}
