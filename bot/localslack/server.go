package localslack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"slackocr/bot/localslack/internal/filehost"
)

// bodyTime bounds the time in which a request's body must arrive.
const bodyTime = 2 * time.Minute

// Handler serves the workspace: the Web API, Socket Mode, files, response
// addresses, and for everything else the page. Only requests for a loopback
// name or for Options.URL are served, so that no foreign page can reach the
// workspace through a name of its own (DNS rebinding). Requests from another
// origin that change something are refused.
func (w *Workspace) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", w.serveAPI)
	mux.Handle("GET /socket/", w.sockets)
	mux.HandleFunc("POST /upload/v1/{key}", w.serveUpload)
	mux.HandleFunc("GET /files-pri/{file}/{name}", w.serveDownload)
	mux.HandleFunc("GET /files-pri/{file}/download/{name}", w.serveDownload)
	mux.HandleFunc("GET "+originPath+"{file}/{name}", w.serveOrigin)
	mux.HandleFunc("GET "+viewerPath+"{file}/{name}", func(rw http.ResponseWriter, _ *http.Request) {
		filehost.WriteHTML(rw, filehost.Viewer)
	})
	mux.HandleFunc("POST /response/{key}", w.serveResponse)
	page := w.pageHandler()
	mux.Handle("/", page)
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("redir") { // downloads without permission are redirected here
			filehost.WriteHTML(rw, filehost.LoginPage)
			return
		}
		page.ServeHTTP(rw, r)
	})
	sameOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !w.hostAllowed(r.Host) {
			http.Error(rw, "this Host is not served here", http.StatusMisdirectedRequest)
			return
		}
		if err := sameOrigin.Check(r); err != nil {
			http.Error(rw, "this Origin may not do that", http.StatusForbidden)
			return
		}
		h := rw.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if r.Method != http.MethodGet {
			// The server's ReadTimeout would end event streams too.
			_ = http.NewResponseController(rw).SetReadDeadline(time.Now().Add(bodyTime))
		}
		w.enter(1)
		defer w.enter(-1)
		mux.ServeHTTP(rw, r)
	})
}

// enter counts requests, including those that became sockets.
func (w *Workspace) enter(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests += n
	w.touch()
}

func (w *Workspace) hostAllowed(host string) bool {
	w.mu.Lock()
	origin := w.behaviour.FilesOrigin
	w.mu.Unlock()
	for _, base := range []string{w.opts.URL, origin} {
		if u, err := url.Parse(base); err == nil && u.Host != "" && host == u.Host {
			return true
		}
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// requestBase returns the base address for links in the response to this
// request.
func (w *Workspace) requestBase(r *http.Request) string {
	if w.opts.URL != "" {
		return w.opts.URL
	}
	return "http://" + r.Host
}

// Serve serves Handler on l until ctx ends. After every connection has ended,
// sockets and event streams included, Serve returns nil if ctx ended. The
// listener must be on loopback or a pipe. Serve closes the listener in any
// case.
func (w *Workspace) Serve(ctx context.Context, l net.Listener) error {
	defer l.Close()
	if err := loopback(l.Addr()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	srv := &http.Server{
		Handler:           w.Handler(),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	var err error
	select {
	case err = <-served:
		cancel()
	case <-ctx.Done():
		grace, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		_ = srv.Shutdown(grace) // remaining connections are closed next
		stop()
		<-served
	}
	_ = srv.Close()
	// The context or the connection of every request ends, so this ends too.
	_ = w.Wait(context.Background(), w.idle)
	w.stopTimers()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// stopTimers stops everything that was planned for later.
func (w *Workspace) stopTimers() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for t := range w.timers {
		t.Stop()
	}
	clear(w.timers)
}

// idle reports whether no request is being served.
func (w *Workspace) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests == 0
}

// loopback returns an error for an address that other machines can reach.
func loopback(addr net.Addr) error {
	_, local := addr.(*net.UnixAddr) // as that of a Pipe
	if a, ok := addr.(*net.TCPAddr); local || ok && a.IP.IsLoopback() {
		return nil
	}
	return fmt.Errorf("localslack serves on loopback only, not on %s", addr)
}

// Pipe is a listener whose connections are pairs of net.Pipe. A Pipe lets a
// server and its clients live in one synctest bubble, in which a real TCP
// connection would stop the fake clock.
type Pipe struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewPipe returns a listener for [Pipe.Dial].
func NewPipe() *Pipe {
	return &Pipe{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial connects to the listener, whatever the address is.
func (p *Pipe) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.closed:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Accept waits for the next Dial.
func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and every Dial. Open connections stay open.
func (p *Pipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr returns the address "pipe".
func (p *Pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
