package bot

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv/kvtest"
	"slackocr/bot/reading"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// outsidersEvents are events of somebody of another workspace, U2.
var outsidersEvents = map[string]string{
	"a picture": `{"type":"message","subtype":"file_share","channel":"C1","user":"U2","ts":"10.1","files":[{"id":"F1","mimetype":"image/png"}]}`,
	"a picture, with their team": `{"type":"message","subtype":"file_share","channel":"C1","user":"U2","ts":"10.1","team":"T2",
		"files":[{"id":"F1","mimetype":"image/png"}]}`,
	"a picture in a thread":    `{"type":"message","subtype":"file_share","channel":"C1","user":"U2","ts":"10.2","thread_ts":"10.1","files":[{"id":"F1","mimetype":"image/png"}]}`,
	"a mention":                `{"type":"message","channel":"C1","user":"U2","ts":"10.1","text":"<@U0>"}`,
	"a mention, as such":       `{"type":"app_mention","channel":"C1","user":"U2","ts":"10.1","text":"<@U0>","files":[{"id":"F1","mimetype":"image/png"}]}`,
	"a mode":                   `{"type":"message","channel":"C1","user":"U2","ts":"10.2","thread_ts":"10.1","text":"describe"}`,
	"a mention in a thread":    `{"type":"message","channel":"C1","user":"U2","ts":"10.2","thread_ts":"10.1","text":"<@U0> describe"}`,
	"a message to the bot":     `{"type":"message","channel":"D1","channel_type":"im","user":"U2","ts":"10.1","text":"hello"}`,
	"a broadcast":              `{"type":"message","subtype":"thread_broadcast","channel":"C1","user":"U2","ts":"10.2","thread_ts":"10.1","text":"<@U0>"}`,
	"an edit":                  `{"type":"message","subtype":"message_changed","channel":"C1","message":{"user":"U2","ts":"10.1","text":"<@U0>","edited":{"user":"U2","ts":"10.2"},"files":[{"id":"F1","mimetype":"image/png"}]},"previous_message":{"user":"U2","ts":"10.1","text":""}}`,
	"a reaction":               `{"type":"reaction_added","user":"U2","reaction":"eyes","item":{"type":"message","channel":"C1","ts":"10.1"}}`,
	"a reaction to be rid of":  `{"type":"reaction_removed","user":"U2","reaction":"eyes","item":{"type":"message","channel":"C1","ts":"10.1"}}`,
	"a look at the messages":   `{"type":"app_home_opened","user":"U2","channel":"D1","tab":"messages","event_ts":"10.1"}`,
	"a look at the home":       `{"type":"app_home_opened","user":"U2","channel":"D1","tab":"home","event_ts":"10.1"}`,
	"an invitation of the bot": `{"type":"member_joined_channel","user":"U0","channel":"C1","inviter":"U2","event_ts":"10.1"}`,
	"somebody who comes":       `{"type":"member_joined_channel","user":"U2","channel":"C1","event_ts":"10.1"}`,
	"a shared file":            `{"type":"file_shared","user_id":"U2","file_id":"F1","channel_id":"C1","event_ts":"10.1"}`,
	"a kind that is new":       `{"type":"frobnicated","user":"U2","channel":"C1"}`,
}

// outsidersActions are what U2 presses, chooses, or fills in.
var outsidersActions = map[string]string{
	"a shortcut": `{"type":"message_action","callback_id":"extract","user":{"id":"U2","team_id":"T2"},"channel":{"id":"C1"},"message":{"ts":"1.1","files":[{"id":"F1","mimetype":"image/png"}]}}`,
	"a shortcut without a team": `{"type":"message_action","callback_id":"extract","user":{"id":"U2"},"channel":{"id":"C1"},
		"message":{"ts":"1.1","files":[{"id":"F1","mimetype":"image/png"}]}}`,
	"a global shortcut": `{"type":"shortcut","callback_id":"extract","user":{"id":"U2"}}`,
	"forgetting":        `{"type":"block_actions","user":{"id":"U2"},"channel":{"id":"C1"},"trigger_id":"1","actions":[{"type":"button","block_id":"forget","action_id":"forget"}]}`,
	"stopping":          `{"type":"block_actions","user":{"id":"U2"},"channel":{"id":"C1"},"actions":[{"type":"button","block_id":"job:T1/C1/1.1/F1/markdown","action_id":"stop"}]}`,
	"reading again":     `{"type":"block_actions","user":{"id":"U2"},"channel":{"id":"C1"},"actions":[{"type":"static_select","block_id":"job:T1/C1/1.1/F1/markdown","action_id":"again","selected_option":{"value":"locate"}}]}`,
	"a download":        `{"type":"block_actions","user":{"id":"U2"},"channel":{"id":"C1"},"actions":[{"type":"button","block_id":"job:T1/C1/1.1/F1/markdown","action_id":"send"}]}`,
	"a press in a view": `{"type":"block_actions","user":{"id":"U2"},"view":{"id":"V1","callback_id":"upload"},"actions":[{"type":"button","block_id":"forget","action_id":"forget"}]}`,
	"a window": `{"type":"view_submission","user":{"id":"U2"},"view":{"id":"V1","type":"modal","callback_id":"upload","private_metadata":"{\"Channel\":\"C1\"}",
		"state":{"values":{"files":{"files":{"type":"file_input","files":[{"id":"F1","mimetype":"image/png"}]}},"mode":{"mode":{"selected_option":{"value":"text"}}}}}}}`,
	"a window of words": `{"type":"view_submission","user":{"id":"U2"},"view":{"id":"V1","type":"modal","callback_id":"again-locate","private_metadata":"{\"Channel\":\"C1\",\"Key\":\"T1/C1/1.1/F1/markdown\"}","state":{"values":{"words":{"words":{"value":"x"}}}}}}`,
	"a closed window":   `{"type":"view_closed","user":{"id":"U2"},"view":{"id":"V1","callback_id":"upload"}}`,
	"a suggestion":      `{"type":"block_suggestion","user":{"id":"U2"}}`,
	"a workflow's step": `{"type":"workflow_step_edit","user":{"id":"U2"}}`,
}

// withOutsiders runs a test with a bot that knows that U2 is of another workspace, and
// whose jobs are worked on. Then nothing may be left of U2.
func withOutsiders(t *testing.T, test func(b *Bot, down reading.Shutdown)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		queue, err := jobs.Open(t.Context(), jobs.Config{Log: log}, &kvtest.Memory{})
		if err != nil {
			t.Fatal(err)
		}
		model, err := ocr.NewClient(ocr.Config{BaseURL: "http://localhost/v1", Model: "m", Concurrency: 1})
		if err != nil {
			t.Fatal(err)
		}
		b, err := New(Config{
			APIURL: "http://localhost/api/", Log: log, Access: Access{AutoRead: ReadAll, Reaction: "eyes"},
			Dial: func(context.Context, string, string) (net.Conn, error) {
				t.Error("Slack is asked")
				return nil, errors.New("no connection")
			},
		}, model, queue)
		if err != nil {
			t.Fatal(err)
		}
		b.intake = intake{identity{self: "U0", workspace: ask.Workspace{Team: "T1"}}, b.config.Access}
		b.people.remember("U2", true)
		down, release := newShutdown(t.Context())
		defer release()
		working := make(chan error)
		go func() {
			working <- queue.Run(down.Draining, func(ctx context.Context, j *jobs.Job) error { return b.work(ctx, down, j) })
		}()
		test(b, down)
		synctest.Wait()
		records, err := queue.ByPerson(t.Context(), "U2")
		if err != nil {
			t.Error(err)
		}
		for _, r := range records {
			if r.State != jobs.Done && r.State != jobs.Erased || !strings.HasSuffix(r.Key, "/find/message/U2") {
				t.Errorf("a job is left: %s %s", r.Key, r.State)
			}
		}
		release()
		if err := <-working; err != nil {
			t.Error(err)
		}
	})
}

// TestOutsidersStartNothing, whatever Slack delivers of them.
func TestOutsidersStartNothing(t *testing.T) {
	for name, event := range outsidersEvents {
		t.Run(name, func(t *testing.T) {
			withOutsiders(t, func(b *Bot, down reading.Shutdown) {
				payload := `{"type":"event_callback","team_id":"T1","is_ext_shared_channel":true,"event":` + event + `}`
				data, err := slackevents.ParseEvent(json.RawMessage(payload), slackevents.OptionNoVerifyToken())
				if err == nil && !b.accept(down.Draining, data) {
					t.Error("the event is not taken, so Slack sends it again")
				}
			})
		})
	}
	for name, action := range outsidersActions {
		t.Run(name, func(t *testing.T) {
			withOutsiders(t, func(b *Bot, down reading.Shutdown) {
				var c slack.InteractionCallback
				if err := json.Unmarshal([]byte(action), &c); err != nil {
					t.Fatal(err)
				}
				acks := 0
				b.interact(down.Draining, &c, func(any) { acks++ })
				if acks != 1 {
					t.Errorf("acknowledged %d times", acks)
				}
			})
		})
	}
	for _, text := range []string{"", "help", "status", "forget", "last", "auto", "auto off", "https://acme.slack.com/archives/C1/p1700000000000100", "https://e.example/a.png"} {
		for _, team := range []string{"T1", "T2", ""} {
			t.Run("/ocr "+text+" from "+team, func(t *testing.T) {
				withOutsiders(t, func(b *Bot, down reading.Shutdown) {
					var answers []any
					c := slack.SlashCommand{UserID: "U2", TeamID: team, ChannelID: "C1", TriggerID: "1", Text: text}
					b.command(down.Draining, c, func(payload any) { answers = append(answers, payload) })
					told, _ := answers[0].(map[string]any)
					if len(answers) != 1 || told["text"] != words.OtherWorkspace {
						t.Errorf("answered %v", answers)
					}
					if auto, err := b.autoRead(down.Draining, "C1"); err != nil || auto != ReadAll {
						t.Errorf("the channel's AutoRead is %s, %v", auto, err)
					}
				})
			})
		}
	}
}
