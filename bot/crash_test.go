package bot_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr"
)

// process is what a bot has of the world until it dies: a store and the network. It
// dies at one of its writes to the store, before or after that was carried out. Each
// write to Slack stands between two writes to the store, so that dies with it: before
// it was made, or after it was applied and before anybody heard of it.
type process struct {
	kv.Store
	slack *localslack.Pipe
	at    int  // the number of the write, from 1
	after bool // it was carried out

	mu    sync.Mutex // guards what follows
	n     int        // writes so far
	dead  bool
	conns []net.Conn
}

var errDead = fmt.Errorf("%w: the process is dead", jobs.ErrUnavailable)

// write carries a write out, unless the process is dead or dies with it.
func (p *process) write(do func() error) error {
	p.mu.Lock()
	p.n++
	dies, dead := p.n == p.at, p.dead
	p.mu.Unlock()
	if dead || dies && !p.after {
		p.die()
		return errDead
	}
	err := do()
	if dies {
		p.die()
		return errDead
	}
	return err
}

func (p *process) die() {
	p.mu.Lock()
	conns := p.conns
	p.dead, p.conns = true, nil
	p.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}

func (p *process) died() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

func (p *process) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if p.died() {
		return nil, errDead
	}
	c, err := p.slack.Dial(ctx, network, address)
	if err == nil {
		p.mu.Lock()
		p.conns = append(p.conns, c)
		p.mu.Unlock()
	}
	return c, err
}

func (p *process) Create(ctx context.Context, key, filter string, value []byte) error {
	return p.write(func() error { return p.Store.Create(ctx, key, filter, value) })
}

func (p *process) Put(ctx context.Context, key string, value []byte) error {
	return p.write(func() error { return p.Store.Put(ctx, key, value) })
}

func (p *process) Update(ctx context.Context, key string, value []byte, revision uint64) error {
	if key == "keeper" && !p.died() { // it comes by the clock, whatever is read
		return p.Store.Update(ctx, key, value, revision)
	}
	return p.write(func() error { return p.Store.Update(ctx, key, value, revision) })
}

func (p *process) Delete(ctx context.Context, filter string) error {
	return p.write(func() error { return p.Store.Delete(ctx, filter) })
}

func (p *process) Remove(ctx context.Context, key string, revision uint64) error {
	return p.write(func() error { return p.Store.Remove(ctx, key, revision) })
}

func (p *process) Get(ctx context.Context, filter string) (kv.Entry, error) {
	if p.died() {
		return kv.Entry{}, errDead
	}
	return p.Store.Get(ctx, filter)
}

func (p *process) Signal(subject, message string) error {
	if p.died() {
		return errDead
	}
	return p.Store.Signal(subject, message)
}

func (p *process) Lease(ctx context.Context, queue string) (kv.Lease, error) {
	if p.died() {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return p.Store.Lease(ctx, queue)
}

// TestEveryCrashPoint kills the bot at each of its writes, before and after that is
// carried out, while it reads three files of one message: one that is read, one
// without text and one that fails. Another process goes on. In the end there is one
// reply with its last line, and each result once.
func TestEveryCrashPoint(t *testing.T) {
	for _, after := range []bool{false, true} {
		for at, reached := 1, true; reached; at++ {
			if at > 100 {
				t.Fatal("it writes for ever")
			}
			t.Run(fmt.Sprint(map[bool]string{false: "before ", true: "after "}[after], at), func(t *testing.T) {
				inBubble(t, func(h *house) { reached = h.crash(at, after) })
			})
		}
	}
}

// crash lets the bot die at a write. It reports false where there were not so many.
func (h *house) crash(at int, after bool) (reached bool) {
	h.model.will(func(w *stream) {
		w.slowly(300*time.Millisecond, "some", "text")
		w.end("stop")
	})
	p := &process{Store: h.jobs, slack: h.slack, at: at, after: after}
	h.change = func(c *bot.Config) { c.Dial = p.dial }
	h.startOn(p)
	ts := h.say(h.ann, localslack.Post{Channel: h.channel, Files: []localslack.Upload{
		{Name: "a.png", Data: picture}, {Name: "broken.png", Data: picture[:40]}, {Name: "a.png", Data: picture},
	}})
	ctx, cancel := context.WithTimeout(h.Context(), time.Minute)
	defer cancel()
	_ = h.ws.Wait(ctx, func() bool { return p.died() || strings.HasPrefix(h.reply(ts), wordstest.AnyRead()) })
	reached = p.died()
	if err := h.stop(); err != nil && !errors.Is(err, errDead) && !reached {
		h.Errorf("ended with %v", err)
	}
	h.change = nil
	h.start()
	h.closesWith(ts, words.ReadFiles(2, 3, ocr.Mode{}, time.Second))
	h.pass(2 * time.Minute)
	count := map[string]int{}
	for _, m := range h.answers(ts)[1:] {
		name, _, _ := strings.Cut(m.Text, ":")
		count[name]++
	}
	if len(h.answers(ts)) != 3 || count["a.png"] != 1 || count["a.png (2)"] != 1 {
		h.Errorf("not one reply and two results\n%s", h.show())
	}
	return reached
}

// TestManyPicturesOfOnePerson: two hundred in 150 s, with a fault in every tenth call
// of Slack and a bot that dies twice. None is lost, none is refused, and none stands
// there twice.
func TestManyPicturesOfOnePerson(t *testing.T) {
	inBubble(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.slowly(500*time.Millisecond, "some", "text")
			w.end("stop")
		})
		kinds := []localslack.Fault{
			{Status: 500},
			{Reset: true},
			{Reset: true, Applied: true},
			{Status: 503, Applied: true},
			{Status: 429, RetryAfter: time.Second},
			{Delay: 3 * time.Second},
			{Delay: 4 * time.Second, Applied: true, Reset: true},
		}
		for i := range 300 {
			fault := kinds[i%len(kinds)]
			fault.Method, fault.After, fault.Times = "*", 20+10*i, 1
			h.ws.Fail(fault)
		}
		var channels []string
		for i := range 10 {
			channels = append(channels, h.ws.AddChannel(fmt.Sprint("c", i), false, h.ann, h.app.BotUserID))
		}
		begin := func() *process {
			p := &process{Store: h.jobs, slack: h.slack}
			h.change = func(c *bot.Config) { c.Dial, c.Concurrency = p.dial, 8 }
			h.startOn(p)
			return p
		}
		p := begin()
		var posts []string
		for i := range 200 {
			posts = append(posts, h.postIn(h.ann, channels[i%10], "", "", "a.png"))
			h.pass(750 * time.Millisecond)
			if i == 66 || i == 133 {
				p.die()
				_ = h.stop() // what is left of it ends
				p = begin()
			}
		}
		ctx, cancel := context.WithTimeout(h.Context(), time.Hour)
		defer cancel()
		for i, ts := range posts {
			var said []string
			done := func() bool {
				said = nil
				for _, m := range h.ws.Thread(channels[i%10], ts)[1:] {
					said = append(said, m.Text)
				}
				return len(said) == 2 && wordstest.Normalize(said[0]) == wordstest.Normalize(readLine("a.png", 2, 1)) && said[1] == "a.png: some text"
			}
			if err := h.ws.Wait(ctx, done); err != nil {
				t.Fatalf("picture %d: the thread says %q", i, said)
			}
		}
		h.pass(time.Minute) // for doubles that turn up late
		for i, ts := range posts {
			if n := len(h.ws.Thread(channels[i%10], ts)); n != 3 {
				t.Errorf("picture %d has %d messages in its thread", i, n-1)
			}
		}
		if told := h.whispers(h.ann); len(told) > 0 {
			t.Errorf("ann was told %q", told)
		}
	})
}

// TestInnocentFilesBesideACrash: one of four files kills the bot whenever it is read,
// before the others have any text. It alone is given up.
func TestInnocentFilesBesideACrash(t *testing.T) {
	inBubble(t, func(h *house) {
		var p *process // the present one, changed while the bot is down
		h.model.will(func(w *stream) {
			if w.height() == 60 {
				p.die()
				return
			}
			if w.pause(time.Second) == nil {
				w.text("some text")
				w.end("stop")
			}
		})
		begin := func() {
			p = &process{Store: h.jobs, slack: h.slack}
			h.change = func(c *bot.Config) { c.Dial = p.dial }
			h.startOn(p)
		}
		begin()
		ts, other := h.three(), h.post("other.png")
		for range 10 {
			ctx, cancel := context.WithTimeout(h.Context(), time.Minute)
			_ = h.ws.Wait(ctx, func() bool { return p.died() || strings.HasPrefix(h.reply(ts), wordstest.AnyRead()) })
			cancel()
			if !p.died() {
				break
			}
			_ = h.stop()
			begin()
		}
		h.closesWith(ts, words.ReadFiles(2, 3, ocr.Mode{}, time.Second))
		h.closesWith(other, readLine("other.png", 2, 1))
	})
}

// TestFileBegunBeforeEachCrash: the bot is killed again and again for a reason of its
// own, each time soon after it has gone on with a file. That file is read in the end.
func TestFileBegunBeforeEachCrash(t *testing.T) {
	inBubble(t, func(h *house) {
		h.model.will(func(w *stream) {
			if w.pause(5*time.Second) == nil {
				w.text("some text")
				w.end("stop")
			}
		})
		ts, until := "", 2*time.Second
		for range 8 {
			p := &process{Store: h.jobs, slack: h.slack}
			h.change = func(c *bot.Config) { c.Dial = p.dial }
			h.startOn(p)
			if ts == "" {
				ts = h.post("page.png")
			}
			h.pass(until)
			p.die()
			_ = h.stop()
			until = 14 * time.Second // after the end of the lease
		}
		h.change = nil
		h.start()
		h.closed(ts)
		h.whole(ts, "page.png")
	})
}
