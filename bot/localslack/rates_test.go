package localslack_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

// tiers has one method of each tier with the calls a minute that its tier allows.
var tiers = []struct {
	method    string
	args      []string
	burst     int
	perMinute int
}{
	{"conversations.list", nil, 10, 20},
	{"conversations.info", []string{"channel", "CHANNEL"}, 10, 50},
	{"users.info", []string{"user", "USER"}, 10, 100},
	{"auth.test", nil, 30, 300},
}

func TestTiers(t *testing.T) {
	for _, tier := range tiers {
		t.Run(tier.method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newWorld(t)
				args := append([]string{}, tier.args...)
				for i, a := range args {
					switch a {
					case "CHANNEL":
						args[i] = s.channel
					case "USER":
						args[i] = s.user
					}
				}
				for range tier.burst {
					s.ok(tier.method, args...)
				}
				r := s.bot(tier.method, args...)
				if r.status != http.StatusTooManyRequests || r.code() != "ratelimited" {
					t.Fatalf("call after the burst: %d %v", r.status, r.body)
				}
				after, err := strconv.Atoi(r.header.Get("Retry-After"))
				if err != nil || after < 1 {
					t.Fatalf("Retry-After: %q", r.header.Get("Retry-After"))
				}
				time.Sleep(time.Duration(after) * time.Second)
				s.ok(tier.method, args...)

				// Who calls as often as Retry-After lets him gets the tier's calls, and no more.
				start, n := time.Now(), 0
				for time.Since(start) < 2*time.Minute {
					if r := s.bot(tier.method, args...); r.status == http.StatusOK {
						n++
					} else {
						after, _ := strconv.Atoi(r.header.Get("Retry-After"))
						time.Sleep(time.Duration(after) * time.Second)
					}
				}
				if most := 2*tier.perMinute + tier.burst; n < 2*tier.perMinute-2 || n > most {
					t.Errorf("%d calls in two minutes, want about %d", n, 2*tier.perMinute)
				}
			})
		})
	}
}

// A call before Retry-After has passed is refused and the wait begins anew.
func TestCallingTooSoonMakesItWorse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		s.w.Fail(localslack.Fault{Method: "conversations.info", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: 30 * time.Second})
		info := func() reply { return s.bot("conversations.info", "channel", s.channel) }
		if r := info(); r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") != "30" {
			t.Fatalf("%d, Retry-After %q", r.status, r.header.Get("Retry-After"))
		}
		time.Sleep(29 * time.Second)
		if r := info(); r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") != "30" {
			t.Fatalf("a second too soon: %d, Retry-After %q", r.status, r.header.Get("Retry-After"))
		}
		time.Sleep(30*time.Second - time.Millisecond)
		if r := info(); r.status != http.StatusTooManyRequests {
			t.Fatalf("again too soon: %v", r.body)
		}
		time.Sleep(30 * time.Second)
		if r := info(); r.code() != "" {
			t.Fatalf("after the wait: %v", r.body)
		}
	})
}

func TestPostMessageRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		post := func(channel string) error {
			_, _, err := s.api.PostMessageContext(t.Context(), channel, slack.MsgOptionText("x", false))
			return err
		}
		for range 5 {
			if err := post(s.channel); err != nil {
				t.Fatal(err)
			}
		}
		limit, ok := errors.AsType[*slack.RateLimitedError](post(s.channel))
		if !ok || limit.RetryAfter != time.Second {
			t.Fatalf("sixth post at once: %v", limit)
		}
		// Another channel has a budget of its own; the workspace has one for all.
		n := 6
		for {
			c := s.w.AddChannel("more"+strconv.Itoa(n), false, s.cred.BotUserID)
			if err := post(c); err != nil {
				break
			}
			n++
		}
		if n != 30 {
			t.Errorf("%d posts at once in the workspace, want 30", n)
		}
		time.Sleep(10 * time.Second)
		if err := post(s.channel); err != nil {
			t.Error(err)
		}
	})
}

func TestAppsHaveRatesOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		for range 10 {
			s.ok("conversations.info", "channel", s.channel)
		}
		if r := s.bot("conversations.info", "channel", s.channel); r.code() != "ratelimited" {
			t.Fatal(r.body)
		}
		other := s.w.Install(localslack.App{Name: "Other", Scopes: allScopes})
		if r := s.call("conversations.info", other.BotToken, "channel", s.channel); r.code() != "" {
			t.Errorf("the other app: %v", r.body)
		}
	})
}
