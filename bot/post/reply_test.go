package post

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/sleep"
)

// shown is the text of the markdown block of an edit's call.
func shown(t testing.TB, c localslack.Call) (text string) {
	t.Helper()
	var blocks []struct {
		Type string
		Text any
	}
	if err := json.Unmarshal([]byte(c.Args["blocks"]), &blocks); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		if b.Type == "markdown" {
			text += b.Text.(string)
		}
	}
	return text
}

// TestLiveTextIsShort: chat.update refuses a text over 4,000 bytes.
func TestLiveTextIsShort(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		r.Write(0, strings.Repeat("<😀 字> ", 20_000)+"the end")
		r.SetStatus(func(string) string { return strings.Repeat("name <&> ", 2000) })
		_ = sleep.For(d.Context(), 3*time.Second)
		calls := d.calls("chat.update")
		if len(calls) == 0 {
			t.Fatal("nothing was shown")
		}
		for _, c := range calls {
			if text := shown(d, c); len(text) > 3800 || len(text) < 3000 || !strings.HasSuffix(text, "the end") {
				t.Errorf("a live text of %d bytes that ends in %q", len(text), text[max(0, len(text)-20):])
			}
			if n := len(c.Args["text"]); n > 1000 || n == 0 {
				t.Errorf("a fallback of %d bytes", n)
			}
			if c.Error != "" {
				t.Errorf("Slack says %s", c.Error)
			}
		}
		_ = r.Close(d.Context(), says("done"))
	})
}

func TestWriteKeepsWhatThereIs(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		for _, w := range []struct {
			keep      int
			add, want string
		}{
			{0, "one two", "one two"}, {4, "three", "one three"}, {1 << 30, "!", "one three!"}, {-5, "new", "new"},
		} {
			r.Write(w.keep, w.add)
			if now := string(r.text); now != w.want {
				t.Errorf("keeping %d: %q, want %q", w.keep, now, w.want)
			}
		}
		_ = r.Close(d.Context(), says("done"))
	})
}

// TestCloseWaitsForTheEditInFlight: one that was cancelled may reach Slack all
// the same, after the last one.
func TestCloseWaitsForTheEditInFlight(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		d.ws.Fail(localslack.Fault{Method: "chat.update", Times: 1, Delay: 5 * time.Second})
		r.Write(0, "text")
		synctest.Wait() // it is on its way
		begun := time.Now()
		r.Detach()
		if took := time.Since(begun); took < 5*time.Second {
			t.Errorf("left after %s, while an edit was on its way", took)
		}
		if calls := d.calls("chat.update"); len(calls) != 1 || calls[0].Status != 200 {
			t.Errorf("edits: %+v", calls)
		}
		if err := r.Close(d.Context(), says("done")); err != nil {
			t.Error(err)
		}
	})
}

// TestFailedEditIsShownLater, though the model writes nothing more.
func TestFailedEditIsShownLater(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		d.ws.Fail(localslack.Fault{Method: "chat.update", Times: 2, Status: 500})
		r.Write(0, "the only words")
		_ = sleep.For(d.Context(), 10*time.Second)
		calls := d.calls("chat.update")
		if len(calls) != 3 || calls[2].Error != "" || shown(d, calls[2]) != "the only words" {
			t.Errorf("%d edits, want two that fail and one that shows the text", len(calls))
		}
		_ = r.Close(d.Context(), says("done"))
	})
}

// A fault of the program in showing a text ends the live edits of that reply alone.
func TestPanicWhileATextIsShown(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r, other := d.open("a"), d.open("b")
		r.Write(0, "the first words")
		_ = sleep.For(d.Context(), 10*time.Second)
		r.SetStatus(func(string) string { panic("a fault") })
		r.Write(1<<30, " and more")
		other.Write(0, "other words")
		_ = sleep.For(d.Context(), 10*time.Second)
		if got := shown(d, d.edits(other)[0]); got != "other words" {
			t.Errorf("the other reply shows %q", got)
		}
		if err := r.Close(d.Context(), says("done")); err != nil {
			t.Errorf("the last edit: %v", err)
		}
		if err := other.Close(d.Context(), says("done")); err != nil {
			t.Errorf("the other's last edit: %v", err)
		}
	})
}

// A fault of the program in an edit, such as in reading Slack's answer, ends the live
// edits of that reply alone.
func TestPanicInAnEdit(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		var faulty atomic.Bool
		fence := func(ctx context.Context) (context.Context, context.CancelFunc, error) {
			if faulty.Load() {
				panic("a fault")
			}
			return ctx, func() {}, nil
		}
		r, err := openWriter(d.Context(), d.client().Thread(fence, d.channel, d.parent), "a", d.parent, "Reading a")
		if err != nil {
			t.Fatal(err)
		}
		faulty.Store(true)
		r.Write(0, "the first words")
		_ = sleep.For(d.Context(), 10*time.Second)
		faulty.Store(false)
		if err := r.Close(d.Context(), says("done")); err != nil {
			t.Errorf("the last edit: %v", err)
		}
	})
}

// TestWaitingLinesLeaveTheBudgetToOthers for half a minute, and are shown then.
func TestWaitingLinesLeaveTheBudgetToOthers(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		// Two that stream take all that interim edits may have.
		done := make(chan struct{})
		for _, name := range []string{"b", "c"} {
			go func() {
				r := d.open(name)
				for range 120 {
					r.Write(1<<30, "word ")
					_ = sleep.For(d.Context(), 500*time.Millisecond)
				}
				_ = r.Close(d.Context(), says("done"))
				done <- struct{}{}
			}()
		}
		_ = sleep.For(d.Context(), 20*time.Second)
		r := d.open("a")
		begun := time.Now()
		r.SetQueued("3 ahead")
		for range 2 {
			<-done
		}
		var first time.Duration
		for _, c := range d.calls("chat.update") {
			if c.Args["ts"] == r.ts {
				first = c.Time.Sub(begun)
				break
			}
		}
		if first < 20*time.Second || first > queuePositionDelay+8*time.Second {
			t.Errorf("the line was shown after %s, want about %s", first, queuePositionDelay)
		}
		_ = r.Close(d.Context(), says("done"))
	})
}

// TestWaitingLineIsShownAtOnce where nobody else needs the budget.
func TestWaitingLineIsShownAtOnce(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		begun := time.Now()
		r.SetQueued("3 ahead")
		_ = sleep.For(d.Context(), time.Minute)
		if calls := d.calls("chat.update"); len(calls) != 1 || calls[0].Time.Sub(begun) > 2*time.Second {
			t.Errorf("%d edits, want one at once", len(calls))
		}
		_ = r.Close(d.Context(), says("done"))
	})
}

// TestEditThatWaitedShowsTheLatest, not what there was when it began to wait.
func TestEditThatWaitedShowsTheLatest(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		spend(d, d.pacer.buckets["chat.update"], 9, final)
		r.Write(0, "old")
		synctest.Wait() // it waits for the budget
		r.Write(0, "new")
		_ = sleep.For(d.Context(), 20*time.Second)
		calls := d.calls("chat.update")
		if len(calls) != 1 || shown(d, calls[0]) != "new" {
			t.Errorf("%d edits, want one that shows the latest: %+v", len(calls), calls)
		}
		_ = r.Close(d.Context(), says("done"))
	})
}

// TestLastLineStandsWithoutItsText where Slack refuses that.
func TestLastLineStandsWithoutItsText(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		d.ws.Fail(localslack.Fault{Method: "chat.update", Times: 1, Error: "invalid_blocks"})
		if err := r.Close(d.Context(), shows("the text", "done")); err != nil {
			t.Error(err)
		}
		if m := d.ws.Thread(d.channel, d.parent)[1]; m.Text != "done" {
			t.Errorf("the reply says %q", m.Text)
		}
	})
}
