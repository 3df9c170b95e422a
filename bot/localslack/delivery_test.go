package localslack_test

import (
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
)

// An event that is not acked comes again at once, a minute and five minutes
// later, and then no more; each time in a new envelope, with the same event id.
func TestRedelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		start := time.Now()
		s.post(localslack.Post{Text: "hello"})
		var first envelope
		seen := map[string]bool{}
		for i, want := range []time.Duration{0, 3 * time.Second, 3*2*time.Second + time.Minute, 3*3*time.Second + 6*time.Minute} {
			e := c.next()
			if i == 0 {
				first = e
			}
			if got := time.Since(start); got != want {
				t.Errorf("attempt %d after %v, want %v", i, got, want)
			}
			reason := "timeout"
			if i == 0 {
				reason = ""
			}
			if e.RetryAttempt != i || e.RetryReason != reason || seen[e.EnvelopeID] || e.Payload.EventID != first.Payload.EventID {
				t.Errorf("attempt %d: %+v", i, e)
			}
			seen[e.EnvelopeID] = true
		}
		c.none(time.Hour)
		if n := s.w.Pending(s.cred.AppID); n != 0 {
			t.Errorf("%d deliveries still pending", n)
		}
	})
}

func TestAckEndsRedelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		s.post(localslack.Post{Text: "hello"})
		e := c.next()
		c.ack(envelope{EnvelopeID: "unknown"}, nil) // helps nothing
		again := c.next()
		if again.RetryAttempt != 1 {
			t.Fatalf("%+v", again)
		}
		c.ack(e, nil) // too late: the envelope in flight is another
		c.ack(again, nil)
		c.none(time.Hour)
	})
}

func TestTheFirstAckTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		s.post(localslack.Post{Text: "hello"})
		e := c.next()
		time.Sleep(3*time.Second + time.Millisecond)
		c.ack(e, nil)
		if again := c.next(); again.RetryAttempt != 1 {
			t.Fatalf("%+v", again)
		}
		if again := c.next(); again.RetryAttempt != 2 {
			t.Fatalf("%+v", again)
		}
	})
}

// Without a connection the attempts lapse; who comes back within the schedule
// still gets the event, as a retry.
func TestEventsWaitForAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		s.post(localslack.Post{Text: "while you were out"})
		time.Sleep(20 * time.Second)
		c := s.dialSocket()
		start := time.Now()
		e := c.next()
		if got := time.Since(start); got != 40*time.Second || e.RetryAttempt != 2 || e.RetryReason != "connection_failed" {
			t.Errorf("after %v: %+v", got, e)
		}
		c.ack(e, nil)

		c.conn.Close()
		s.wait(func() bool { return s.w.Connections() == 0 })
		s.post(localslack.Post{Text: "long ago"})
		time.Sleep(7 * time.Minute)
		s.dialSocket().none(time.Hour)
	})
}

// What waits for an app is bounded: the oldest goes first.
func TestPendingEventsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		for range 1005 {
			s.post(localslack.Post{Text: "hello"})
		}
		if n := s.w.Pending(s.cred.AppID); n != 1000 {
			t.Errorf("%d events wait, want 1000", n)
		}
	})
}

// An envelope lost on the way, or with its connection, comes again.
func TestLostEnvelope(t *testing.T) {
	for _, reset := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newWorld(t)
			c := s.dialSocket()
			s.w.Fail(localslack.Fault{Method: "socket", Times: 1, Reset: reset})
			start := time.Now()
			s.post(localslack.Post{Text: "hello"})
			if reset {
				if e, open := <-c.in; open {
					t.Fatalf("still open: %+v", e)
				}
				c = s.dialSocket()
			}
			e := c.next()
			if got := time.Since(start); got != 3*time.Second || e.RetryAttempt != 1 {
				t.Errorf("reset %v: after %v: %+v", reset, got, e)
			}
		})
	}
}
