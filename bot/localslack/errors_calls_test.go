package localslack_test

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

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

func (s *scene) whisper(channel, user string, o ...opt) error {
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
