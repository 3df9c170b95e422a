package localslack

import (
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strconv"
	"strings"

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
	mux.HandleFunc("POST /page/actions", w.pageAction)
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
