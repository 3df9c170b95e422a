package localslack

import (
	"slices"
	"strconv"
	"strings"

	"slackocr/bot/localslack/internal/webapi"
)

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
