package post

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

// crowd posts n replies as a person.
func (d *fixture) crowd(n int) {
	d.Helper()
	bea := d.ws.AddUser("bea")
	d.ws.Join(d.channel, bea)
	for i := range n {
		if _, err := d.ws.Post(bea, localslack.Post{Channel: d.channel, Thread: d.parent, Text: fmt.Sprint(i)}); err != nil {
			d.Fatal(err)
		}
	}
}

// TestPostIsFoundOnLaterPages, which hold 200 messages each.
func TestPostIsFoundOnLaterPages(t *testing.T) {
	for _, others := range []int{250, 450} {
		t.Run(fmt.Sprint("behind ", others, " others"), func(t *testing.T) {
			inFakeTime(t, func(d *fixture) {
				d.crowd(others)
				m := result("the text", "text")
				m.Key, m.After = "mine", d.parent
				var posted PostState
				if err := d.thread().Post(d.Context(), m, &posted, unsaved); err != nil {
					t.Fatal(err)
				}
				if ts, err := d.thread().find(d.Context(), m); err != nil || ts != posted.TS {
					t.Errorf("found %q, want %q, %v", ts, posted.TS, err)
				}
				if n, want := len(d.calls("conversations.replies")), others/200+1; n != want {
					t.Errorf("%d pages were asked for, want %d", n, want)
				}
			})
		})
	}
}

// TestLookingEnds, however long the thread is.
func TestLookingEnds(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		d.crowd(1200)
		m := Message{Key: "mine", After: d.parent}
		if ts, err := d.thread().find(d.Context(), m); err != nil || ts != "" {
			t.Errorf("found %q, %v", ts, err)
		}
		if n := len(d.calls("conversations.replies")); n != maxPages {
			t.Errorf("%d pages were asked for, want %d", n, maxPages)
		}
	})
}

// TestOthersPostsAreNotTaken for ours: an older one with the same key, and
// other apps' metadata.
func TestOthersPostsAreNotTaken(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		m := result("the text", "text")
		m.Key, m.After = "mine", d.parent
		var old PostState
		if err := d.thread().Post(d.Context(), m, &old, unsaved); err != nil {
			t.Fatal(err)
		}
		d.crowd(1)
		messages := d.ws.Thread(d.channel, d.parent)
		m.After = messages[len(messages)-1].TS
		if ts, err := d.thread().find(d.Context(), m); err != nil || ts != "" {
			t.Errorf("found %q, which was there before, %v", ts, err)
		}
		if _, _, err := d.api.PostMessageContext(d.Context(), d.channel, slack.MsgOptionTS(d.parent), slack.MsgOptionText("text", false),
			slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "another_type", EventPayload: map[string]any{"key": m.Key}})); err != nil {
			t.Fatal(err)
		}
		if ts, err := d.thread().find(d.Context(), m); err != nil || ts != "" {
			t.Errorf("found %q, which is of another type, %v", ts, err)
		}
	})
}

// TestPostsAsked says what a post's arguments must be.
func TestPostsAsked(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		if err := d.thread().Post(d.Context(), result("see https://example.com", "text"), &PostState{}, unsaved); err != nil {
			t.Fatal(err)
		}
		args := d.calls("chat.postMessage")[0].Args
		for name, want := range map[string]string{
			"unfurl_links": "false", "unfurl_media": "false", "thread_ts": d.parent, "channel": d.channel, "text": "text",
		} {
			if args[name] != want {
				t.Errorf("%s is %q, want %q", name, args[name], want)
			}
		}
	})
}

func TestFilesOfTheFirstMessage(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		cid := d.ws.AddUser("cid")
		d.ws.Join(d.channel, cid)
		post := func(thread, name string) string {
			ts, err := d.ws.Post(cid, localslack.Post{Channel: d.channel, Thread: thread, Files: []localslack.Upload{{Name: name, Data: []byte("x")}}})
			if err != nil {
				t.Fatal(err)
			}
			return ts
		}
		first := post("", "first.png")
		post(first, "second.png")
		want := d.ws.Thread(d.channel, first)[0].Files[0].ID
		if ids, err := d.client().Thread(nil, d.channel, first).Files(d.Context()); err != nil || !slices.Equal(ids, []string{want}) {
			t.Errorf("files %q, want %q, %v", ids, want, err)
		}
	})
}

// TestFilesOfAReplyAreNotTheFirstMessages: where the first message was deleted,
// an answer may begin with the next one.
func TestFilesOfAReplyAreNotTheFirstMessages(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"ok":true,"messages":[{"type":"message","ts":"11.1","thread_ts":"10.1","files":[{"id":"F2"}]}]}`)
	}))
	defer server.Close()
	api := slack.New("xoxb-x", slack.OptionAPIURL(server.URL+"/"), slack.OptionHTTPClient(server.Client()))
	if ids, err := NewClient(api, newPacer(), nil).Thread(nil, "C1", "10.1").Files(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("files %q, %v", ids, err)
	}
}

// TestPostGoesOn where an earlier process may have posted.
func TestPostGoesOn(t *testing.T) {
	for _, tt := range []struct {
		name   string
		posted bool
		fault  localslack.Fault
		posts  int
	}{
		{"it stands there", true, localslack.Fault{}, 1},
		{"it does not", false, localslack.Fault{}, 1},
		{"it cannot be told", true, localslack.Fault{Method: "conversations.replies", Error: "missing_scope"}, 2}, // twice is better than lost
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(d *fixture) {
				m := result("the text", "text")
				m.Key, m.After = "mine", d.parent
				var first PostState
				if tt.posted {
					if err := d.thread().Post(d.Context(), m, &first, unsaved); err != nil {
						t.Fatal(err)
					}
				}
				if tt.fault.Method != "" {
					d.ws.Fail(tt.fault)
				}
				state := PostState{Tried: time.Now()}
				if err := d.thread().Post(d.Context(), m, &state, unsaved); err != nil || state.TS == "" {
					t.Errorf("posted at %q, %v", state.TS, err)
				}
				if n := len(d.ws.Thread(d.channel, d.parent)); n != 1+tt.posts {
					t.Errorf("%d messages, want the parent and %d", n, tt.posts)
				}
				if err := d.thread().Post(d.Context(), m, &state, unsaved); err != nil || len(d.calls("chat.postMessage")) != tt.posts {
					t.Errorf("posted again, %v", err)
				}
			})
		})
	}
}

// TestNothingIsPostedBeforeItIsNoted: another process would post it again.
func TestNothingIsPostedBeforeItIsNoted(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		cause := errors.New("the store is away")
		var state PostState
		err := d.thread().Post(d.Context(), result("x", "x"), &state, func(context.Context) error { return cause })
		if !errors.Is(err, cause) || state.Tried.IsZero() || len(d.calls("chat.postMessage")) != 0 {
			t.Errorf("%d posts, %+v, %v", len(d.calls("chat.postMessage")), state, err)
		}
	})
}

// TestPostThatCannotBeLookedUp is repeated: twice is better than lost.
func TestPostThatCannotBeLookedUp(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		d.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Status: 500})
		d.ws.Fail(localslack.Fault{Method: "conversations.replies", Error: "missing_scope"})
		var state PostState
		if err := d.thread().Post(d.Context(), result("x", "x"), &state, unsaved); err != nil || state.TS == "" {
			t.Errorf("posted at %q, %v", state.TS, err)
		}
		if n := len(d.ws.Thread(d.channel, d.parent)); n != 2 {
			t.Errorf("%d messages", n)
		}
	})
}

// TestWaitingPostIsNotTried: after a crash nobody searches for a post that waited for its
// turn.
func TestWaitingPostIsNotTried(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		budget := d.pacer.find(channelPool + d.channel)
		spend(d, budget, int(budget.burst), final)
		saved := make(chan PostState, 2)
		var state PostState
		posted := make(chan error)
		go func() {
			posted <- d.thread().Post(d.Context(), result("text", "text"), &state, func(context.Context) error {
				saved <- state
				return nil
			})
		}()
		synctest.Wait()
		if len(saved) > 0 {
			t.Errorf("saved %+v while it waits", <-saved)
		}
		if err := <-posted; err != nil {
			t.Error(err)
		}
		if tried, done := <-saved, <-saved; tried.Tried.IsZero() || tried.TS != "" || done.TS == "" {
			t.Errorf("saved %+v and %+v, want the try and then the post", tried, done)
		}
	})
}
