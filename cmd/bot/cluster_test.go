package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/cmd/bot/internal/officetest"
)

// TestClusterLosesNothing: three real programs on three NATS servers read pictures in
// asks of one to ten, while a server is killed, then the one that leads, then one
// program is cut off from all servers, two programs are killed, and one is frozen. Each
// picture is read once, and Slack never answers 429. CLUSTER_IMAGES and SEED choose another
// run. A run of less than 100 pictures leaves out the last steps; in a longer one
// something appears in Slack at least each 15 s.
func TestClusterLosesNothing(t *testing.T) {
	t.Parallel() // most of it is waiting
	images := number(t, "CLUSTER_IMAGES", 20)
	seed := uint64(number(t, "SEED", int(time.Now().UnixNano()%1e9)))
	t.Logf("SEED=%d CLUSTER_IMAGES=%d", seed, images)
	random := rand.New(rand.NewPCG(seed, 0))
	nats := startNATSCluster(t)
	o := officetest.Open(t, officetest.QuickModel)
	environ := append(o.Environ, "LOG_LEVEL=info", "OCR_CONCURRENCY=6")
	var cables []*cable
	var through []int
	for _, port := range nats.ports() {
		cables = append(cables, newCable(t, port))
		through = append(through, cables[len(cables)-1].port())
	}
	direct := append(environ[:len(environ):len(environ)], "NATS_URL="+nats.address(nats.ports()...))
	cabled := append(environ[:len(environ):len(environ)], "NATS_URL="+nats.address(through...))
	programs := []*process{start(t, direct), start(t, direct), start(t, cabled)}
	o.Wait(t, "all listen", func() bool { return o.Workspace.Connections() == 3 })

	board := newBoard(t, o, 20, 10, "some text")
	board.failed = func() {
		for i, p := range programs {
			t.Logf("program %d says\n%s", i, p.stderr)
		}
	}
	before := len(o.Workspace.Calls())
	board.post(random, images)
	signal := func(p *process, s syscall.Signal) {
		if err := p.Process.Signal(s); err != nil {
			t.Error(err)
		}
	}
	steps := []struct {
		at   int // per cent of the pictures that are read
		what string
		do   func()
	}{
		{5, "a server is killed", func() { nats.kill((nats.leader() + 1) % 3) }},
		{15, "it is back", func() {
			for i, s := range nats.servers {
				if !s.Running() {
					nats.start(i)
				}
			}
		}},
		{25, "the leader is killed", func() { nats.kill(max(0, nats.streamLeader())) }},
		{40, "it is back", func() {
			for i, s := range nats.servers {
				if !s.Running() {
					nats.start(i)
				}
			}
		}},
		{50, "a program is cut off", func() {
			for _, c := range cables {
				c.sever()
			}
		}},
		{60, "a program is killed", func() {
			_ = programs[0].Process.Kill()
			_ = programs[0].Wait()
			programs[0] = start(t, direct)
		}},
		{70, "the cut is mended", func() {
			for _, c := range cables {
				c.mend()
			}
		}},
		{80, "another program is killed", func() {
			_ = programs[1].Process.Kill()
			_ = programs[1].Wait()
			programs[1] = start(t, direct)
		}},
		{85, "a program is frozen until its leases are over", func() {
			signal(programs[0], syscall.SIGSTOP)
			<-time.After(12 * time.Second)
			signal(programs[0], syscall.SIGCONT)
		}},
	}
	long := images >= 100
	if !long {
		steps = steps[:7] // each further one takes longer than all before
	}
	begun := time.Now()
	for _, step := range steps {
		board.wait(step.what, func() bool { return 100*board.read() >= step.at*images })
		t.Logf("%5.1f s: %s", time.Since(begun).Seconds(), step.what)
		step.do()
	}
	board.wait("all are read", board.closed)
	t.Logf("%5.1f s: all are read", time.Since(begun).Seconds())
	board.once()
	pause, from := longestPause(o.Workspace.Calls()[before:])
	if t.Logf("the longest pause was %s, from second %.1f", pause, from.Sub(begun).Seconds()); long && pause > 15*time.Second {
		t.Error("want at most 15 s")
	}
	if n := tooMany(o.Workspace.Calls()[before:]); n > 0 {
		t.Errorf("%d answers 429", n)
	}
	said := 0
	for i, p := range programs {
		if status := p.stop(t); status != 0 {
			t.Errorf("program %d: exit status %d: %s", i, status, p.stderr)
		}
		said += strings.Count(p.stderr.String(), "gives out the turns")
	}
	if said == 0 {
		t.Error("no log says who gives out the turns")
	}
}

// TestClusterDrainsAThousand posts a thousand pictures at once to three replicas. They
// are done as fast as Slack takes posts, and the bot stays small. It takes minutes, so
// it runs where CLUSTER_THOUSAND is set.
func TestClusterDrainsAThousand(t *testing.T) {
	if os.Getenv("CLUSTER_THOUSAND") == "" {
		t.Skip("takes minutes: set CLUSTER_THOUSAND=1")
	}
	const images = 1000
	nats := startNATSCluster(t)
	o := officetest.Open(t, officetest.QuickModel)
	var programs []*process
	var metrics []string
	for range 3 {
		metrics = append(metrics, fmt.Sprint("127.0.0.1:", freePort(t)))
		programs = append(programs, start(t, append(o.Environ[:len(o.Environ):len(o.Environ)], "LOG_LEVEL=warn",
			"OCR_CONCURRENCY=30", "LISTEN_ADDR="+metrics[len(metrics)-1], "NATS_URL="+nats.address(nats.ports()...))))
	}
	o.Wait(t, "all listen", func() bool { return o.Workspace.Connections() == 3 })
	board := newBoard(t, o, 40, 10, "some text")
	before := len(o.Workspace.Calls())
	board.post(rand.New(rand.NewPCG(1, 0)), images)
	begun := time.Now()
	most, age := 0.0, 0.0
	end := begun.Add(20 * time.Minute)
	for board.read() < images && time.Now().Before(end) {
		for i, p := range programs {
			most = max(most, residentMB(t, p.Process.Pid))
			_, text := ask(t, metrics[i], "/metrics")
			age = max(age, value(t, text, "slackocr_queue_oldest_seconds"))
		}
		<-time.After(time.Second)
	}
	took := time.Since(begun)
	board.once()
	posts, limited := 0, tooMany(o.Workspace.Calls()[before:])
	for _, c := range o.Workspace.Calls()[before:] {
		if c.Method == "chat.postMessage" {
			posts++
		}
	}
	t.Logf("%d messages posted in %s, %.2f a second, %d answers 429; at most %.0f MB; the oldest job was %.0f s old",
		posts, took, float64(posts)/took.Seconds(), limited, most, age)
	if limited > 0 || most > 150 || age < 10 {
		t.Error("want no 429, at most 150 MB, and an age to be seen")
	}
}

// tooMany counts the answers 429.
func tooMany(calls []localslack.Call) (n int) {
	for _, c := range calls {
		if c.Error == "ratelimited" {
			n++
		}
	}
	return n
}

// longestPause is the longest time between two writes to Slack, and the time at which it began.
func longestPause(calls []localslack.Call) (pause time.Duration, from time.Time) {
	var last time.Time
	for _, c := range calls {
		if c.Method != "chat.postMessage" && c.Method != "chat.update" {
			continue
		}
		if d := c.Time.Sub(last); !last.IsZero() && d > pause {
			pause, from = d, last
		}
		last = c.Time
	}
	return pause, from
}
