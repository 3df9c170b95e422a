package bot

import (
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv/kvtest"
	"slackocr/bot/words"
)

// TestPayloadsOfNobody are acknowledged, once, and change nothing: of other apps'
// parts, of older versions, broken, or empty. The bot has no connection to Slack
// here: whatever asked for one would bring the test down.
func TestPayloadsOfNobody(t *testing.T) {
	queue, err := jobs.Open(t.Context(), jobs.Config{Log: slog.New(slog.DiscardHandler)}, &kvtest.Memory{})
	if err != nil {
		t.Fatal(err)
	}
	b := &Bot{log: slog.New(slog.DiscardHandler), jobs: queue, config: Config{Access: Access{AllowExternal: true}}}
	b.intake = intake{identity{self: "U0", workspace: ask.Workspace{Team: "T1"}}, b.config.Access}
	press := func(block, action string) string {
		return `{"type":"block_actions","user":{"id":"U1","team_id":"T1"},"channel":{"id":"C1"},"actions":[{"type":"button","block_id":"` + block + `","action_id":"` + action + `"}]}`
	}
	view := func(callback, metadata, state string) string {
		quoted, _ := json.Marshal(metadata) // a string
		return `{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1","type":"modal","callback_id":"` + callback + `","private_metadata":` + string(quoted) + state + `}}`
	}
	const filled = `,"state":{"values":{"files":{"files":{"type":"file_input","files":[{"id":"F1","mimetype":"image/png"}]}},"mode":{"mode":{"selected_option":{"value":"text"}}},"words":{"words":{"value":"x"}}}}`
	here := `{"Channel":"C1","Key":"T1/C1/1.1/F1/markdown"}`
	for name, payload := range map[string]string{
		"empty":                         `{}`,
		"nobody":                        `{"type":"block_actions"}`,
		"no actions":                    `{"type":"block_actions","user":{"id":"U1"},"actions":[]}`,
		"another app's button":          press("other", "stop"),
		"no action":                     press("job:T1/C1/1.1/F1/markdown", ""),
		"an action of a later version":  press("job:T1/C1/1.1/F1/markdown", "frobnicate"),
		"a job that there is not":       press("job:T1/C1/1.1/F1/markdown", "stop"),
		"no job":                        press("job:", "stop"),
		"a choice of nothing":           press("job:T1/C1/1.1/F1/markdown", "again"),
		"sending what there is not":     press("job:T1/C1/1.1/F1/markdown", "send"),
		"an unknown shortcut":           `{"type":"message_action","callback_id":"other","user":{"id":"U1"},"channel":{"id":"C1"},"message":{"ts":"1.1","files":[{"id":"F1","mimetype":"image/png"}]}}`,
		"a shortcut on nothing":         `{"type":"message_action","callback_id":"extract","user":{"id":"U1"}}`,
		"a global shortcut":             `{"type":"shortcut","callback_id":"extract","user":{"id":"U1"}}`,
		"a window that was closed":      `{"type":"view_closed","user":{"id":"U1"},"view":{"callback_id":"upload"}}`,
		"a window without metadata":     view("upload", "", filled),
		"a window with broken metadata": view("upload", `{"Channel":`, filled),
		"a window of nowhere":           view("upload", `{}`, filled),
		"a window without a state":      view("upload", here, ""),
		"a window with no files":        view("upload", here, `,"state":{"values":{}}`),
		"another app's window":          view("other", here, filled),
		"an unknown mode":               view("again-frobnicate", here, filled),
		"again of what is not there":    view("again-locate", here, filled),
		"a suggestion":                  `{"type":"block_suggestion","user":{"id":"U1"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			var c slack.InteractionCallback
			if err := json.Unmarshal([]byte(payload), &c); err != nil {
				t.Fatal(err)
			}
			acks := 0
			b.interact(t.Context(), &c, func(any) { acks++ })
			if acks != 1 {
				t.Errorf("acknowledged %d times", acks)
			}
		})
	}
	if records, err := queue.ByPerson(t.Context(), "U1"); err != nil || len(records) > 0 {
		t.Errorf("%d jobs, %v", len(records), err)
	}
}

// TestWindowsOfStrangers say so themselves, and stay open.
func TestWindowsOfStrangers(t *testing.T) {
	b := &Bot{log: slog.New(slog.DiscardHandler), intake: intake{identity: identity{workspace: ask.Workspace{Team: "T1"}}}}
	for callback, field := range map[string]string{"upload": "files", "again-locate": "words", "other": ""} {
		c := slack.InteractionCallback{Type: slack.InteractionTypeViewSubmission}
		c.User.ID, c.User.TeamID, c.View.CallbackID = "U1", "T2", callback
		var answers []string
		b.interact(t.Context(), &c, func(payload any) {
			text, err := json.Marshal(payload)
			if err != nil {
				t.Fatal(err)
			}
			answers = append(answers, string(text))
		})
		want := "null"
		if field != "" {
			sentence, _ := json.Marshal(words.OtherWorkspace) // a string
			want = `{"response_action":"errors","errors":{"` + field + `":` + string(sentence) + `}}`
		}
		if len(answers) != 1 || answers[0] != want {
			t.Errorf("%s: answered %q, want %q", callback, answers, want)
		}
	}
}

// TestFilesOfWindowsAreOnlyNamed: a window's payload alone proves nothing.
func TestFilesOfWindowsAreOnlyNamed(t *testing.T) {
	for _, f := range chosenFiles([]slack.File{{ID: "F1"}, {ID: "F2", User: "U1"}}) {
		if !f.Named {
			t.Errorf("%s is taken for a file that the person may see", f.File.ID)
		}
	}
}
