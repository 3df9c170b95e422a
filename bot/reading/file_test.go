package reading

import (
	"testing"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/post"
)

// TestRequestsOfAllAttempts: a page may cost the endpoint eight requests in all.
func TestRequestsOfAllAttempts(t *testing.T) {
	all := 0
	for _, n := range requestsOf {
		all += n
	}
	if all != 8 {
		t.Errorf("%d requests in all, want 8", all)
	}
}

// TestNoPictureWithAReply: a file that nobody asked for and that is no picture is left
// alone, unless an earlier process opened a reply before it knew that.
func TestNoPictureWithAReply(t *testing.T) {
	for name, reply := range map[string]post.PostState{"none": {}, "tried": {Tried: time.Now()}, "posted": {TS: "1.2"}} {
		file := slack.File{ID: "F1", Name: "notes.png", Mimetype: "text/plain", URLPrivate: "https://files.example/notes.png"}
		r := &run{
			Ask: ask.Ask{Files: []ask.File{{Slack: file}}}, live: newLive(1),
			state: State{Reply: reply, Files: []FileState{{File: &file}}},
		}
		if wanted, err := r.complete(t.Context()); wanted != (name != "none") || err != nil {
			t.Errorf("%s: %t, %v", name, wanted, err)
		}
	}
}
