package localslack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	pageBeat  = 15 * time.Second
	pageStall = 10 * time.Second // a reader that takes nothing for so long is gone
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
	mux.HandleFunc("POST /page/do/{deed}", w.pageDo)
	mux.HandleFunc("POST /page/views/{id}", w.pageSubmit)
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
	pageJSON(rw, http.StatusOK, w.snapshot(w.pageUser()))
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
	changes, cancel, ok := w.subscribeSince(w.pageUser(), seq)
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

func (s eventStream) change(c change) error {
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
	id := r.PathValue("id")
	info, data, ok := w.file(id)
	if !ok || !w.pageMaySee(id) {
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

func (w *Workspace) pageMaySee(file string) bool {
	user := w.pageUser()
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.files[file]
	return f != nil && w.maySee(user, f)
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
