package localslack

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/webapi"
)

// This file has the acts of a person in a chat: posts, edits, reactions and so on.

// Upload is a file that a person posts.
type Upload struct {
	Name   string
	Data   []byte
	AltTxt string // description for people who do not see the picture
}

// Post is a message that a person sends. Text is the typed text; a name after
// an @ becomes a mention, as in Slack's client.
type Post struct {
	Channel, Thread, Text string
	Files                 []Upload
}

// maxPostFiles is the most files in a message of Slack's client.
const maxPostFiles = 10

// Post sends a message as a person and returns the message's ts. Apps get the
// message event (subtype file_share with files), and app_mention if the text
// names the app. The errors have Slack's codes: channel_not_found,
// not_in_channel, is_archived, thread_not_found, no_text, user_not_found,
// messages_tab_disabled.
func (w *Workspace) Post(user string, p Post) (ts string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.memberOf(user, p.Channel)
	if err != nil {
		return "", err
	}
	if strings.TrimSpace(p.Text) == "" && len(p.Files) == 0 {
		return "", webapi.Err("no_text")
	}
	if len(p.Files) > maxPostFiles {
		return "", webapi.Err("file_upload_limit", "a message holds at most ten files")
	}
	for _, a := range w.apps {
		if a.NoMessages && c.info.IsIM && c.has(a.BotUserID) {
			return "", webapi.Err("messages_tab_disabled", "sending messages to this app has been turned off")
		}
	}
	m, err := w.personMessage(c, user, p)
	if err != nil {
		return "", err
	}
	shared, err := w.storeAll(user, p.Files)
	if err != nil {
		return "", err
	}
	w.share(c, m, shared)
	return m.TS, nil
}

// personMessage returns a new message of the user, without files.
func (w *Workspace) personMessage(c *conversation, user string, p Post) (*Message, error) {
	m := &Message{Type: "message", User: user, ClientMsgID: strings.ToLower(secret()), Text: w.compose(p.Text)}
	if p.Thread != "" {
		parent := c.thread(p.Thread)
		if parent == nil {
			return nil, webapi.Err("thread_not_found")
		}
		m.ThreadTS = parent.TS
	}
	m.TS = w.newTS()
	return m, nil
}

// compose returns typed text in the form that Slack's client sends.
func (w *Workspace) compose(text string) string {
	return mrkdwn.Escape(w.label(mrkdwn.LinkURLs(w.linkNames(mrkdwn.Cut(text, maxPostText)))))
}

var mention = regexp.MustCompile(`<@([UW][A-Z0-9]+)>`)

// label adds names to mentions, if Behaviour.MentionLabels is set.
func (w *Workspace) label(text string) string {
	if !w.behaviour.MentionLabels {
		return text
	}
	return mention.ReplaceAllStringFunc(text, func(s string) string {
		if u := w.users[s[2:len(s)-1]]; u != nil {
			return "<@" + u.ID + "|" + u.Name + ">"
		}
		return s
	})
}

// linkNames replaces every @name of a user by a mention, the longest name
// first.
func (w *Workspace) linkNames(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	var users []*userObject
	for _, u := range w.users {
		users = append(users, u)
	}
	slices.SortFunc(users, func(a, b *userObject) int { return len(b.RealName) - len(a.RealName) })
	for _, u := range users {
		for _, name := range []string{u.RealName, u.Name} {
			if name != "" {
				text = mrkdwn.LinkName(text, name, u.ID)
			}
		}
	}
	return text
}

// Edit changes the text of the user's own message, with a message_changed event.
func (w *Workspace) Edit(user, channel, ts, text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, old, err := w.ownMessage(user, channel, ts)
	if err != nil {
		return err
	}
	m := old.clone()
	m.Text = w.compose(text)
	m.Edited = &edited{User: user, TS: w.newTS()}
	w.replaceAndEmit(c, old, m)
	return nil
}

// Delete removes the user's own message. A message with replies becomes a
// tombstone (message_changed); a message without replies disappears
// (message_deleted). The files of the message stay.
func (w *Workspace) Delete(user, channel, ts string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, m, err := w.ownMessage(user, channel, ts)
	if err != nil {
		return err
	}
	w.remove(c, m)
	return nil
}

// React adds the user's emoji to a message, with a reaction_added event.
func (w *Workspace) React(user, channel, ts, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.memberOf(user, channel)
	if err != nil {
		return err
	}
	return w.addReaction(c, user, ts, name)
}

// Unreact removes the user's emoji, with a reaction_removed event.
func (w *Workspace) Unreact(user, channel, ts, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.memberOf(user, channel)
	if err != nil {
		return err
	}
	return w.removeReaction(c, user, ts, name)
}

// DeleteFile removes a file of the user, with a file_deleted event.
func (w *Workspace) DeleteFile(user, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.files[id]
	if f == nil || f.info.User != user {
		return webapi.Err("file_not_found")
	}
	w.deleteFile(f)
	return nil
}

func (w *Workspace) memberOf(user, channel string) (*conversation, error) {
	c := w.convs[channel]
	switch {
	case w.users[user] == nil:
		return nil, webapi.Err("user_not_found")
	case c == nil:
		return nil, webapi.Err("channel_not_found")
	case !c.has(user):
		return nil, webapi.Err("not_in_channel")
	case c.info.IsArchived:
		return nil, webapi.Err("is_archived")
	}
	return c, nil
}

func (w *Workspace) ownMessage(user, channel, ts string) (*conversation, *Message, error) {
	c, err := w.memberOf(user, channel)
	if err != nil {
		return nil, nil, err
	}
	m := c.message(ts)
	switch {
	case m == nil || m.Subtype == "tombstone":
		return nil, nil, webapi.Err("message_not_found")
	case m.User != user:
		return nil, nil, webapi.Err("cant_update_message")
	}
	return c, m, nil
}

// Messages returns all messages of the channel, oldest first, with the replies
// in threads and with metadata.
func (w *Workspace) Messages(channel string) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.convs[channel]
	if c == nil {
		return nil
	}
	return w.viewAll(c.messages)
}

// Thread returns the message ts and its replies, oldest first, or nil if there
// is no such message.
func (w *Workspace) Thread(channel, ts string) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.convs[channel]
	if c == nil {
		return nil
	}
	parent := c.thread(ts)
	if parent == nil {
		return nil
	}
	return w.viewAll(c.replies(parent))
}

func (w *Workspace) viewAll(ms []*Message) []Message {
	out := make([]Message, len(ms))
	for i, m := range ms {
		out[i] = m.view(w.base(nil), true)
	}
	return out
}

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
	shared, err := w.personMessage(c, user, to)
	if err != nil {
		return "", err
	}
	shared.forward = w.forwarded(from, m)
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
	fields := maps.Clone(f.fields)
	if len(f.files) > 0 {
		fields["files"] = fileViews(f.files, base)
	}
	return webapi.MustJSON([]any{fields})
}
