package officetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// WriteText answers a request to the model with pieces of text. More may follow, and
// then WriteEnd.
func WriteText(w http.ResponseWriter, pieces ...string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, piece := range pieces {
		text, _ := json.Marshal(piece) // a string
		fmt.Fprintf(w, "data: {\"model\":\"scripted\",\"choices\":[{\"delta\":{\"content\":%s}}]}\n\n", text)
		w.(http.Flusher).Flush()
	}
}

// WriteEnd ends an answer.
func WriteEnd(w http.ResponseWriter) {
	fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

// WriteAll answers a request to the model with a whole text.
func WriteAll(w http.ResponseWriter, pieces ...string) {
	WriteText(w, pieces...)
	WriteEnd(w)
}

// Writes returns a model that writes these pieces of text.
func Writes(pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		WriteAll(w, pieces...)
	}
}

// QuickModel reads a page in half a second.
func QuickModel(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	WriteText(w, "some text")
	select {
	case <-time.After(500 * time.Millisecond):
		WriteEnd(w)
	case <-r.Context().Done():
	}
}

// Reading is a model that reads the word of bot check, and describes the picture if
// asked to.
func Reading(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if bytes.Contains(body, []byte("Describe this image")) {
		WriteAll(w, "A white sign ", "with one black word.")
		return
	}
	WriteAll(w, "Marm", "alade")
}
