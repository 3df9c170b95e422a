package jobs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
)

// kills is how often TestKill kills; JOBS_TEST_KILLS sets another number.
func kills(t *testing.T) int {
	n := 5
	if set := os.Getenv("JOBS_TEST_KILLS"); set != "" {
		var err error
		if n, err = strconv.Atoi(set); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// A process that is killed at any instant loses no job that it took, and none
// is done twice.
func TestKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seed := uint64(time.Now().UnixNano())
	if set := os.Getenv("JOBS_TEST_SEED"); set != "" {
		seed, _ = strconv.ParseUint(set, 10, 64)
	}
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir, e := t.TempDir(), &effects{path: filepath.Join(t.TempDir(), "effects")}
	var acked, ended []string
	listen := func(p *process) {
		for line := range p.said {
			verb, key, _ := strings.Cut(line, " ")
			switch verb {
			case "acked":
				acked = append(acked, key)
			case "begin":
				if slices.Contains(ended, key) {
					w.Errorf("%s was done, and is worked on again", key)
				}
			case "end":
				ended = append(ended, key)
			case "lost", "error":
				w.Errorf("the child says %q", line)
			}
		}
	}
	for life := range kills(t) {
		p := w.spawn("JOBS_TEST_DIR="+dir, "JOBS_TEST_EFFECTS="+e.path, fmt.Sprint("JOBS_TEST_ENQUEUE=life", life, "-"))
		p.says(w, "ready")
		<-time.After(time.Duration(random.IntN(500)) * time.Millisecond) // the instant is what is random
		p.kill()
		listen(p)
	}
	p := w.spawn("JOBS_TEST_DIR="+dir, "JOBS_TEST_EFFECTS="+e.path)
	p.says(w, "ready")
	w.until("all that was acked has its effect", func() bool {
		lines := e.lines()
		return !slices.ContainsFunc(acked, func(key string) bool { return !slices.Contains(lines, "effect "+key) })
	})
	p.stop()
	listen(p)
	for _, key := range acked {
		if n := e.count("effect " + key); n != 1 {
			w.Errorf("%s has %d effects", key, n)
		}
	}
	q := w.queueOn(kvtest.Open(t, dir, 64<<20))
	for _, key := range acked {
		if r := w.record(q, key); r.State != Done || r.Attempts != 0 {
			w.Errorf("%s: %s after %d attempts", key, r.State, r.Attempts)
		}
	}
	t.Logf("%d jobs over %d kills", len(acked), kills(t))
	if len(acked) < kills(t) {
		w.Error("too few jobs to tell")
	}
}

// A process that is killed and started again goes on at once with all that it
// worked on, though its leases would last longer than the test waits, and with
// nothing else.
func TestRestartGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const running, finished = 14, 20
	dir, e := t.TempDir(), &effects{path: filepath.Join(t.TempDir(), "effects")}
	settings := []string{"JOBS_TEST_DIR=" + dir, "JOBS_TEST_EFFECTS=" + e.path, "JOBS_TEST_LEASE=1m"}
	var keys []string
	for i := range finished { // before, between and after those that run
		keys = append(keys, fmt.Sprint("short", i))
		if i < running {
			keys = append(keys, fmt.Sprint("long", i))
		}
	}
	p := w.spawn(append(settings, "JOBS_TEST_KEYS="+strings.Join(keys, " "))...)
	for began, ended := 0, 0; began < running || ended < finished; {
		switch line := soon(w, "line", p.said); {
		case strings.HasPrefix(line, "begin long"):
			began++
		case strings.HasPrefix(line, "end short"):
			ended++
		case line == "", strings.HasPrefix(line, "end long"), strings.HasPrefix(line, "error"):
			w.Fatalf("the child says %q after %d began and %d ended", line, began, ended)
		}
	}
	p.kill()
	started := time.Now()
	p = w.spawn(settings...)
	p.says(w, "ready")
	ready := time.Now()
	for range running {
		p.says(w, "begin long")
	}
	t.Logf("all go on %s after the store was open, %s after the start", time.Since(ready), time.Since(started))
	for ended := 0; ended < running; {
		switch line := soon(w, "line", p.said); {
		case strings.HasPrefix(line, "end long"):
			ended++
		default:
			w.Fatalf("the child says %q", line)
		}
	}
	p.stop()
	q := w.queueOn(kvtest.Open(t, dir, 64<<20))
	for _, key := range keys {
		if r := w.record(q, key); r.State != Done || r.Attempts != 0 || e.count("effect "+key) != 1 {
			w.Errorf("%s: %s after %d attempts, with %d effects", key, r.State, r.Attempts, e.count("effect "+key))
		}
	}
}

// A process that was frozen for longer than its lease gets its own job again;
// only one of the two runs writes.
func TestFreezeAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := &effects{path: filepath.Join(t.TempDir(), "effects")}
	p := w.spawn("JOBS_TEST_DIR="+t.TempDir(), "JOBS_TEST_EFFECTS="+e.path, "JOBS_TEST_ENQUEUE=long", "JOBS_TEST_ONE=1")
	p.says(w, "begin long0")
	w.freeze(p)
	<-time.After(childLease + childLease/2) // as long as it is frozen
	w.wake(p)
	p.says(w, "lost long0")
	p.says(w, "begin long0")
	p.says(w, "end long0")
	p.stop()
	if n := e.count("effect long0"); n != 1 {
		w.Errorf("%d effects", n)
	}
}

func (w *world) freeze(p *process) { w.must(p.Process.Signal(syscall.SIGSTOP)) }
func (w *world) wake(p *process)   { w.must(p.Process.Signal(syscall.SIGCONT)) }

// Another replica takes over from one that was killed, or frozen, which does
// not write over its successor when it wakes up.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, p *process){
		"killed": func(_ *world, p *process) { p.kill() },
		"frozen": func(w *world, p *process) { w.freeze(p) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			e := &effects{path: filepath.Join(t.TempDir(), "effects")}
			s := kvtest.StartServer(t, server.Options{StoreDir: t.TempDir()})
			settings := []string{"JOBS_TEST_SERVER=" + s.ClientURL(), "JOBS_TEST_EFFECTS=" + e.path}
			first := w.spawn(settings...)
			first.says(w, "ready")
			q := w.queueOn(kvtest.Connect(t, s))
			w.enqueue(q, Record{Key: "long"})
			first.says(w, "begin long")
			w.until("the first has written", func() bool { return len(e.lines()) > 10 })
			second := w.spawn(settings...)
			second.says(w, "ready")
			end(w, first)
			ended := time.Now()
			second.says(w, "begin long")
			t.Logf("taken over after %s, leases of %s", time.Since(ended), childLease)
			if name == "frozen" {
				w.until("the second has written", func() bool { return strings.Contains(last(e.lines()), fmt.Sprint(" ", second.Process.Pid, " ")) })
				w.wake(first)
				first.says(w, "lost long")
			}
			second.says(w, "end long")
			second.stop()
			first.stop()
			w.inTurns(e.lines(), first, second)
			if n := e.count("effect long"); n != 1 {
				w.Errorf("%d effects", n)
			}
		})
	}
}

func last(lines []string) string { return lines[len(lines)-1] }

// inTurns checks that the first wrote nothing after the second began.
func (w *world) inTurns(lines []string, first, second *process) {
	w.Helper()
	began := false
	for _, line := range lines {
		switch {
		case strings.Contains(line, fmt.Sprint(" ", second.Process.Pid, " ")):
			began = true
		case began && strings.Contains(line, fmt.Sprint(" ", first.Process.Pid, " ")):
			w.Errorf("the first wrote after the second began:\n%s", strings.Join(lines, "\n"))
			return
		}
	}
	if !began {
		w.Error("the second never wrote")
	}
}

// Two servers on one folder would lose each other's entries.
func TestFolderInUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	first := w.spawn("JOBS_TEST_DIR=" + dir)
	first.says(w, "ready")
	second := w.spawn("JOBS_TEST_DIR=" + dir)
	if line := soon(w, "answer", second.said); line != "error "+kv.ErrInUse.Error() {
		w.Errorf("the second says %q", line)
	}
	if _, err := kv.OpenEmbedded(dir, 0, nil); !errors.Is(err, kv.ErrInUse) {
		w.Errorf("a third: %v", err)
	}
	// One that ends in time lets the next in.
	third := w.spawn("JOBS_TEST_DIR=" + dir)
	first.stop()
	third.says(w, "ready")
	third.stop()
}
