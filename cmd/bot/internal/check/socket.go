package check

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"

	"slackocr/cmd/bot/internal/settings"
)

// greeting is the used part of Slack's first or last message.
type greeting struct {
	Type           string `json:"type"`
	Reason         string `json:"reason"` // of a disconnect
	NumConnections int    `json:"num_connections"`
	ConnectionInfo struct {
		AppID string `json:"app_id"`
	} `json:"connection_info"`
}

// appToken asks for a connection and opens it.
func (k *Checker) appToken(ctx context.Context) []Finding {
	const check, variable = "app token", "SLACK_APP_TOKEN"
	_, address, err := k.slack().StartSocketModeContext(ctx)
	if err == nil && address == "" {
		err = errNoFields
	}
	if err != nil {
		return k.ofCall(check, err, refusedToken(variable, codeOf(err)))
	}
	token := passed(check, "it works and has the scope connections:write")
	hello, err := greet(ctx, address)
	if err != nil { // the address contains a ticket
		return append(token, failed("socket mode", settings.WithoutAddresses(err), "Does a firewall or proxy let WebSockets through to Slack? See HTTPS_PROXY.")...)
	}
	if own := k.app(ctx); own != "" && hello.ConnectionInfo.AppID != "" && own != hello.ConnectionInfo.AppID {
		token = failed(check, fmt.Sprintf("it belongs to the app %s, and the bot token to %s", hello.ConnectionInfo.AppID, own),
			"Take both tokens from the same app's page.")
	}
	return append(token, ofGreeting(hello)...)
}

// app returns the app of the bot token, or "" if unknown.
func (k *Checker) app(ctx context.Context) string {
	api := k.slack()
	who, err := api.AuthTestContext(ctx)
	if err != nil {
		return ""
	}
	about, err := api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: who.BotID})
	if err != nil {
		return ""
	}
	return about.AppID
}

func ofGreeting(hello greeting) []Finding {
	// https://docs.slack.dev/apis/events-api/using-socket-mode
	const check, maxConnections = "socket mode", 10
	switch {
	case hello.Reason == "too_many_websockets":
		return failed(check, fmt.Sprintf("the app already has all of its %d connections", maxConnections), "Stop other processes that use its tokens.")
	case hello.Reason == "link_disabled":
		return failed(check, "it's switched off for the app", "Enable it on your app's page, under Socket Mode.")
	case hello.Type != "hello":
		return failed(check, "Slack closed the connection again: "+hello.Reason, "Try again in a minute.")
	}
	return passed(check, "it works; the app uses %d of the %d connections that Slack allows, including this one", hello.NumConnections, maxConnections)
}

// greet opens a connection and closes it after Slack's hello or disconnect.
// Events that arrive in between are not acknowledged, so the running bot gets
// them a little later.
func greet(ctx context.Context, address string) (greeting, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment}
	conn, response, err := dialer.DialContext(ctx, address, nil)
	if err != nil {
		if response != nil {
			err = fmt.Errorf("%w (status %d)", err, response.StatusCode)
		}
		return greeting{}, fmt.Errorf("no connection: %w", err)
	}
	defer conn.Close()
	conn.SetReadLimit(4 << 20) // bytes of a message: events may come before the hello
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return greeting{}, fmt.Errorf("connected, and then no greeting: %w", cmp.Or(ctx.Err(), err))
		}
		var g greeting
		if json.Unmarshal(text, &g) == nil && (g.Type == "hello" || g.Type == "disconnect") {
			_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
			return g, nil
		}
	}
}
