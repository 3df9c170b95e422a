package page

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
	"time"

	"slackocr/bot/localslack/internal/webapi"
)

const (
	beat  = 15 * time.Second
	stall = 10 * time.Second // a reader that takes nothing for so long is gone
)

// csp lets the page use its own files and nothing else. Trusted Types make
// the browser refuse innerHTML and its like, so that no message can become
// markup even by mistake. blob: shows pictures before they are sent.
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Secure adds the headers that lock the page down.
func Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(rw, r)
	})
}

// JSON writes an answer.
func JSON(rw http.ResponseWriter, status int, v any) {
	rw.Header().Set("Cache-Control", "no-store")
	webapi.WriteJSON(rw, status, v)
}

// Refuse answers with a sentence for the person.
func Refuse(rw http.ResponseWriter, status int, sentence string) {
	JSON(rw, status, map[string]any{"ok": false, "error": sentence})
}

// Fail answers with a sentence about the error, never only with its code.
func Fail(rw http.ResponseWriter, err error) {
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		Refuse(rw, http.StatusRequestEntityTooLarge, "A message can have up to 100 MB of files. Send fewer or smaller ones.")
		return
	}
	sentence := "That did not work: what was sent was not understood."
	if e, ok := errors.AsType[*webapi.Error](err); ok {
		if sentence = sentences[e.Code]; sentence == "" {
			sentence = "That did not work (" + e.Code + ")."
		}
	}
	Refuse(rw, http.StatusBadRequest, sentence)
}

// File serves a file's content. Only raster pictures that every browser knows
// are shown in place, detected by content and not by name; every other file is
// a download, so that no uploaded HTML or SVG runs on this origin.
func File(rw http.ResponseWriter, r *http.Request, name string, data []byte) {
	h := rw.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Cache-Control", "private, max-age=3600")
	kind := http.DetectContentType(data)
	if !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, kind) {
		kind = "application/octet-stream"
	}
	if kind == "application/octet-stream" || r.URL.Query().Has("download") {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	}
	h.Set("Content-Type", kind)
	http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(data))
}

// Since returns the number of the last change that the page has seen, or -1.
func Since(r *http.Request) int64 {
	since := r.Header.Get("Last-Event-ID")
	if since == "" {
		since = r.URL.Query().Get("since")
	}
	n, err := strconv.ParseInt(since, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// Stream sends changes as server-sent events, with their numbers as ids, until
// the request ends. "event: reset" tells the script to begin again from a
// snapshot: changes is nil, because the number of the last change is unknown, or
// it was closed, because the reader was too slow.
func Stream[C any](rw http.ResponseWriter, r *http.Request, changes <-chan C, number func(C) int64) {
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("Cache-Control", "no-store")
	out := stream{rw, http.NewResponseController(rw)}
	const reset = "event: reset\ndata: {}\n\n"
	if changes == nil {
		_ = out.send(reset)
		return
	}
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	err := out.send(": connected\n\n")
	for err == nil {
		select {
		case change, open := <-changes:
			if !open {
				_ = out.send(reset)
				return
			}
			var data []byte
			if data, err = json.Marshal(change); err == nil {
				err = out.send(fmt.Sprintf("id: %d\ndata: %s\n\n", number(change), data))
			}
		case <-ticker.C:
			err = out.send(": still here\n\n")
		case <-r.Context().Done():
			return
		}
	}
}

type stream struct {
	w  io.Writer
	rc *http.ResponseController
}

func (s stream) send(text string) error {
	// The server's own write time-out is for whole answers; a stream gets one per write.
	if err := s.rc.SetWriteDeadline(time.Now().Add(stall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		return err
	}
	return s.rc.Flush()
}

// sentences are the sentences for error codes.
var sentences = map[string]string{
	"already_in_channel":       "They are in this channel already.",
	"already_reacted":          "You have reacted with this emoji already.",
	"cant_update_message":      "Only who wrote a message can delete it.",
	"channel_not_found":        "This conversation does not exist any more.",
	"command_in_thread":        "Slash commands cannot be used in threads.",
	"dispatch_failed":          "The app is not connected, so it did not get that.",
	"dispatch_unknown_command": "No app here knows this command.",
	"file_upload_limit":        "A message can carry ten files. Send the rest in another one.",
	"file_not_found":           "This file is not there any more, or not yours.",
	"interactivity_disabled":   "This app takes no presses: its manifest does not enable interactivity.",
	"invalid_name":             "There is no emoji of that name.",
	"invalid_name_specials":    "A channel's name has small letters, digits, - and _ only.",
	"is_archived":              "This channel is archived: nothing can be posted in it.",
	"message_not_found":        "This message is not there any more.",
	"msg_too_long":             "This text is too long for one message.",
	"no_such_action":           "This button does nothing any more.",
	"name_taken":               "There is a channel of that name already.",
	"no_such_option":           "This choice is not there any more.",
	"no_text":                  "Write something or add a file first.",
	"not_found":                "This window is not open any more.",
	"not_in_channel":           "You are not a member of this channel.",
	"operation_timeout":        "The app did not answer in time.",
	"no_such_person":           "Nobody here has that name. Write /invite @name.",
	"thread_not_found":         "The message you answer is not there any more.",
	"user_not_found":           "This workspace has nobody to post as yet.",
}
