package localslack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"slackocr/bot/localslack/internal/page"
	"slackocr/bot/localslack/internal/webapi"
)

// pageHandler serves the chat page and the requests of its script. It acts as
// pageUser. State-changing requests rely on Handler's check of Host and Origin.
func (w *Workspace) pageHandler() http.Handler {
	mux := http.NewServeMux()
	page.Register(mux)
	mux.HandleFunc("GET /archives/{channel}/{message}", pagePermalink)
	mux.HandleFunc("GET /page/state", w.pageState)
	mux.HandleFunc("GET /page/events", w.pageEvents)
	mux.HandleFunc("GET /page/files/{id}/{name}", w.pageFile)
	mux.HandleFunc("POST /page/messages", w.pagePost)
	mux.HandleFunc("POST /page/do/{name}", w.pageDo)
	mux.HandleFunc("POST /page/views/{id}", w.pageSubmit)
	return page.Secure(mux)
}

// pageUser returns the person who uses the page: the first one of the workspace,
// or "".
func (w *Workspace) pageUser() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := ""
	for id, u := range w.users {
		if !u.IsBot && (first == "" || id < first) {
			first = id
		}
	}
	return first
}

// pagePermalink opens a message's permalink in the page: /archives/C…/p… with
// the timestamp's point left out, and thread_ts for a reply.
func pagePermalink(rw http.ResponseWriter, r *http.Request) {
	place := "/#/" + r.PathValue("channel")
	digits, ok := strings.CutPrefix(r.PathValue("message"), "p")
	if _, err := strconv.ParseUint(digits, 10, 64); !ok || err != nil || len(digits) < 7 || strings.ContainsAny(place[3:], "/#?\\") {
		http.NotFound(rw, r)
		return
	}
	if thread := r.URL.Query().Get("thread_ts"); thread != "" {
		if _, ok := parseTS(thread); ok {
			place += "/" + thread
		}
	}
	http.Redirect(rw, r, place, http.StatusFound)
}

func (w *Workspace) pageState(rw http.ResponseWriter, _ *http.Request) {
	page.JSON(rw, http.StatusOK, w.snapshot(w.pageUser()))
}

// pageEvents streams the changes after the last one that the page has seen.
func (w *Workspace) pageEvents(rw http.ResponseWriter, r *http.Request) {
	changes, cancel, ok := w.subscribeSince(w.pageUser(), page.Since(r))
	if ok {
		defer cancel()
	}
	page.Stream(rw, r, changes, func(c change) int64 { return c.Seq })
}

func (w *Workspace) pageFile(rw http.ResponseWriter, r *http.Request) {
	user := w.pageUser()
	w.mu.Lock()
	f := w.files[r.PathValue("id")]
	seen := f != nil && w.maySee(user, f)
	w.mu.Unlock()
	if !seen {
		http.NotFound(rw, r)
		return
	}
	page.File(rw, r, f.info.Name, f.data) // neither changes
}

const (
	maxPagePost  = 100<<20 + 1<<20 // bytes of one message with its files: 100 MB and the form around them
	maxPageText  = 200 << 10       // bytes of a message's text; Post truncates at Slack's limit
	maxPageField = 256             // bytes of an id or a timestamp in a form
)

// pagePost sends a message: a multipart form with channel, thread_ts, text and
// up to ten files, 100 MB in all. As in Slack's client, a text that starts
// with a slash is a command; the response to a command has no ts.
func (w *Workspace) pagePost(rw http.ResponseWriter, r *http.Request) {
	if r.ContentLength > maxPagePost {
		page.Fail(rw, &http.MaxBytesError{Limit: maxPagePost})
		return
	}
	r.Body = http.MaxBytesReader(rw, r.Body, maxPagePost)
	form, err := r.MultipartReader()
	if err != nil {
		page.Refuse(rw, http.StatusUnsupportedMediaType, "A message is sent as a multipart form.")
		return
	}
	post, err := readPost(form)
	if err != nil {
		page.Fail(rw, err)
		return
	}
	var ts string
	if command := slashCommand.FindStringSubmatch(post.Text); command != nil && len(post.Files) == 0 {
		err = w.pageCommand(r.Context(), post, command[1], strings.TrimSpace(command[2]))
	} else {
		ts, err = w.Post(w.pageUser(), post)
	}
	if err != nil {
		page.Fail(rw, err)
		return
	}
	page.JSON(rw, http.StatusOK, map[string]any{"ok": true, "ts": ts})
}

var slashCommand = regexp.MustCompile(`(?s)^(/[a-z0-9][a-z0-9_-]*)(?:\s(.*))?$`)

// readPost reads the form part by part, so that the bounds hold before
// anything is kept.
func readPost(form *multipart.Reader) (Post, error) {
	var p Post
	for part, err := range webapi.Parts(form) {
		if err != nil {
			return p, err
		}
		switch part.FormName() {
		case "channel":
			p.Channel, err = readField(part, maxPageField)
		case "thread_ts":
			p.Thread, err = readField(part, maxPageField)
		case "text":
			p.Text, err = readField(part, maxPageText)
			p.Text = strings.ReplaceAll(p.Text, "\r\n", "\n") // forms send every line end as \r\n
		case "files", "files[]":
			if len(p.Files) == maxPostFiles {
				return p, webapi.Err("file_upload_limit")
			}
			var data []byte
			data, err = io.ReadAll(part)
			p.Files = append(p.Files, Upload{Name: part.FileName(), Data: data})
		default:
			err = webapi.Err("invalid_arguments")
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

func readField(r io.Reader, limit int64) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = webapi.Err("msg_too_long")
	}
	return string(data), err
}

const (
	maxPageJSON   = 64 << 10                       // bytes of a request
	maxPageWindow = maxInputs*maxInputFile + 1<<20 // bytes of a window with its files
	maxPageValues = 100                            // values of a window
	fileField     = "file:"                        // before the block_id of a file's field
	valueField    = "value:"                       // likewise
)

// pageRequest is a request of the page. Each kind of request uses some of the
// fields.
type pageRequest struct {
	Channel string              `json:"channel"`
	TS      string              `json:"ts"`
	Name    string              `json:"name"` // of an emoji, a shortcut or a channel
	User    string              `json:"user"`
	File    string              `json:"file"`
	View    string              `json:"view"`
	Private bool                `json:"private"`
	Action  string              `json:"action_id"`
	Values  []string            `json:"values"` // what was chosen
	Typed   map[string][]string `json:"typed"`  // present input of a window
}

// pageDo handles POST /page/do/NAME, after an app's ack if there is one. The page
// gets the result.
func (w *Workspace) pageDo(rw http.ResponseWriter, r *http.Request) {
	var req pageRequest
	result, err := "", errUnknownRequest
	if json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxPageJSON)).Decode(&req) == nil {
		result, err = w.do(r.Context(), w.pageUser(), r.PathValue("name"), req)
	}
	switch {
	case errors.Is(err, errUnknownRequest):
		page.Refuse(rw, http.StatusBadRequest, "That was not understood.")
	case err != nil:
		page.Fail(rw, err)
	default:
		page.JSON(rw, http.StatusOK, map[string]any{"ok": true, "result": result})
	}
}

var errUnknownRequest = errors.New("no such request")

// do carries out a request of the user.
func (w *Workspace) do(ctx context.Context, user, name string, d pageRequest) (result string, err error) {
	switch name {
	case "press": // a button, or a choice in a menu
		if d.View != "" {
			return "", w.PressView(ctx, user, d.View, d.Action, d.Typed, d.Values...)
		}
		return "", w.Press(ctx, user, d.Channel, d.TS, d.Action, d.Values...)
	case "react":
		return "", w.React(user, d.Channel, d.TS, d.Name)
	case "unreact":
		return "", w.Unreact(user, d.Channel, d.TS, d.Name)
	case "delete":
		return "", w.Delete(user, d.Channel, d.TS)
	case "delete-file":
		return "", w.DeleteFile(user, d.File)
	case "shortcut":
		return "", w.Shortcut(ctx, user, d.Channel, d.TS, d.Name)
	case "forward":
		return w.Forward(user, d.Channel, d.TS, Post{Channel: d.Name})
	case "link":
		return w.linkFor(user, d.Channel, d.TS)
	case "close-view":
		return "", w.CloseView(ctx, user, d.View)
	case "invite":
		return "", w.Invite(user, d.Channel, d.User)
	case "remove":
		return "", w.Kick(user, d.Channel, d.User)
	case "join":
		return "", w.joinPublic(user, d.Channel)
	case "archive":
		return "", w.Archive(user, d.Channel)
	case "create":
		return w.createChannel(user, d.Name, d.Private)
	case "open":
		return "", w.openConversation(user, d.Channel)
	case "dm":
		return w.openDMWith(user, d.User)
	}
	return "", errUnknownRequest
}

// openDMWith opens the direct message of two people.
func (w *Workspace) openDMWith(user, other string) (channel string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.users[other] == nil || w.users[user] == nil {
		return "", webapi.Err("user_not_found")
	}
	return w.openDM([]string{user, other}).info.ID, nil
}

// pageSubmit submits a window: a multipart form with a field value:BLOCK_ID
// for each value and file:BLOCK_ID for each file, with the id in URL encoding.
// Problems of fields are returned by block_id.
func (w *Workspace) pageSubmit(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, maxPageWindow)
	form, err := r.MultipartReader()
	if err != nil {
		page.Refuse(rw, http.StatusUnsupportedMediaType, "A window is sent as a multipart form.")
		return
	}
	values, files, err := readWindow(form)
	if err != nil {
		page.Fail(rw, err)
		return
	}
	problems, err := w.Submit(r.Context(), w.pageUser(), r.PathValue("id"), values, files)
	if err != nil {
		page.Fail(rw, err)
		return
	}
	page.JSON(rw, http.StatusOK, map[string]any{"ok": len(problems) == 0, "problems": problems})
}

func readWindow(form *multipart.Reader) (values map[string][]string, files map[string][]Upload, err error) {
	values, files = map[string][]string{}, map[string][]Upload{}
	n := 0
	for part, err := range webapi.Parts(form) {
		if err != nil {
			return nil, nil, err
		}
		if n++; n > maxPageValues {
			return nil, nil, webapi.Err("invalid_arguments")
		}
		name, err := url.PathUnescape(part.FormName())
		if err != nil {
			return nil, nil, webapi.Err("invalid_arguments")
		}
		if block, ok := strings.CutPrefix(name, valueField); ok {
			value, err := readField(part, maxPageJSON)
			if err != nil {
				return nil, nil, err
			}
			// An empty value means that nothing is chosen, which replaces the
			// initial value.
			if values[block] = append(values[block], value); value == "" {
				values[block] = []string{}
			}
			continue
		}
		block, ok := strings.CutPrefix(name, fileField)
		if !ok {
			return nil, nil, webapi.Err("invalid_arguments")
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, err
		}
		files[block] = append(files[block], Upload{Name: part.FileName(), Data: data})
	}
	return values, files, nil
}

// pageCommand runs a text that starts with a slash: Slack's own /invite,
// /remove, /archive and /leave, or the command of an app.
func (w *Workspace) pageCommand(ctx context.Context, p Post, name, text string) error {
	if p.Thread != "" {
		return webapi.Err("command_in_thread")
	}
	user := w.pageUser()
	switch name {
	case "/invite", "/remove", "/kick":
		who := w.named(text)
		if who == "" {
			return webapi.Err("no_such_person")
		}
		if name == "/invite" {
			return w.Invite(user, p.Channel, who)
		}
		return w.Kick(user, p.Channel, who)
	case "/leave":
		return w.Kick(user, p.Channel, user)
	case "/archive":
		return w.Archive(user, p.Channel)
	}
	return w.Command(ctx, user, p.Channel, name, text)
}

// linkFor returns the Permalink if the user may see the message.
func (w *Workspace) linkFor(user, channel, ts string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.convs[channel]
	if c == nil || !c.visible(user) || c.message(ts) == nil {
		return "", webapi.Err("message_not_found")
	}
	return w.permalink(c, c.message(ts)), nil
}

// named returns the person or bot with the given "@name" or "<@ID>".
func (w *Workspace) named(text string) (user string) {
	name := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(text), "@"))
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, u := range w.users {
		if id != systemUser && (name == strings.ToLower(u.Name) || name == strings.ToLower(u.RealName) || name == "<@"+strings.ToLower(id)+">") {
			return id
		}
	}
	return ""
}

func (w *Workspace) joinPublic(user, channel string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.convs[channel]
	switch {
	case w.users[user] == nil:
		return webapi.Err("user_not_found")
	case c == nil || !c.visible(user):
		return webapi.Err("channel_not_found")
	case c.info.IsArchived:
		return webapi.Err("is_archived")
	}
	w.join(c, user, "")
	return nil
}

// channelName matches a valid name of a channel, except that its length is not
// checked: with it the pattern would take 5 ms of each start of a program.
var channelName = regexp.MustCompile(`^[\p{Ll}\p{Lo}\p{N}_-]+$`)

const maxChannelName = 80 // letters

func (w *Workspace) createChannel(user, name string, private bool) (channel string, err error) {
	name = strings.TrimPrefix(strings.TrimSpace(name), "#")
	if !channelName.MatchString(name) || utf8.RuneCountInString(name) > maxChannelName {
		return "", webapi.Err("invalid_name_specials")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.convs {
		if c.info.Name == name {
			return "", webapi.Err("name_taken")
		}
	}
	return w.addChannel(name, private, []string{user}).info.ID, nil
}
