package localslack

import (
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
)

// This file is what the page sends: messages, commands, presses of buttons.

const (
	maxPagePost  = 100<<20 + 1<<20 // bytes of one message with its files: 100 MB and the form around them
	maxPageText  = 200 << 10       // bytes of a message's text; Post cuts it at Slack's limit
	maxPageField = 256             // bytes of an id or a timestamp in a form
	maxPageJSON  = 64 << 10        // bytes of an action
)

// pagePost sends a message: a multipart form with channel, thread_ts, text and
// up to ten files, 100 MB in all. A text that begins with a slash is a command,
// as in Slack's client; its answer has no ts.
func (w *Workspace) pagePost(rw http.ResponseWriter, r *http.Request) {
	if r.ContentLength > maxPagePost {
		pagePostError(rw, &http.MaxBytesError{Limit: maxPagePost})
		return
	}
	r.Body = http.MaxBytesReader(rw, r.Body, maxPagePost)
	form, err := r.MultipartReader()
	if err != nil {
		pageError(rw, http.StatusUnsupportedMediaType, "A message is sent as a multipart form.")
		return
	}
	post, err := readPost(form)
	if err != nil {
		pagePostError(rw, err)
		return
	}
	var ts string
	if command := slashCommand.FindStringSubmatch(post.Text); command != nil && len(post.Files) == 0 && post.Thread == "" {
		err = w.Command(r.Context(), w.pageUser(), post.Channel, command[1], strings.TrimSpace(command[2]))
	} else {
		ts, err = w.Post(w.pageUser(), post)
	}
	if err != nil {
		pagePostError(rw, err)
		return
	}
	pageJSON(rw, http.StatusOK, map[string]any{"ok": true, "ts": ts})
}

var slashCommand = regexp.MustCompile(`(?s)^(/[a-z0-9][a-z0-9_-]*)(?:\s(.*))?$`)

// readPost reads the form part by part, so that its bounds hold before anything
// is kept.
func readPost(form *multipart.Reader) (Post, error) {
	var p Post
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
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
			p.Text = strings.ReplaceAll(p.Text, "\r\n", "\n") // forms end every line so
		case "files", "files[]":
			if len(p.Files) == maxPostFiles {
				return p, apiErr("file_upload_limit")
			}
			var data []byte
			data, err = io.ReadAll(part)
			p.Files = append(p.Files, Upload{Name: part.FileName(), Data: data})
		default:
			err = apiErr("invalid_arguments")
		}
		if err != nil {
			return p, err
		}
	}
}

func readField(r io.Reader, limit int64) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = apiErr("msg_too_long")
	}
	return string(data), err
}

// pagePostError answers with a sentence for the person; they never see a code alone.
func pagePostError(rw http.ResponseWriter, err error) {
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		pageError(rw, http.StatusRequestEntityTooLarge, "A message can carry 100 MB of files. Send fewer or smaller ones.")
		return
	}
	sentence := pageSentences[errCode(err)]
	if sentence == "" {
		sentence = "That did not work: what was sent was not understood."
		if code := errCode(err); code != "" {
			sentence = "That did not work (" + code + ")."
		}
	}
	pageError(rw, http.StatusBadRequest, sentence)
}

// pageSentences are what the person reads for an error's code.
var pageSentences = map[string]string{
	"channel_not_found":        "This conversation does not exist any more.",
	"dispatch_failed":          "The app is not connected, so it did not get that.",
	"dispatch_unknown_command": "No app here knows this command.",
	"file_upload_limit":        "A message can carry ten files. Send the rest in another one.",
	"is_archived":              "This channel is archived: nothing can be posted in it.",
	"msg_too_long":             "This text is too long for one message.",
	"no_such_action":           "This button does nothing any more.",
	"no_text":                  "Write something or add a file first.",
	"not_in_channel":           "You are not a member of this channel.",
	"operation_timeout":        "The app did not answer in time.",
	"thread_not_found":         "The message you answer is not there any more.",
	"user_not_found":           "This workspace has nobody to post as yet.",
}

// pageAction presses a button of a message and answers when the app has taken it.
func (w *Workspace) pageAction(rw http.ResponseWriter, r *http.Request) {
	var action struct {
		Channel  string `json:"channel"`
		TS       string `json:"ts"`
		ActionID string `json:"action_id"`
	}
	body := http.MaxBytesReader(rw, r.Body, maxPageJSON)
	if err := json.NewDecoder(body).Decode(&action); err != nil {
		pageError(rw, http.StatusBadRequest, "This button was not understood.")
		return
	}
	err := w.Press(r.Context(), w.pageUser(), action.Channel, action.TS, action.ActionID)
	if err != nil {
		pagePostError(rw, err)
		return
	}
	pageJSON(rw, http.StatusOK, map[string]any{"ok": true})
}
