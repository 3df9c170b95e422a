package localslack

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestCompose(t *testing.T) {
	w := New(Options{})
	ada, adam := w.AddUser("Ada"), w.AddUser("Ada Mint")
	for in, want := range map[string]string{
		"@Ada hi":                    "<@" + ada + "> hi",
		"@Ada Mint and @Ada.":        "<@" + adam + "> and <@" + ada + ">.",
		"a@Ada @Adam <@" + ada + ">": "a@Ada @Adam <@" + ada + ">",
		"see http://a.b/c, ok":       "see <http://a.b/c>, ok",
		"<http://a.b|x>":             "<http://a.b|x>",
		"1 < 2":                      "1 &lt; 2",
		"locate: R&D":                "locate: R&amp;D",
		"write info@acme.com.":       "write <mailto:info@acme.com|info@acme.com>.",
		"see docs.acme.com/a?b=1&c":  "see <http://docs.acme.com/a?b=1&amp;c|docs.acme.com/a?b=1&amp;c>",
		"a.png, b.pdf and e.g. 1.5":  "a.png, b.pdf and e.g. 1.5",
		"Acme.com!":                  "<http://Acme.com|Acme.com>!",
	} {
		if got := w.compose(in); got != want {
			t.Errorf("compose(%q) = %q, want %q", in, got, want)
		}
	}
}

// What was to happen later does not happen once the server has ended.
func TestNothingHappensAfterServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(Options{})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Serve(ctx, NewPipe()) }()
		w.mu.Lock()
		w.later(time.Minute, func() { t.Error("it happened") })
		w.mu.Unlock()
		synctest.Wait()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
	})
}

func TestMentionLabels(t *testing.T) {
	w := New(Options{})
	w.SetBehaviour(Behaviour{MentionLabels: true})
	ada := w.AddUser("Ada")
	for in, want := range map[string]string{"@Ada hi": "<@" + ada + "|ada> hi", "<@U404>": "<@U404>"} {
		if got := w.compose(in); got != want {
			t.Errorf("compose(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTimestamps(t *testing.T) {
	w := New(Options{})
	last := ""
	for range 1000 {
		ts := w.newTS()
		us, ok := parseTS(ts)
		if ts <= last || !ok || formatTS(us) != ts {
			t.Fatalf("%q after %q", ts, last)
		}
		last = ts
	}
	for _, bad := range []string{"", "x", "-1", "1.0000000", "1.x", "99999999999999999999", " 1"} {
		if us, ok := parseTS(bad); ok {
			t.Errorf("parseTS(%q) = %d", bad, us)
		}
	}
}
