package bot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"slackocr/bot"
	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
	"slackocr/bot/localslack"
	"slackocr/bot/reading"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a workspace, a scripted model and the bot, all in one process and,
// in a synctest bubble, in fake time.
type house struct {
	testing.TB
	ws           *localslack.Workspace
	app          localslack.Credentials
	ann, channel string
	model        *script
	jobs         *kvtest.Memory // what a restart finds
	queue        *jobs.Queue    // of the last bot
	bot          *bot.Bot       // the last one
	log          *bytes.Buffer  // read only after stop
	logger       *slog.Logger
	stopLoops    bool          // the model's loops are cut
	retention    time.Duration // of the jobs; 0 for the default
	slack, ocr   *localslack.Pipe
	change       func(*bot.Config) // of the bots that are started, or nil
	stopBot      context.CancelFunc
	close        func() // ends everything; a test's end does too
	ended        chan error
}

// inFakeTime runs a test with a house in a bubble, its bot listening.
func inFakeTime(t *testing.T, test func(h *house)) {
	t.Helper()
	inBubble(t, func(h *house) {
		h.start()
		test(h)
	})
}

// inBubble is inFakeTime with a bot that the test starts.
func inBubble(t *testing.T, test func(h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(build(t)) })
}

// build makes a house whose bot is not started yet.
func build(t testing.TB) *house {
	t.Helper()
	h := &house{
		TB: t, ws: localslack.New(localslack.Options{}), model: &script{}, log: &bytes.Buffer{}, jobs: &kvtest.Memory{},
		slack: localslack.NewPipe(), ocr: localslack.NewPipe(), ended: make(chan error, 1), stopBot: func() {},
	}
	h.logger = slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	manifest, err := localslack.ParseManifest(bot.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	h.app = h.ws.Install(manifest)
	h.ann = h.ws.AddUser("ann")
	h.channel = h.ws.AddChannel("general", false, h.ann, h.app.BotUserID)

	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var servers sync.WaitGroup
	servers.Go(func() {
		if err := h.ws.Serve(ctx, h.slack); err != nil {
			t.Errorf("the workspace: %v", err)
		}
	})
	model := &http.Server{Handler: h.model}
	servers.Go(func() { _ = model.Serve(h.ocr) })
	h.close = sync.OnceFunc(func() {
		_ = h.stop()
		stop()
		model.Close()
		servers.Wait()
	})
	t.Cleanup(h.close)
	return h
}

// start runs the bot and waits until it listens.
func (h *house) start() {
	h.Helper()
	h.startOn(h.jobs)
}

// startOn is start on a store of the test's own.
func (h *house) startOn(store kv.Store) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.launch(store), time.Hour)
	defer cancel()
	_ = h.ws.Wait(ctx, func() bool { return h.ws.Connections() > 0 }) // or the bot has ended
}

// launch runs the bot on a store. The context ends with it.
func (h *house) launch(store kv.Store) (running context.Context) {
	h.Helper()
	var ctx context.Context
	ctx, h.stopBot = context.WithCancel(h.Context())
	running, cancel := context.WithCancel(h.Context())
	ended := make(chan error, 1)
	h.ended = ended
	b := h.newBot(h.app, store)
	go func() {
		defer cancel()
		ended <- b.Run(ctx)
	}()
	return running
}

// runBeside runs one more bot, until stop is called.
func (h *house) runBeside(app localslack.Credentials, store kv.Store) (stop func()) {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	ended := make(chan error)
	other, before := h.newBot(app, store), h.ws.Connections()
	go func() { ended <- other.Run(ctx) }()
	h.wait("one more bot listens", func() bool { return h.ws.Connections() > before })
	return func() {
		h.Helper()
		cancel()
		if err := <-ended; err != nil {
			h.Error(err)
		}
	}
}

// newBot makes a bot with an app's tokens that reads with the scripted model and
// keeps its jobs in store.
func (h *house) newBot(app localslack.Credentials, store kv.Store) *bot.Bot {
	h.Helper()
	queue, err := jobs.Open(h.Context(), jobs.Config{Retention: h.retention, MaxLeased: bot.MaxAsks, Grace: bot.Grace, Log: h.logger}, store)
	if err != nil {
		h.Fatal(err)
	}
	h.queue = queue
	transport := &http.Transport{DialContext: h.ocr.Dial}
	h.Cleanup(transport.CloseIdleConnections)
	client, err := ocr.NewClient(ocr.Config{
		BaseURL: "http://localhost/v1", Key: "key-that-nobody-may-see", Model: "test-model", Stream: true, MaxTokens: 8192,
		StopLoops:  h.stopLoops,
		HTTPClient: &http.Client{Transport: transport},
	})
	if err != nil {
		h.Fatal(err)
	}
	config := bot.Config{
		BotToken: app.BotToken, AppToken: app.AppToken, APIURL: "http://localhost/api/",
		Concurrency: 4, MaxFileSize: 1 << 20, Dial: h.slack.Dial,
		Decoder: page.NewDecoder(page.DecoderConfig{}), MaxPages: 50,
		Log: h.logger, Access: bot.Access{AutoRead: bot.ReadAll, Reaction: "page_facing_up"},
	}
	if h.change != nil {
		h.change(&config)
	}
	b, err := bot.New(config, client, queue)
	if err != nil {
		h.Fatal(err)
	}
	h.bot = b
	return b
}

// stop ends the bot as SIGTERM does and waits for it.
func (h *house) stop() error {
	h.stopBot()
	return h.stopped()
}

// stopped waits until the bot has ended and returns its error.
func (h *house) stopped() error {
	h.Helper()
	var err error
	select {
	case err = <-h.ended:
		h.ended <- err
	case <-time.After(time.Hour):
		h.Error("the bot does not end")
	}
	for _, secret := range []string{h.app.BotToken, h.app.AppToken, "key-that-nobody-may-see"} {
		if strings.Contains(h.log.String(), secret) {
			h.Errorf("a secret was logged:\n%s", h.log)
		}
	}
	return err
}

// wait waits for a state of the workspace, for ten minutes at most.
func (h *house) wait(what string, cond func() bool) {
	h.Helper()
	for range 10 * time.Minute / waitStep {
		ctx, cancel := context.WithTimeout(h.Context(), waitStep)
		err := h.ws.Wait(ctx, cond)
		cancel()
		if err == nil {
			return
		}
	}
	h.Fatalf("never: %s\n%s", what, h.show())
}

// waitStep is the fake time after which wait looks again at a condition that is not
// about the workspace alone, such as a number of requests to the model.
const waitStep = 50 * time.Millisecond

// show is every message of the channel, and the bot's log, for a failed test.
func (h *house) show() string {
	var b strings.Builder
	for _, m := range h.ws.Messages(h.channel) {
		fmt.Fprintf(&b, "%s %s: %q %.300q\n", m.TS, m.User, m.Text, markdown(m))
	}
	return b.String()
}

// post posts pictures as ann and returns the message's timestamp.
func (h *house) post(names ...string) string {
	h.Helper()
	return h.postIn(h.ann, h.channel, "", "", names...)
}

// postIn posts pictures as somebody.
func (h *house) postIn(user, channel, thread, text string, names ...string) (ts string) {
	h.Helper()
	return h.say(user, localslack.Post{Channel: channel, Thread: thread, Text: text, Files: pictures(names...)})
}

// postFiles posts files in one message as ann.
func (h *house) postFiles(files ...localslack.Upload) (ts string) {
	h.Helper()
	return h.say(h.ann, localslack.Post{Channel: h.channel, Files: files})
}

// postFile posts a file as ann.
func (h *house) postFile(name string, data []byte) (ts string) {
	h.Helper()
	return h.postData(h.ann, h.channel, "", name, data)
}

// postData posts a file with some content.
func (h *house) postData(user, channel, text, name string, data []byte) (ts string) {
	h.Helper()
	return h.say(user, localslack.Post{Channel: channel, Text: text, Files: []localslack.Upload{{Name: name, Data: data}}})
}

// talk posts words as somebody, in a thread or not.
func (h *house) talk(user, channel, thread, text string) (ts string) {
	h.Helper()
	return h.say(user, localslack.Post{Channel: channel, Thread: thread, Text: text})
}

// say posts a message as somebody and returns its timestamp.
func (h *house) say(user string, p localslack.Post) string {
	h.Helper()
	ts, err := h.ws.Post(user, p)
	if err != nil {
		h.Fatal(err)
	}
	return ts
}

// pictures are uploads of the same picture.
func pictures(names ...string) (files []localslack.Upload) {
	for _, name := range names {
		files = append(files, localslack.Upload{Name: name, Data: picture})
	}
	return files
}

// answers are the bot's messages in a thread.
func (h *house) answers(ts string) []localslack.Message {
	thread := h.ws.Thread(h.channel, ts)
	return slices.DeleteFunc(thread, func(m localslack.Message) bool { return m.User != h.app.BotUserID })
}

// reply is the text of the live reply: the bot's first message in the thread.
func (h *house) reply(ts string) string {
	if all := h.answers(ts); len(all) > 0 {
		return all[0].Text
	}
	return ""
}

// closed waits until the reply to ts has nothing to stop any more, and returns its last
// line.
func (h *house) closed(ts string) string {
	h.Helper()
	h.wait("the reply is closed", func() bool {
		all := h.answers(ts)
		return len(all) > 0 && !hasAction(all[0], reading.StopID)
	})
	return h.reply(ts)
}

// hasAction reports whether a message has an element with an action id.
func hasAction(m localslack.Message, id string) bool {
	return strings.Contains(string(m.Blocks), `"action_id":"`+id+`"`)
}

// results are the texts of all messages but the first reply. The reply of a later reading
// has an empty text.
func (h *house) results(ts string) (texts []string) {
	for _, m := range h.answers(ts)[1:] {
		if len(m.Files) > 0 {
			texts = append(texts, "file "+m.Files[0].Name)
		} else {
			texts = append(texts, markdown(m))
		}
	}
	return texts
}

// client calls the workspace until the test ends.
func (h *house) client() *http.Client {
	transport := &http.Transport{DialContext: h.slack.Dial}
	h.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// calls counts Slack's answers to a method, by error code; "" is ok.
func (h *house) calls(method string) map[string]int {
	counts := map[string]int{}
	for _, c := range h.callsOf(method) {
		counts[c.Error]++
	}
	return counts
}

// callsOf are the answered calls of a method.
func (h *house) callsOf(method string) []localslack.Call {
	return slices.DeleteFunc(h.ws.Calls(), func(c localslack.Call) bool { return c.Method != method })
}

func (h *house) noRateLimit() {
	h.Helper()
	for _, c := range h.ws.Calls() {
		if c.Error == "ratelimited" {
			h.Errorf("%s was answered 429 at %s", c.Method, c.Time)
		}
	}
}

// markdown is the text of a message's markdown blocks.
func markdown(m localslack.Message) string {
	var blocks []struct{ Type, Text string }
	_ = json.Unmarshal(m.Blocks, &blocks) // other blocks have objects as text
	var texts []string
	for _, b := range blocks {
		if b.Type == "markdown" {
			texts = append(texts, b.Text)
		}
	}
	return strings.Join(texts, "\n\n")
}

// picture is a small valid PNG.
var picture = func() []byte {
	m := image.NewGray(image.Rect(0, 0, 40, 40))
	m.SetGray(3, 3, color.Gray{Y: 255})
	var b bytes.Buffer
	_ = png.Encode(&b, m) // to memory
	return b.Bytes()
}()
