package localslack

import (
	"encoding/json"
	"slices"

	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/webapi"
)

// AppMessage is a message of an app that is not checked, so that its contents
// may be OddBlocks and OddAttachments.
type AppMessage struct {
	Channel, Thread, Text string
	Blocks, Attachments   json.RawMessage // JSON lists
	Files                 []Upload        // files of the app, in the message
}

// PostAs posts a message as an installed app and returns the message's ts. The
// errors have Slack's codes: channel_not_found, thread_not_found, invalid_auth
// for an unknown app, and invalid_blocks if a field is not a JSON list.
func (w *Workspace) PostAs(appID string, p AppMessage) (ts string, err error) {
	for _, list := range []json.RawMessage{p.Blocks, p.Attachments} {
		var items []json.RawMessage
		if len(list) > 0 && json.Unmarshal(list, &items) != nil {
			return "", webapi.Err("invalid_blocks")
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	a, c := w.apps[appID], w.convs[p.Channel]
	switch {
	case a == nil:
		return "", webapi.Err("invalid_auth")
	case c == nil:
		return "", webapi.Err("channel_not_found")
	}
	parent, err := threadOf(c, p.Thread)
	if err != nil {
		return "", err
	}
	m := w.newMessage(a, content{text: p.Text, blocks: p.Blocks, attachments: p.Attachments})
	if parent != nil {
		m.ThreadTS = parent.TS
	}
	m.TS = w.newTS()
	var files []*storedFile
	for _, up := range p.Files {
		f, err := w.store(w.newID("F"), a.BotUserID, up.Name, "", slices.Clone(up.Data))
		if err != nil {
			return "", err
		}
		f.info.AltTxt = mrkdwn.Cut(up.AltTxt, maxAltText)
		files = append(files, f)
	}
	w.share(c, m, files)
	return m.TS, nil
}
