package check

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// socketServer serves one conversation over a WebSocket and returns its address.
func socketServer(t *testing.T, talk func(*websocket.Conn)) (address string) {
	t.Helper()
	var up websocket.Upgrader
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		talk(conn)
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// TestGreetSaysGoodbye: events before the greeting are passed over without an
// answer, and the connection is closed in order, so that Slack counts it no more.
func TestGreetSaysGoodbye(t *testing.T) {
	left := make(chan error, 1)
	address := socketServer(t, func(conn *websocket.Conn) {
		_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"events_api","envelope_id":"1","payload":{}}`))
		_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","num_connections":3,"connection_info":{"app_id":"A1"}}`))
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, _, err := conn.ReadMessage()
		left <- err
	})
	g, err := greet(t.Context(), address)
	if err != nil || g.NumConnections != 3 || g.ConnectionInfo.AppID != "A1" {
		t.Errorf("got %+v, %v", g, err)
	}
	if err := <-left; !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("it left with %v", err)
	}
}

// TestGreetIsBounded: a server that takes the connection and says nothing.
func TestGreetIsBounded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address := socketServer(t, func(conn *websocket.Conn) {
		cancel()
		_, _, _ = conn.ReadMessage()
	})
	if g, err := greet(ctx, address); err == nil {
		t.Errorf("got %+v, %v", g, err)
	}
}
