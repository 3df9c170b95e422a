package post

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/sleep"
)

// TestNobodyCallsBeforeRetryAfter: ten replies stream while Slack says 429 once.
func TestNobodyCallsBeforeRetryAfter(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		const wait = 17 * time.Second
		d.ws.Fail(localslack.Fault{Method: "chat.update", After: 12, Times: 1, Status: 429, RetryAfter: wait})
		var all sync.WaitGroup
		for i := range 10 {
			r := d.open(fmt.Sprint(i))
			all.Go(func() {
				d.write(r, time.Minute)
				r.Detach()
			})
		}
		all.Wait()
		calls := d.calls("chat.update")
		for i, c := range calls {
			if c.Error != "ratelimited" {
				continue
			}
			if gap := calls[i+1].Time.Sub(c.Time); i != 12 || gap < wait || gap > wait+time.Second {
				t.Errorf("after call %d, a 429, the next came in %s", i+1, gap)
			}
		}
	})
}

// TestRateRecovers: after a 429 calls come at half the rate and without a burst,
// and each minute brings back a tenth.
func TestRateRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limit{every: time.Second, burst: 5})
		begun := time.Now()
		b.limited(begun, 10*time.Second)
		if took := spend(t, b, 1, final); took != 10*time.Second+1 {
			t.Errorf("the first call came after %s", took)
		}
		for minute, want := range []int{33, 39, 45, 51, 57, 60, 60} {
			calls := 0
			for end := time.Now().Add(time.Minute); time.Now().Before(end); calls++ {
				spend(t, b, 1, final)
			}
			if calls < want-2 || calls > want+2 {
				t.Errorf("%d calls in minute %d, want about %d", calls, minute+1, want)
			}
		}
		_ = sleep.For(t.Context(), time.Minute)
		if took := spend(t, b, 5, final); took != 0 {
			t.Errorf("the burst did not come back: five calls took %s", took)
		}
		b.timer.Stop()
	})
}

// TestAnswersTogetherSlowOnce: calls that were on their way together say nothing
// new; one that came after the wait does.
func TestAnswersTogetherSlowOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limit{every: time.Second, burst: 5})
		sent := time.Now()
		_ = sleep.For(t.Context(), 50*time.Millisecond)
		for range 5 {
			b.limited(sent, time.Second)
		}
		if b.rate != 0.5 {
			t.Errorf("the rate is %v after one burst of 429s", b.rate)
		}
		for range 10 {
			_ = sleep.For(t.Context(), time.Second)
			b.limited(time.Now(), time.Second)
		}
		if b.rate < minRate || b.rate > minRate*1.1 {
			t.Errorf("the rate is %v after many, want %v", b.rate, minRate)
		}
	})
}

// TestPostsThatArriveLate: Slack's bucket is full when ours has refilled, and the
// calls that emptied ours arrive then.
func TestPostsThatArriveLate(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		d.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 5, Delay: 3 * time.Second})
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				m := result("text", "text")
				m.Key = fmt.Sprint(i)
				if err := d.thread().Post(d.Context(), m, &PostState{}, unsaved); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		d.noRateLimit()
	})
}

// TestSlowSlack takes ten seconds for each edit: the model is read on, one edit is
// on its way, and the last one stands in the end.
func TestSlowSlack(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		clear := d.ws.Fail(localslack.Fault{Method: "chat.update", Delay: 10 * time.Second})
		r := d.open("a")
		begun := time.Now()
		d.write(r, time.Minute)
		if took := time.Since(begun); took > time.Minute {
			t.Errorf("writing for a minute took %s", took)
		}
		if err := r.Close(d.Context(), says("done")); err != nil {
			t.Error(err)
		}
		clear()
		calls := d.calls("chat.update")
		for i := 1; i < len(calls); i++ {
			if gap := calls[i].Time.Sub(calls[i-1].Time); gap < 10*time.Second {
				t.Errorf("two edits on their way at once, %s apart", gap)
			}
		}
		if m := d.ws.Thread(d.channel, d.parent)[1]; m.Text != "done" || len(calls) < 7 {
			t.Errorf("the reply says %q after %d edits, want done after 7", m.Text, len(calls))
		}
	})
}

// TestDeadSlack answers no edit at all: writing goes on, and Close ends with its
// context.
func TestDeadSlack(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		d.ws.Fail(localslack.Fault{Method: "chat.update", Delay: 24 * time.Hour, Reset: true})
		begun := time.Now()
		d.write(r, 10*time.Minute)
		if took := time.Since(begun); took > 10*time.Minute {
			t.Errorf("writing for ten minutes took %s", took)
		}
		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(d.Context(), time.Minute, cause)
		defer cancel()
		if err := r.Close(ctx, says("done")); !errors.Is(err, cause) {
			t.Errorf("closing says %v", err)
		}
		if n := len(d.calls("chat.update")); n > 50 {
			t.Errorf("%d calls in eleven minutes", n)
		}
	})
}

// TestEditsThatWereApplied although their answer was lost leave the reply with
// what it shall say, and nothing beside it.
func TestEditsThatWereApplied(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after int // live edits that went well before
		fault localslack.Fault
	}{
		{"a live edit, reset", 2, localslack.Fault{Reset: true}},
		{"a live edit, 500", 2, localslack.Fault{Status: 500}},
		{"the last live edit, that comes in the end", 8, localslack.Fault{Delay: callTimeout + time.Second, Reset: true}},
		{"the closing edit", 9, localslack.Fault{Reset: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(d *fixture) {
				r := d.open("a")
				tt.fault.Method, tt.fault.Applied, tt.fault.After, tt.fault.Times = "chat.update", true, tt.after, 1
				d.ws.Fail(tt.fault)
				d.write(r, 10*time.Second)
				if err := r.Close(d.Context(), says("done")); err != nil {
					t.Error(err)
				}
				_ = sleep.For(d.Context(), time.Minute)
				messages := d.ws.Thread(d.channel, d.parent)
				if len(messages) != 2 || messages[1].Text != "done" {
					t.Errorf("%d messages, the reply says %q", len(messages), messages[1].Text)
				}
				failed := 0
				for _, c := range d.calls("chat.update") {
					if c.Status != 200 {
						failed++
					}
				}
				if failed != 1 {
					t.Errorf("%d edits failed, want one: the test is no test", failed)
				}
			})
		})
	}
}

// TestLateEditIsOverwritten: Slack carries out a live edit, which was given up,
// after the closing one.
func TestLateEditIsOverwritten(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		d.ws.Fail(localslack.Fault{Method: "chat.update", Times: 1, Delay: time.Hour, Reset: true})
		r.Write(0, "text")
		begun := time.Now()
		_ = sleep.For(d.Context(), 10*time.Second)
		var all sync.WaitGroup
		all.Go(func() {
			if err := r.Close(d.Context(), says("done")); err != nil {
				t.Error(err)
			}
		})
		_ = sleep.For(d.Context(), callTimeout+2*time.Second-time.Since(begun))
		if m := d.ws.Thread(d.channel, d.parent)[1]; m.Text != "done" {
			t.Fatalf("the reply says %q", m.Text)
		}
		if err := r.thread.edit(r.ts, shows("text", "reading").Message(), interim).do(d.Context()); err != nil { // as Slack would
			t.Fatal(err)
		}
		all.Wait()
		if m := d.ws.Thread(d.channel, d.parent)[1]; m.Text != "done" {
			t.Errorf("the reply says %q", m.Text)
		}
	})
}

// TestSearchForAMemberGoesOn: after a 429 the search goes on with the page that was
// refused.
func TestSearchForAMemberGoesOn(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		var people []string
		for i := range 2100 {
			people = append(people, d.ws.AddUser(fmt.Sprint("person", i)))
		}
		channel := d.ws.AddChannel("crowd", false, people...)
		d.ws.Fail(localslack.Fault{Method: "conversations.members", After: 1, Times: 1, Status: 429, RetryAfter: time.Second})
		if in, err := d.client().IsMember(d.Context(), channel, people[2099]); !in || err != nil {
			t.Errorf("the last member is in: %t, %v", in, err)
		}
		if n := len(d.calls("conversations.members")); n != 4 {
			t.Errorf("%d calls for three pages and a 429", n)
		}
	})
}
