package slackjson

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"slackocr/bot/localslack"
)

const (
	image = `{"id":"F1","name":"a.png","mimetype":"image/png","mode":"hosted","size":7,"url_private":"https://files.slack.com/a","shares":{"public":{"C1":[{"ts":"1.1","reply_users":7}]}}}`
	odd   = `{"id":7,"name":["x"]}`
)

// oddMessage is a message that slack-go cannot decode, with what the bot reads.
func oddMessage() string {
	return `{"type":"message","user":"U1","ts":"1.1","thread_ts":"1.0","text":"hello","reply_count":"3",
		"files":[` + odd + `,` + image + `,"F2"],"blocks":` + string(localslack.OddBlocks()) + `,
		"attachments":` + strings.TrimSuffix(string(localslack.OddAttachments()), "]") + `,{"is_share":true,"files":[` + image + `]}],
		"metadata":{"event_type":"slackocr_post","event_payload":{"key":"k"}}}`
}

func checkMessage(t *testing.T, m slack.Msg) {
	t.Helper()
	if m.User != "U1" || m.Timestamp != "1.1" || m.ThreadTimestamp != "1.0" || m.Text != "hello" || m.Metadata.EventPayload["key"] != "k" {
		t.Errorf("the message is %+v", m)
	}
	var ids []string
	for _, f := range m.Files {
		ids = append(ids, f.ID)
	}
	for _, a := range m.Attachments {
		for _, f := range a.Files {
			ids = append(ids, f.ID)
		}
	}
	if got := strings.Join(ids, " "); got != " F1 F1" && got != "F1 F1" {
		t.Errorf("its files are %q", got)
	}
}

func TestOddMessages(t *testing.T) {
	list := `{"ok":true,"messages":[` + oddMessage() + `,"odd",7,` + oddMessage() + `],"has_more":true,"response_metadata":{"next_cursor":"c"}}`
	var answer struct {
		slack.SlackResponse
		Messages []slack.Message
		HasMore  bool `json:"has_more"`
	}
	if json.Unmarshal([]byte(list), &answer) == nil {
		t.Fatal("slack-go decodes it by itself")
	}
	if err := json.Unmarshal(reduceResponse([]byte(list)), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Messages) != 2 || !answer.Ok || !answer.HasMore || answer.ResponseMetadata.Cursor != "c" {
		t.Fatalf("%d messages: %+v", len(answer.Messages), answer.SlackResponse)
	}
	for _, m := range answer.Messages {
		checkMessage(t, m.Msg)
	}
}

func TestOddEvents(t *testing.T) {
	for name, event := range map[string]string{
		"a message":         `{"channel":"C1",` + strings.TrimPrefix(oddMessage(), "{"),
		"an edited message": `{"type":"message","subtype":"message_changed","channel":"C1","message":` + oddMessage() + `,"previous_message":` + oddMessage() + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			payload := []byte(`{"type":"event_callback","team_id":"T1","is_ext_shared_channel":true,"event":` + event + `}`)
			if _, err := slackevents.ParseEvent(payload, slackevents.OptionNoVerifyToken()); err == nil {
				t.Fatal("slack-go decodes it by itself")
			}
			got, err := slackevents.ParseEvent(ReducePayload(payload), slackevents.OptionNoVerifyToken())
			if err != nil {
				t.Fatal(err)
			}
			m, ok := got.InnerEvent.Data.(*slackevents.MessageEvent)
			if !ok || m.Channel != "C1" || !got.IsExtSharedChannel {
				t.Fatalf("the event is %+v", got)
			}
			checkMessage(t, *m.Message)
		})
	}
}

func TestOddInteractions(t *testing.T) {
	payload := []byte(`{"type":"message_action","callback_id":"extract","trigger_id":"t","response_url":"https://hooks.slack.com/x",
		"user":{"id":"U1","team_id":"T1","color":36},"channel":{"id":"C1","name":"general"},"message":` + oddMessage() + `,
		"view":{"id":"V1","callback_id":"upload","private_metadata":"{}","blocks":` + string(localslack.OddBlocks()) + `,
			"state":{"values":{"files":{"files":{"type":"file_input","files":[` + odd + `,` + image + `]}},"mode":{"mode":{"type":"static_select","selected_option":{"value":"text","text":7}}}}}}}`)
	var c slack.InteractionCallback
	if json.Unmarshal(payload, &c) == nil {
		t.Fatal("slack-go decodes it by itself")
	}
	c = slack.InteractionCallback{}
	if err := json.Unmarshal(ReducePayload(payload), &c); err != nil {
		t.Fatal(err)
	}
	if c.Type != slack.InteractionTypeMessageAction || c.CallbackID != "extract" || c.TriggerID != "t" || c.ResponseURL == "" ||
		c.User.ID != "U1" || c.User.TeamID != "T1" || c.Channel.ID != "C1" || c.View.CallbackID != "upload" {
		t.Errorf("the shortcut is %+v", c)
	}
	checkMessage(t, c.Message.Msg)
	values := c.View.State.Values
	if files := values["files"]["files"].Files; len(files) == 0 || files[len(files)-1].ID != "F1" || values["mode"]["mode"].SelectedOption.Value != "text" {
		t.Errorf("the window is %+v", values)
	}
}

// TestWhatIsReadStays: nothing that the bot reads of a sound answer is cut away.
func TestWhatIsReadStays(t *testing.T) {
	for _, answer := range []string{
		`{"channel":"C1","message_ts":"2.2","ok":true,"ts":"1.1"}`,
		`{"error":"missing_scope","needed":"files:read","ok":false,"provided":"chat:write"}`,
		`{"channel":{"id":"C1","is_archived":false,"is_im":false,"is_member":true},"ok":true}`,
		`{"members":["U1"],"ok":true,"response_metadata":{"next_cursor":"c"}}`,
		`{"ok":true,"user":{"enterprise_user":{"enterprise_id":"E1","id":"W1","teams":["T1"]},"id":"U1","is_bot":false,"is_stranger":true,"team_id":"T1"}}`,
		`{"bot_id":"B1","enterprise_id":"E1","is_enterprise_install":true,"ok":true,"team":"Acme","team_id":"T1","url":"https://acme.slack.com/","user":"ocr","user_id":"U1"}`,
		`{"file_id":"F1","ok":true,"upload_url":"https://files.slack.com/upload"}`,
		`{"file":{"channels":["C1"],"groups":[],"id":"F1","ims":[],"is_external":false,"shares":{"private":{"C1":[{"ts":"1.1"}]}},"size":7},"ok":true}`,
	} {
		if got := string(reduceResponse([]byte(answer))); got != answer {
			t.Errorf("%s\nbecomes\n%s", answer, got)
		}
	}
	for _, other := range []string{"", "OK - 7", "[]", `"x"`, "<html>"} {
		if got := string(reduceResponse([]byte(other))); got != other {
			t.Errorf("%q becomes %q", other, got)
		}
	}
}

// cut is a server whose answers break off.
type cut string

func (c cut) RoundTrip(r *http.Request) (*http.Response, error) {
	body := io.MultiReader(strings.NewReader(string(c)), broken{})
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(body), Request: r}, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestAnswersThatBreakOff: a write that was carried out counts, half of a list does not.
func TestAnswersThatBreakOff(t *testing.T) {
	api := func(answer string) *slack.Client {
		return slack.New("xoxb-1", slack.OptionHTTPClient(Client{HTTP: &http.Client{Transport: cut(answer)}}))
	}
	const answer = `{"ok":true,"channel":"C1","ts":"1.1","message":{"text":"half of`
	if _, ts, _, err := api(answer).SendMessageContext(t.Context(), "C1", slack.MsgOptionText("x", false)); err != nil || ts != "1.1" {
		t.Errorf("posted at %q: %v", ts, err)
	}
	if _, _, _, err := api(`{"channel":"C1","ts":"1.1","o`).SendMessageContext(t.Context(), "C1", slack.MsgOptionText("x", false)); err == nil {
		t.Error("a write whose answer does not say ok counts")
	}
	_, err := api(`{"ok":true,"messages":[{"ts":"1.1"}],"has_`).GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: "C1"})
	if err == nil {
		t.Error("half of a list counts as all of it")
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(`{"ok":true,"messages":[` + oddMessage() + `]}`)
	f.Add(`{"ok":true,"user":{"id":7},"channel":[]}`)
	f.Fuzz(func(t *testing.T, in string) {
		if !json.Valid([]byte(in)) {
			return
		}
		for _, out := range [][]byte{reduceResponse([]byte(in)), ReducePayload(json.RawMessage(in))} {
			if !json.Valid(out) {
				t.Errorf("%s becomes %s", in, out)
			}
		}
		// slack-go decodes whatever is left.
		var answer struct {
			slack.SlackResponse
			Messages []slack.Message
			File     slack.File
			Files    []slack.File
			Members  []string
		}
		if strings.HasPrefix(strings.TrimSpace(in), "{") {
			if err := json.Unmarshal(reduceResponse([]byte(in)), &answer); err != nil {
				t.Errorf("%s: %v", in, err)
			}
			var c slack.InteractionCallback
			if err := json.Unmarshal(ReducePayload(json.RawMessage(in)), &c); err != nil {
				t.Errorf("%s as a payload: %v", in, err)
			}
		}
	})
}
