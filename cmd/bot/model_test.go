package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// writeText answers a request to the model with pieces of text, of which more may come.
func writeText(w http.ResponseWriter, pieces ...string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, piece := range pieces {
		text, _ := json.Marshal(piece) // a string
		fmt.Fprintf(w, "data: {\"model\":\"scripted\",\"choices\":[{\"delta\":{\"content\":%s}}]}\n\n", text)
		w.(http.Flusher).Flush()
	}
}

// writeEnd ends an answer.
func writeEnd(w http.ResponseWriter) {
	fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

// writeAll answers a request to the model with a whole text.
func writeAll(w http.ResponseWriter, pieces ...string) {
	writeText(w, pieces...)
	writeEnd(w)
}

// writes is a model that writes these pieces of text.
func writes(pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		writeAll(w, pieces...)
	}
}

// quickModel reads a page in half a second.
func quickModel(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	writeText(w, "some text")
	select {
	case <-time.After(500 * time.Millisecond):
		writeEnd(w)
	case <-r.Context().Done():
	}
}

// reading is a model that reads the word of the check, and describes it when it is asked
// to.
func reading(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if bytes.Contains(body, []byte("Describe this image")) {
		writeAll(w, "A white sign ", "with one black word.")
		return
	}
	writeAll(w, "Marm", "alade")
}
