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
	"strings"
	"unicode/utf8"

	"slackocr/bot/localslack/internal/page"
	"slackocr/bot/localslack/internal/webapi"
)

// This file has the acts of a person on the page, except writing a message.

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

// pageDo handles POST /page/do/NAME. The page gets the result.
func (w *Workspace) pageDo(rw http.ResponseWriter, r *http.Request) {
	var req pageRequest
	result, err := "", errUnknownRequest
	if readRequest(rw, r, &req) {
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

func readRequest(rw http.ResponseWriter, r *http.Request, req *pageRequest) bool {
	return json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxPageJSON)).Decode(req) == nil
}

// pageAction presses a button or chooses in a menu, of a message or of a
// window, and responds after the app's ack.
func (w *Workspace) pageAction(rw http.ResponseWriter, r *http.Request) {
	var d pageRequest
	if !readRequest(rw, r, &d) {
		page.Refuse(rw, http.StatusBadRequest, "This button was not understood.")
		return
	}
	var err error
	if d.View != "" {
		err = w.PressView(r.Context(), w.pageUser(), d.View, d.Action, d.Typed, d.Values...)
	} else {
		err = w.Press(r.Context(), w.pageUser(), d.Channel, d.TS, d.Action, d.Values...)
	}
	if err != nil {
		page.Fail(rw, err)
		return
	}
	page.JSON(rw, http.StatusOK, map[string]any{"ok": true})
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
