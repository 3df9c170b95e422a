package monitor

import (
	"net"
	"net/http"
	"slices"
	"sync"
)

// The bounds on the connections to the monitor.
const (
	maxWatchers          = 128
	maxWatchersOfAddress = 16
)

// connections bounds the open connections of a server, in all and for each
// address. A connection beyond a bound closes an older connection, so that
// idle connections never keep a new request out. [http.Server.ConnState] calls
// note.
type connections struct {
	mu   sync.Mutex // guards open
	open []connection
}

// connection is an open connection. The oldest comes first.
type connection struct {
	net.Conn
	address string // without the port
	busy    bool   // a request has begun
}

// note records the new state of a connection.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	if over := c.change(conn, state); over != nil {
		_ = over.Close() // the server notices by itself
	}
}

// change records a state, and returns the connection to close, or nil.
func (c *connections) change(conn net.Conn, state http.ConnState) (over net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.open, func(o connection) bool { return o.Conn == conn })
	switch {
	case state == http.StateNew:
		address, _, _ := net.SplitHostPort(conn.RemoteAddr().String()) // connections without an address count as one address
		over = c.over(address)
		c.open = append(c.open, connection{Conn: conn, address: address})
	case at < 0: // closed above
	case state == http.StateClosed, state == http.StateHijacked:
		c.open = slices.Delete(c.open, at, at+1)
	default:
		c.open[at].busy = state == http.StateActive
	}
	return over
}

// over removes and returns the connection that must make room for a new one of
// an address: the oldest idle connection of the address, or of all addresses,
// and a busy connection only if all are busy. If there is room, over returns
// nil. The caller must hold mu.
func (c *connections) over(address string) net.Conn {
	own := func(o connection) bool { return o.address == address }
	number := 0
	for _, o := range c.open {
		if own(o) {
			number++
		}
	}
	switch {
	case number >= maxWatchersOfAddress:
	case len(c.open) >= maxWatchers:
		own = func(connection) bool { return true }
	default:
		return nil
	}
	at := slices.IndexFunc(c.open, func(o connection) bool { return own(o) && !o.busy })
	if at < 0 {
		at = slices.IndexFunc(c.open, own)
	}
	conn := c.open[at].Conn
	c.open = slices.Delete(c.open, at, at+1)
	return conn
}
