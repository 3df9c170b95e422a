package localslack

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The page is a small chat client without a build step: plain HTML, CSS and ES
// modules, which load nothing from anywhere else.
//
//go:embed page
var pageFiles embed.FS

const (
	maxPagePost  = 100<<20 + 1<<20 // bytes of one message with its files: 100 MB and the form around them
	maxPageText  = 200 << 10       // bytes of a message's text; Post cuts it at Slack's limit
	maxPageField = 256             // bytes of an id or a timestamp in a form
	maxPageJSON  = 64 << 10        // bytes of an action
	pageBeat     = 15 * time.Second
	pageStall    = 10 * time.Second // a reader that takes nothing for so long is gone
)

// pageCSP lets the page use its own files and nothing else. Trusted Types make
// the browser refuse innerHTML and its like, so that no message can become
// markup even by mistake. blob: shows pictures before they are sent.
const pageCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// pageHandler serves the chat page and what its script asks for. It acts as
// pageUser. State-changing requests rely on Handler's check of Host and Origin.
func (w *Workspace) pageHandler() http.Handler {
	mux := http.NewServeMux()
	for name, f := range pageAssets() {
		mux.Handle("GET "+name, f)
	}
	mux.HandleFunc("GET /archives/{channel}/{message}", pagePermalink)
	mux.HandleFunc("GET /page/state", w.pageState)
	mux.HandleFunc("GET /page/events", w.pageEvents)
	mux.HandleFunc("GET /page/files/{id}/{name}", w.pageFile)
	mux.HandleFunc("POST /page/messages", w.pagePost)
	mux.HandleFunc("POST /page/actions", w.pageAction)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", pageCSP)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		mux.ServeHTTP(rw, r)
	})
}

// pageUser is whom the page acts as: the first person of the workspace, or "".
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

// pageAsset is a file of the page. The browser asks each time and mostly hears
// "not modified", so that a new build shows at once.
type pageAsset struct {
	kind, etag string
	data       []byte
}

func (a pageAsset) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", a.kind)
	rw.Header().Set("ETag", a.etag)
	rw.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(a.data))
}

// pageAssets returns the embedded files by the path they are served at.
func pageAssets() map[string]pageAsset {
	// Spelled out: mime.TypeByExtension depends on the machine.
	kinds := map[string]string{
		".html": "text/html; charset=utf-8",
		".css":  "text/css; charset=utf-8",
		".js":   "text/javascript; charset=utf-8",
		".svg":  "image/svg+xml",
	}
	assets := map[string]pageAsset{}
	entries, err := pageFiles.ReadDir("page")
	if err != nil {
		panic(err) // it is part of the program
	}
	for _, e := range entries {
		data, err := pageFiles.ReadFile("page/" + e.Name())
		if err != nil {
			panic(err)
		}
		name := "/page/" + e.Name()
		if e.Name() == "index.html" {
			name = "/{$}"
		}
		assets[name] = pageAsset{kinds[path.Ext(e.Name())], fmt.Sprintf(`"%x"`, sha256.Sum256(data)), data}
	}
	return assets
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
	pageJSON(rw, http.StatusOK, w.Snapshot(w.pageUser()))
}

// pageEvents streams the changes after the sequence number "since" as
// server-sent events. "event: reset" tells the script to begin again from a
// snapshot: the number is unknown, or the reader was too slow.
func (w *Workspace) pageEvents(rw http.ResponseWriter, r *http.Request) {
	since := r.Header.Get("Last-Event-ID")
	if since == "" {
		since = r.URL.Query().Get("since")
	}
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("Cache-Control", "no-store")
	out := eventStream{rw, http.NewResponseController(rw)}
	seq, err := strconv.ParseInt(since, 10, 64)
	changes, cancel, ok := w.SubscribeSince(w.pageUser(), seq)
	if err != nil || !ok {
		if ok {
			cancel()
		}
		out.send("event: reset\ndata: {}\n\n")
		return
	}
	defer cancel()
	beat := time.NewTicker(pageBeat)
	defer beat.Stop()
	err = out.send(": connected\n\n")
	for err == nil {
		select {
		case change, open := <-changes:
			if !open {
				out.send("event: reset\ndata: {}\n\n")
				return
			}
			err = out.change(change)
		case <-beat.C:
			err = out.send(": still here\n\n")
		case <-r.Context().Done():
			return
		}
	}
}

type eventStream struct {
	w  io.Writer
	rc *http.ResponseController
}

func (s eventStream) change(c Change) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.send(fmt.Sprintf("id: %d\ndata: %s\n\n", c.Seq, data))
}

func (s eventStream) send(text string) error {
	// The server's own write time-out is for whole answers; a stream gets one per write.
	if err := s.rc.SetWriteDeadline(time.Now().Add(pageStall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		return err
	}
	return s.rc.Flush()
}

// pageFile serves a file's content. Only raster pictures that every browser
// knows are shown in place, by what they are and not by what they are called;
// the rest is a download, so that no uploaded HTML or SVG runs on this origin.
func (w *Workspace) pageFile(rw http.ResponseWriter, r *http.Request) {
	info, data, ok := w.file(r.PathValue("id"))
	if !ok {
		http.NotFound(rw, r)
		return
	}
	h := rw.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Cache-Control", "private, max-age=3600")
	kind := http.DetectContentType(data)
	if !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, kind) {
		kind = "application/octet-stream"
	}
	if kind == "application/octet-stream" || r.URL.Query().Has("download") {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": info.Name}))
	}
	h.Set("Content-Type", kind)
	http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(data))
}

// pagePost sends a message: a multipart form with channel, thread_ts, text and
// up to ten files, 100 MB in all.
func (w *Workspace) pagePost(rw http.ResponseWriter, r *http.Request) {
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
	ts, err := w.Post(w.pageUser(), post)
	if err != nil {
		pagePostError(rw, err)
		return
	}
	pageJSON(rw, http.StatusOK, map[string]any{"ok": true, "ts": ts})
}

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
	sentence := map[string]string{
		"channel_not_found": "This conversation does not exist any more.",
		"file_upload_limit": "A message can carry ten files. Send the rest in another one.",
		"is_archived":       "This channel is archived: nothing can be posted in it.",
		"msg_too_long":      "This text is too long for one message.",
		"no_text":           "Write something or add a file first.",
		"not_in_channel":    "You are not a member of this channel.",
		"thread_not_found":  "The message you answer is not there any more.",
		"user_not_found":    "This workspace has nobody to post as yet.",
	}[errCode(err)]
	if sentence == "" {
		sentence = "The message could not be sent: the form was not understood."
		if code := errCode(err); code != "" {
			sentence = "The message could not be sent (" + code + ")."
		}
	}
	pageError(rw, http.StatusBadRequest, sentence)
}

// pageAction takes the press of a button.
func (w *Workspace) pageAction(rw http.ResponseWriter, r *http.Request) {
	var action struct {
		Channel  string `json:"channel"`
		TS       string `json:"ts"`
		ActionID string `json:"action_id"`
		BlockID  string `json:"block_id"`
		Value    string `json:"value"`
	}
	body := http.MaxBytesReader(rw, r.Body, maxPageJSON)
	if err := json.NewDecoder(body).Decode(&action); err != nil || action.ActionID == "" {
		pageError(rw, http.StatusBadRequest, "This button was not understood.")
		return
	}
	pageError(rw, http.StatusNotImplemented, "Buttons do not work in this local workspace yet.")
}

func pageError(rw http.ResponseWriter, status int, sentence string) {
	pageJSON(rw, status, map[string]any{"ok": false, "error": sentence})
}

func pageJSON(rw http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(rw, "this answer could not be made", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	rw.WriteHeader(status)
	rw.Write(data)
}
