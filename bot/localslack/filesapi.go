package localslack

import (
	"cmp"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"slackocr/bot/localslack/internal/blockkit"
	"slackocr/bot/localslack/internal/filehost"
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

// serveUpload takes the contents for an upload address, raw or as the file of
// a multipart form. The size must equal the announced length.
func (w *Workspace) serveUpload(rw http.ResponseWriter, r *http.Request) {
	fault, hit := w.faults.hit(r, "upload")
	if hit && !fault.Applied {
		fault.answer(rw)
		return
	}
	w.mu.Lock()
	up, ok := w.uploads.Get(r.PathValue("key"))
	w.mu.Unlock()
	if !ok {
		http.Error(rw, "not found", http.StatusNotFound)
		return
	}
	data, err := filehost.ReadUpload(rw, r, up.size)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	w.uploads.Remove(r.PathValue("key"))
	up.data = data
	w.touch()
	w.mu.Unlock()
	if hit {
		fault.answer(rw)
		return
	}
	_, _ = io.WriteString(rw, "OK - "+strconv.Itoa(len(data)))
}

// Paths that downloads redirect to.
const (
	originPath = "/files-origin/" // Slack's second file host
	viewerPath = "/files-viewer/" // slack-files.com
)

// serveDownload serves url_private and url_private_download. A request without
// permission is redirected to the sign-in page, which has status 200
// (slackapi/node-slack-sdk issue 1750). For other redirects see
// Behaviour.Redirect; url_private of a PDF leads to a page on another host
// (curie-eng/curie issue 2715).
func (w *Workspace) serveDownload(rw http.ResponseWriter, r *http.Request) {
	base := w.requestBase(r)
	info, data, ok := w.download(r)
	if !ok {
		http.Redirect(rw, r, base+"/?redir="+url.QueryEscape(r.URL.EscapedPath()), http.StatusFound)
		return
	}
	private := !strings.Contains(r.Pattern, "/download/")
	to, origin := w.redirection(private)
	rest := r.PathValue("file") + "/" + url.PathEscape(r.PathValue("name"))
	switch {
	case to:
		http.Redirect(rw, r, cmp.Or(origin, base)+originPath+rest, http.StatusFound)
	case private && info.Filetype == "pdf":
		http.Redirect(rw, r, filehost.OtherHost(base)+viewerPath+rest, http.StatusFound)
	default:
		w.serveContent(rw, r, info, data)
	}
}

// redirection reports whether an address redirects to the second file host,
// and returns the host's base address.
func (w *Workspace) redirection(private bool) (to bool, origin string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.behaviour
	inOrganization := w.enterprise != nil
	return b.Redirect == RedirectAll || private && (b.Redirect == RedirectPrivate || inOrganization), strings.TrimSuffix(b.FilesOrigin, "/")
}

// serveOrigin is Slack's second file host. A request without permission gets
// the sign-in page at once.
func (w *Workspace) serveOrigin(rw http.ResponseWriter, r *http.Request) {
	info, data, ok := w.download(r)
	if !ok {
		filehost.WriteHTML(rw, filehost.LoginPage)
		return
	}
	w.serveContent(rw, r, info, data)
}

// serveContent serves a file, or fails if a fault of "download" applies.
func (w *Workspace) serveContent(rw http.ResponseWriter, r *http.Request, info *File, data []byte) {
	fault, hit := w.faults.hit(r, "download")
	if hit && fault.CutAfter == 0 {
		fault.answer(rw)
		return
	}
	h := rw.Header()
	h.Set("Content-Type", info.Mimetype)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": info.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	if hit && fault.CutAfter < len(data) {
		_, _ = rw.Write(data[:fault.CutAfter])
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler) // closes the connection before the last byte
	}
	_, _ = rw.Write(data)
}

// download returns the file for the TEAM-FILE of its address, if the bearer
// token has files:read and the app may see the file.
func (w *Workspace) download(r *http.Request) (*File, []byte, bool) {
	tok, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tokens[tok]
	if t == nil || t.refused != "" || !slices.Contains(t.scopes, "files:read") {
		return nil, nil, false
	}
	id, ok := strings.CutPrefix(r.PathValue("file"), w.team.ID+"-")
	if !ok {
		return nil, nil, false
	}
	f, err := w.fileOf(t.app, id)
	if err != nil {
		return nil, nil, false
	}
	info := f.info
	return &info, f.data, true
}
