package localslack

import "slices"

// Ephemeral is a message that only one person sees.
type Ephemeral struct {
	Channel, User string
	Message       Message
}

const maxEphemerals = 1000

// whispered is a stored ephemeral message.
type whispered struct {
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
	for _, e := range w.private {
		if e.user == user {
			out = append(out, Ephemeral{e.conv.info.ID, user, e.m.view(w.base(nil), true)})
		}
	}
	return out
}

// whisper shows m to the user alone, in place of the message with the same ts.
func (w *Workspace) whisper(c *conversation, user string, m *Message) {
	if i := w.findWhisper(c, user, m.TS); i >= 0 {
		w.private[i].m = m
	} else {
		w.private = append(w.private, &whispered{c, user, m})
	}
	if n := len(w.private) - maxEphemerals; n > 0 {
		w.private = slices.Clone(w.private[n:])
	}
	w.publish(c, change{Type: "ephemeral", TS: m.TS, Message: m, only: user})
}

// unwhisper removes an ephemeral message.
func (w *Workspace) unwhisper(c *conversation, user, ts string) {
	if i := w.findWhisper(c, user, ts); i >= 0 {
		w.private = slices.Delete(w.private, i, i+1)
		w.publish(c, change{Type: "message_deleted", TS: ts, only: user})
	}
}

func (w *Workspace) findWhisper(c *conversation, user, ts string) int {
	return slices.IndexFunc(w.private, func(e *whispered) bool {
		return e.conv == c && e.user == user && e.m.TS == ts
	})
}
