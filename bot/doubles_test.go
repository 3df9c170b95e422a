package bot_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
)

// lingering is a connection to Slack that stays open when its process dies over a post:
// Slack has all of the call, and carries it out when it comes to it.
type lingering struct {
	net.Conn
	p *process

	mu      sync.Mutex // guards posting
	posting bool
}

func (l *lingering) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("/api/")) {
		l.mu.Lock()
		l.posting = bytes.Contains(b, []byte("/api/chat.postMessage"))
		l.mu.Unlock()
	}
	return l.Conn.Write(b)
}

func (l *lingering) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.posting && l.p.died() {
		return l.SetReadDeadline(time.Unix(1, 0)) // the process hears nothing more
	}
	return l.Conn.Close()
}

// dialLingering is dial with connections that outlive the process.
func (p *process) dialLingering(h *house) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if p.died() {
			return nil, errDead
		}
		c, err := p.slack.Dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		h.Cleanup(func() { c.Close() })
		l := &lingering{Conn: c, p: p}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.conns = append(p.conns, l)
		return l, nil
	}
}

// leased is a store that knows the leases of its process.
type leased struct {
	*process
	mu     sync.Mutex // guards leases
	leases []kv.Lease
}

func (l *leased) Session() string { return "the first" }

func (l *leased) Lease(ctx context.Context, queue string) (kv.Lease, error) {
	lease, err := l.process.Lease(ctx, queue)
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.leases = append(l.leases, lease)
	}
	return lease, err
}

// void ends the leases, as the embedded store does when the next process opens it.
func (l *leased) void(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lease := range l.leases {
		_ = lease.Return(ctx, 0) // or its job is done
	}
}

// TestPostOfADeadProcessThatComesLate, between the next process's looks for it or after
// them: in the end there is one reply, and each part once and in order.
func TestPostOfADeadProcessThatComesLate(t *testing.T) {
	for posts := range 3 { // the reply, the first part and the second
		for _, late := range []time.Duration{5, 12, 19} {
			t.Run(fmt.Sprint("post ", posts, " after ", late*time.Second), func(t *testing.T) {
				inBubble(t, func(h *house) {
					h.model.write(parts(2))
					store := &leased{process: &process{Store: h.jobs, slack: h.slack}}
					h.change = func(c *bot.Config) { c.Dial = store.dialLingering(h) }
					h.startOn(store)
					h.ws.Fail(localslack.Fault{Method: "chat.postMessage", After: posts, Times: 1, Delay: late * time.Second})
					ts := h.post("page.png")
					h.pass(3 * time.Second)
					if n := len(h.answers(ts)); n != posts {
						t.Fatalf("%d messages before the process dies, want %d", n, posts)
					}
					store.die()
					_ = h.stop()
					h.change = nil
					store.void(h.Context())
					h.start()
					h.closed(ts)
					h.pass(time.Minute)
					h.closesWith(ts, readLine("page.png", 4000, 1)+words.InFile("page.md"))
					if got := h.results(ts); !slices.Equal(got, []string{parts(1), parts(1), "file page.md"}) {
						t.Errorf("results %.40q", got)
					}
					if n := len(h.callsOf("chat.delete")); n != doubles(late) {
						t.Errorf("%d doubles were taken away", n)
					}
				})
			})
		}
	}
}

// doubles is how many messages stand twice where a post comes so many seconds late: the
// next process begins after nine, and looks for a little more than one.
func doubles(late time.Duration) int {
	if late < 9 {
		return 0
	}
	return 1
}
