package localslack

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"slackocr/bot/localslack/internal/blockkit"
	"slackocr/bot/localslack/internal/webapi"
)

// Message is Slack's message object
// (https://docs.slack.dev/messaging/retrieving-messages). JSON as in Slack.
type Message struct {
	Type            string          `json:"type"`
	Subtype         string          `json:"subtype,omitempty"`
	Hidden          bool            `json:"hidden,omitempty"`
	User            string          `json:"user,omitempty"`
	BotID           string          `json:"bot_id,omitempty"`
	AppID           string          `json:"app_id,omitempty"`
	BotProfile      *botProfile     `json:"bot_profile,omitempty"`
	Team            string          `json:"team,omitempty"`
	UserTeam        string          `json:"user_team,omitempty"` // of people of other workspaces, as the next two fields
	SourceTeam      string          `json:"source_team,omitempty"`
	UserProfile     *authorProfile  `json:"user_profile,omitempty"`
	ClientMsgID     string          `json:"client_msg_id,omitempty"`
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks,omitempty"`
	Attachments     json.RawMessage `json:"attachments,omitempty"`
	Files           []File          `json:"files,omitempty"`
	Upload          bool            `json:"upload,omitempty"`
	DisplayAsBot    *bool           `json:"display_as_bot,omitempty"` // false with files
	Inviter         string          `json:"inviter,omitempty"`        // of a channel_join
	TS              string          `json:"ts"`
	ThreadTS        string          `json:"thread_ts,omitempty"`
	ParentUserID    string          `json:"parent_user_id,omitempty"`
	ReplyCount      int             `json:"reply_count,omitempty"`
	ReplyUsersCount int             `json:"reply_users_count,omitempty"`
	ReplyUsers      []string        `json:"reply_users,omitempty"`
	LatestReply     string          `json:"latest_reply,omitempty"`
	IsLocked        *bool           `json:"is_locked,omitempty"`  // false with replies
	Subscribed      *bool           `json:"subscribed,omitempty"` // false with replies
	Root            *Message        `json:"root,omitempty"`       // of a thread_broadcast
	Edited          *edited         `json:"edited,omitempty"`
	Reactions       []Reaction      `json:"reactions,omitempty"`
	Metadata        json.RawMessage `json:"metadata,omitempty"`

	forward *forward // fills Attachments
}

// edited holds the author and time of the last change of a message's text.
type edited struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

// Reaction is an emoji under a message.
type Reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
	Count int      `json:"count"`
}

// botProfile comes with every message of an app.
type botProfile struct {
	ID      string            `json:"id"`
	AppID   string            `json:"app_id"`
	UserID  string            `json:"user_id"`
	Name    string            `json:"name"`
	Icons   map[string]string `json:"icons"` // none here
	TeamID  string            `json:"team_id"`
	Deleted bool              `json:"deleted"`
	Updated int64             `json:"updated"`
}

func (m *Message) isReply() bool  { return m.ThreadTS != "" && m.ThreadTS != m.TS }
func (m *Message) isParent() bool { return m.ReplyCount > 0 }

// clone returns a copy that may be changed. Shared slices must be replaced,
// never written to.
func (m *Message) clone() *Message {
	c := *m
	return &c
}

// view returns the message as an app or the page gets it: with absolute file
// links, and without metadata unless metadata is true.
func (m *Message) view(base string, metadata bool) Message {
	v := *m
	if !metadata {
		v.Metadata = nil
	}
	v.Files = fileViews(m.Files, base)
	if m.forward != nil {
		v.Attachments = m.forward.attachments(base)
	}
	if m.Root != nil {
		root := m.Root.view(base, metadata)
		v.Root = &root
	}
	return v
}

// appView returns the message as an app gets it: markdown blocks are expanded,
// and in a shared channel files must be looked up.
func (w *Workspace) appView(c *conversation, m *Message, base string, metadata bool) Message {
	v := m.view(base, metadata)
	v.Blocks = blockkit.Expand(v.Blocks)
	if w.behaviour.OddParts && m.BotID != "" {
		v.addOdd()
	}
	for i, f := range v.Files {
		switch {
		case f.Mode == "tombstone":
		case c.info.IsExtShared:
			v.Files[i] = File{ID: f.ID, Mode: "file_access", FileAccess: "check_file_info"}
		default:
			v.Files[i] = f.forApps()
		}
	}
	return v
}

// thread returns the message that starts the thread of ts. Slack advises to
// pass the parent's ts, but also accepts the ts of a reply.
func (c *conversation) thread(ts string) *Message {
	m := c.message(ts)
	if m != nil && m.isReply() {
		return c.message(m.ThreadTS)
	}
	return m
}

// replies returns the thread's parent and then its replies.
func (c *conversation) replies(parent *Message) []*Message {
	out := []*Message{parent}
	i, _ := c.find(parent.TS)
	for _, m := range c.messages[i+1:] {
		if m.ThreadTS == parent.TS {
			out = append(out, m)
		}
	}
	return out
}

// replace stores m in place of the message with the same ts and tells the
// page.
func (w *Workspace) replace(c *conversation, m *Message) {
	if i, ok := c.find(m.TS); ok {
		c.messages[i] = m
	}
	w.publish(c, change{Type: "message", TS: m.TS, Message: m})
}

// append adds a message, counts the message in its thread, and sends the
// message event.
func (w *Workspace) append(c *conversation, m *Message) {
	w.setTeam(m)
	c.messages = append(c.messages, m)
	if parent := w.recount(c, m.ThreadTS); parent != nil {
		m.ParentUserID = parent.User
		if m.Subtype == "thread_broadcast" {
			m.Root = parent
		}
	}
	w.publish(c, change{Type: "message", TS: m.TS, Message: m})
	w.emitMessage(c, m)
}

// remove deletes a message as Slack does. A message with replies leaves a
// tombstone, which apps see as message_changed (openclaw/openclaw pull 22035,
// its fields: slack-edge/slack-edge pull 10); for any other, apps see
// message_deleted.
func (w *Workspace) remove(c *conversation, m *Message) {
	if m.isParent() {
		w.replaceAndEmit(c, m, &Message{
			Type: "message", Subtype: "tombstone", Hidden: true, User: systemUser,
			Text: "This message was deleted.", TS: m.TS, ThreadTS: m.TS, ParentUserID: systemUser,
			IsLocked: new(false), Subscribed: new(false),
			ReplyCount: m.ReplyCount, ReplyUsers: m.ReplyUsers,
			ReplyUsersCount: m.ReplyUsersCount, LatestReply: m.LatestReply,
		})
		return
	}
	i, ok := c.find(m.TS)
	if !ok {
		return
	}
	c.messages = slices.Delete(slices.Clone(c.messages), i, i+1)
	w.publish(c, change{Type: "message_deleted", TS: m.TS})
	w.emitChange(c, "message_deleted", m, nil)
	if m.isReply() {
		w.recount(c, m.ThreadTS)
	}
}

// recount updates and returns a parent, if there is one, after a reply was added
// or removed. A tombstone without replies is removed too.
func (w *Workspace) recount(c *conversation, parentTS string) *Message {
	parent := c.message(parentTS)
	if parent == nil {
		return nil
	}
	p := parent.clone()
	p.ThreadTS, p.IsLocked, p.Subscribed = p.TS, new(false), new(false)
	p.ReplyCount, p.ReplyUsers, p.LatestReply = 0, nil, ""
	for _, r := range c.replies(parent)[1:] {
		p.ReplyCount++
		p.LatestReply = r.TS
		if !slices.Contains(p.ReplyUsers, r.User) {
			p.ReplyUsers = append(p.ReplyUsers, r.User)
		}
	}
	p.ReplyUsersCount = len(p.ReplyUsers)
	if p.ReplyCount == 0 {
		p.ThreadTS, p.IsLocked, p.Subscribed = "", nil, nil
		if p.Subtype == "tombstone" {
			w.remove(c, p)
			return p
		}
	}
	w.replace(c, p)
	return p
}

// Seed adds messages to a channel as Messages returned them from an earlier
// workspace, in their order and with their timestamps. Apps get no events.
// contents holds the contents of the files by id. People and channels must
// have the ids of the earlier workspace, which they get if they are added in
// the same order. The error is channel_not_found.
func (w *Workspace) Seed(channel string, messages []Message, contents map[string][]byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.convs[channel]
	if c == nil {
		return webapi.Err("channel_not_found")
	}
	for _, m := range messages {
		m.Files = slices.Clone(m.Files)
		for i := range m.Files {
			m.Files[i] = w.seedFile(m.Files[i], c, contents)
		}
		c.messages = append(c.messages, &m)
		if ts, ok := parseTS(m.TS); ok {
			w.lastTS = max(w.lastTS, ts)
		}
		w.publish(c, change{Type: "message", TS: m.TS, Message: &m})
	}
	return nil
}

// seedFile stores a file of a seeded message and returns it as in the message.
func (w *Workspace) seedFile(f File, c *conversation, contents map[string][]byte) File {
	stored := &storedFile{info: f, data: contents[f.ID]}
	w.describe(stored)
	w.files[f.ID] = stored
	w.stored += int64(len(stored.data))
	if _, n, ok := strings.Cut(f.ID, idForm); ok {
		if number, err := strconv.ParseInt(n, 36, 64); err == nil {
			w.lastID = max(w.lastID, number)
		}
	}
	f = stored.info
	c.list(stored)
	return f
}
