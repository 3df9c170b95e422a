package monitor

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestHealthBesideIdleConnections: /healthz answers while 200 connections are open that
// send nothing, half a request, or one request and no more.
func TestHealthBesideIdleConnections(t *testing.T) {
	for name, sent := range map[string]string{
		"nothing":        "",
		"half a request": "GET /healthz HTTP/1.1\r\nHost: ",
		"one request":    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			m, err := New(t.Context(), "127.0.0.1:0", slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			for range 200 {
				conn, err := net.Dial("tcp", m.address)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, sent); err != nil {
					t.Fatal(err)
				}
				if strings.HasSuffix(sent, "\r\n\r\n") {
					if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
						t.Fatal(err)
					}
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // before any time-out of the server frees a place
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.address+"/healthz", nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := new(http.Transport).RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("it answers %s", response.Status)
			}
		})
	}
}

// watcher is a connection from an address.
type watcher struct {
	net.Conn
	from   net.Addr
	closed bool
}

func (r *watcher) RemoteAddr() net.Addr { return r.from }
func (r *watcher) Close() error         { r.closed = true; return nil }

// TestConnectionsHaveBounds: of an address, and in all. The oldest idle connection goes.
func TestConnectionsHaveBounds(t *testing.T) {
	var c connections
	all := map[string][]*watcher{}
	open := func(address string) *watcher {
		r := &watcher{from: &net.TCPAddr{IP: net.ParseIP(address), Port: 1000 + len(all[address])}}
		all[address] = append(all[address], r)
		c.note(r, http.StateNew)
		return r
	}
	left := func(address string) (n int) {
		for _, r := range all[address] {
			if !r.closed {
				n++
			}
		}
		return n
	}
	busy := open("10.0.0.1")
	c.note(busy, http.StateActive)
	other := open("10.0.0.2")
	for range 200 {
		open("10.0.0.1")
	}
	if n := left("10.0.0.1"); n != maxWatchersOfAddress || busy.closed || other.closed {
		t.Errorf("%d connections of one address, busy closed %v, other closed %v", n, busy.closed, other.closed)
	}
	total := 0
	for i := range 200 {
		open(fmt.Sprintf("10.0.1.%d", i))
	}
	for address := range all {
		total += left(address)
	}
	if total != maxWatchers || busy.closed {
		t.Errorf("%d connections in all, busy closed %v", total, busy.closed)
	}
	c.note(busy, http.StateClosed)
	if len(c.open) != maxWatchers-1 {
		t.Errorf("%d connections after one has ended", len(c.open))
	}
}
