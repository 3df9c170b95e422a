package localslack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"slackocr/bot/localslack/internal/filehost"
	"slackocr/bot/localslack/internal/webapi"
)

// Behaviour selects things that Slack does only in some workspaces or at some
// times. The zero value selects none. For things that happen only now and
// then, such as an upload that is never shared, use a Fault.
type Behaviour struct {
	// Redirect selects the file addresses that first redirect to another host
	// of Slack.
	Redirect Redirect
	// FilesOrigin is the base address of that other host. If "", the host is
	// this server, under another path. With "https://files-origin.slack.com" a
	// client must connect to this server for that host, for example with an
	// http.Transport whose DialTLSContext dials this server without TLS;
	// requests with that Host are served.
	FilesOrigin string

	// ScanTime is the time during which a new file lacks the fields of Scan,
	// in messages, events and files.info.
	ScanTime time.Duration
	Scan     Scan
	// OctetStream makes application/octet-stream the permanent type of every
	// new file (slackapi/node-slack-sdk issue 2170).
	OctetStream bool

	// OddParts adds blocks, elements and attachments of undocumented kinds and
	// types to every message of an app, in responses, events and history
	// (rusq/slackdump issue 492). OddBlocks and OddAttachments return these
	// parts.
	OddParts bool
	// MentionLabels makes mentions <@U…|name> instead of <@U…>.
	MentionLabels bool
	// ClockOffset is the difference of Slack's clock, which makes timestamps,
	// to this machine's clock. Messages stay in order.
	ClockOffset time.Duration
}

// Redirect selects the file addresses that answer 302 to
// Behaviour.FilesOrigin. That host requires the bearer token again, and
// answers a request without the token with a sign-in page and status 200.
type Redirect int

const (
	RedirectNone Redirect = iota
	// RedirectPrivate is url_private (NousResearch/hermes-agent pull 114483).
	RedirectPrivate
	// RedirectAll is url_private and url_private_download (openclaw/openclaw issue 62960).
	RedirectAll
)

// Scan selects the fields that a file lacks while Slack still scans the file
// (slackapi/node-slack-sdk issue 2040, NousResearch/hermes-agent issue 45407).
type Scan int

const (
	// ScanNoAddress leaves out url_private and url_private_download.
	ScanNoAddress Scan = iota
	// ScanNoType leaves mimetype, filetype and pretty_type empty.
	ScanNoType
	// ScanOctetStream sets the type application/octet-stream.
	ScanOctetStream
)

// SetBehaviour replaces the workspace's behaviour.
func (w *Workspace) SetBehaviour(b Behaviour) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.behaviour = b
}

// modes are the switches of SwitchOn.
var modes = map[string]func(w *Workspace){
	"redirect-private": func(w *Workspace) { w.changeBehaviour(func(b *Behaviour) { b.Redirect = RedirectPrivate }) },
	"redirect-all":     func(w *Workspace) { w.changeBehaviour(func(b *Behaviour) { b.Redirect = RedirectAll }) },
	"late-address": func(w *Workspace) {
		w.changeBehaviour(func(b *Behaviour) { b.ScanTime, b.Scan = 2*time.Second, ScanNoAddress })
	},
	"late-type": func(w *Workspace) {
		w.changeBehaviour(func(b *Behaviour) { b.ScanTime, b.Scan = 2*time.Second, ScanNoType })
	},
	"octet-stream":   func(w *Workspace) { w.changeBehaviour(func(b *Behaviour) { b.OctetStream = true }) },
	"odd-parts":      func(w *Workspace) { w.changeBehaviour(func(b *Behaviour) { b.OddParts = true }) },
	"mention-labels": func(w *Workspace) { w.changeBehaviour(func(b *Behaviour) { b.MentionLabels = true }) },
	"clock-ahead":    func(w *Workspace) { w.changeBehaviour(func(b *Behaviour) { b.ClockOffset = 5 * time.Minute }) },
	"clock-behind":   func(w *Workspace) { w.changeBehaviour(func(b *Behaviour) { b.ClockOffset = -5 * time.Minute }) },
	"enterprise":     func(w *Workspace) { w.JoinEnterprise("Local Group") },
	"late-share":     func(w *Workspace) { w.Fail(Fault{Method: completeUpload, ShareDelay: 5 * time.Second}) },
	"no-share":       func(w *Workspace) { w.Fail(Fault{Method: completeUpload, NeverShared: true}) },
	"serving-error":  func(w *Workspace) { w.Fail(Fault{Method: "download", Times: 1, ServingError: true}) },
	"empty-replies":  func(w *Workspace) { w.Fail(Fault{Method: "conversations.replies", Times: 1, NoMessages: true}) },
}

const completeUpload = "files.completeUploadExternal"

func (w *Workspace) changeBehaviour(f func(*Behaviour)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.behaviour)
}

// Modes returns the names that SwitchOn takes.
func Modes() []string { return slices.Sorted(maps.Keys(modes)) }

// SwitchOn switches on behaviours and faults by name, for people who try a
// bot. The error for an unknown name lists the known names.
func (w *Workspace) SwitchOn(names ...string) error {
	for _, name := range names {
		mode := modes[name]
		if mode == nil {
			return fmt.Errorf("there is no mode %q; there are %s", name, strings.Join(Modes(), ", "))
		}
		mode(w)
	}
	return nil
}

// now returns the time of Slack's clock.
func (w *Workspace) now() time.Time { return time.Now().Add(w.behaviour.ClockOffset) }

// forApps returns the file as apps see it. During a scan some fields are
// missing.
func (f File) forApps() File {
	if !time.Now().Before(f.scanned) {
		return f
	}
	switch f.scan {
	case ScanNoAddress:
		f.URLPrivate, f.URLPrivateDownload = "", ""
	case ScanNoType:
		f.noType = true
		f.Mimetype, f.Filetype, f.PrettyType = "", "", ""
	case ScanOctetStream:
		f.setType(filehost.Binary)
	}
	return f
}

// OddBlocks returns blocks that Slack sends and no library knows: kinds,
// elements and cells newer than the library (rusq/slackdump issue 492).
func OddBlocks() json.RawMessage {
	return json.RawMessage(`[
 {"type":"data_table","block_id":"odd1","columns":[{"key":"a","type":"raw_number"}],"rows":[{"a":1.5}]},
 {"type":"card","block_id":"odd2","title":{"type":"plain_text","text":"Card"},"body":{"blocks":[]}},
 {"type":"container","block_id":"odd3","child_blocks":[{"type":"divider"}]},
 {"type":"table","block_id":"odd4","rows":[[{"type":"raw_number","value":7,"text":"7"},{"type":"sparkline","points":[1,2]}]]},
 {"type":"actions","block_id":"odd5","elements":[{"type":"icon_button","action_id":"odd","icon":"trash","text":{"type":"plain_text","text":"Delete"}}]},
 {"type":"context","block_id":"odd6","elements":[{"type":"user","user_id":"U0ODD"},{"type":"mrkdwn","text":"odd"}]},
 {"type":"rich_text","block_id":"odd7","elements":[{"type":"rich_text_chart","elements":"none"}]}]`)
}

// OddAttachments returns attachments with fields of undocumented types
// (rusq/slackdump issue 492).
func OddAttachments() json.RawMessage {
	return json.RawMessage(`[
 {"id":"1","color":36,"fallback":"odd","text":"odd","ts":"1700000000.000100","blocks":[{"type":"future"}]},
 {"id":2.5,"fallback":null,"fields":[{"title":1,"value":{},"short":"true"}],"actions":[{"type":"future","options":{}}],"files":null}]`)
}

// addOdd adds the odd parts to the message of an app.
func (m *Message) addOdd() {
	m.Blocks = concatLists(m.Blocks, OddBlocks())
	m.Attachments = concatLists(m.Attachments, OddAttachments())
}

// concatLists joins JSON lists into one list.
func concatLists(lists ...json.RawMessage) json.RawMessage {
	var all []json.RawMessage
	for _, list := range lists {
		var items []json.RawMessage
		_ = json.Unmarshal(list, &items) // nil, or checked before
		all = append(all, items...)
	}
	return webapi.MustJSON(all)
}

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
	m := w.newMessage(a, content{text: p.Text, blocks: p.Blocks, attachments: p.Attachments}, parent)
	files, err := w.storeAll(a.BotUserID, p.Files)
	if err != nil {
		return "", err
	}
	w.share(c, m, files)
	return m.TS, nil
}
