package reading

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
	"slackocr/bot/post"
	"slackocr/bot/share"
	"slackocr/ocr"
)

// fullStore is a store that takes no further change of a job's state after some.
type fullStore struct {
	kvtest.Memory
	left atomic.Int32
}

func (s *fullStore) Update(ctx context.Context, key string, value []byte, revision uint64) error {
	if strings.HasPrefix(key, "state.") && s.left.Add(-1) < 0 {
		return kv.ErrFull
	}
	return s.Memory.Update(ctx, key, value, revision)
}

// roundTripper is a function that answers requests.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestReplyEndsWithItsReading: if the state cannot be saved after the reply was posted,
// the editor of the reply ends with the reading, long before the bot.
func TestReplyEndsWithItsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		posted := 0
		api := slack.New("token", slack.OptionHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			posted++
			body := io.NopCloser(strings.NewReader(`{"ok":true,"channel":"C1","ts":"1700000001.000100"}`))
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body, Request: r}, nil
		})}))
		store := &fullStore{}
		store.left.Store(3) // the lease, the try, and the timestamp of the reply
		log := slog.New(slog.DiscardHandler)
		queue, err := jobs.Open(t.Context(), jobs.Config{Log: log}, store)
		if err != nil {
			t.Fatal(err)
		}
		crashed := jobs.Record{Key: "k", Progress: json.RawMessage(`{"Files":[{"Starts":4}]}`)} // its failure is all that is left to save
		if _, err := queue.Enqueue(t.Context(), crashed); err != nil {
			t.Fatal(err)
		}
		model, err := ocr.NewClient(ocr.Config{BaseURL: "http://model.test/v1", Model: "m"})
		if err != nil {
			t.Fatal(err)
		}
		alone := share.New(nil, log)
		rd := &Reader{
			Client: post.NewClient(api, post.NewPacer(alone, nil), nil), Jobs: queue, Model: model,
			Turns: NewTurns(alone, 1, nil), Waiting: &Counter{}, Log: log,
		}
		forever := context.WithoutCancel(t.Context())
		ctx, stop := context.WithCancel(forever)
		ended := make(chan error, 10)
		var running sync.WaitGroup
		running.Go(func() {
			_ = queue.Run(ctx, func(ctx context.Context, j *jobs.Job) error {
				a := ask.Ask{Key: "k", Channel: "C1", Files: []ask.File{{Web: "https://example.com/a.png"}}}
				err := rd.Run(ctx, Shutdown{Draining: forever, HardStop: forever}, j, a)
				ended <- err
				return err
			})
		})
		select {
		case err := <-ended:
			if !errors.Is(err, jobs.ErrFull) || posted != 1 {
				t.Errorf("ended with %v after %d posts", err, posted)
			}
		case <-time.After(time.Minute):
			t.Error("the reading does not end")
		}
		stop()
		running.Wait() // the bubble itself finds an editor that is left
	})
}
