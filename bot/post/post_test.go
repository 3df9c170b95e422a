package post

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/sleep"
)

func TestEditsKeepTheirPaceAndTheLatestTextWins(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		for i := range 100 { // ten seconds of text
			r.Write(1<<30, fmt.Sprintf("w%d ", i))
			if err := sleep.For(d.Context(), 100*time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		edits := d.calls("chat.update")
		if n := len(edits); n < 7 || n > 9 {
			t.Errorf("%d edits in ten seconds, want one each 1.2 s", n)
		}
		for i := 1; i < len(edits); i++ {
			if gap := edits[i].Time.Sub(edits[i-1].Time); gap < pace {
				t.Errorf("two edits within %s", gap)
			}
		}
		if last := edits[len(edits)-1]; !strings.Contains(last.Args["blocks"], "w9") {
			t.Errorf("the last edit is old: %s", last.Args["blocks"])
		}
		if err := r.Close(d.Context(), says("done")); err != nil {
			t.Error(err)
		}
	})
}

func TestUnchangedTextIsNotSent(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		for range 20 {
			r.Write(1<<30, "")
			_ = sleep.For(d.Context(), time.Second)
		}
		if n := len(d.calls("chat.update")); n != 0 {
			t.Errorf("%d edits that changed nothing", n)
		}
		_ = r.Close(d.Context(), says("done"))
	})
}

// TestManyRepliesShareTheBudget: twenty replies that stream for a minute.
func TestManyRepliesShareTheBudget(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				r := d.open(fmt.Sprint("reply", i))
				for j := range 120 {
					r.Write(1<<30, fmt.Sprint(j, " "))
					_ = sleep.For(d.Context(), 500*time.Millisecond)
				}
				_ = r.Close(d.Context(), says("done"))
			})
		}
		all.Wait()
		d.noRateLimit()
		for _, m := range d.ws.Thread(d.channel, d.parent)[1:] {
			if m.Text != "done" {
				t.Errorf("a reply still says %q", m.Text)
			}
		}
	})
}

func TestFinalsGoBeforeInterimEdits(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		b := d.pacer.buckets["chat.update"]
		spend(d, b, 9, final)
		order := make(chan string, 7)
		var all sync.WaitGroup
		for i, u := range []priority{interim, interim, firstReply, final, interim, firstText, final} {
			all.Go(func() {
				if err := use(d.Context(), b, u); err != nil {
					t.Error(err)
				}
				order <- fmt.Sprint(u, " ", i)
			})
			synctest.Wait()
		}
		all.Wait()
		for _, want := range []struct {
			u priority
			i int
		}{{firstReply, 2}, {final, 3}, {final, 6}, {firstText, 5}, {interim, 0}, {interim, 1}, {interim, 4}} {
			if got := <-order; got != fmt.Sprint(want.u, " ", want.i) {
				t.Errorf("served %q, want %v", got, want)
			}
		}
	})
}

func TestWaitersThatLeaveCostNothing(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		b := rested(limit{every: time.Second, burst: 2})
		cause := errors.New("given up")
		ctx, cancel := context.WithCancelCause(d.Context())
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if err := use(ctx, b, final); err != nil && !errors.Is(err, cause) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		cancel(cause)
		all.Wait()
		begun := time.Now()
		_ = use(d.Context(), b, final)
		if took := time.Since(begun); took > 1100*time.Millisecond {
			t.Errorf("the next one waited %s behind those who left", took)
		}
		b.timer.Stop()
	})
}

func TestRetryAfterIsKeptToTheSecond(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		d.ws.Fail(localslack.Fault{Method: "chat.update", Times: 1, Status: 429, RetryAfter: 17 * time.Second})
		r.Write(0, "text")
		d.ws.Wait(d.Context(), func() bool { return len(d.calls("chat.update")) == 1 })
		if err := r.Close(d.Context(), says("done")); err != nil {
			t.Fatal(err)
		}
		calls := d.calls("chat.update")
		if len(calls) != 2 {
			t.Fatalf("%d calls, want the limited one and the closing edit", len(calls))
		}
		if gap := calls[1].Time.Sub(calls[0].Time); gap < 17*time.Second || gap > 18*time.Second {
			t.Errorf("called again after %s", gap)
		}
	})
}

func TestNoInterimEditAfterTheFinal(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		d.ws.Fail(localslack.Fault{Method: "chat.update", Times: 1, Delay: 5 * time.Second}) // the interim one
		r.Write(0, "text")
		synctest.Wait() // it is on its way
		if err := r.Close(d.Context(), says("done")); err != nil {
			t.Fatal(err)
		}
		r.Write(0, "late text")
		_ = sleep.For(d.Context(), time.Minute)
		if m := d.ws.Thread(d.channel, d.parent)[1]; m.Text != "done" {
			t.Errorf("the reply says %q", m.Text)
		}
	})
}

func TestDeletedReplyIsLeftAlone(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		if _, _, err := d.api.DeleteMessageContext(d.Context(), d.channel, r.ts); err != nil {
			t.Fatal(err)
		}
		for i := range 30 {
			r.Write(0, fmt.Sprint(i))
			_ = sleep.For(d.Context(), time.Second)
		}
		if err := r.Close(d.Context(), says("done")); Code(err) != "message_not_found" {
			t.Errorf("closing it says %v", err)
		}
		if n := len(d.calls("chat.update")); n != 1 {
			t.Errorf("%d calls for a message that is gone, want one", n)
		}
	})
}

// TestPostIsFoundAgain looks for a post whose answer was lost, behind 450
// others in the thread.
func TestPostIsFoundAgain(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		thread := d.thread()
		m := result("the text", "text")
		m.Key, m.After = "mine", d.parent
		if err := thread.Post(d.Context(), m, &PostState{}, unsaved); err != nil {
			t.Fatal(err)
		}
		ann := d.ws.AddUser("bea")
		d.ws.Join(d.channel, ann)
		for i := range 450 {
			if _, err := d.ws.Post(ann, localslack.Post{Channel: d.channel, Thread: d.parent, Text: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		for key, want := range map[string]bool{"mine": true, "another": false} {
			m.Key = key
			ts, err := thread.find(d.Context(), m)
			if err != nil || (ts != "") != want {
				t.Errorf("%s: found %q, %v", key, ts, err)
			}
		}
	})
}

func TestRefusalsAreNotRepeated(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		thread := d.client().Thread(nil, "C0NOWHERE", d.parent)
		if err := thread.Post(d.Context(), result("x", "x"), &PostState{}, unsaved); Code(err) != "channel_not_found" {
			t.Errorf("got %v", err)
		}
		if n := len(d.calls("chat.postMessage")); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestPostEndsWithItsContext(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		d.ws.Fail(localslack.Fault{Method: "chat.postMessage", Status: 500})
		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(d.Context(), time.Minute, cause)
		defer cancel()
		if err := d.thread().Post(ctx, result("x", "x"), &PostState{}, unsaved); !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
		if n := len(d.calls("chat.postMessage")); n < 4 || n > 12 {
			t.Errorf("%d calls in a minute of failures", n)
		}
	})
}

func TestChannelsAreForgotten(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		for i := range 3 * maxBuckets {
			d.pacer.find(channelPool + fmt.Sprint("C", i))
		}
		if n := len(d.pacer.buckets); n > maxBuckets {
			t.Errorf("%d channels are remembered", n)
		}
	})
}
