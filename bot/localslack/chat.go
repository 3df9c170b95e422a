package localslack

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"slackocr/bot/localslack/internal/blockkit"
	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/webapi"
)

// postable returns the conversation of chat.postMessage: by id, by #name, or
// by a user's id, in which case the direct message is opened.
func (c *call) postable() (*conversation, error) {
	id := c.Args["channel"]
	conv := c.w.convs[id]
	if conv == nil {
		if u := c.w.users[id]; u != nil && id != systemUser {
			return c.w.openDM([]string{c.app.BotUserID, id}), nil
		}
		for _, x := range c.w.convs {
			if x.info.Name != "" && x.info.Name == strings.TrimPrefix(id, "#") {
				conv = x
			}
		}
	}
	switch {
	case conv == nil || !conv.visible(c.app.BotUserID):
		return nil, webapi.Err("channel_not_found")
	case conv.info.IsArchived:
		return nil, webapi.Err("is_archived")
	case !conv.has(c.app.BotUserID) && !slices.Contains(c.token.scopes, "chat:write.public"):
		return nil, webapi.Err("not_in_channel")
	}
	return conv, nil
}

// newMessage returns a message of the app: a reply, if parent is not nil.
func (w *Workspace) newMessage(a *app, t content, parent *Message) *Message {
	m := &Message{
		Type: "message", User: a.BotUserID, BotID: a.BotID, AppID: a.AppID,
		BotProfile: &botProfile{
			ID: a.BotID, AppID: a.AppID, UserID: a.BotUserID, Name: a.Name, TeamID: w.team.ID, Icons: map[string]string{},
			Updated: w.users[a.BotUserID].Updated,
		},
		Text: mrkdwn.Cut(t.text, maxPostText), Blocks: t.blocks, Attachments: t.attachments, Metadata: t.metadata,
		TS: w.newTS(),
	}
	if parent != nil {
		m.ThreadTS = parent.TS
	}
	return m
}

// threadOf returns the parent for the argument thread_ts. If the parent is
// gone, the error is thread_not_found (slackapi/bolt-js issue 2307).
func threadOf(conv *conversation, ts string) (*Message, error) {
	if ts == "" {
		return nil, nil
	}
	if _, ok := parseTS(ts); !ok {
		return nil, webapi.Err("invalid_thread_ts", "[ERROR] "+ts+" is not a valid thread_ts")
	}
	if m := conv.thread(ts); m != nil {
		return m, nil
	}
	return nil, webapi.Err("thread_not_found")
}

func chatPostMessage(c *call) (answer, error) {
	conv, err := c.postable()
	if err != nil {
		return nil, err
	}
	if err := c.app.buckets.Take("chat.postMessage "+conv.info.ID, webapi.ChannelPosts, time.Now()); err != nil {
		return nil, err
	}
	t, err := contentOf(c.Args)
	if err != nil {
		return nil, err
	}
	if t.empty() {
		return nil, webapi.Err("no_text")
	}
	parent, err := threadOf(conv, c.Args["thread_ts"])
	if err != nil {
		return nil, err
	}
	m := c.w.newMessage(c.app, t, parent)
	if parent != nil && c.Bool("reply_broadcast") {
		m.Subtype = "thread_broadcast"
	}
	c.w.append(conv, m)
	return answer{"channel": conv.info.ID, "ts": m.TS, "message": c.w.appView(conv, m, c.base, true)}, nil
}

// chatPostEphemeral shows a message to one person. A message in a thread is
// shown only if the thread has a reply
// (https://docs.slack.dev/reference/methods/chat.postEphemeral).
func chatPostEphemeral(c *call) (answer, error) {
	conv, err := c.postable()
	if err != nil {
		return nil, err
	}
	user := c.Args["user"]
	if !conv.has(user) {
		return nil, webapi.Err("user_not_in_channel")
	}
	t, err := contentOf(c.Args)
	switch {
	case err != nil:
		return nil, err
	case t.empty():
		return nil, webapi.Err("no_text")
	case utf8.RuneCountInString(t.text) > maxPostText:
		return nil, webapi.Err("msg_too_long") // chat.postMessage truncates instead
	}
	t.metadata = nil // Slack ignores metadata here
	parent, err := threadOf(conv, c.Args["thread_ts"])
	if err != nil {
		return nil, err
	}
	m := c.w.newMessage(c.app, t, parent)
	if parent == nil || parent.isParent() {
		c.w.showEphemeral(conv, user, m)
	}
	return answer{"message_ts": m.TS}, nil
}

// ownMessage returns the app's message for the arguments channel and ts.
// Unlike chat.postMessage, these methods take no names and no ids of users.
func (c *call) ownMessage(notOwn string) (*conversation, *Message, error) {
	conv, err := c.conversation()
	if err != nil {
		return nil, nil, err
	}
	m := conv.message(c.Args["ts"])
	switch {
	case m == nil || m.Subtype == "tombstone":
		return nil, nil, webapi.Err("message_not_found")
	case m.BotID != c.app.BotID:
		return nil, nil, webapi.Err(notOwn)
	}
	return conv, m, nil
}

// chatUpdate changes a message. Text without blocks removes the blocks and
// marks the message as edited; blocks leave no mark
// (https://docs.slack.dev/reference/methods/chat.update).
func chatUpdate(c *call) (answer, error) {
	conv, old, err := c.ownMessage("cant_update_message")
	if err != nil {
		return nil, err
	}
	if conv.info.IsArchived {
		return nil, webapi.Err("is_inactive")
	}
	t, err := contentOf(c.Args)
	if err != nil {
		return nil, err
	}
	if len(t.text) > maxUpdateText && c.Args["markdown_text"] == "" {
		return nil, webapi.Err("msg_too_long")
	}
	if t.empty() && len(old.Files) == 0 && !c.Has("metadata") {
		return nil, webapi.Err("no_text")
	}
	if len(t.blocks) > 0 && slices.Contains(blockkit.Types(old.Blocks), "rich_text") && !slices.Contains(blockkit.Types(t.blocks), "rich_text") {
		return nil, webapi.Err("block_mismatch")
	}
	m := old.clone()
	if t.hasText || t.hasBlocks {
		m.Text = t.text
		m.Blocks = t.blocks
	}
	if c.Has("attachments") {
		m.Attachments = t.attachments
	}
	if c.Has("metadata") {
		m.Metadata = t.metadata
	}
	if len(t.blocks) == 0 && m.Text != old.Text {
		m.Edited = &edited{User: c.app.BotUserID, TS: c.w.newTS()}
	}
	c.w.replaceAndEmit(conv, old, m)
	return answer{"channel": conv.info.ID, "ts": m.TS, "text": m.Text, "message": c.w.appView(conv, m, c.base, true)}, nil
}

func chatDelete(c *call) (answer, error) {
	conv, m, err := c.ownMessage("cant_delete_message")
	if err != nil {
		return nil, err
	}
	c.w.remove(conv, m)
	return answer{"channel": conv.info.ID, "ts": m.TS}, nil
}

func chatGetPermalink(c *call) (answer, error) {
	conv, err := c.conversation()
	if err != nil {
		return nil, err
	}
	m := conv.message(cmp.Or(c.Args["message_ts"], "-"))
	if m == nil {
		return nil, webapi.Err("message_not_found")
	}
	return answer{"channel": conv.info.ID, "permalink": c.w.permalink(conv, m)}, nil
}

const (
	maxPostText    = 40_000 // characters; a longer text is cut (chat.postMessage)
	maxUpdateText  = 4_000  // bytes after escaping; a longer text is msg_too_long (openclaw/openclaw pull 115027)
	maxAttachments = 100
	maxMetadata    = 8_000 // bytes; metadata_too_large
)

// content is the checked contents of a message.
type content struct {
	text                          string
	blocks, attachments, metadata json.RawMessage
	hasBlocks                     bool // the argument was given, perhaps as an empty list
	hasText                       bool
}

// contentOf reads and checks text, blocks, attachments, metadata and markdown_text.
func contentOf(a webapi.Args) (content, error) {
	var t content
	var err error
	t.text, t.hasText = a["text"]
	if md := a["markdown_text"]; md != "" {
		if t.text != "" || a["blocks"] != "" {
			return t, webapi.Err("markdown_text_conflict")
		}
		if utf8.RuneCountInString(md) > blockkit.MaxMarkdown {
			return t, webapi.Err("msg_too_long")
		}
		t.text, t.hasText = md, true
	}
	t.text = mrkdwn.Escape(t.text)
	if s := a["blocks"]; s != "" {
		t.hasBlocks = true
		if t.blocks, err = blockkit.Check(s, blockkit.Message); err != nil {
			return t, err
		}
	}
	if t.attachments, err = checkAttachments(a["attachments"]); err != nil {
		return t, err
	}
	t.metadata, err = checkMetadata(a["metadata"])
	return t, err
}

func (t content) empty() bool {
	return strings.TrimSpace(t.text) == "" && len(t.blocks) == 0 && len(t.attachments) == 0
}

func checkAttachments(s string) (json.RawMessage, error) {
	if s == "" {
		return nil, nil
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return nil, webapi.Err("invalid_attachments")
	}
	switch {
	case len(list) > maxAttachments:
		return nil, webapi.Err("too_many_attachments")
	case len(list) == 0:
		return nil, nil
	}
	return json.RawMessage(s), nil
}

// checkMetadata returns the metadata, which must be
// {"event_type":…,"event_payload":{…}}
// (https://docs.slack.dev/messaging/message-metadata). An empty object means
// no metadata.
func checkMetadata(s string) (json.RawMessage, error) {
	if s == "" {
		return nil, nil
	}
	var m struct {
		Type    string         `json:"event_type"`
		Payload map[string]any `json:"event_payload"`
	}
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		return nil, webapi.Err("invalid_metadata_format")
	}
	switch {
	case m.Type == "" && m.Payload == nil:
		return nil, nil
	case m.Type == "" || m.Payload == nil:
		return nil, webapi.Err("invalid_metadata_schema")
	case len(s) > maxMetadata:
		return nil, webapi.Err("metadata_too_large")
	}
	return json.RawMessage(s), nil
}

// blocksValidate checks blocks, a message or a view and carries nothing out
// (https://docs.slack.dev/reference/methods/blocks.validate). Exactly one of the
// arguments must be there.
func blocksValidate(c *call) (answer, error) {
	given := 0
	for _, name := range []string{"blocks", "message", "view"} {
		if c.Has(name) {
			given++
		}
	}
	if given != 1 {
		return nil, webapi.Err("invalid_arguments", "[ERROR] provide exactly one of blocks, view, or message")
	}
	switch {
	case c.Has("blocks"):
		_, err := blockkit.Check(c.Args["blocks"], blockkit.Message)
		return answer{}, webapi.Validation("invalid_blocks", "/blocks", err)
	case c.Has("view"):
		_, err := c.w.parseView(c.Args["view"], nil)
		return answer{}, webapi.Validation("invalid_view", "/view", err)
	}
	in := webapi.Args{}
	if err := in.AddJSON([]byte(c.Args["message"])); err != nil {
		return nil, webapi.Err("invalid_arguments", "[ERROR] must be a JSON object [json-pointer:/message]")
	}
	t, err := contentOf(in)
	if err == nil && t.empty() {
		err = webapi.Err("no_text")
	}
	return answer{}, webapi.Validation("invalid_message", "", err)
}

// Ephemeral is a message that only one person sees.
type Ephemeral struct {
	Channel string
	Message Message
}

const maxEphemerals = 1000

// storedEphemeral is a stored ephemeral message.
type storedEphemeral struct {
	conv *conversation
	user string
	m    *Message
}

// Ephemerals returns the messages that only this user sees, oldest first. The
// workspace keeps the last 1,000 of all users. An app changes or removes an
// ephemeral message through the response_url of a press.
func (w *Workspace) Ephemerals(user string) []Ephemeral {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []Ephemeral{}
	for _, e := range w.ephemerals {
		if e.user == user {
			out = append(out, Ephemeral{e.conv.info.ID, e.m.view(w.base(nil), true)})
		}
	}
	return out
}

// showEphemeral shows m to the user alone, in place of the message with the same ts.
func (w *Workspace) showEphemeral(c *conversation, user string, m *Message) {
	if i := w.findEphemeral(c, user, m.TS); i >= 0 {
		w.ephemerals[i].m = m
	} else {
		w.ephemerals = append(w.ephemerals, &storedEphemeral{c, user, m})
	}
	if n := len(w.ephemerals) - maxEphemerals; n > 0 {
		w.ephemerals = slices.Clone(w.ephemerals[n:])
	}
	w.publish(c, change{Type: "ephemeral", TS: m.TS, Message: m, only: user})
}

// removeEphemeral removes an ephemeral message.
func (w *Workspace) removeEphemeral(c *conversation, user, ts string) {
	if i := w.findEphemeral(c, user, ts); i >= 0 {
		w.ephemerals = slices.Delete(w.ephemerals, i, i+1)
		w.publish(c, change{Type: "message_deleted", TS: ts, only: user})
	}
}

func (w *Workspace) findEphemeral(c *conversation, user, ts string) int {
	return slices.IndexFunc(w.ephemerals, func(e *storedEphemeral) bool {
		return e.conv == c && e.user == user && e.m.TS == ts
	})
}
