// Package bot is the Slack side: the bot reads the images that people post and
// posts the text in their threads.
package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"slackocr/bot/ask"
	"slackocr/bot/fetch"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/share"
	"slackocr/bot/slackjson"
	"slackocr/ocr"
	"slackocr/ocr/page"
	"slackocr/ocr/tempfile"
)

// Config holds the settings of a Bot. All fields but Dial are required.
type Config struct {
	BotToken string // xoxb-…
	AppToken string // xapp-…, with the scope connections:write
	// APIURL is the Web API's address, with a final slash.
	APIURL string
	// Concurrency is the number of concurrent requests to the model. If 0, the
	// model's own limit decides.
	Concurrency int
	// Engine names the engine that reads, if it runs on this machine, in mrkdwn. ""
	// means that people are told the endpoint's host.
	Engine string
	// MaxFileSize bounds a download, in bytes. Space bounds all files that are
	// downloaded and not read yet, besides those of Decoder; 0 means no bound. One
	// person's files have at most half of it.
	MaxFileSize, Space int64
	// Decoder opens the files. At most MaxPages pages of a file are read.
	Decoder  *page.Decoder
	MaxPages int
	Access
	Log *slog.Logger
	// Dial opens all connections to Slack. If nil, the system's dialer is
	// used, through the proxy of the environment.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Bot serves one workspace.
type Bot struct {
	config     Config
	log        *slog.Logger
	api        *slack.Client
	client     *post.Client
	reader     *reading.Reader
	jobs       *jobs.Queue
	shared     *share.Share    // turns that all replicas share
	otherTasks reading.Counter // searches, notices and downloads
	metrics    *metrics
	http       *http.Client
	connected  atomic.Bool // to Socket Mode
	intake     intake      // set before the first event
	people     people
}

// identity is Slack's answer about the bot's token.
type identity struct {
	self      string // the bot's own user
	workspace ask.Workspace
	home      string // the workspace's own address, with which its links start
	// started is the time of the answer. Only messages from before it can be
	// known from an earlier version of the program.
	started time.Time
}

// New returns a bot that reads with model and stores its jobs in queue. The
// caller must close queue after the bot's end.
func New(c Config, model *ocr.Client, queue *jobs.Queue) (*Bot, error) {
	address, err := url.Parse(c.APIURL)
	if err != nil {
		return nil, fmt.Errorf("address of the Web API: %w", err)
	}
	client := httpClient(c.Dial)
	api := slack.New(c.BotToken, slack.OptionAppLevelToken(c.AppToken), slack.OptionAPIURL(c.APIURL),
		slack.OptionHTTPClient(slackjson.Client{HTTP: client}), slack.OptionLog(log.New(io.Discard, "", 0)))
	shared := share.New(queue, c.Log)
	m := newMetrics()
	watch := func(t ocr.Attempt) {
		m.attempt(t)
		if t.Reason != "" {
			c.Log.Warn("the model's finish reason is unknown, so its text counts as cut off", "finish_reason", t.Reason)
		}
	}
	model = model.WithWatcher(watch)
	b := &Bot{
		config: c, log: c.Log, metrics: m, api: api,
		client: post.NewClient(api, post.NewPacer(shared, m.registry), client),
		jobs:   queue, shared: shared, http: client,
	}
	b.reader = &reading.Reader{
		Client: b.client, Jobs: queue, Model: model, Decoder: c.Decoder,
		Slack:    &fetch.Slack{Client: client, API: address, Token: c.BotToken, MaxSize: c.MaxFileSize},
		Web:      fetch.NewWeb(c.MaxFileSize),
		Space:    tempfile.NewSpace(cmp.Or(c.Space, math.MaxInt64)),
		Turns:    reading.NewTurns(shared, c.Concurrency, model.Limit()),
		Waiting:  &reading.Counter{},
		Suspect:  make(chan struct{}, 1),
		Metrics:  m.reading,
		Log:      c.Log,
		MaxPages: c.MaxPages,
	}
	m.watch(b)
	return b, nil
}

// httpClient returns a client with a time-out for each phase of a request, but
// none for the whole request, since a large file may take long.
func httpClient(dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 30 * time.Second
	t.MaxIdleConnsPerHost = 16
	// Without pings a dead HTTP/2 connection would swallow call after call.
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second}
	if dial != nil {
		t.DialContext = dial
	}
	return &http.Client{Transport: &connectThrottle{Transport: t, pace: rate.NewLimiter(rate.Every(1500*time.Millisecond), 5)}}
}

// Run serves until ctx ends. Run then finishes or hands back running work,
// within 8 seconds, and returns nil. If Slack refuses a token, Run returns a
// *TokenError; if the store cannot write any more, jobs.ErrBroken.
func (b *Bot) Run(ctx context.Context) error {
	defer b.http.CloseIdleConnections()
	if err := b.identify(ctx); err != nil {
		return err
	}
	accepting, stopAccepting := context.WithCancelCause(ctx)
	defer stopAccepting(nil)
	down, release := newShutdown(accepting)
	defer release()
	socket, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	sharing, endSharing := context.WithCancel(context.WithoutCancel(ctx))
	// start runs a part of the bot. The end of a part ends the bot.
	start := func(run func() error) (ended chan error) {
		ended = make(chan error, 1)
		go func() {
			defer stopAccepting(nil)
			ended <- run()
		}()
		return ended
	}
	shared := start(func() error { return b.shared.Run(sharing) })
	<-b.shared.Ready()
	following := start(func() error {
		b.jobs.RunFollowUps(accepting, func(ctx context.Context, f jobs.FollowUp) error { return b.reader.FollowUp(ctx, f, b.intake.home) })
		return nil
	})
	listening := start(func() error { return b.listen(socket, down.Draining) })
	working := start(func() error {
		return b.jobs.Run(accepting, func(ctx context.Context, job *jobs.Job) error {
			err := b.work(ctx, down, job)
			if post.TokenProblem(err) {
				stopAccepting(&TokenError{Variable: "SLACK_BOT_TOKEN", Code: post.Code(err)})
			}
			return err
		})
	})

	// The socket stays up until the jobs are handed back, so that no ack is
	// lost. Nothing new is accepted or acknowledged.
	err := errors.Join(<-working, <-following)
	if refused, ok := errors.AsType[*TokenError](context.Cause(accepting)); ok {
		err = errors.Join(refused, err)
	}
	hangUp()
	err = errors.Join(err, <-listening)
	endSharing()
	return errors.Join(err, <-shared)
}

// identify asks Slack for the bot's identity, until Slack answers or ctx ends.
func (b *Bot) identify(ctx context.Context) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
		defer cancel()
		answer, err := b.api.AuthTestContext(ctx)
		if post.TokenProblem(err) {
			return struct{}{}, backoff.Permanent(&TokenError{Variable: "SLACK_BOT_TOKEN", Code: post.Code(err)})
		}
		if wait := post.RetryAfter(err); wait > 0 {
			return struct{}{}, backoff.RetryAfter(int(wait.Seconds()))
		}
		if err != nil {
			return struct{}{}, err
		}
		if strings.HasPrefix(answer.TeamID, "E") {
			return struct{}{}, backoff.Permanent(&TokenError{Variable: "SLACK_BOT_TOKEN", Code: OrgInstall})
		}
		b.intake = intake{
			identity{answer.UserID, ask.Workspace{Team: answer.TeamID, Enterprise: answer.EnterpriseID}, answer.URL, time.Now()},
			b.config.Access,
		}
		b.log.Info("signed in to Slack", "team", answer.Team, "user", answer.UserID)
		return struct{}{}, nil
	}, backoff.WithMaxElapsedTime(0), backoff.WithBackOff(&backoff.ExponentialBackOff{
		InitialInterval: time.Second, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: 30 * time.Second,
	}), backoff.WithNotify(func(err error, pause time.Duration) {
		b.log.Warn("Slack is not answering", "error", err, "again in", pause)
	}))
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Grace is the time that running jobs have when the bot stops.
const Grace = 4 * time.Second

// newShutdown returns a shutdown that starts with the end of ctx: Draining ends at
// once, HardStop after Grace, both with jobs.ErrClosing as the cause. release frees
// the resources.
func newShutdown(ctx context.Context) (down reading.Shutdown, release func()) {
	draining, stopDraining := context.WithCancelCause(context.WithoutCancel(ctx))
	hardStop, stopHard := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		stopDraining(jobs.ErrClosing)
		time.AfterFunc(Grace, func() { stopHard(jobs.ErrClosing) })
	})
	return reading.Shutdown{Draining: draining, HardStop: hardStop}, func() {
		stop()
		stopDraining(nil)
		stopHard(nil)
	}
}
