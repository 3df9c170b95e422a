package bot_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// shows posts an image block as an app, with a token of its own.
func (h *house) shows(token, channel, image string) {
	h.Helper()
	blocks, _ := json.Marshal([]map[string]any{{"type": "image", "image_url": image, "alt_text": "a picture"}})
	form := url.Values{"channel": {channel}, "text": {"look"}, "blocks": {string(blocks)}}
	r, err := http.NewRequestWithContext(h.Context(), http.MethodPost, "http://localhost/api/chat.postMessage", strings.NewReader(form.Encode()))
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := h.client().Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer answer.Body.Close()
	var said struct{ Error string }
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil || said.Error != "" {
		h.Fatalf("the other app's post: %q, %v", said.Error, err)
	}
}
