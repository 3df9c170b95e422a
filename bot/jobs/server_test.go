package jobs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"slackocr/bot/jobs/kv/kvtest"
)

// Two replicas on one server: a job is handed over, and stopped from the other.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lease = 2 * time.Minute // longer than the test waits
	s := kvtest.StartServer(t, server.Options{StoreDir: t.TempDir()})
	first, second := w.queueOn(kvtest.Connect(t, s)), w.queueOn(kvtest.Connect(t, s))
	began, ended := make(chan bool, 1), make(chan error, 1)
	work := func(ctx context.Context, j *Job) error {
		began <- true
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return context.Cause(ctx)
	}
	stop := w.run(first, work)
	w.enqueue(second, Record{Key: "k"})
	soon(w, "run", began)
	w.run(second, work)
	w.until("two replicas", func() bool { return second.Replicas() == 2 })

	stop()
	soon(w, "end", ended)
	soon(w, "run", began)
	w.must(first.Stop(w.Context(), "k", "bob"))
	if cause := soon(w, "end", ended); !errors.Is(cause, ErrStopped) {
		w.Errorf("ended because of %v", cause)
	}
	w.until("one replica", func() bool { return second.Replicas() == 1 })
}

// While the server is down nothing is taken, at once; then all goes on.
func TestOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := server.Options{StoreDir: t.TempDir()}
	s := kvtest.StartServer(t, o)
	q := w.queueOn(kvtest.Connect(t, s))
	began, ended := make(chan string, 10), make(chan error, 10)
	w.run(q, func(ctx context.Context, j *Job) error {
		began <- j.Record().Key
		if j.Record().Key == "long" && len(ended) == 0 {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return context.Cause(ctx)
		}
		return nil
	})
	w.enqueue(q, Record{Key: "long"})
	soon(w, "run", began)
	s.Shutdown()
	s.WaitForShutdown()
	if _, err := q.Enqueue(w.Context(), Record{Key: "k"}); !errors.Is(err, ErrUnavailable) {
		w.Errorf("Enqueue: %v", err)
	}
	w.until("lost", func() bool { return len(ended) == 1 })
	if cause := <-ended; !errors.Is(cause, ErrLost) {
		w.Errorf("ended because of %v", cause)
	} else {
		ended <- cause
	}
	o.Port = port(t, s)
	kvtest.StartServer(t, o)
	w.until("the store answers", func() bool {
		_, err := q.Enqueue(w.Context(), Record{Key: "k"})
		return err == nil
	})
	for len(began) < 2 {
		w.until("both run", func() bool { return len(began) >= 2 })
	}
	for _, key := range []string{"long", "k"} {
		w.until("done", func() bool { return w.record(q, key).State == Done })
	}
}

func port(t testing.TB, s *server.Server) (p int) {
	t.Helper()
	address, err := url.Parse(s.ClientURL())
	if err == nil {
		_, err = fmt.Sscan(address.Port(), &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// On a cluster the entries are on three servers, and one of them may go.
func TestCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ports, routes := freePorts(t, 3), []*url.URL{}
	for _, port := range ports {
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprint("127.0.0.1:", port)})
	}
	servers := make([]*server.Server, 3)
	var starting sync.WaitGroup
	for i := range servers {
		starting.Go(func() {
			servers[i] = kvtest.StartServer(t, server.Options{
				ServerName: fmt.Sprint("s", i), StoreDir: t.TempDir(), Routes: routes,
				Cluster: server.ClusterOpts{Name: "c", Host: "127.0.0.1", Port: ports[i]},
			})
		})
	}
	starting.Wait()
	w.until("a leader", func() bool {
		for _, s := range servers {
			if s.JetStreamIsLeader() {
				return len(s.JetStreamClusterPeers()) == 3
			}
		}
		return false
	})
	store := kvtest.Connect(t, servers[0])
	q := w.queueOn(store)
	if c, err := store.Probe(t.Context()); c.Replicas != 3 || err != nil {
		w.Fatalf("%+v, %v", c, err)
	}
	w.until("the stream has a leader", func() bool {
		_, err := q.Enqueue(w.Context(), Record{Key: "before"})
		return err == nil
	})
	if created, err := q.Enqueue(w.Context(), Record{Key: "before", Thread: "other"}); created || err != nil {
		w.Errorf("again: %t, %v", created, err)
	}
	done := make(chan string, 10)
	w.run(q, func(ctx context.Context, j *Job) error {
		j.OnSettled(func(as State, _ error) {
			if as == Done {
				done <- j.Record().Key
			}
		})
		return nil
	})
	soon(w, "run", done)
	servers[1].Shutdown()
	servers[1].WaitForShutdown()
	w.until("a job is taken", func() bool {
		_, err := q.Enqueue(w.Context(), Record{Key: "after"})
		return err == nil
	})
	if key := soon(w, "run", done); key != "after" {
		w.Errorf("ran %q", key)
	}
	again := w.queueOn(kvtest.Connect(t, servers[2]))
	if r := w.record(again, "before"); r.State != Done {
		w.Errorf("%+v", r)
	}
}

// A full store takes no more jobs, but those that it has go on to their end.
func TestStoreFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lease = 2 * time.Minute // longer than the test takes
	q := w.queueOn(kvtest.Open(t, t.TempDir(), 4<<20))
	text := strings.Repeat("x", 3000)
	n, err := 0, error(nil)
	for ; err == nil && n < 5000; n++ {
		_, err = q.Enqueue(w.Context(), Record{Key: fmt.Sprint(n), Request: []byte(`"` + text + `"`)})
	}
	if !errors.Is(err, ErrFull) || n < 1000 {
		t.Fatalf("the job %d: %v", n, err)
	}
	if created, err := q.Enqueue(w.Context(), Record{Key: "0"}); created || err != nil {
		t.Errorf("a job that is there: %t, %v", created, err)
	}
	done := make(chan struct{})
	stop := w.run(q, func(ctx context.Context, j *Job) error {
		if j.Record().Key == "0" {
			for i := range 10 {
				w.must(j.Save(ctx, text))
				w.must(j.SavePage(ctx, i, text))
			}
			close(done)
			return nil
		}
		<-ctx.Done()
		return context.Cause(ctx)
	})
	soon(w, "end", done)
	stop()

	// Not even what is reserved is made from what is there.
	for err, n = nil, 0; err == nil && n < 5000; n++ {
		err = q.store.Put(w.Context(), fmt.Sprint("page.x.", n), []byte(text))
	}
	if !errors.Is(err, ErrFull) {
		w.Errorf("with nothing left: %v", err)
	}
	if r := w.record(q, "0"); r.State != Done {
		w.Errorf("the job is %s", r.State)
	}
	w.must(q.store.Delete(w.Context(), "page.x.0"))
	w.must(q.Stop(w.Context(), "1", "bob")) // stores an entry anew, before the old one goes
	w.must(q.store.Delete(w.Context(), "page.x.>"))
	for i := range 60 { // more than the states of the jobs that began to run take
		w.must(q.Erase(w.Context(), fmt.Sprint(i)))
	}
	w.until("room again", func() bool {
		_, err := q.Enqueue(w.Context(), Record{Key: "more"})
		return err == nil
	})
}

// freePorts returns ports that nobody listened on a moment ago.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
