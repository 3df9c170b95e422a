package bot_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// earlier is a job as the earlier version left it, which had one file.
type earlier struct {
	*house
	request ask.Request
	key     string         // of its messages
	saved   map[string]any // the progress
	text    string         // that was kept as final; "" for none
	stopped bool           // by ann, after the progress was saved
}

// leave posts a picture that no bot sees, and makes what the earlier version had of it.
func (h *house) leave() *earlier {
	h.Helper()
	ts := h.post("page.png")
	id, _, _ := h.file(h.channel, ts)
	file, _, _, err := h.api().GetFileInfoContext(h.Context(), id, 0, 0)
	if err != nil {
		h.Fatal(err)
	}
	return &earlier{
		house: h, key: h.channel + "/" + ts + "/" + id + "/markdown", saved: map[string]any{"Began": time.Now()},
		request: ask.Request{Channel: h.channel, Ask: ts, Root: ts, Person: h.ann, File: ask.Slim(*file), First: true},
	}
}

// api is Slack as the app sees it.
func (h *house) api() *slack.Client {
	return slack.New(h.app.BotToken, slack.OptionAPIURL("http://localhost/api/"), slack.OptionHTTPClient(h.client()))
}

// says posts one of the job's messages as the earlier version did.
func (e *earlier) says(key, text string) post.PostState {
	e.Helper()
	tried, blocks := time.Now(), []slack.Block{slack.NewMarkdownBlock("", text)}
	if key == reading.ReplyKey {
		blocks = append(blocks, slack.NewActionBlock("", reading.StopButton()))
	}
	_, ts, err := e.api().PostMessageContext(e.Context(), e.channel, slack.MsgOptionTS(e.request.Ask),
		slack.MsgOptionText(text, false), slack.MsgOptionBlocks(blocks...),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "slackocr_post", EventPayload: map[string]any{"key": e.key + key}}))
	if err != nil {
		e.Fatal(err)
	}
	return post.PostState{Tried: tried, TS: ts}
}

// store keeps the job, as one that its process left.
func (e *earlier) store() {
	e.Helper()
	queue, err := jobs.Open(e.Context(), jobs.Config{Log: e.logger}, e.jobs)
	if err != nil {
		e.Fatal(err)
	}
	request, err := json.Marshal(map[string]any{"Read": e.request})
	if err != nil {
		e.Fatal(err)
	}
	r := jobs.Record{
		Key: e.team() + "/" + e.key, Thread: e.channel + "/" + e.request.Root, Person: e.ann, File: e.request.File.ID, Request: request,
	}
	if _, err := queue.Enqueue(e.Context(), r); err != nil {
		e.Fatal(err)
	}
	if len(e.saved) > 1 {
		ctx, stop := context.WithCancel(e.Context())
		err = queue.Run(ctx, func(ctx context.Context, j *jobs.Job) error {
			defer stop()
			err := j.Save(ctx, e.saved)
			if err == nil && e.text != "" {
				err = j.SavePage(ctx, reading.TextOf(0), e.text)
			}
			return jobs.Handoff(err)
		})
		if err != nil {
			e.Fatal(err)
		}
	}
	if e.stopped {
		if err := queue.Stop(e.Context(), r.Key, e.ann); err != nil {
			e.Fatal(err)
		}
	}
}

// team is the id of the workspace.
func (h *house) team() string {
	h.Helper()
	auth, err := h.api().AuthTestContext(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	return auth.TeamID
}

// TestJobsOfTheEarlierVersion are finished by this one, whatever was done of them: with
// one reply and each part once.
func TestJobsOfTheEarlierVersion(t *testing.T) {
	// Sentences of that version, whatever this one says.
	const readingNow, whyStopped = "Reading page.png…", "somebody stopped me."
	told := &words.Failure{Kind: words.OldSentence, OldText: "the model wrote no more. Please post the rest as another picture."}
	for name, tt := range map[string]struct {
		leave    func(e *earlier)
		line     string // the reply's last one
		results  []string
		requests int // that the model still has
	}{
		"not begun": {func(*earlier) {}, readLine("page.png", 2, 1), []string{"some text"}, 1},
		"reply posted": {
			func(e *earlier) { e.saved["Posted"], e.saved["Asked"] = e.says(reading.ReplyKey, readingNow), 2 },
			readLine("page.png", 2, 1),
			[]string{"some text"},
			1,
		},
		"reply posted, and nobody heard of it": {
			func(e *earlier) {
				e.saved["Posted"] = post.PostState{Tried: e.says(reading.ReplyKey, readingNow).Tried}
			},
			readLine("page.png", 2, 1),
			[]string{"some text"},
			1,
		},
		"text kept": {
			func(e *earlier) {
				e.saved["Posted"], e.saved["Text"], e.saved["Words"], e.saved["Pages"] = e.says(reading.ReplyKey, readingNow), true, 3, 1
				e.text = "an earlier text"
			},
			readLine("page.png", 3, 1),
			[]string{"an earlier text"},
			0,
		},
		"two of three parts posted": {
			func(e *earlier) {
				e.saved["Posted"], e.saved["Text"], e.saved["Words"], e.saved["Pages"] = e.says(reading.ReplyKey, readingNow), true, 6000, 1
				e.saved["Parts"] = []post.PostState{e.says("/part/1", parts(1)), e.says("/part/2", parts(1)), {}}
				e.text = parts(3)
			},
			readLine("page.png", 6000, 1) + words.InFile("page.md"),
			[]string{parts(1), parts(1), parts(1), "file page.md"},
			0,
		},
		"two of three parts posted, and nobody heard of the second": {
			func(e *earlier) {
				e.saved["Posted"], e.saved["Text"], e.saved["Words"], e.saved["Pages"] = e.says(reading.ReplyKey, readingNow), true, 6000, 1
				e.saved["Parts"] = []post.PostState{e.says("/part/1", parts(1)), {Tried: e.says("/part/2", parts(1)).Tried}, {}}
				e.text = parts(3)
			},
			readLine("page.png", 6000, 1) + words.InFile("page.md"),
			[]string{parts(1), parts(1), parts(1), "file page.md"},
			0,
		},
		"failed with some text": {
			func(e *earlier) {
				e.saved["Posted"], e.saved["Text"] = e.says(reading.ReplyKey, readingNow), true
				e.saved["Cause"], e.text = told.OldText, "an earlier text"
			},
			words.NotRead("page.png", 3, told),
			[]string{"an earlier text"},
			0,
		},
		"stopped, with its text kept": {
			func(e *earlier) {
				e.saved["Posted"], e.saved["Text"] = e.says(reading.ReplyKey, readingNow), true
				e.saved["Cause"], e.text, e.stopped = whyStopped, "an earlier text", true
			},
			wordstest.Stopped("page.png", 3),
			[]string{"an earlier text"},
			0,
		},
		"stopped": {
			func(e *earlier) { e.saved["Posted"], e.stopped = e.says(reading.ReplyKey, readingNow), true },
			wordstest.Stopped("page.png", 0), nil, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				e := h.leave()
				tt.leave(e)
				e.store()
				h.quietBot() // it hears of the message, as nobody did before
				ts := e.request.Ask
				h.closesWith(ts, tt.line)
				h.pass(2 * time.Minute)
				if got := h.results(ts); !slices.Equal(got, tt.results) {
					t.Errorf("results %.60q, want %.60q", got, tt.results)
				}
				if n := h.requests(); n != tt.requests {
					t.Errorf("%d requests to the model, want %d", n, tt.requests)
				}
			})
		})
	}
}
