package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack/slackevents"

	"slackocr/bot/ask"
	"slackocr/ocr"
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
	edited := func(before, after, more string) string {
		return `{"type":"message","subtype":"message_changed","channel":"C1","ts":"11.1","hidden":true,
			"message":{"type":"message",` + more + `"user":"U1","ts":"10.1","edited":{"user":"U1","ts":"11.0"},"text":"` + after + `","files":[` + png + `]},
			"previous_message":{"type":"message","user":"U1","ts":"10.1","text":"` + before + `","files":[` + png + `]}}`
	}
	with := func(file string) string { return message(`"subtype":"file_share","files":[` + file + `]`) }
	for _, tt := range []struct {
		name, event string
		want        []string // channel, thread, file
	}{
		{"an image", with(png), []string{"C1/10.1/F1"}},
		{"an image without a subtype", message(`"files":[` + png + `]`), []string{"C1/10.1/F1"}},
		{"two images", with(png + "," + jpeg), []string{"C1/10.1/F1+F2"}},
		{"the same file twice", with(png + "," + png), []string{"C1/10.1/F1"}},
		{"in a thread", message(`"subtype":"file_share","thread_ts":"9.9","files":[` + png + `]`), []string{"C1/9.9/F1"}},
		{"a thread reply sent to the channel too", message(`"subtype":"thread_broadcast","thread_ts":"9.9","files":[` + png + `]`), []string{"C1/9.9/F1"}},
		{"in a direct message", `{"type":"message","channel":"D1","user":"U1","ts":"10.1","channel_type":"im","subtype":"file_share","files":[` + png + `]}`, []string{"D1/10.1/F1 always"}},
		{"in a group direct message", `{"type":"message","channel":"G1","user":"U1","ts":"10.1","channel_type":"mpim","subtype":"file_share","files":[` + png + `]}`, []string{"G1/10.1/F1"}},
		{"a mention of the same post", `{"type":"app_mention","channel":"C1","user":"U1","text":"<@UBOT>","ts":"10.1","event_ts":"10.1","files":[` + png + `]}`, []string{"C1/10.1/F1 by mention"}},
		{"a mention without files", `{"type":"app_mention","channel":"C1","user":"U1","text":"<@UBOT>","ts":"10.1"}`, nil},
		{"from another workspace, not looked up yet", with(`{"id":"F1","mode":"file_access","file_access":"check_file_info"}`), []string{"C1/10.1/F1"}},

		{"words only", message(`"text":"hello"`), nil},
		{"a PDF", with(`{"id":"F1","mimetype":"application/pdf","mode":"hosted"}`), []string{"C1/10.1/F1"}},
		{"a text or a video", with(`{"id":"F1","mimetype":"text/plain","mode":"hosted"},{"id":"F2","mimetype":"video/mp4","mode":"hosted"}`), nil},
		{"a drawing of code", with(`{"id":"F1","mimetype":"image/svg+xml","mode":"hosted"}`), nil},
		{"the bot's own post", `{"type":"message","channel":"C1","user":"UBOT","bot_id":"B1","ts":"10.1","files":[` + png + `]}`, nil},
		{"the bot's own upload, without bot_id", `{"type":"message","subtype":"file_share","channel":"C1","user":"UBOT","ts":"10.1","files":[` + png + `]}`, nil},
		{"another bot's post", message(`"bot_id":"B2","files":[` + png + `]`), nil},
		{"an old bot's post", `{"type":"message","subtype":"bot_message","channel":"C1","bot_id":"B2","ts":"10.1","files":[` + png + `]}`, nil},
		{"an edit", `{"type":"message","subtype":"message_changed","channel":"C1","ts":"11.1","hidden":true,"message":{"type":"message","user":"U1","ts":"10.1","files":[` + png + `]},"previous_message":{"type":"message","user":"U1","ts":"10.1"}}`, nil},
		{"a deletion", `{"type":"message","subtype":"message_deleted","channel":"C1","ts":"11.1","hidden":true,"deleted_ts":"10.1","previous_message":{"type":"message","user":"U1","ts":"10.1","files":[` + png + `]}}`, []string{"forget C1/10.1 [F1]"}},
		{"a deletion in a thread", `{"type":"message","subtype":"message_deleted","channel":"C1","ts":"11.1","hidden":true,"deleted_ts":"10.1","previous_message":{"type":"message","user":"U1","ts":"10.1","thread_ts":"9.9","files":[` + png + `]}}`, []string{"forget C1/10.1 [F1] in 9.9"}},
		{"a deletion that says no more", `{"type":"message","subtype":"message_deleted","channel":"C1","ts":"11.1","deleted_ts":"10.1"}`, []string{"forget C1/10.1 []"}},
		{"a deletion that becomes a tombstone", `{"type":"message","subtype":"message_changed","channel":"C1","ts":"11.1","hidden":true,"message":{"type":"message","subtype":"tombstone","user":"USLACKBOT","ts":"10.1","thread_ts":"10.1"},"previous_message":{"type":"message","user":"U1","ts":"10.1","thread_ts":"10.1","files":[` + png + `]}}`, []string{"forget C1/10.1 [F1]"}},
		{"a deletion of the bot's own message", `{"type":"message","subtype":"message_deleted","channel":"C1","ts":"11.1","deleted_ts":"10.1","previous_message":{"type":"message","user":"UBOT","ts":"10.1"}}`, nil},
		{"a deletion of nothing", `{"type":"message","subtype":"message_deleted","channel":"C1","ts":"11.1"}`, nil},
		{"a deleted file's event", `{"type":"file_deleted","file_id":"F1","event_ts":"11.1"}`, []string{"forget file F1"}},
		{"a deleted file without a name", `{"type":"file_deleted"}`, nil},

		{"a picture with a mention", message(`"text":"<@UBOT> please","files":[` + png + `]`), []string{"C1/10.1/F1 by mention"}},
		{"a picture with a mention and a mode", message(`"text":"Text <@UBOT>","files":[` + png + `]`), []string{"C1/10.1/F1 text by mention"}},
		{"any file with a mention", message(`"text":"<@UBOT>","files":[{"id":"F1","mimetype":"application/zip","mode":"hosted"}]`), []string{"C1/10.1/F1 by mention"}},
		{"a mention without a picture", message(`"text":"hi <@UBOT>"`), []string{"use C1/ privately"}},
		{"a call for help", message(`"thread_ts":"9.9","text":"<@UBOT|ocr> help"`), []string{"use C1/9.9 privately"}},
		{"thanks", message(`"thread_ts":"9.9","text":"<@UBOT> thanks!"`), []string{"use C1/9.9 privately"}},
		{"a mistyped mode", message(`"thread_ts":"9.9","text":"<@UBOT> descibe"`), []string{"modes C1/9.9 privately"}},
		{"a picture with a mistyped mode", message(`"text":"<@UBOT> descibe","files":[` + png + `]`), []string{"C1/10.1/F1 by mention", "modes C1/ privately"}},
		{"a picture with thanks", message(`"text":"<@UBOT> thanks","files":[` + png + `]`), []string{"C1/10.1/F1 by mention"}},
		{"a picture in a thread, with thanks", message(`"thread_ts":"9.9","text":"<@UBOT> thanks","files":[` + png + `]`), []string{"C1/9.9/F1 by mention", "use C1/9.9 privately or else"}},
		{"a mention with a label", message(`"thread_ts":"9.9","text":"<@UBOT|ocr> describe"`), []string{"find C1/9.9 describe by mention"}},
		{"a bold mode", message(`"thread_ts":"9.9","text":"<@UBOT> *describe*"`), []string{"find C1/9.9 describe by mention"}},
		{"a quoted mode", message(`"thread_ts":"9.9","text":"<@UBOT> “text”"`), []string{"find C1/9.9 text by mention"}},
		{"encoded words", message(`"thread_ts":"9.9","text":"locate: R&amp;D"`), []string{"find C1/9.9 locate: R&D by mention quietly"}},
		{"an address in words", message(`"thread_ts":"9.9","text":"<@UBOT> locate: <mailto:info@acme.com|info@acme.com>"`), []string{"find C1/9.9 locate: info@acme.com by mention"}},
		{"a prompt with a sign", message(`"thread_ts":"9.9","text":"<@UBOT> prompt: x &lt; 100"`), []string{"find C1/9.9 prompt: x < 100 by mention"}},
		{"a mention that an edit adds", edited("look", "<@UBOT> look", ""), []string{"C1/10.1/F1 by mention"}},
		{"a mention that was there before the edit", edited("<@UBOT> lok", "<@UBOT> look", ""), nil},
		{"a mention that comes with an unfurl", `{"type":"message","subtype":"message_changed","channel":"C1","message":{"user":"U1","ts":"10.1","text":"<@UBOT>","files":[` + png + `]},"previous_message":{"user":"U1","ts":"10.1","text":"look"}}`, nil},
		{"a mention that the bot's own edit adds", strings.ReplaceAll(edited("look", "<@UBOT>", ""), `"U1"`, `"UBOT"`), nil},
		{"a mention that another bot's edit adds", edited("look", "<@UBOT>", `"bot_id":"B2",`), nil},
		{"a mention of somebody else", message(`"text":"hi <@UBOTTOM>"`), nil},
		{"a mention in a thread", message(`"thread_ts":"9.9","text":"<@UBOT>"`), []string{"find C1/9.9 by mention"}},
		{"a mention in a thread, with a mode", message(`"thread_ts":"9.9","text":"<@UBOT> describe"`), []string{"find C1/9.9 describe by mention"}},
		{"a mode in a thread", message(`"thread_ts":"9.9","text":" Figure "`), []string{"find C1/9.9 figure by mention quietly"}},
		{"again in a thread", message(`"thread_ts":"9.9","text":"again"`), []string{"find C1/9.9 by mention quietly"}},
		{"words to look for in a thread", message(`"thread_ts":"9.9","text":"locate: total"`), []string{"find C1/9.9 locate: total by mention quietly"}},
		{"a mode outside of threads", message(`"text":"text"`), nil},
		{"words in a direct message", `{"type":"message","channel":"D1","user":"U1","ts":"10.1","text":"hello"}`, []string{"use D1/"}},
		{"Slackbot's word that the bot was removed", `{"type":"message","channel":"D1","user":"USLACKBOT","ts":"10.1","text":"You have been removed from #x"}`, nil},
		{"words in a thread of a direct message", `{"type":"message","channel":"D1","user":"U1","ts":"10.1","thread_ts":"9.9","text":"thanks"}`, nil},
		{"another workspace's name where none shares the channel", message(`"user_team":"T2","files":[` + png + `]`), []string{"C1/10.1/F1"}},
		{"in a channel where the bot may not work", `{"type":"message","channel":"CNO","user":"U1","ts":"10.1","text":"<@UBOT>","files":[` + png + `]}`, nil},
		{"the reaction", `{"type":"reaction_added","user":"U1","reaction":"page_facing_up","item":{"type":"message","channel":"C1","ts":"10.1"},"event_ts":"11.1"}`, []string{"find message C1/10.1 quietly"}},
		{"another reaction", `{"type":"reaction_added","user":"U1","reaction":"eyes","item":{"type":"message","channel":"C1","ts":"10.1"}}`, nil},
		{"the bot's own reaction", `{"type":"reaction_added","user":"UBOT","reaction":"page_facing_up","item":{"type":"message","channel":"C1","ts":"10.1"}}`, nil},
		{"a reaction where the bot may not work", `{"type":"reaction_added","user":"U1","reaction":"page_facing_up","item":{"type":"message","channel":"CNO","ts":"10.1"}}`, nil},
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
			e := testIntake.tasksOf(event)
			for _, in := range e.Intents {
				got = append(got, e.inWords(in))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestWhoMayAsk, in a channel that is shared with another workspace. The shapes are
// those of Slack's own recordings: slackapi/bolt-python
// tests/slack_bolt/request/test_internals.py.
func TestWhoMayAsk(t *testing.T) {
	const file = `"channel":"C1","user":"U1","ts":"10.1","text":"<@UBOT>","files":[{"id":"F1","mimetype":"image/png","mode":"hosted"}]`
	const reaction = `{"type":"reaction_added","user":"U1","reaction":"page_facing_up","item":{"type":"message","channel":"C1","ts":"10.1"}}`
	grid := ask.Workspace{Team: "T1", Enterprise: "E1"}
	for _, tt := range []struct {
		name      string
		workspace ask.Workspace
		everyone  bool
		event     string
		want      string
	}{
		{"a colleague's message", ask.Workspace{Team: "T1"}, false, `{"type":"message","team":"T1",` + file + `}`, "C1/10.1/F1 by mention"},
		{"a message that does not say", ask.Workspace{Team: "T1"}, false, `{"type":"message",` + file + `}`, "C1/10.1/F1 if they are ours by mention"},
		{"an outsider's message", ask.Workspace{Team: "T1"}, false, `{"type":"message","subtype":"file_share","team":"T2",` + file + `}`, ""},
		{"an outsider's message, where everybody may ask", ask.Workspace{Team: "T1"}, true, `{"type":"message","team":"T2",` + file + `}`, "C1/10.1/F1 by mention"},
		{"an outsider's mention", ask.Workspace{Team: "T1"}, false, `{"type":"app_mention","team":"T1","user_team":"E2","source_team":"E2",` + file + `}`, ""},
		{"an outsider's mention by the source", ask.Workspace{Team: "T1"}, false, `{"type":"app_mention","team":"T1","source_team":"T2",` + file + `}`, ""},
		{"a colleague's mention", ask.Workspace{Team: "T1"}, false, `{"type":"app_mention","team":"T1","user_team":"T1",` + file + `}`, "C1/10.1/F1 by mention"},
		{"a sister workspace", grid, false, `{"type":"message","team":"T3","user_team":"T3",` + file + `}`, "C1/10.1/F1 if they are ours by mention"},
		{"the organisation", grid, false, `{"type":"message","team":"T3","user_team":"E1","source_team":"E1",` + file + `}`, "C1/10.1/F1 by mention"},
		{"an outsider of an organisation", grid, false, `{"type":"message","team":"T9",` + file + `}`, "C1/10.1/F1 if they are ours by mention"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := testIntake
			in.workspace, in.AllowExternal = tt.workspace, tt.everyone
			var got []string
			e := in.tasksOf(parseEvent(t, `"is_ext_shared_channel":true`, tt.event))
			for _, in := range e.Intents {
				got = append(got, e.inWords(in))
			}
			if s := strings.Join(got, ", "); s != tt.want {
				t.Errorf("got %q, want %q", s, tt.want)
			}
		})
	}
	for shared, stranger := range map[string]bool{"true": true, "false": false} {
		asks := testIntake.tasksOf(parseEvent(t, `"is_ext_shared_channel":`+shared, reaction))
		if len(asks.Intents) != 1 || asks.Intents[0].Search.CheckExternal != stranger {
			t.Errorf("shared %s: %+v", shared, asks)
		}
	}
}

func parseEvent(t *testing.T, more, event string) slackevents.EventsAPIEvent {
	t.Helper()
	parsed, err := slackevents.ParseEvent(json.RawMessage(`{"type":"event_callback","team_id":"T1",`+more+`,"event":`+event+`}`), slackevents.OptionNoVerifyToken())
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

var testIntake = intake{
	identity{self: "UBOT", workspace: ask.Workspace{Team: "T1"}}, Access{Reaction: "page_facing_up", Denied: []string{"CNO"}},
}

// inWords is one of the event's intents in short.
func (e eventTasks) inWords(a intent) (s string) {
	var mode ocr.Mode
	switch {
	case a.Ask != nil:
		var files []string
		for _, f := range a.Ask.Files {
			files = append(files, f.Slack.ID)
		}
		s, mode = a.Ask.Channel+"/"+a.Ask.Root+"/"+strings.Join(files, "+"), a.Ask.Mode
	case a.Search != nil && a.Search.Message != nil:
		s = "find message " + a.Search.Message.Channel + "/" + a.Search.Message.TS
	case a.Search != nil:
		s, mode = "find "+a.Search.Channel+"/"+a.Search.Thread, a.Search.Mode
	case a.Notice != nil:
		s = a.Notice.Topic + " " + a.Notice.Channel + "/" + a.Notice.Root
		if a.Notice.Ephemeral {
			s += " privately"
		}
		if a.Fallback {
			s += " or else"
		}
	case a.Deletion != nil && a.Deletion.File != "":
		s = "forget file " + a.Deletion.File
	default:
		s = fmt.Sprint("forget ", a.Deletion.Channel, "/", a.Deletion.TS, " ", a.Deletion.Files)
		if a.Deletion.Root != a.Deletion.TS {
			s += " in " + a.Deletion.Root
		}
	}
	if mode.String() != "markdown" {
		s += " " + mode.String()
	}
	if e.CheckExternal {
		s += " if they are ours"
	}
	if a.trigger == byMention {
		s += " by mention"
	}
	if a.trigger == explicitly && a.Ask != nil {
		s += " always"
	}
	if a.Search != nil && a.Search.Silent {
		s += " quietly"
	}
	return s
}

func FuzzIntake(f *testing.F) {
	f.Add(`{"type":"message","channel":"C1","user":"U1","ts":"1.1","files":[{"id":"F1","mimetype":"image/png"}]}`)
	f.Fuzz(func(t *testing.T, event string) {
		parsed, err := slackevents.ParseEvent(json.RawMessage(`{"type":"event_callback","event":`+event+`}`), slackevents.OptionNoVerifyToken())
		if err != nil {
			return
		}
		e := testIntake.tasksOf(parsed)
		for _, in := range e.Intents {
			record := in.record()
			if record.Person == "UBOT" || in.Deletion == nil && (record.Person == "" || record.Thread == "") {
				t.Errorf("an ask that nobody made: %s", e.inWords(in))
			}
		}
	})
}
