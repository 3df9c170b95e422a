package localslack

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"slackocr/bot/localslack/internal/filehost"
	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/webapi"
)

const (
	maxFile    = 100 << 20 // bytes of one file
	maxStored  = 1 << 30   // bytes of all files
	maxDeleted = 10_000    // deleted files that are remembered
)

// File is Slack's file object
// (https://docs.slack.dev/reference/objects/file-object). There are no
// thumbnails.
type File struct {
	ID                 string      `json:"id"`
	Created            int64       `json:"created,omitempty"`
	Timestamp          int64       `json:"timestamp,omitempty"`
	Name               string      `json:"name,omitempty"`
	Title              string      `json:"title,omitempty"`
	Mimetype           string      `json:"mimetype,omitempty"`
	Filetype           string      `json:"filetype,omitempty"`
	PrettyType         string      `json:"pretty_type,omitempty"`
	User               string      `json:"user,omitempty"`
	UserTeam           string      `json:"user_team,omitempty"`
	Editable           bool        `json:"editable"`
	Size               int         `json:"size"`
	Mode               string      `json:"mode"`
	IsExternal         bool        `json:"is_external"`
	ExternalType       string      `json:"external_type"`
	IsPublic           bool        `json:"is_public"`
	PublicURLShared    bool        `json:"public_url_shared"`
	DisplayAsBot       bool        `json:"display_as_bot"`
	Username           string      `json:"username"`
	AltTxt             string      `json:"alt_txt,omitempty"`
	URLPrivate         string      `json:"url_private,omitempty"`
	URLPrivateDownload string      `json:"url_private_download,omitempty"`
	Permalink          string      `json:"permalink,omitempty"`
	MediaDisplayType   string      `json:"media_display_type,omitempty"`
	HasRichPreview     bool        `json:"has_rich_preview"`
	FileAccess         string      `json:"file_access,omitempty"`
	Channels           []string    `json:"channels,omitempty"`
	Groups             []string    `json:"groups,omitempty"`
	IMs                []string    `json:"ims,omitempty"`
	Shares             *fileShares `json:"shares,omitempty"` // only from files.info

	scanned time.Time // until then apps do not get the fields of scan
	scan    Scan
	noType  bool // the types are sent, though empty
}

// MarshalJSON reduces a deleted file to id and mode, as Slack does. A file
// that must be looked up also has file_access
// (https://docs.slack.dev/reference/objects/file-object#slack_connect_files).
func (f File) MarshalJSON() ([]byte, error) {
	switch f.Mode {
	case "tombstone":
		return json.Marshal(map[string]string{"id": f.ID, "mode": f.Mode})
	case "file_access":
		return json.Marshal(map[string]any{"id": f.ID, "mode": f.Mode, "file_access": f.FileAccess, "created": 0, "timestamp": 0, "user": ""})
	}
	type plain File
	if !f.noType {
		return json.Marshal(plain(f))
	}
	return json.Marshal(struct {
		plain
		Mimetype   string `json:"mimetype"`
		Filetype   string `json:"filetype"`
		PrettyType string `json:"pretty_type"`
	}{plain: plain(f)})
}

// fileShares lists the messages with a file, by channel.
type fileShares struct {
	Public  map[string][]fileShare `json:"public,omitempty"`
	Private map[string][]fileShare `json:"private,omitempty"`
}

// fileShare is one message with the file.
type fileShare struct {
	TS          string   `json:"ts"`
	ThreadTS    string   `json:"thread_ts,omitempty"`
	ChannelName string   `json:"channel_name,omitempty"`
	TeamID      string   `json:"team_id"`
	ShareUserID string   `json:"share_user_id"`
	ReplyUsers  []string `json:"reply_users"`
	ReplyCount  int      `json:"reply_count"`
}

// storedFile is a file with its contents. Its links are stored as paths.
type storedFile struct {
	info  File
	data  []byte
	given []string // bots that got the file from a window
}

// setType sets filetype, pretty_type and mimetype.
func (f *File) setType(t filehost.Type) {
	f.Filetype, f.PrettyType, f.Mimetype = t.Filetype, t.PrettyType, t.Mimetype
}

// store keeps a new file under id.
func (w *Workspace) store(id, user, name, title string, data []byte) (*storedFile, error) {
	if len(data) > maxFile {
		return nil, webapi.Err("file_upload_size_restricted")
	}
	if w.stored+int64(len(data)) > maxStored {
		return nil, webapi.Err("storage_limit_reached", "the local workspace is full")
	}
	name = filehost.CleanName(name)
	f := &storedFile{data: data, info: File{
		ID: id, Created: w.now().Unix(), Timestamp: w.now().Unix(),
		Name: name, Title: cmp.Or(title, name), User: user, UserTeam: w.team.ID,
		Size: len(data), Mode: "hosted", MediaDisplayType: "unknown", FileAccess: "visible",
	}}
	if u := w.users[user]; u != nil {
		f.info.UserTeam = u.TeamID
	}
	w.describe(f)
	if b := w.behaviour; b.ScanTime > 0 {
		f.info.scanned, f.info.scan = time.Now().Add(b.ScanTime), b.Scan
	}
	w.stored += int64(len(data))
	w.files[f.info.ID] = f
	return f, nil
}

// storeAll stores the files that a user posts.
func (w *Workspace) storeAll(user string, uploads []Upload) ([]*storedFile, error) {
	var stored []*storedFile
	for _, up := range uploads {
		f, err := w.store(w.newID("F"), user, up.Name, "", slices.Clone(up.Data))
		if err != nil {
			return nil, err
		}
		f.info.AltTxt = mrkdwn.Cut(up.AltTxt, maxAltText)
		stored = append(stored, f)
	}
	return stored, nil
}

// describe sets the fields that follow from the file's id and name.
func (w *Workspace) describe(f *storedFile) {
	i := &f.info
	t := filehost.TypeOf(i.Name)
	if w.behaviour.OctetStream {
		t = filehost.Binary
	}
	i.setType(t)
	dir := "/files-pri/" + w.team.ID + "-" + i.ID + "/"
	i.URLPrivate = dir + url.PathEscape(i.Name)
	i.URLPrivateDownload = dir + "download/" + url.PathEscape(i.Name)
	i.Permalink = w.teamURL() + "/files/" + i.User + "/" + i.ID + "/" + url.PathEscape(i.Name)
}

// view returns the file with absolute links.
func (f *File) view(base string) File {
	v := *f
	for _, link := range []*string{&v.URLPrivate, &v.URLPrivateDownload} {
		if strings.HasPrefix(*link, "/") {
			*link = base + *link
		}
	}
	return v
}

// fileViews returns the files with absolute links, or nil without files.
func fileViews(files []File, base string) (views []File) {
	for _, f := range files {
		views = append(views, f.view(base))
	}
	return views
}

// share posts m with the files, as a file_share if there are any.
func (w *Workspace) share(c *conversation, m *Message, files []*storedFile) {
	for _, f := range files {
		c.list(f)
	}
	for _, f := range files {
		v := f.info
		v.Channels, v.Groups, v.IMs = nil, nil, nil // files in messages lack these fields
		m.Files = append(m.Files, v)
	}
	if len(files) > 0 {
		m.Subtype, m.Upload, m.DisplayAsBot = "file_share", true, new(false)
	}
	w.append(c, m)
	for _, f := range files {
		w.emit(c, "file_shared", "files:read", map[string]any{
			"type": "file_shared", "file_id": f.info.ID, "user_id": f.info.User,
			"file": map[string]string{"id": f.info.ID}, "channel_id": c.info.ID,
		})
	}
}

// list enters the conversation in the file's list of conversations.
func (c *conversation) list(f *storedFile) {
	list := &f.info.Channels
	switch c.kind() {
	case "im":
		list = &f.info.IMs
	case "groups", "mpim":
		list = &f.info.Groups
	}
	if !slices.Contains(*list, c.info.ID) {
		*list = append(slices.Clone(*list), c.info.ID)
	}
	f.info.IsPublic = f.info.IsPublic || !c.info.IsPrivate
}

// messagesWith calls yield for every message with the file.
func (w *Workspace) messagesWith(id string, yield func(*conversation, *Message)) {
	for _, c := range w.convs {
		for _, m := range slices.Clone(c.messages) {
			if slices.ContainsFunc(m.Files, func(f File) bool { return f.ID == id && f.Mode != "tombstone" }) {
				yield(c, m)
			}
		}
	}
}

// deleteFile removes the contents. A message that was only the file
// disappears; any other keeps a tombstone in place of the file.
func (w *Workspace) deleteFile(f *storedFile) {
	delete(w.files, f.info.ID)
	if len(w.deleted) >= maxDeleted {
		clear(w.deleted)
	}
	w.deleted[f.info.ID] = &storedFile{info: f.info}
	w.stored -= int64(len(f.data))
	w.messagesWith(f.info.ID, func(c *conversation, old *Message) {
		if old.Text == "" && len(old.Files) == 1 && !old.isParent() {
			w.remove(c, old)
			return
		}
		m := old.clone()
		m.Files = slices.Clone(old.Files)
		for i := range m.Files {
			if m.Files[i].ID == f.info.ID {
				m.Files[i] = File{ID: f.info.ID, Mode: "tombstone"}
			}
		}
		w.replaceAndEmit(c, old, m)
	})
	w.publish(nil, change{Type: "file", TS: f.info.ID})
	ids := append([]string{}, slices.Concat(f.info.Channels, f.info.Groups, f.info.IMs)...)
	ts := w.newTS()
	for _, a := range inOrder(w.apps) {
		sees := f.info.User == a.BotUserID || slices.Contains(f.given, a.BotUserID) || slices.ContainsFunc(ids, func(id string) bool { return w.convs[id].has(a.BotUserID) })
		if sees && slices.Contains(a.Events, "file_deleted") && a.hasScope("files:read") {
			w.sendEvent(a, nil, map[string]any{"type": "file_deleted", "file_id": f.info.ID, "channel_ids": ids, "event_ts": ts})
		}
	}
}

// fileOf returns a file that the app may see: the app's own, or a file in a
// conversation that the app may read. A deleted file is file_deleted, every
// other file_not_found.
func (w *Workspace) fileOf(a *app, id string) (*storedFile, error) {
	if f := w.files[id]; f != nil && w.maySee(a.BotUserID, f) {
		return f, nil
	}
	if gone := w.deleted[id]; gone != nil && w.maySee(a.BotUserID, gone) {
		return nil, webapi.Err("file_deleted")
	}
	return nil, webapi.Err("file_not_found")
}

func (w *Workspace) maySee(user string, f *storedFile) bool {
	return f.info.User == user || slices.Contains(f.given, user) || slices.ContainsFunc(
		slices.Concat(f.info.Channels, f.info.Groups, f.info.IMs),
		func(id string) bool { return w.convs[id].visible(user) })
}

// FileContent returns the contents of a file, which the caller must not
// change.
func (w *Workspace) FileContent(id string) ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.files[id]
	if f == nil {
		return nil, false
	}
	return f.data, true
}
