package bot

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/slack-go/slack/slackevents"
)

// TestEventsGoRoundOverPeople, each person's in their order, and those over the bounds
// are left out.
func TestEventsGoRoundOverPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDispatcher()
		busy := make(chan struct{})
		d.enqueue("", func() { <-busy })
		synctest.Wait()
		var done []string
		for range 2 * maxEventsOfPerson {
			d.enqueue("mallory", func() { done = append(done, "mallory") })
		}
		for _, what := range []string{"bob's first", "bob's second"} {
			d.enqueue("bob", func() { done = append(done, what) })
		}
		close(busy)
		d.end()
		if want := []string{"mallory", "bob's first", "mallory", "bob's second", "mallory"}; len(done) != maxEventsOfPerson+2 || !slices.Equal(done[:5], want) {
			t.Errorf("%d events: %q…, want %q…", len(done), done[:5], want)
		}
	})
}

// TestEventsHaveABound, however many people there are.
func TestEventsHaveABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDispatcher()
		busy := make(chan struct{})
		d.enqueue("", func() { <-busy })
		synctest.Wait()
		n := 0
		for i := range 2 * maxEvents {
			d.enqueue(string(rune('a'+i)), func() { n++ })
		}
		close(busy)
		if d.end(); n != maxEvents {
			t.Errorf("%d events are worked on, want %d", n, maxEvents)
		}
	})
}

// TestPersonOfAnEvent, so that a deletion comes after its message.
func TestPersonOfAnEvent(t *testing.T) {
	for event, want := range map[string]string{
		`{"type":"message","channel":"C1","user":"U1","ts":"10.1"}`:                                                                        "U1",
		`{"type":"message","subtype":"message_deleted","channel":"C1","previous_message":{"user":"U1","ts":"10.1"}}`:                       "U1",
		`{"type":"message","subtype":"message_changed","channel":"C1","message":{"user":"U1"},"previous_message":{"user":"U1"}}`:           "U1",
		`{"type":"message","subtype":"message_changed","channel":"C1","message":{"subtype":"tombstone"},"previous_message":{"user":"U1"}}`: "U1",
		`{"type":"reaction_added","user":"U1","reaction":"eyes","item":{"type":"message"}}`:                                                "U1",
		`{"type":"file_deleted","file_id":"F1","user_id":"U1"}`:                                                                            "U1",
		`{"type":"file_deleted","file_id":"F1"}`:                                                                                           "",
		`{"type":"channel_archive","channel":"C1","user":"U1"}`:                                                                            "U1",
	} {
		data, err := slackevents.ParseEvent(json.RawMessage(`{"type":"event_callback","event":`+event+`}`), slackevents.OptionNoVerifyToken())
		if err != nil {
			t.Fatalf("%s: %v", event, err)
		}
		if got := personOf(data); got != want {
			t.Errorf("%s is %q's, want %q's", event, got, want)
		}
	}
}
