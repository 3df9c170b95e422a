package localslack

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"

	"slackocr/bot/localslack/internal/webapi"
)

// This file is how the page sends messages and commands.

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
	if command := slashCommand.FindStringSubmatch(post.Text); command != nil && len(post.Files) == 0 {
		err = w.pageCommand(r.Context(), post, command[1], strings.TrimSpace(command[2]))
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

// readPost reads the form part by part, so that the bounds hold before
// anything is kept.
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
}

func readField(r io.Reader, limit int64) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = webapi.Err("msg_too_long")
	}
	return string(data), err
}

// pagePostError responds with a sentence for the person, never only a code.
func pagePostError(rw http.ResponseWriter, err error) {
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		pageError(rw, http.StatusRequestEntityTooLarge, "A message can have up to 100 MB of files. Send fewer or smaller ones.")
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
