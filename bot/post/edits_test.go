package post

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slackocr/bot/localslack"
	"slackocr/bot/sleep"
)

// write lets a reply stream for so long: a word each 100 ms.
func (d *fixture) write(r *writer, length time.Duration) {
	begun := time.Now()
	for passed := time.Duration(0); passed < length; passed = time.Since(begun) {
		r.Write(1<<30, fmt.Sprint(passed, " ")) // a text of equal words ends alike each time
		_ = sleep.For(d.Context(), 100*time.Millisecond)
	}
}

// edits are the edits of one reply.
func (d *fixture) edits(r *writer) []localslack.Call {
	return slices.DeleteFunc(d.calls("chat.update"), func(c localslack.Call) bool { return c.Args["ts"] != r.ts })
}

// TestNoReplyStarves: thirty replies stream for three minutes, half of them far
// faster than the others.
func TestNoReplyStarves(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		const n = 30
		var replies []*writer
		for i := range n {
			replies = append(replies, d.open(fmt.Sprint(i)))
		}
		var all sync.WaitGroup
		begun := time.Now()
		for i, r := range replies {
			all.Go(func() {
				for n := 0; time.Since(begun) < 3*time.Minute; n++ {
					r.Write(1<<30, fmt.Sprint("word", n, " ")) // or a long text would look the same all the time
					_ = sleep.For(d.Context(), time.Duration(1+i%2*20)*100*time.Millisecond)
				}
			})
		}
		all.Wait()
		turn := time.Minute / 50 * n
		fewest, most := 1000, 0
		for i, r := range replies {
			last, edits := begun, d.edits(r)
			for _, e := range edits {
				if gap := e.Time.Sub(last); gap > turn*3/2 {
					t.Errorf("reply %d was left alone for %s, while a turn of all takes %s", i, gap, turn)
				}
				last = e.Time
			}
			fewest, most = min(fewest, len(edits)), max(most, len(edits))
			r.Detach()
		}
		if most > fewest+1 {
			t.Errorf("one reply had %d edits, another %d", most, fewest)
		}
		d.noRateLimit()
	})
}

func TestMostBehindGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limit{every: time.Second, burst: 1})
		spend(t, b, 1, final)
		now := time.Now()
		order := make(chan int, 3)
		var all sync.WaitGroup
		for _, age := range []int{2, 3, 1} { // seconds behind
			all.Go(func() {
				if turn, err := b.take(t.Context(), interim, now.Add(-time.Duration(age)*time.Second)); err == nil {
					order <- age
					b.locked(turn.done)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if got := []int{<-order, <-order, <-order}; !slices.Equal(got, []int{3, 2, 1}) {
			t.Errorf("served by age in the order %d", got)
		}
		b.timer.Stop()
	})
}

// TestFirstTextGoesBeforeLater: the first text of a new reply does not wait until
// the others had theirs.
func TestFirstTextGoesBeforeLater(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		var all sync.WaitGroup
		for i := range 10 {
			r := d.open(fmt.Sprint(i))
			all.Go(func() {
				d.write(r, time.Minute)
				r.Detach()
			})
		}
		_ = sleep.For(d.Context(), 30*time.Second)
		r := d.open("late")
		begun := time.Now()
		r.Write(0, "first text")
		all.Wait()
		if edits := d.edits(r); len(edits) == 0 || edits[0].Time.Sub(begun) > 1500*time.Millisecond {
			t.Errorf("the first text was not shown with the next token: %d edits", len(edits))
		}
		r.Detach()
	})
}

// TestTextEndsTheWaitOfAnIdleLine: a reply that waits for its turn with a line of
// little weight gets a better place when it has text to show.
func TestTextEndsTheWaitOfAnIdleLine(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		var all sync.WaitGroup
		for i := range 5 {
			r := d.open(fmt.Sprint(i))
			all.Go(func() {
				d.write(r, time.Minute)
				r.Detach()
			})
		}
		r := d.open("a")
		_ = sleep.For(d.Context(), 10*time.Second)
		r.SetQueued("3 ahead")
		_ = sleep.For(d.Context(), 5*time.Second)
		begun := time.Now()
		r.SetStatus(func(string) string { return "reading" })
		r.Write(0, "first text")
		all.Wait()
		if edits := d.edits(r); len(edits) == 0 || edits[0].Time.Sub(begun) > 1500*time.Millisecond {
			t.Errorf("the first text was not shown with the next token: %d edits", len(edits))
		}
		r.Detach()
	})
}

// TestIdleLinesGetOneTurnInFour where others have text to show.
func TestIdleLinesGetOneTurnInFour(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		var all sync.WaitGroup
		begun := time.Now()
		for i := range 4 {
			r := d.open(fmt.Sprint(i))
			all.Go(func() {
				d.write(r, 5*time.Minute)
				r.Detach()
			})
		}
		waiting := map[string]int{}
		for i := range 12 {
			r := d.open(fmt.Sprint("waiting", i))
			waiting[r.ts] = 0
			all.Go(func() {
				for n := 0; time.Since(begun) < 5*time.Minute; n++ {
					r.SetQueued(fmt.Sprint(n, " ahead"))
					_ = sleep.For(d.Context(), time.Second)
				}
				r.Detach()
			})
		}
		all.Wait()
		lines, total := 0, 0
		for _, c := range d.calls("chat.update") {
			total++
			if _, ok := waiting[c.Args["ts"]]; ok {
				waiting[c.Args["ts"]]++
				lines++
			}
		}
		if lines*4 > total+16 { // some came before the first text
			t.Errorf("%d of %d edits only said who is ahead", lines, total)
		}
		for ts, n := range waiting {
			if n < 2 {
				t.Errorf("the line of %s was shown %d times in five minutes", ts, n)
			}
		}
	})
}

// TestEndsOfReplies: a closing edit that nobody waits for takes its turn by age;
// one that tells what nobody knows goes before all others.
func TestEndsOfReplies(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		var replies []*writer
		for _, name := range []string{"stream", "trail", "close"} {
			replies = append(replies, d.open(name))
		}
		spend(d, d.pacer.find("chat.update"), 9, final)
		replies[0].Write(0, "text")
		_ = sleep.For(d.Context(), 100*time.Millisecond)
		var all sync.WaitGroup
		for i, end := range []func() error{
			func() error { return replies[1].CloseLazily(d.Context(), says("done")) },
			func() error { return replies[2].Close(d.Context(), says("failed")) },
		} {
			all.Go(func() {
				if err := end(); err != nil {
					t.Errorf("end %d: %v", i, err)
				}
			})
			_ = sleep.For(d.Context(), 100*time.Millisecond)
		}
		all.Wait()
		replies[0].Detach()
		var order []string
		for _, c := range d.calls("chat.update") {
			order = append(order, c.Args["ts"])
		}
		if want := []string{replies[2].ts, replies[0].ts, replies[1].ts}; !slices.Equal(order, want) {
			t.Errorf("edited %q, want %q", order, want)
		}
	})
}

func TestMetricsCountWhatIsSaved(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		d.write(r, 12*time.Second) // 120 words
		d.ws.Fail(localslack.Fault{Method: "chat.update", Times: 1, Status: 429, RetryAfter: 5 * time.Second})
		_ = sleep.For(d.Context(), 2*time.Second)
		r.Write(1<<30, "never shown")
		if err := r.Close(d.Context(), says("done")); err != nil {
			t.Fatal(err)
		}
		edits := float64(len(d.calls("chat.update")))
		update, post := prometheus.Labels{"method": "chat.update"}, prometheus.Labels{"method": "chat.postMessage"}
		for counter, want := range map[prometheus.Collector][2]float64{
			d.pacer.counters.calls.With(update):   {edits, edits},
			d.pacer.counters.limited.With(update): {1, 1},
			d.pacer.counters.waited.With(update):  {3, 20},
			d.pacer.counters.calls.With(post):     {1, 1},
			// Each of 121 changes was shown, alone or with others, or dropped.
			d.pacer.counters.coalesced: {121 - 1 - (edits - 2), 121 - 1 - (edits - 2)},
			d.pacer.counters.dropped:   {1, 1},
		} {
			registry := prometheus.NewRegistry()
			registry.MustRegister(counter)
			families, err := registry.Gather()
			if err != nil || len(families) != 1 {
				t.Fatal(len(families), err)
			}
			if got := families[0].GetMetric()[0].GetCounter().GetValue(); got < want[0] || got > want[1] {
				t.Errorf("%s is %g, want %g to %g", families[0].GetName(), got, want[0], want[1])
			}
		}
	})
}

// TestTerminalAnswers end a reply's edits with the call that they answer.
func TestTerminalAnswers(t *testing.T) {
	for code, place := range map[string]bool{
		"message_not_found": false, "edit_window_closed": false, "cant_update_message": false,
		"channel_not_found": true, "is_archived": true, "is_inactive": true, "not_in_channel": true,
	} {
		t.Run(code, func(t *testing.T) {
			inFakeTime(t, func(d *fixture) {
				r := d.open("a")
				d.ws.Fail(localslack.Fault{Method: "chat.update", Error: code})
				d.write(r, 10*time.Second)
				if err := r.Close(d.Context(), shows("text", "done")); Code(err) != code || !gone(err) || PlaceGone(err) != place {
					t.Errorf("closing says %v, gone: %v, the place too: %v", err, gone(err), PlaceGone(err))
				}
				if n := len(d.calls("chat.update")); n != 1 {
					t.Errorf("%d calls, want one", n)
				}
			})
		})
	}
}

// TestRefusedTextIsNoEnd: what Slack says of a text is not said of the message.
func TestRefusedTextIsNoEnd(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		r := d.open("a")
		d.ws.Fail(localslack.Fault{Method: "chat.update", Times: 1, Error: "msg_too_long"})
		d.write(r, 10*time.Second)
		if err := r.Close(d.Context(), says("done")); err != nil {
			t.Error(err)
		}
		if m := d.ws.Thread(d.channel, d.parent)[1]; m.Text != "done" {
			t.Errorf("the reply says %q", m.Text)
		}
	})
}
