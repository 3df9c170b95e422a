package post

import (
	"errors"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/sleep"
)

// TestNothingIsUncertainForEver: a call of which it cannot be told whether it was
// carried out ends, where Slack answers others.
func TestNothingIsUncertainForEver(t *testing.T) {
	for name, faults := range map[string][]localslack.Fault{
		"a post that is not carried out": {{Method: "chat.postMessage", Status: 500}},
		"a post that hangs":              {{Method: "chat.postMessage", Delay: time.Hour, Reset: true}},
		"a post that cannot be looked for": {
			{Method: "chat.postMessage", Error: "internal_error"}, {Method: "conversations.replies", Status: 500},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(d *fixture) {
				for _, f := range faults {
					d.ws.Fail(f)
				}
				ended := make(chan error, 1)
				begun := time.Now()
				go func() {
					ended <- d.thread().Post(d.Context(), Message{Key: "k", Fallback: "the text"}, &PostState{}, unsaved)
				}()
				for {
					select {
					case err := <-ended:
						if took := time.Since(begun); !errors.Is(err, ErrUncertain) || took < uncertainTime || took > 4*uncertainTime {
							t.Errorf("after %s: %v", took, err)
						}
						return
					case <-time.After(10 * time.Second):
						if time.Since(begun) > time.Hour {
							t.Fatal("it goes on for ever")
						}
						_, _ = d.client().File(d.Context(), "F0000000000") // which Slack refuses
					}
				}
			})
		})
	}
}

// TestOutageIsWaitedFor: while Slack answers nothing there is nobody to tell.
func TestOutageIsWaitedFor(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		mend := d.ws.Fail(localslack.Fault{Method: "*", Status: 503})
		ended := make(chan error, 1)
		go func() {
			ended <- d.thread().Post(d.Context(), Message{Key: "k", Fallback: "the text"}, &PostState{}, unsaved)
		}()
		_ = sleep.For(d.Context(), 2*time.Hour)
		mend()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if n := len(d.ws.Thread(d.channel, d.parent)); n != 2 {
			t.Errorf("%d messages, want the parent and the post", n)
		}
	})
}

// TestEmptyThreadIsAskedForAgain, so that a post which stands there is found.
func TestEmptyThreadIsAskedForAgain(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		d.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Applied: true, Status: 500})
		d.ws.Fail(localslack.Fault{Method: "conversations.replies", Times: 2, NoMessages: true})
		if err := d.thread().Post(d.Context(), Message{Key: "k", Fallback: "the text"}, &PostState{}, unsaved); err != nil {
			t.Fatal(err)
		}
		if n := len(d.ws.Thread(d.channel, d.parent)); n != 2 {
			t.Errorf("%d messages, want the parent and one post", n)
		}
	})
}
