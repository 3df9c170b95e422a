package localslack

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"slackocr/bot/localslack/internal/blockkit"
	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/webapi"
)

const (
	maxShareFiles = 100 // files of one files.completeUploadExternal
	maxShareChans = 100 // and its channels
	maxAltText    = 1000
	uploadLife    = 10 * time.Minute
)

// upload is an address that waits for a file's contents.
type upload struct {
	app           *app
	id            string
	name, altText string
	size          int
	data          []byte // nil until the contents arrive
}

func filesGetUploadURL(c *call) (answer, error) {
	size, ok := c.Number("length")
	switch {
	case !ok || size < 0:
		return nil, webapi.Err("invalid_arguments", "[ERROR] must be an integer of at least 0 [json-pointer:/length]")
	case size == 0:
		return nil, webapi.Err("missing_argument")
	case size > maxFile:
		return nil, webapi.Err("file_upload_size_restricted")
	case utf8.RuneCountInString(c.Args["alt_txt"]) > maxAltText:
		return nil, webapi.Err("alt_txt_too_large")
	}
	key := secret()
	up := &upload{app: c.app, id: c.w.newID("F"), name: c.Args["filename"], altText: c.Args["alt_txt"], size: int(size)}
	c.w.uploads.Add(key, up)
	c.w.uploads.Add(up.id, up) // completeUploadExternal uses the file's id
	return answer{"upload_url": c.base + "/upload/v1/" + key, "file_id": up.id}, nil
}

// filesCompleteUpload turns uploads into files and shares them. As in Slack,
// the response precedes the share: its files name no message.
func filesCompleteUpload(c *call) (answer, error) {
	var want []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	if err := json.Unmarshal([]byte(c.Args["files"]), &want); err != nil || len(want) == 0 || len(want) > maxShareFiles {
		return nil, webapi.Err("invalid_arguments", "[ERROR] files must be a list of files [json-pointer:/files]")
	}
	convs, parent, err := c.shareTargets()
	if err != nil {
		return nil, err
	}
	blocks, err := c.shareBlocks()
	if err != nil {
		return nil, err
	}
	for _, f := range want {
		up, ok := c.w.uploads.Get(f.ID)
		if !ok || up.app != c.app || up.data == nil {
			return nil, webapi.Err("file_not_found")
		}
	}
	var stored []*storedFile
	views := []File{}
	for _, f := range want {
		up, _ := c.w.uploads.Take(f.ID)
		if up == nil {
			continue // a duplicate
		}
		s, err := c.w.store(up.id, c.app.BotUserID, up.name, f.Title, up.data)
		if err != nil {
			return nil, err
		}
		s.info.AltTxt = up.altText
		stored = append(stored, s)
		views = append(views, s.info.view(c.base))
	}
	share := func() {
		for _, conv := range convs {
			c.w.share(conv, c.w.newMessage(c.app, content{text: mrkdwn.Escape(c.Args["initial_comment"]), blocks: blocks}, parent), stored)
		}
	}
	switch {
	case c.fault.NeverShared:
	case c.fault.ShareDelay > 0:
		c.w.later(c.fault.ShareDelay, share)
	default:
		share()
	}
	return answer{"files": views}, nil
}

// later calls do under the lock after d, unless Serve has ended.
func (w *Workspace) later(d time.Duration, do func()) {
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if _, ok := w.timers[t]; ok {
			delete(w.timers, t)
			do()
		}
	})
	w.timers[t] = struct{}{}
}

// encodedChannel matches a valid channel_id, which is neither a name nor a
// user's id (slackapi/bolt-js issue 2115).
var encodedChannel = regexp.MustCompile(`^[CGDZ][A-Z0-9]{8,}$`)

// shareTargets returns the conversations of channel_id and channels (which may
// name people) and the parent of thread_ts. Unlike chat.postMessage, sharing
// requires membership even with chat:write.public.
func (c *call) shareTargets() (convs []*conversation, parent *Message, err error) {
	if id := c.Args["channel_id"]; id != "" && !encodedChannel.MatchString(id) {
		return nil, nil, webapi.Err("invalid_arguments", "[ERROR] input must match regex pattern: "+encodedChannel.String()+" [json-pointer:/channel_id]")
	}
	ids := slices.DeleteFunc(append(strings.Split(c.Args["channels"], ","), c.Args["channel_id"]), func(s string) bool { return s == "" })
	if len(ids) > maxShareChans {
		return nil, nil, webapi.Err("channels_limit_exceeded")
	}
	for _, id := range ids {
		conv := c.w.convs[id]
		if c.w.users[id] != nil && id != systemUser && id != c.Args["channel_id"] {
			conv = c.w.openDM([]string{c.app.BotUserID, id})
		}
		visible := conv != nil && conv.visible(c.app.BotUserID)
		switch {
		case !visible && id != c.Args["channel_id"]:
			return nil, nil, webapi.Err("invalid_channel")
		case !visible:
			return nil, nil, webapi.Err("channel_not_found")
		case !conv.has(c.app.BotUserID):
			return nil, nil, webapi.Err("not_in_channel")
		case conv.info.IsArchived:
			return nil, nil, webapi.Err("is_archived")
		}
		convs = append(convs, conv)
	}
	if ts := c.Args["thread_ts"]; ts != "" {
		if len(convs) != 1 {
			return nil, nil, webapi.Err("invalid_arguments", "[ERROR] thread_ts needs exactly one channel [json-pointer:/thread_ts]")
		}
		parent, err = threadOf(convs[0], ts)
	}
	return convs, parent, err
}

// shareBlocks reads the argument blocks, which Slack ignores if
// initial_comment is set. As in Slack, a markdown block is internal_error
// (slackapi/python-slack-sdk issue 1756).
func (c *call) shareBlocks() (json.RawMessage, error) {
	if !c.Has("blocks") || c.Has("initial_comment") {
		return nil, nil
	}
	blocks, err := blockkit.Check(c.Args["blocks"], blockkit.Message)
	if err == nil && slices.Contains(blockkit.Types(blocks), "markdown") {
		return nil, webapi.Err("internal_error")
	}
	return blocks, err
}

func filesInfo(c *call) (answer, error) {
	f, err := c.w.fileOf(c.app, c.Args["file"])
	if err != nil {
		return nil, err
	}
	v := f.info.view(c.base).forApps()
	v.Shares = &fileShares{Public: map[string][]fileShare{}, Private: map[string][]fileShare{}}
	c.w.messagesWith(f.info.ID, func(conv *conversation, m *Message) {
		if !conv.visible(c.app.BotUserID) {
			return
		}
		to := v.Shares.Public
		if conv.info.IsPrivate {
			to = v.Shares.Private
		}
		s := fileShare{
			TS: m.TS, ChannelName: conv.info.Name, TeamID: c.w.team.ID, ShareUserID: m.User,
			ReplyUsers: append([]string{}, m.ReplyUsers...), ReplyCount: m.ReplyCount,
		}
		if m.isReply() {
			s.ThreadTS = m.ThreadTS
		}
		to[conv.info.ID] = append(to[conv.info.ID], s)
	})
	return answer{"file": v, "comments": []string{}, "response_metadata": map[string]string{"next_cursor": ""}}, nil
}

func filesDelete(c *call) (answer, error) {
	f, err := c.w.fileOf(c.app, c.Args["file"])
	if err != nil {
		return nil, err
	}
	if f.info.User != c.app.BotUserID {
		return nil, webapi.Err("cant_delete_file")
	}
	c.w.deleteFile(f)
	return answer{}, nil
}
