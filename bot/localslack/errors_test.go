package localslack_test

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

// TestDocumentedErrors brings about every error that the package documentation
// lists for a method, by its condition.
func TestDocumentedErrors(t *testing.T) {
	for _, tc := range errorCases {
		t.Run(tc.method+" "+tc.code, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				if got := code(tc.call(s)); got != tc.code {
					t.Fatalf("%q, want %q", got, tc.code)
				}
				calls := s.w.Calls()
				if last := calls[len(calls)-1]; tc.method != everyMethod && (last.Method != tc.method || last.Error != tc.code) {
					t.Errorf("the last call was %s: %s", last.Method, last.Error)
				}
			})
		})
	}
}

// Every error that the documentation calls switched on comes by Fault.Error.
func TestSwitchedOnErrors(t *testing.T) {
	entries := documented(t)
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		for method, entry := range entries {
			for _, want := range entry["switch on"] {
				name := method
				if method == everyMethod {
					name = "users.info"
				}
				clear := s.w.Fail(localslack.Fault{Method: name, Times: 1, Error: want})
				if got := s.bot(name).code(); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
				clear()
			}
		}
	})
}

// A fault of the documentation itself: an error that no test brings about, or one
// that is brought about and not documented.
func TestErrorsMatchTheDocumentation(t *testing.T) {
	entries := documented(t)
	tested := map[string]bool{}
	for _, tc := range errorCases {
		tested[tc.method+" "+tc.code] = true
		if e := entries[tc.method]; !slices.Contains(e["errors"], tc.code) && !slices.Contains(e["also"], tc.code) {
			t.Errorf("%s: %s is tested and not documented", tc.method, tc.code)
		}
	}
	for method, e := range entries {
		for _, c := range append(e["errors"], e["also"]...) {
			if !tested[method+" "+c] {
				t.Errorf("%s: %s is documented and not tested", method, c)
			}
			if slices.Contains(e["switch on"], c) {
				t.Errorf("%s: %s is documented twice", method, c)
			}
		}
	}
}

func TestEphemeralInAThread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.must(s.postEphemeral(s.channel, s.user, hello, thread(s.theirs)))
		if n := len(s.w.Ephemerals(s.user)); n != 0 {
			t.Errorf("%d shown in a thread that nobody has replied in", n)
		}
		s.must(s.say(s.channel, hello, thread(s.theirs)))
		s.must(s.postEphemeral(s.channel, s.user, hello, thread(s.theirs)))
		if n := len(s.w.Ephemerals(s.user)); n != 1 {
			t.Errorf("%d shown in a thread with replies, want 1", n)
		}
	})
}

// A file can be shared with a person, and opening a direct message again says so.
func TestDirectMessagesByUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		first := s.ok("conversations.open", "users", s.user)
		again := s.ok("conversations.open", "users", s.user)
		if str(first.body, "already_open") != "" || str(again.body, "already_open") != "true" || str(again.body, "no_op") != "true" {
			t.Errorf("opened: %v, again: %v", first.body, again.body)
		}
		if err := s.complete("channels", s.user+","+s.channel); code(err) != "" {
			t.Fatal(err)
		}
		for _, channel := range []string{str(first.body, "channel", "id"), s.channel} {
			ms := s.w.Messages(channel)
			if len(ms) == 0 || len(ms[len(ms)-1].Files) != 1 {
				t.Errorf("%s: %+v", channel, ms)
			}
		}
	})
}

// Methods that only read ignore a JSON body.
func TestReadingTakesNoJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		for method, argument := range map[string]string{
			"conversations.info": "channel", "conversations.history": "channel", "conversations.members": "channel",
		} {
			r := s.send(method, s.cred.BotToken, "application/json", `{"channel":"`+s.channel+`"}`)
			if want := "[ERROR] missing required field: " + argument; r.code() != "invalid_arguments" || !strings.Contains(strings.Join(messages(r), ""), want) {
				t.Errorf("%s: %v", method, r.body)
			}
		}
		if r := s.send("conversations.join", s.cred.BotToken, "application/json", `{"channel":"`+s.channel+`"}`); r.code() != "" {
			t.Errorf("conversations.join: %v", r.body)
		}
		if r := s.send("auth.test", s.cred.BotToken, "text/plain", "anything"); r.code() != "" {
			t.Errorf("a text: %v", r.body)
		}
	})
}

func messages(r reply) (out []string) {
	meta, _ := r.body["response_metadata"].(map[string]any)
	list, _ := meta["messages"].([]any)
	for _, m := range list {
		out = append(out, m.(string))
	}
	return out
}

// documented reads the entries of methods_doc.go: for each method what stands in
// each of its fields, without notes in brackets.
func documented(t *testing.T) map[string]map[string][]string {
	t.Helper()
	data, err := os.ReadFile("methods_doc.go")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`^//\t(every method|[a-z]+(?:\.[a-zA-Z]+)+)$`)
	field := regexp.MustCompile(`^//\t    ([a-z]+(?: [a-z]+)?):\s+(.*)$`)
	entries, method, at := map[string]map[string]string{}, "", ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\n")
		switch m, f := name.FindStringSubmatch(line), field.FindStringSubmatch(line); {
		case m != nil:
			method = m[1]
			entries[method] = map[string]string{}
		case method == "" || !strings.HasPrefix(line, "//\t    "):
			method = ""
		case f != nil:
			at = f[1]
			entries[method][at] = f[2]
		default:
			entries[method][at] += " " + strings.TrimSpace(strings.TrimPrefix(line, "//"))
		}
	}
	notes := regexp.MustCompile(`\s*\([^)]*\)`)
	out := map[string]map[string][]string{}
	for method, fields := range entries {
		out[method] = map[string][]string{}
		for name, text := range fields {
			out[method][name] = strings.Split(notes.ReplaceAllString(text, ""), ", ")
		}
	}
	return out
}

// Every method has an entry, every entry is a method, and every error that the
// methods' files name stands in the documentation.
func TestDocumentationIsWhole(t *testing.T) {
	entries := documented(t)
	table, err := os.ReadFile("api.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"([a-zA-Z.]+)": +\{run:`).FindAllStringSubmatch(string(table), -1) {
		if len(entries[m[1]]["takes"]) == 0 || len(entries[m[1]]["limits"]) == 0 {
			t.Errorf("%s has no whole entry", m[1])
		}
	}
	doc, err := os.ReadFile("methods_doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		"api.go", "apps.go", "people.go", "chat.go", "conversations.go",
		"filesapi.go", "reactions.go", "views.go", "internal/blockkit/blocks.go", "internal/webapi/args.go",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\bErr\("([a-z_]+)"`).FindAllStringSubmatch(string(text), -1) {
			if !regexp.MustCompile(`\b`+m[1]+`\b`).Match(doc) && m[1] != "invalid_ts_" { // built: invalid_ts_oldest, invalid_ts_latest
				t.Errorf("%s: %s is not documented", file, m[1])
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		for method := range entries {
			if method != everyMethod && s.bot(method).code() == "unknown_method" {
				t.Errorf("%s is documented and does not exist", method)
			}
		}
	})
}

// scene is a world with what the calls of errorCases need.
type scene struct {
	*world
	mine, theirs             string // messages of the app and of the person
	public, secret, archived string // the app is in the last one alone
	private                  string // and in this one
}

func newScene(t *testing.T) *scene {
	s := &scene{world: newWorld(t)}
	s.public = s.w.AddChannel("public", false, s.user)
	s.secret = s.w.AddChannel("secret", true, s.user)
	s.private = s.w.AddChannel("private", true, s.user, s.cred.BotUserID)
	s.archived = s.w.AddChannel("old", false, s.user, s.cred.BotUserID)
	s.theirs = s.post(localslack.Post{Text: "hers"})
	s.mine = s.said("mine")
	return s
}

// codeError is the error of a raw call.
type codeError string

func (e codeError) Error() string { return string(e) }

// raw is a call that slack-go cannot make.
func (s *scene) raw(method string, kv ...string) error {
	s.t.Helper()
	return codeError(s.bot(method, kv...).code())
}

func (s *scene) body(method, contentType, body string) error {
	s.t.Helper()
	return codeError(s.send(method, s.cred.BotToken, contentType, body).code())
}

// code is the Slack error in err.
func code(err error) string {
	if e, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[codeError](err); ok {
		return string(e)
	}
	if _, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return "ratelimited"
	}
	return ""
}

type opt = slack.MsgOption

var (
	hello    = slack.MsgOptionText("hello", false)
	markdown = func(n int) opt { return slack.MsgOptionMarkdownText(strings.Repeat("x", n)) }
	thread   = slack.MsgOptionTS
	metadata = func(m string) []string { return []string{"text", "x", "metadata", m} }
	manyAtts = func() opt {
		return slack.MsgOptionAttachments(make([]slack.Attachment, 101)...)
	}
	badBlock  = slack.MsgOptionBlocks(slack.NewSectionBlock(nil, nil, nil))
	longBlock = slack.MsgOptionBlocks(slack.NewMarkdownBlock("", bulk(6_001)), slack.NewMarkdownBlock("", bulk(6_001)))
)

func (s *scene) say(channel string, o ...opt) error {
	_, _, err := s.api.PostMessageContext(s.t.Context(), channel, o...)
	return err
}

func (s *scene) postEphemeral(channel, user string, o ...opt) error {
	_, err := s.api.PostEphemeralContext(s.t.Context(), channel, user, o...)
	return err
}

func (s *scene) edit(channel, ts string, o ...opt) error {
	_, _, _, err := s.api.UpdateMessageContext(s.t.Context(), channel, ts, o...)
	return err
}

func (s *scene) take(channel, ts string) error {
	_, _, err := s.api.DeleteMessageContext(s.t.Context(), channel, ts)
	return err
}

func (s *scene) link(channel, ts string) error {
	_, err := s.api.GetPermalinkContext(s.t.Context(), &slack.PermalinkParameters{Channel: channel, Ts: ts})
	return err
}

func (s *scene) history(p slack.GetConversationHistoryParameters) error {
	_, err := s.api.GetConversationHistoryContext(s.t.Context(), &p)
	return err
}

func (s *scene) repliesOf(p slack.GetConversationRepliesParameters) error {
	_, _, _, err := s.api.GetConversationRepliesContext(s.t.Context(), &p)
	return err
}

func (s *scene) open(p slack.OpenConversationParameters) error {
	_, _, _, err := s.api.OpenConversationContext(s.t.Context(), &p)
	return err
}

func (s *scene) conversationsOf(p slack.GetConversationsForUserParameters) error {
	_, _, err := s.api.GetConversationsForUserContext(s.t.Context(), &p)
	return err
}

func (s *scene) join(channel string) error {
	_, _, _, err := s.api.JoinConversationContext(s.t.Context(), channel)
	return err
}

func (s *scene) announce(p slack.GetUploadURLExternalParameters) error {
	_, err := s.api.GetUploadURLExternalContext(s.t.Context(), p)
	return err
}

// uploaded is the id of a file that waits for its completion.
func (s *scene) uploaded() string {
	s.t.Helper()
	r, err := s.api.GetUploadURLExternalContext(s.t.Context(), slack.GetUploadURLExternalParameters{FileName: "a.png", FileSize: 1})
	s.must(err)
	s.must(s.api.UploadToURL(s.t.Context(), slack.UploadToURLParameters{UploadURL: r.UploadURL, Filename: "a.png", Content: "x"}))
	return r.FileID
}

// complete shares a new upload; kv are further arguments.
func (s *scene) complete(kv ...string) error {
	s.t.Helper()
	return s.raw("files.completeUploadExternal", append([]string{"files", `[{"id":"` + s.uploaded() + `"}]`}, kv...)...)
}

func (s *scene) info(file string) error {
	_, _, _, err := s.api.GetFileInfoContext(s.t.Context(), file, 0, 0)
	return err
}

func (s *scene) gone(file string) string {
	s.must(s.w.DeleteFile(s.user, file))
	return file
}

// react, unreact and reactions are calls for a message of the scene's channel.
func (s *scene) react(name, channel, ts string) error {
	return s.api.AddReactionContext(s.t.Context(), name, slack.NewRefToMessage(channel, ts))
}

func (s *scene) unreact(name, channel, ts string) error {
	return s.api.RemoveReactionContext(s.t.Context(), name, slack.NewRefToMessage(channel, ts))
}

func (s *scene) reactions(channel, ts string) error {
	_, err := s.api.GetReactionsContext(s.t.Context(), slack.NewRefToMessage(channel, ts), slack.GetReactionsParameters{})
	return err
}

// modal is a small window with this external_id.
func modal(external string) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: slack.NewTextBlockObject("plain_text", "T", false, false), ExternalID: external,
		Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewDividerBlock()}},
	}
}

const (
	homeView = `{"type":"home","blocks":[]}`
	hugeView = 250_001
)

// trigger is a fresh trigger_id: the person runs a command.
func (s *scene) trigger() string {
	s.t.Helper()
	c := s.dialSocket()
	done := make(chan error, 1)
	go func() { done <- s.w.Command(s.t.Context(), s.user, s.channel, "/ocr", "") }()
	e := c.next()
	c.ack(e, nil)
	s.must(<-done)
	return e.Payload.TriggerID
}

func (s *scene) window(trigger string, v slack.ModalViewRequest) error {
	_, err := s.api.OpenViewContext(s.t.Context(), trigger, v)
	return err
}

func (s *scene) push(trigger string, v slack.ModalViewRequest) error {
	_, err := s.api.PushViewContext(s.t.Context(), trigger, v)
	return err
}

func (s *scene) change(v slack.ModalViewRequest, external, hash, id string) error {
	_, err := s.api.UpdateViewContext(s.t.Context(), v, external, hash, id)
	return err
}

// late is a trigger that is older than it may be, spent one that was used.
func (s *scene) late() string {
	id := s.trigger()
	time.Sleep(3 * time.Second)
	return id
}

func (s *scene) spent() string {
	id := s.trigger()
	s.must(s.window(id, modal("")))
	return id
}

// opened is the id of a window with this external_id.
func (s *scene) opened(external string) string {
	s.must(s.window(s.trigger(), modal(external)))
	views := s.w.Views(s.user)
	return views[len(views)-1].ID
}

func bulk(n int) string { return string(bytes.Repeat([]byte("x"), n)) }

func manyUsers(s *scene, n int) (ids []string) {
	for i := range n {
		ids = append(ids, s.w.AddUser("U"+strconv.Itoa(i)))
	}
	return ids
}
