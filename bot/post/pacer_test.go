package post

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/sleep"
)

// TestLookUpsOnlyWhereItIsUnsure: a post that cannot have been applied is
// repeated without a look into the thread, which costs budget and time.
func TestLookUpsOnlyWhereItIsUnsure(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(d *fixture)
		looks int
	}{
		{"nobody is there", func(d *fixture) {
			dial, tries := d.dial, 0
			d.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if tries++; tries <= 2 {
					return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
				}
				return dial(ctx, network, address)
			}
		}, 0},
		{"limited", func(d *fixture) {
			d.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Status: 429, RetryAfter: 3 * time.Second})
		}, 0},
		{"failed", func(d *fixture) { d.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 2, Status: 500}) }, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(d *fixture) {
				tt.spoil(d)
				begun := time.Now()
				m := result("text", "text")
				m.Key = "mine"
				if err := d.thread().Post(d.Context(), m, &PostState{}, unsaved); err != nil {
					t.Fatal(err)
				}
				if n := len(d.ws.Thread(d.channel, d.parent)); n != 2 {
					t.Errorf("%d messages, want the parent and the post", n)
				}
				if took := time.Since(begun); took < time.Second {
					t.Errorf("tried again and again within %s", took)
				}
				if n := len(d.calls("conversations.replies")); n != tt.looks {
					t.Errorf("%d looks into the thread, want %d", n, tt.looks)
				}
			})
		})
	}
}

// TestHangingCallIsGivenUp: Slack takes the call and never answers.
func TestHangingCallIsGivenUp(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		d.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Delay: time.Hour, Reset: true})
		if err := d.thread().Post(d.Context(), result("text", "text"), &PostState{}, unsaved); err != nil {
			t.Fatal(err)
		}
		calls := d.calls("chat.postMessage")
		if len(calls) != 2 {
			t.Fatalf("%d calls, want the one that hangs and the next", len(calls))
		}
		if gap := calls[1].Time.Sub(calls[0].Time).Abs(); gap < callTimeout || gap > callTimeout+2*time.Second {
			t.Errorf("called again after %s", gap)
		}
	})
}

// TestEditsOfAnyMinute: Slack takes 50, however the burst falls.
func TestEditsOfAnyMinute(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		done := make(chan struct{})
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			go func() {
				r := d.open(name)
				for range 360 { // three minutes
					r.Write(1<<30, "word ")
					_ = sleep.For(d.Context(), 500*time.Millisecond)
				}
				_ = r.Close(d.Context(), says("done"))
				done <- struct{}{}
			}()
		}
		for range 5 {
			<-done
		}
		calls := d.calls("chat.update")
		for i := 50; i < len(calls); i++ {
			if minute := calls[i].Time.Sub(calls[i-50].Time); minute <= time.Minute {
				t.Fatalf("51 edits within %s", minute)
			}
		}
		if len(calls) < 120 {
			t.Errorf("%d edits in three minutes: the budget was not used", len(calls))
		}
	})
}

// TestTurnInTheChannelIsGivenBack by a post that ended while it waited for the
// method.
func TestTurnInTheChannelIsGivenBack(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		method := d.pacer.find("chat.postMessage")
		method.limited(time.Now(), time.Minute)
		var all sync.WaitGroup
		for i := range 5 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(d.Context(), 100*time.Millisecond)
				defer cancel()
				m := result("text", "text")
				m.Key = fmt.Sprint(i)
				if err := d.thread().Post(ctx, m, &PostState{}, unsaved); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if took := spend(d, d.pacer.find(channelPool+d.channel), 5, final); took != 0 {
			t.Errorf("five turns in the channel took %s", took)
		}
	})
}
