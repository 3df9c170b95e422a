package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsCluster is three NATS servers with the settings of docs/deploy, on settings.Loopback.
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
