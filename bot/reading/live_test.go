package reading

import (
	"testing"

	"slackocr/bot/ask"
)

// TestQueuedAfterOpening: a file that was opened before its turn is told its place, and
// a file in work is not.
func TestQueuedAfterOpening(t *testing.T) {
	l := newLive(&run{Ask: ask.Ask{Files: make([]ask.File, 1)}})
	p := &pages{pieces: make([]piece, 1)}
	l.setPages(0, p)
	if l.setQueued(0, 2); l.files[0].stage != queued || l.files[0].ahead != 2 {
		t.Errorf("an opened file that waits: %+v", l.files[0])
	}
	l.setInWork(0)
	p.running.Add(1)
	if l.setQueued(0, 1); l.files[0].stage != inWork {
		t.Errorf("a file in work: %+v", l.files[0])
	}
}
