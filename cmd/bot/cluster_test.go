package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"slackocr/bot/localslack"
	"slackocr/ocr/page/pagetest"
)

// natsCluster is three NATS servers with the settings of docs/deploy, on loopback.
type natsCluster struct {
	testing.TB
	options []*server.Options
	servers []*server.Server
}

func startNATSCluster(t testing.TB) *natsCluster {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := func(name string) string {
		text, err := os.ReadFile(filepath.Join("../../docs/deploy", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	write("users.conf", text("users.conf.example"))
	c := &natsCluster{TB: t, servers: make([]*server.Server, 3)}
	var routes []*url.URL
	for i := range 3 {
		name := fmt.Sprint("nats-", i)
		write(name, strings.ReplaceAll(text("nats.conf"), "$SERVER_NAME", name))
		o, err := server.ProcessConfigFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		o.Host, o.Port, o.HTTPHost, o.HTTPPort, o.NoSigs, o.NoLog = "127.0.0.1", freePort(t), "", 0, true, true
		o.Cluster.Host, o.Cluster.Port = "127.0.0.1", freePort(t)
		o.Cluster.NoAdvertise = true // or clients would find a way round a cut
		o.StoreDir = filepath.Join(dir, fmt.Sprint(i))
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprint("127.0.0.1:", o.Cluster.Port)})
		c.options = append(c.options, o)
	}
	for i, o := range c.options {
		o.Routes = routes
		c.start(i)
	}
	t.Cleanup(func() {
		for _, s := range c.servers {
			s.Shutdown()
			s.WaitForShutdown()
		}
	})
	end := time.Now().Add(20 * time.Second)
	for c.leader() < 0 {
		if time.Now().After(end) {
			t.Fatal("the NATS servers choose no leader")
		}
		<-time.After(50 * time.Millisecond)
	}
	return c
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// start starts a server, anew where it was killed.
func (c *natsCluster) start(i int) {
	c.Helper()
	s, err := server.NewServer(c.options[i].Clone())
	if err != nil {
		c.Fatal(err)
	}
	c.servers[i] = s
	s.Start()
}

func (c *natsCluster) kill(i int) {
	c.servers[i].Shutdown()
	c.servers[i].WaitForShutdown()
}

// leader is the server that leads the cluster, -1 for none.
func (c *natsCluster) leader() int {
	for i, s := range c.servers {
		if s.Running() && s.JetStreamIsLeader() {
			return i
		}
	}
	return -1
}

// streamLeader is the server that leads the stream of jobs, -1 for none.
func (c *natsCluster) streamLeader() int {
	for i, s := range c.servers {
		if s.Running() && s.JetStreamIsStreamLeader("SLACKOCR", "slackocr") {
			return i
		}
	}
	return -1
}

// address is the NATS_URL of the servers at these ports.
func (c *natsCluster) address(ports ...int) string {
	var all []string
	for _, port := range ports {
		all = append(all, fmt.Sprintf("nats://slackocr:CHANGE-ME@127.0.0.1:%d", port))
	}
	return strings.Join(all, ",")
}

func (c *natsCluster) ports() (ports []int) {
	for _, o := range c.options {
		ports = append(ports, o.Port)
	}
	return ports
}

// cable is a TCP connection to a server that can be cut: then nothing comes through,
// and nobody is told.
type cable struct {
	listener net.Listener
	to       string
	open     sync.WaitGroup

	mu    sync.Mutex // guards what follows
	cut   bool
	conns []net.Conn
}

func newCable(t testing.TB, port int) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{listener: l, to: fmt.Sprint("127.0.0.1:", port)}
	c.open.Go(c.accept)
	t.Cleanup(func() {
		l.Close()
		c.mend()
		c.hangUp()
		c.open.Wait()
	})
	return c
}

func (c *cable) port() int { return c.listener.Addr().(*net.TCPAddr).Port }

func (c *cable) accept() {
	for {
		near, err := c.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", c.to)
		if err != nil {
			near.Close()
			continue
		}
		c.mu.Lock()
		c.conns = append(c.conns, near, far)
		c.mu.Unlock()
		c.open.Go(func() { c.carry(near, far) })
		c.open.Go(func() { c.carry(far, near) })
	}
}

// carry copies until one end hangs up. What comes while the cable is cut is lost, and
// so is the connection then.
func (c *cable) carry(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	lost := false
	for {
		n, err := from.Read(buffer)
		if err != nil {
			break
		}
		c.mu.Lock()
		cut := c.cut
		c.mu.Unlock()
		if lost = lost || cut; lost {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			break
		}
	}
	if !lost {
		to.Close()
	}
	from.Close()
}

func (c *cable) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
}

// mend lets new connections through; those that lost something are gone.
func (c *cable) mend() {
	c.mu.Lock()
	c.cut = false
	c.mu.Unlock()
	c.hangUp()
}

func (c *cable) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

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
	o := openOffice(t, quickModel)
	environ := append(o.environ, "LOG_LEVEL=info", "OCR_CONCURRENCY=6")
	var cables []*cable
	var through []int
	for _, port := range nats.ports() {
		cables = append(cables, newCable(t, port))
		through = append(through, cables[len(cables)-1].port())
	}
	direct := append(environ[:len(environ):len(environ)], "NATS_URL="+nats.address(nats.ports()...))
	cabled := append(environ[:len(environ):len(environ)], "NATS_URL="+nats.address(through...))
	programs := []*process{start(t, direct), start(t, direct), start(t, cabled)}
	o.wait(t, "all listen", func() bool { return o.ws.Connections() == 3 })

	board := newBoard(t, o, 20)
	board.failed = func() {
		for i, p := range programs {
			t.Logf("program %d says\n%s", i, p.stderr)
		}
	}
	before := len(o.ws.Calls())
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
	pause, from := longestPause(o.ws.Calls()[before:])
	if t.Logf("the longest pause was %s, from second %.1f", pause, from.Sub(begun).Seconds()); long && pause > 15*time.Second {
		t.Error("want at most 15 s")
	}
	if n := tooMany(o.ws.Calls()[before:]); n > 0 {
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
	o := openOffice(t, quickModel)
	var programs []*process
	var metrics []string
	for range 3 {
		metrics = append(metrics, fmt.Sprint("127.0.0.1:", freePort(t)))
		programs = append(programs, start(t, append(o.environ[:len(o.environ):len(o.environ)], "LOG_LEVEL=warn",
			"OCR_CONCURRENCY=30", "LISTEN_ADDR="+metrics[len(metrics)-1], "NATS_URL="+nats.address(nats.ports()...))))
	}
	o.wait(t, "all listen", func() bool { return o.ws.Connections() == 3 })
	board := newBoard(t, o, 40)
	before := len(o.ws.Calls())
	board.post(rand.New(rand.NewPCG(1, 0)), images)
	begun := time.Now()
	most, age := 0.0, 0.0
	end := begun.Add(20 * time.Minute)
	for board.read() < images && time.Now().Before(end) {
		for i, p := range programs {
			most = max(most, residentMB(t, p.Process.Pid))
			age = max(age, gaugeOf(t, metrics[i], "slackocr_queue_oldest_seconds"))
		}
		<-time.After(time.Second)
	}
	took := time.Since(begun)
	board.once()
	posts, limited := 0, tooMany(o.ws.Calls()[before:])
	for _, c := range o.ws.Calls()[before:] {
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

// gaugeOf is a value of the metrics at an address.
func gaugeOf(t *testing.T, address, name string) (value float64) {
	t.Helper()
	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			_, _ = fmt.Sscan(rest, &value)
		}
	}
	return value
}

// quickModel reads a page in half a second.
func quickModel(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"some text\"}}]}\n\n")
	w.(http.Flusher).Flush()
	select {
	case <-time.After(500 * time.Millisecond):
	case <-r.Context().Done():
		return
	}
	fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
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

// longestPause is the longest time between two writes to Slack, and its begin.
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

// board is some channels with pictures.
type board struct {
	testing.TB
	o        *office
	channels []string
	posts    []boardPost
	failed   func() // says what may be of use
}

type boardPost struct {
	channel, ts string
	files       int
}

func newBoard(t testing.TB, o *office, channels int) *board {
	b := &board{TB: t, o: o}
	for i := range channels {
		b.channels = append(b.channels, o.ws.AddChannel(fmt.Sprint("board", i), false, o.ann, o.app.BotUserID))
	}
	return b
}

// post posts so many pictures, one to ten in a message.
func (b *board) post(random *rand.Rand, images int) {
	b.Helper()
	picture := pagetest.PNG("x", pagetest.Layout{Width: 2, Height: 1})
	for left := images; left > 0; {
		p := boardPost{channel: b.channels[len(b.posts)%len(b.channels)], files: min(1+random.IntN(10), left)}
		var files []localslack.Upload
		for i := range p.files {
			files = append(files, localslack.Upload{Name: fileName(i), Data: picture})
		}
		var err error
		if p.ts, err = b.o.ws.Post(b.o.ann, localslack.Post{Channel: p.channel, Files: files}); err != nil {
			b.Fatal(err)
		}
		b.posts = append(b.posts, p)
		left -= p.files
	}
}

func (b *board) wait(what string, cond func() bool) {
	b.Helper()
	end := time.Now().Add(time.Duration(number(b, "CLUSTER_WAIT", 300)) * time.Second)
	for !cond() {
		if time.Now().After(end) {
			b.failed()
			b.Fatalf("never: %s", what)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// read counts the texts.
func (b *board) read() (n int) {
	for _, p := range b.posts {
		for _, m := range b.o.ws.Thread(p.channel, p.ts)[1:] {
			if strings.Contains(m.Text, ".png: ") {
				n++
			}
		}
	}
	return n
}

// closed reports whether each message has its last line.
func (b *board) closed() bool {
	n := 0
	for _, p := range b.posts {
		for _, m := range b.o.ws.Thread(p.channel, p.ts)[1:] {
			if strings.HasPrefix(m.Text, closedReply(p.files)) {
				n++
			}
		}
	}
	return n == len(b.posts)
}

// once checks that each message has one reply, and each picture one text.
func (b *board) once() {
	b.Helper()
	for i, p := range b.posts {
		texts := map[string]int{}
		thread := b.o.ws.Thread(p.channel, p.ts)[1:]
		for _, m := range thread {
			if name, _, text := strings.Cut(m.Text, ": "); text {
				texts[name]++
			}
		}
		whole := len(thread) == 1+p.files
		for n := range p.files {
			whole = whole && texts[fileName(n)] == 1
		}
		if !whole {
			b.Errorf("message %d of %d pictures: %d messages in its thread, texts %v", i, p.files, len(thread), texts)
		}
	}
}
