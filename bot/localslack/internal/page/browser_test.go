package page_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"go.uber.org/goleak"

	"slackocr/bot/localslack"
)

// site is a workspace on loopback, opened in a tab of a real browser.
type site struct {
	t       *testing.T
	w       *localslack.Workspace
	cred    localslack.Credentials
	api     *slack.Client
	user    string
	channel string
	url     string
	tab     context.Context
	stop    func() // ends serving

	mu       sync.Mutex
	requests []string // addresses the tab asked for
	faults   []string // uncaught errors and console errors of the page
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reader is the app of the tests.
func reader() localslack.App {
	app := localslack.FullApp("Reader")
	app.Commands = []localslack.SlashCommand{{Command: "/ocr", UsageHint: "[link or help]"}, {Command: "/ask"}}
	app.Shortcuts = []localslack.MessageShortcut{{Name: "Extract text", CallbackID: "extract"}}
	return app
}

// browser starts Chromium once for a test.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Fatal("this test needs Chromium, which is not installed: `make test` installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.Flag("disable-component-update", true),
		// As with a mouse: headless Chromium has neither mouse nor finger.
		chromedp.Flag("blink-settings", "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("closing the browser: %v", err)
		}
		stop()
		stopAllocator()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return ctx
}

// open serves a fresh workspace and opens it in a new tab of this size.
func open(t *testing.T, browser context.Context, width, height int64) *site {
	t.Helper()
	s := &site{t: t, w: localslack.New(localslack.Options{Name: "Paper House"})}
	s.cred = s.w.Install(reader())
	s.user = s.w.AddUser("Ada Lovelace")
	s.channel = s.w.AddChannel("general", false, s.user, s.cred.BotUserID)
	s.serve("127.0.0.1:0")
	transport := &http.Transport{}
	s.api = slack.New(s.cred.BotToken, slack.OptionAPIURL(s.url+"/api/"), slack.OptionHTTPClient(&http.Client{Transport: transport, Timeout: 30 * time.Second}))
	tab, closeTab := chromedp.NewContext(browser)
	s.tab = tab
	t.Cleanup(func() {
		closeTab()
		transport.CloseIdleConnections()
		s.stop()
	})
	if err := chromedp.Do(tab); err != nil { // the tab lives as long as the context of its first use
		t.Fatal(err)
	}
	s.do(chromedp.EmulateViewport(width, height))
	if err := chromedp.Listen(tab, s.heard); err != nil {
		t.Fatal(err)
	}
	s.do(chromedp.Navigate(s.url))
	s.wait(`document.querySelector("#channel-title").textContent === "general"`)
	s.js(`violations = []; addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI)); pwned = 0; loadedOnce = true; 1`)
	return s
}

// serve serves the workspace at an address until stop is called.
func (s *site) serve(address string) {
	s.t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.url = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.w.Serve(ctx, l) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			s.t.Errorf("Serve: %v", err)
		}
	})
}

func (s *site) heard(ev any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		s.requests = append(s.requests, ev.Request.URL)
	case *runtime.EventExceptionThrown:
		s.faults = append(s.faults, ev.ExceptionDetails.Text)
	}
}

func (s *site) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.tab, 2*time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		s.t.Fatal(err)
	}
}

// js evaluates an expression in the page.
func (s *site) js(expression string) any {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.tab, 2*time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[any](expression, chromedp.EvalAwaitPromise))
	if err != nil && !errors.Is(err, chromedp.ErrJSUndefined) {
		s.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// wait polls in the page until the expression holds. (chromedp.Poll needs eval,
// which the page's security policy forbids.)
func (s *site) wait(expression string) {
	s.t.Helper()
	ok := s.js(`new Promise((done) => { const end = Date.now() + 60000; const look = () => { let v; try { v = (` + expression + `) } catch {} v ? done(true) : Date.now() > end ? done(false) : setTimeout(look, 15) }; look(); })`)
	if ok != true {
		text := s.js(`document.body.innerText`)
		s.t.Fatalf("never true: %s\nthe page says:\n%v", expression, text)
	}
}

func (s *site) key(keys string, options ...chromedp.KeyOption) {
	s.t.Helper()
	s.do(chromedp.KeyEvent(keys, options...))
}

// messages waits until the channel has n messages, replies included.
func (s *site) messages(n int) []localslack.Message {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	if err := s.w.Wait(ctx, func() bool { return len(s.w.Messages(s.channel)) >= n }); err != nil {
		s.t.Fatalf("%d of %d messages: %v", len(s.w.Messages(s.channel)), n, err)
	}
	return s.w.Messages(s.channel)
}

func (s *site) botPosts(thread, text string, blocks ...slack.Block) (ts string) {
	s.t.Helper()
	_, ts, err := s.api.PostMessageContext(s.t.Context(), s.channel, slack.MsgOptionText(text, false), slack.MsgOptionTS(thread), slack.MsgOptionBlocks(blocks...))
	if err != nil {
		s.t.Fatal(err)
	}
	return ts
}

func (s *site) botEdits(ts, text string, blocks ...slack.Block) {
	s.t.Helper()
	if _, _, _, err := s.api.UpdateMessageContext(s.t.Context(), s.channel, ts, slack.MsgOptionText(text, false), slack.MsgOptionBlocks(blocks...)); err != nil {
		s.t.Fatal(err)
	}
}

func markdownBlock(text string) slack.Block { return slack.NewMarkdownBlock("", text) }

// sound checks what must hold at the end of every visit.
func (s *site) sound() {
	s.t.Helper()
	if v := s.js(`JSON.stringify(violations)`); v != "[]" {
		s.t.Errorf("the page tried what its security policy forbids: %v", v)
	}
	if v := s.js(`[...document.querySelectorAll("img")].filter((e) => e.checkVisibility() && e.complete && e.width === 0).map((e) => e.src).join()`); v != "" {
		s.t.Errorf("images of no width: %v", v)
	}
	if v := s.js(`typeof loadedOnce`); v != "boolean" {
		s.t.Error("the page was loaded again")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) == 0 {
		s.t.Error("no request of the page was seen: the next check proves nothing")
	}
	for _, r := range s.requests {
		if u, err := url.Parse(r); err != nil || (u.Scheme != "blob" && !strings.HasPrefix(r, s.url+"/")) {
			s.t.Errorf("the page asked for %s", r)
		}
	}
	for _, f := range s.faults {
		s.t.Errorf("error in the page: %s", f)
	}
}

func TestPageInABrowser(t *testing.T) {
	b := browser(t)
	for _, c := range []struct {
		name          string
		width, height int64
		run           func(*site)
	}{
		{"live edits", 1440, 900, liveEdits},
		{"scrolling", 1024, 700, scrolling},
		{"files by picker, drop and paste", 1440, 900, filesThreeWays},
		{"thread opens on the answer", 1440, 900, threadOpens},
		{"keyboard", 1440, 900, keyboard},
		{"hostile content", 1440, 900, hostile},
		{"phone", 390, 844, phone},
		{"connection lost", 1024, 700, connectionLost},
		{"commands", 1440, 900, commands},
		{"a window", 1440, 900, window},
		{"a window on a phone", 390, 844, windowOnPhone},
		{"buttons and menus", 1440, 900, buttonsAndMenus},
		{"the menu of a message", 1440, 900, messageMenu},
		{"channels", 1440, 900, channels},
		{"hostile apps", 1440, 900, hostileApps},
		{"touch", 390, 844, touch},
		{"videos", 390, 844, videos},
		{"damaged pictures", 1440, 900, damagedPictures},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, b, c.width, c.height)
			c.run(s)
			s.sound()
		})
	}
}

// siteApp is the app of a site, connected. It notes what people do and acks it
// with what answer makes of it; events it only acks.
type siteApp struct {
	s      *site
	asked  chan map[string]any
	answer func(payload map[string]any) any // called by the one goroutine that acks
}

// connect starts the app. It ends with the test.
func (s *site) connect(answer func(payload map[string]any) any) *siteApp {
	s.t.Helper()
	_, url, err := slack.New(s.cred.AppToken, slack.OptionAPIURL(s.url+"/api/"), slack.OptionAppLevelToken(s.cred.AppToken)).StartSocketModeContext(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	conn, _, err := websocket.DefaultDialer.DialContext(s.t.Context(), url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	a := &siteApp{s: s, asked: make(chan map[string]any, 100), answer: answer}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			var e struct {
				Type, EnvelopeID string
				ID               string         `json:"envelope_id"`
				Payload          map[string]any `json:"payload"`
			}
			if conn.ReadJSON(&e) != nil {
				return
			}
			ack := map[string]any{"envelope_id": e.ID}
			if e.Type == "slash_commands" || e.Type == "interactive" {
				a.asked <- e.Payload
				if payload := a.answer(e.Payload); payload != nil {
					ack["payload"] = payload
				}
			}
			if e.ID != "" && conn.WriteJSON(ack) != nil {
				return
			}
		}
	}()
	s.t.Cleanup(func() { conn.Close(); <-done })
	ctx, stop := context.WithTimeout(s.t.Context(), time.Minute)
	defer stop()
	if err := s.w.Wait(ctx, func() bool { return s.w.Connections() > 0 }); err != nil {
		s.t.Fatal(err)
	}
	return a
}

// next is the next thing that a person did with the app.
func (a *siteApp) next() map[string]any {
	a.s.t.Helper()
	select {
	case p := <-a.asked:
		return p
	case <-time.After(time.Minute):
		a.s.t.Fatal("the app heard nothing")
		return nil
	}
}

// open opens a view with the trigger of a payload.
func (a *siteApp) open(payload map[string]any, view string) {
	a.s.api.OpenViewContext(context.Background(), str(payload, "trigger_id"), mustView(view))
}

func mustView(view string) (v slack.ModalViewRequest) {
	if err := json.Unmarshal([]byte(view), &v); err != nil {
		panic(err)
	}
	return v
}

// respond posts to the response_url of a payload.
func (a *siteApp) respond(payload map[string]any, body string) {
	a.s.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Post(str(payload, "response_url"), "application/json", bytes.NewReader([]byte(body)))
	if err != nil {
		a.s.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		a.s.t.Fatalf("response_url: %d", resp.StatusCode)
	}
}

// reach follows a path of field names, into the first element of a list.
func reach(v any, path ...string) any {
	for _, name := range path {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// str is reach for a value that is printed: "" for none.
func str(v any, path ...string) string {
	if v = reach(v, path...); v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
