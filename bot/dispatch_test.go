package bot

import (
	"encoding/json"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"slackocr/bot/slackjson"
)

// TestEventsOfAPersonWaitForEachOther, in their order, and those over the bound are
// left out. Nobody waits for another person's.
func TestEventsOfAPersonWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDispatcher()
		busy := make(chan struct{})
		d.enqueue("mallory", func() { <-busy })
		var hers, bobs []int
		for i := range 2 * maxEventsOfPerson {
			d.enqueue("mallory", func() { hers = append(hers, i) })
		}
		for i := range 2 {
			d.enqueue("bob", func() { bobs = append(bobs, i) })
		}
		synctest.Wait()
		if len(hers) != 0 || len(bobs) != 2 {
			t.Errorf("of mallory %v, of bob %v", hers, bobs)
		}
		close(busy)
		d.end()
		if len(hers) != maxEventsOfPerson-1 || !slices.IsSorted(hers) || !slices.IsSorted(bobs) {
			t.Errorf("%d events of mallory: %v; of bob %v", len(hers), hers, bobs)
		}
		d.enqueue("mallory", func() { hers = nil })
		if d.end(); hers != nil || len(d.last) != 0 {
			t.Errorf("the next event is not run, or %d people are remembered", len(d.last))
		}
	})
}

// TestEventsHaveABound, however many people there are.
func TestEventsHaveABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDispatcher()
		busy := make(chan struct{})
		var n atomic.Int32
		for i := range 2 * maxEvents {
			d.enqueue(string(rune('a'+i)), func() { <-busy; n.Add(1) })
		}
		close(busy)
		if d.end(); n.Load() != maxEvents {
			t.Errorf("%d events are worked on, want %d", n.Load(), maxEvents)
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
		payload := slackjson.ReducePayload(json.RawMessage(`{"type":"event_callback","event":` + event + `}`))
		if got := headerOf(payload).person(); got != want {
			t.Errorf("%s is %q's, want %q's", event, got, want)
		}
	}
}
