package jobs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/sleep"
)

// child is what this test program does when a test starts it anew, to be killed
// or frozen. It works on jobs until its input ends, and tells on its output:
//
//	acked KEY     a job that was taken for good
//	begin KEY     its work begins
//	end KEY       its work has ended, and the record says so
//	lost KEY      somebody else has it
//
// The effect of each job, which has to happen once, is a line in a file that
// all children share: it stands for what is posted to Slack. A child looks
// there before it writes, as a bot looks into the thread.
func child() {
	if err := runChild(); err != nil {
		fmt.Println("error", err)
	}
}

func runChild() error {
	var store *kv.NATS
	var err error
	if address := os.Getenv("JOBS_TEST_SERVER"); address != "" {
		store, err = kv.Connect(address, 0)
	} else {
		store, err = kv.OpenEmbedded(os.Getenv("JOBS_TEST_DIR"), 64<<20, slog.New(slog.DiscardHandler))
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	lease := childLease
	if set := os.Getenv("JOBS_TEST_LEASE"); set != "" {
		if lease, err = time.ParseDuration(set); err != nil {
			return err
		}
	}
	q, err := Open(ctx, Config{LeaseFor: lease}, store)
	if err != nil {
		return err
	}
	for key := range strings.FieldsSeq(os.Getenv("JOBS_TEST_KEYS")) {
		if _, err := q.Enqueue(ctx, Record{Key: key}); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	go func() { // ends the process with it
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if prefix := os.Getenv("JOBS_TEST_ENQUEUE"); prefix != "" {
		go enqueueAll(ctx, q, prefix, os.Getenv("JOBS_TEST_ONE") != "")
	}
	e := &effects{path: os.Getenv("JOBS_TEST_EFFECTS")}
	if err := q.Run(ctx, e.work); err != nil {
		return err
	}
	return q.Close(context.Background())
}

const childLease = 2 * time.Second

func enqueueAll(ctx context.Context, q *Queue, prefix string, one bool) {
	for i := 0; ctx.Err() == nil && !(one && i > 0); i++ {
		key := fmt.Sprint(prefix, i)
		if _, err := q.Enqueue(ctx, Record{Key: key}); err == nil {
			fmt.Println("acked", key)
		}
		sleep.For(ctx, 10*time.Millisecond)
	}
}

type effects struct{ path string }

func (e *effects) work(ctx context.Context, j *Job) error {
	key := j.Record().Key
	fmt.Println("begin", key)
	steps := 3
	if strings.HasPrefix(key, "long") {
		steps = 300 // of 10 ms
	}
	for i := range steps {
		sleep.For(ctx, 10*time.Millisecond)
		err := e.write(ctx, j, fmt.Sprint("step ", os.Getpid(), " ", key))
		if err == nil && i%100 == 0 {
			err = j.Save(ctx, i)
		}
		if err != nil {
			fmt.Println("lost", key, err)
			return err
		}
	}
	j.OnSettled(func(as State, _ error) {
		if as == Done {
			fmt.Println("end", key)
		}
	})
	return e.write(ctx, j, "effect "+key)
}

// write adds a line behind a fence, effects only where they are not there yet.
func (e *effects) write(ctx context.Context, j *Job, line string) error {
	fenced, cancel, err := j.Fence(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	if strings.HasPrefix(line, "effect") && e.count(line) > 0 {
		return nil
	}
	f, err := os.OpenFile(e.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if fenced.Err() != nil {
		return context.Cause(fenced)
	}
	_, err = fmt.Fprintln(f, line)
	return err
}

func (e *effects) lines() []string {
	b, err := os.ReadFile(e.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		panic(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func (e *effects) count(line string) (n int) {
	for _, l := range e.lines() {
		if l == line {
			n++
		}
	}
	return n
}

// process is a child as its parent sees it.
type process struct {
	*exec.Cmd
	said  chan string // closed when it has ended
	stdin io.Closer
}

// spawn starts a child and waits until it is ready, or has failed.
func (w *world) spawn(environment ...string) *process {
	w.Helper()
	program, err := os.Executable()
	if err != nil {
		w.Fatal(err)
	}
	p := &process{Cmd: exec.Command(program), said: make(chan string, 10_000)}
	p.Env = append(os.Environ(), append(environment, "JOBS_TEST_CHILD=1")...)
	p.Stderr = w.Output()
	out, err := p.StdoutPipe()
	if err != nil {
		w.Fatal(err)
	}
	if p.stdin, err = p.StdinPipe(); err != nil {
		w.Fatal(err)
	}
	if err := p.Start(); err != nil {
		w.Fatal(err)
	}
	go func() {
		defer close(p.said)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.said <- lines.Text()
		}
	}()
	w.Cleanup(p.kill)
	return p
}

// kill ends a child without warning and waits for it. What it said until then
// stays in said.
func (p *process) kill() {
	_ = p.Process.Kill() // ended already: nothing to do
	_ = p.Wait()
}

// stop lets a child hand back its jobs and waits for it.
func (p *process) stop() {
	_ = p.stdin.Close()
	_ = p.Wait()
}

// says waits for a line.
func (p *process) says(w *world, want string) {
	w.Helper()
	for {
		line := soon(w, want, p.said)
		if strings.HasPrefix(line, want) {
			return
		}
		if line == "" || strings.HasPrefix(line, "error") {
			w.Fatalf("the child says %q, want %q", line, want)
		}
	}
}

func newWorld(t *testing.T) *world { return &world{T: t} }
