package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/slack-go/slack/slackevents"
)

// The events are recorded shapes of Slack's, cut to what matters; UBOT is the
// bot's own user.
func TestIntake(t *testing.T) {
	const (
		png  = `{"id":"F1","name":"a.png","mimetype":"image/png","mode":"hosted","url_private":"https://files.slack.com/f/a.png"}`
		jpeg = `{"id":"F2","name":"b.jpg","mimetype":"image/jpeg","mode":"hosted","url_private":"https://files.slack.com/f/b.jpg"}`
	)
	message := func(rest string) string {
		return `{"type":"message","channel":"C1","user":"U1","ts":"10.1","event_ts":"10.1","channel_type":"channel",` + rest + `}`
	}
	with := func(file string) string { return message(`"subtype":"file_share","files":[` + file + `]`) }
	for _, tt := range []struct {
		name, event string
		want        []string // channel, thread, file
	}{
		{"an image", with(png), []string{"C1/10.1/F1"}},
		{"an image without a subtype", message(`"files":[` + png + `]`), []string{"C1/10.1/F1"}},
		{"two images", with(png + "," + jpeg), []string{"C1/10.1/F1", "C1/10.1/F2"}},
		{"the same file twice", with(png + "," + png), []string{"C1/10.1/F1"}},
		{"in a thread", message(`"subtype":"file_share","thread_ts":"9.9","files":[` + png + `]`), []string{"C1/9.9/F1"}},
		{"a thread reply sent to the channel too", message(`"subtype":"thread_broadcast","thread_ts":"9.9","files":[` + png + `]`), []string{"C1/9.9/F1"}},
		{"in a direct message", `{"type":"message","channel":"D1","user":"U1","ts":"10.1","channel_type":"im","subtype":"file_share","files":[` + png + `]}`, []string{"D1/10.1/F1"}},
		{"in a group direct message", `{"type":"message","channel":"G1","user":"U1","ts":"10.1","channel_type":"mpim","subtype":"file_share","files":[` + png + `]}`, []string{"G1/10.1/F1"}},
		{"a mention of the same post", `{"type":"app_mention","channel":"C1","user":"U1","text":"<@UBOT>","ts":"10.1","event_ts":"10.1","files":[` + png + `]}`, []string{"C1/10.1/F1"}},
		{"a mention without files", `{"type":"app_mention","channel":"C1","user":"U1","text":"<@UBOT>","ts":"10.1"}`, nil},
		{"from another workspace, not looked up yet", with(`{"id":"F1","mode":"file_access","file_access":"check_file_info"}`), []string{"C1/10.1/F1"}},

		{"words only", message(`"text":"hello"`), nil},
		{"a PDF or a video", with(`{"id":"F1","mimetype":"application/pdf","mode":"hosted"},{"id":"F2","mimetype":"video/mp4","mode":"hosted"}`), nil},
		{"a drawing of code", with(`{"id":"F1","mimetype":"image/svg+xml","mode":"hosted"}`), nil},
		{"the bot's own post", `{"type":"message","channel":"C1","user":"UBOT","bot_id":"B1","ts":"10.1","files":[` + png + `]}`, nil},
		{"the bot's own upload, without bot_id", `{"type":"message","subtype":"file_share","channel":"C1","user":"UBOT","ts":"10.1","files":[` + png + `]}`, nil},
		{"another bot's post", message(`"bot_id":"B2","files":[` + png + `]`), nil},
		{"an old bot's post", `{"type":"message","subtype":"bot_message","channel":"C1","bot_id":"B2","ts":"10.1","files":[` + png + `]}`, nil},
		{"an edit", `{"type":"message","subtype":"message_changed","channel":"C1","ts":"11.1","hidden":true,"message":{"type":"message","user":"U1","ts":"10.1","files":[` + png + `]},"previous_message":{"type":"message","user":"U1","ts":"10.1"}}`, nil},
		{"a deletion", `{"type":"message","subtype":"message_deleted","channel":"C1","ts":"11.1","hidden":true,"deleted_ts":"10.1","previous_message":{"type":"message","user":"U1","ts":"10.1","files":[` + png + `]}}`, nil},
		{"a hidden message", message(`"hidden":true,"files":[` + png + `]`), nil},
		{"a file kept elsewhere", with(`{"id":"F1","mimetype":"image/png","mode":"external","is_external":true,"url_private":"https://drive.example/f"}`), nil},
		{"a file that is external by its mode alone", with(`{"id":"F1","mimetype":"image/png","mode":"external"}`), nil},
		{"a file that is external by its flag alone", with(`{"id":"F1","mimetype":"image/png","mode":"hosted","is_external":true}`), nil},
		{"an external file that is not looked up yet", with(`{"id":"F1","is_external":true,"file_access":"check_file_info"}`), nil},
		{"a file without an id", with(`{"mimetype":"image/png","mode":"hosted"}`), nil},
		{"a deleted image", with(`{"id":"F1","mimetype":"image/png","mode":"tombstone"}`), nil},
		{"a deleted file that is not looked up yet", with(`{"id":"F1","mode":"tombstone","file_access":"check_file_info"}`), nil},
		{"a deleted file", with(`{"id":"F1","mode":"tombstone"}`), nil},
		{"a file hidden by the plan's limit", with(`{"id":"F1","mimetype":"image/png","mode":"hidden_by_limit"}`), nil},
		{"a file that may not be seen", with(`{"id":"F1","mimetype":"image/png","file_access":"access_denied"}`), nil},
		{"a file that is not found", with(`{"id":"F1","mimetype":"image/png","file_access":"file_not_found"}`), nil},
		{"another bot's mention", `{"type":"app_mention","channel":"C1","user":"U2","bot_id":"B2","text":"<@UBOT>","ts":"10.1","files":[` + png + `]}`, nil},
		{"a message without a channel", `{"type":"message","user":"U1","ts":"10.1","files":[` + png + `]}`, nil},
		{"a message without a time", `{"type":"message","channel":"C1","user":"U1","files":[` + png + `]}`, nil},
		{"a join", message(`"subtype":"channel_join"`), nil},
		{"nobody's", `{"type":"message","channel":"C1","ts":"10.1","files":[` + png + `]}`, nil},
		{"an edited mention", `{"type":"app_mention","channel":"C1","user":"U1","ts":"10.1","edited":{"user":"U1","ts":"11.1"},"files":[` + png + `]}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			envelope := fmt.Sprintf(`{"type":"event_callback","team_id":"T1","api_app_id":"A1","event":%s}`, tt.event)
			event, err := slackevents.ParseEvent(json.RawMessage(envelope), slackevents.OptionNoVerifyToken())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range requests(event, "UBOT") {
				got = append(got, r.Channel+"/"+r.Root+"/"+r.File.ID)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzIntake(f *testing.F) {
	f.Add(`{"type":"message","channel":"C1","user":"U1","ts":"1.1","files":[{"id":"F1","mimetype":"image/png"}]}`)
	f.Fuzz(func(t *testing.T, event string) {
		parsed, err := slackevents.ParseEvent(json.RawMessage(`{"type":"event_callback","event":`+event+`}`), slackevents.OptionNoVerifyToken())
		if err != nil {
			return
		}
		for _, r := range requests(parsed, "UBOT") {
			if r.Person == "UBOT" || r.File.ID == "" || r.Channel == "" {
				t.Errorf("a request that nobody made: %+v", r)
			}
		}
	})
}
