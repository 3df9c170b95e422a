package fetch

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// web is a Web for whom the host web.test is a test server, over http and
// https. To all other hosts it goes as it does in the world, but the names are
// those of the test, what the guard lets through goes nowhere, and what is of
// this machine meets a trap on each port.
type web struct {
	*Web
	sprung atomic.Int32                                         // connections to the trap
	names  func(name string, kind dnsmessage.Type) []netip.Addr // nil: none
}

func serveWeb(t *testing.T, h http.HandlerFunc) *web {
	t.Helper()
	plain, secure := httptest.NewServer(h), httptest.NewTLSServer(h)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	w := &web{Web: NewWeb(1000)}
	// The certificate is one for example.com.
	w.client.Transport.(*http.Transport).TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	w.client.Transport.(*http.Transport).TLSClientConfig.ServerName = "example.com"
	guarded := w.world(t)
	w.connect = func(ctx context.Context, network, address string) (net.Conn, error) {
		switch address {
		case "web.test:80":
			return dialPublic(ctx, plain.Listener.Addr())
		case "web.test:443":
			return dialPublic(ctx, secure.Listener.Addr())
		}
		return guarded(ctx, network, address)
	}
	return w
}

// world lets the dialer meet the trap or nothing, after its own guard.
func (w *web) world(t *testing.T) (connect func(context.Context, string, string) (net.Conn, error)) {
	port := w.trap(t)
	guard := w.dialer.Control
	w.dialer.Control = func(network, address string, c syscall.RawConn) error {
		to := netip.MustParseAddrPort(address)
		if guard != nil {
			if err := guard(network, netip.AddrPortFrom(to.Addr(), 80).String(), c); err != nil {
				return err
			}
		}
		if !to.Addr().IsLoopback() {
			return syscall.ENETUNREACH // no network here
		}
		return nil
	}
	w.dialer.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go w.answer(far)
		return near, nil
	}}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return w.dialer.DialContext(ctx, network, net.JoinHostPort(host, port))
	}
}

// trap counts the connections to this machine, and tells its port.
func (w *web) trap(t *testing.T) (port string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(png)) }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			w.sprung.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// answer is a name server's, on one connection.
func (w *web) answer(conn net.Conn) {
	defer conn.Close()
	var size uint16
	if err := binary.Read(conn, binary.BigEndian, &size); err != nil {
		return
	}
	ask := make([]byte, size)
	if _, err := io.ReadFull(conn, ask); err != nil {
		return
	}
	var m dnsmessage.Message
	if err := m.Unpack(ask); err != nil || len(m.Questions) != 1 {
		return
	}
	q := m.Questions[0]
	m.Response, m.Authoritative, m.RCode, m.Additionals = true, true, dnsmessage.RCodeNameError, nil
	if w.names != nil {
		m.RCode = dnsmessage.RCodeSuccess
		for _, ip := range w.names(strings.TrimSuffix(q.Name.String(), "."), q.Type) {
			h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
			var body dnsmessage.ResourceBody = &dnsmessage.AAAAResource{AAAA: ip.As16()}
			if q.Type == dnsmessage.TypeA {
				body = &dnsmessage.AResource{A: ip.As4()}
			}
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: body})
		}
	}
	reply, err := m.Pack()
	if err != nil {
		return
	}
	_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)) // who asked may have gone
}

// publicConn seems to lead to the public internet.
type publicConn struct{ net.Conn }

func (publicConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("93.184.215.14:443"))
}

func dialPublic(ctx context.Context, to net.Addr) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, to.Network(), to.String())
	if err != nil {
		return nil, err
	}
	return publicConn{conn}, nil
}
