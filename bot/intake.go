package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"slackocr/bot/ask"
	"slackocr/ocr"
)

// intent is a task that an event leads to, and what it needs of the channel's habit.
type intent struct {
	task
	needs need
	spare bool // counts only where the others turn out to be nothing
}

// need is what a channel's habit has to be for an ask.
type need int

const (
	always  need = iota // it was asked for in so many words, or away from channels
	mention             // by a mention of the bot
	posting             // by nothing but posting
)

// intake reads off events what they ask for. It is pure: what the asks need from
// elsewhere is looked up later.
type intake struct {
	self     string // the bot's own user
	team     string
	reaction string                    // the emoji that asks; "" for none
	external bool                      // people of other workspaces may ask
	allowed  func(channel string) bool // the bot may work there
}

// asks are what an event asks for.
func (i intake) asks(event slackevents.EventsAPIEvent) []intent {
	switch e := event.InnerEvent.Data.(type) {
	case *slackevents.MessageEvent:
		if gone := i.gone(e); gone != nil {
			return []intent{{task: task{Forget: gone}}}
		}
		if !posted(e.SubType) || e.Message == nil || e.Message.Hidden || e.BotID != "" || e.Message.BotID != "" {
			return nil
		}
		return i.message(message{
			channel: e.Channel, ts: e.TimeStamp, thread: e.ThreadTimeStamp, person: e.User, team: cmp.Or(e.UserTeam, e.SourceTeam),
			text: e.Text, files: e.Message.Files,
		})
	case *slackevents.AppMentionEvent:
		// The message event of the same post says all of this too, and more
		// where this one comes without the files.
		if e.BotID != "" || e.Edited != nil || len(e.Files) == 0 {
			return nil
		}
		return i.message(message{
			channel: e.Channel, ts: e.TimeStamp, thread: e.ThreadTimeStamp, person: e.User, team: cmp.Or(e.UserTeam, e.SourceTeam),
			text: e.Text, files: e.Files,
		})
	case *slackevents.ReactionAddedEvent:
		return i.reacted(e)
	case *slackevents.FileDeletedEvent:
		if e.FileID != "" {
			return []intent{{task: task{Forget: &Gone{File: e.FileID}}}}
		}
	}
	return nil
}

// posted tells a person's new message from edits, deletions, joins, bots'
// posts and the like.
// https://docs.slack.dev/reference/events/message#subtypes
func posted(subtype string) bool {
	return subtype == "" || subtype == "file_share" || subtype == "thread_broadcast"
}

// slackbot tells a bot in a direct message that it was removed from a channel.
const slackbot = "USLACKBOT"

// message is a person's new message.
type message struct {
	channel, ts, thread, person string
	team                        string // of the person, where Slack tells
	text                        string
	files                       []slack.File
}

func (i intake) message(m message) []intent {
	if m.channel == "" || m.ts == "" || m.person == "" || m.person == i.self || m.person == slackbot || !i.allowed(m.channel) || i.foreign(m.team) {
		return nil
	}
	named := "<@" + i.self + ">"
	mentioned := strings.Contains(m.text, named)
	words := strings.TrimSpace(strings.ReplaceAll(m.text, named, " "))
	mode, isMode := ocr.ParseMode(words)
	if strings.EqualFold(words, "again") {
		mode, isMode = ocr.Mode{Kind: ocr.Markdown}, true
	}
	needs := posting
	switch {
	case ask.Direct(m.channel):
		needs = always
	case mentioned:
		needs = mention
	}
	asks := m.reads(mode, needs)
	switch {
	case m.thread != "" && (mentioned || isMode):
		// Its files may be those of the thread's first message once more.
		asks = append(asks, intent{needs: min(needs, mention), spare: len(asks) > 0, task: task{Find: &Find{
			Channel: m.channel, Ask: m.ts, Person: m.person, Mode: mode, Thread: m.thread, Quiet: !mentioned,
		}}})
	case len(asks) == 0 && (mentioned || ask.Direct(m.channel) && m.thread == ""):
		asks = []intent{{task: task{Say: &Notice{
			Channel: m.channel, Root: m.answerIn(), Ask: m.ts, Person: m.person, Topic: "use",
			Words: wordsUse(ask.Direct(m.channel)),
		}}}}
	}
	return asks
}

// answerIn is the thread in which a message of nothing but words is answered. In direct
// messages none is opened for that.
func (m message) answerIn() string {
	if ask.Direct(m.channel) {
		return m.thread
	}
	return cmp.Or(m.thread, m.ts)
}

// reads asks for the pictures of a post, and where the person meant the bot for
// every other file too. A post with more files than one ask may have makes several.
func (m message) reads(mode ocr.Mode, needs need) (intents []intent) {
	var files []ask.File
	for _, file := range ask.Distinct(m.files) {
		if needs == posting && (!ask.Picture(file) || !ask.Usual(file)) || !ask.Picture(file) && file.ID == "" {
			continue
		}
		files = append(files, ask.File{Slack: ask.Slim(file), Source: ask.MessageRef{Channel: m.channel, TS: m.ts}})
	}
	key := ask.KeyOf(m.channel, m.ts, mode)
	for part := range slices.Chunk(ask.Number(files), ask.MaxFiles) {
		a := ask.Ask{
			Key: key, Channel: m.channel, Origin: m.ts, Root: cmp.Or(m.thread, m.ts), Person: m.person,
			Files: part, Mode: mode, Explicit: needs != posting,
		}
		if n := len(intents); n > 0 {
			a.Key += fmt.Sprintf("/%d", n+1)
		}
		intents = append(intents, intent{needs: needs, task: task{Ask: &a}})
	}
	return intents
}

// reacted asks for the files of a message that somebody marked.
func (i intake) reacted(e *slackevents.ReactionAddedEvent) []intent {
	if i.reaction == "" || e.Reaction != i.reaction || e.Item.Type != "message" || e.User == "" || e.User == i.self ||
		e.Item.Channel == "" || e.Item.Timestamp == "" || !i.allowed(e.Item.Channel) {
		return nil
	}
	return []intent{{task: task{Find: &Find{
		Channel: e.Item.Channel, Ask: e.Item.Timestamp, Person: e.User, Quiet: true, Stranger: !i.external,
		Message: &ask.MessageRef{Channel: e.Item.Channel, TS: e.Item.Timestamp},
	}}}}
}

// gone is what a message event says was deleted, or nil. A deleted message that
// has replies does not come as message_deleted: it becomes a tombstone
// (https://github.com/openclaw/openclaw/pull/22035).
func (i intake) gone(e *slackevents.MessageEvent) *Gone {
	old := e.PreviousMessage
	ts := e.DeletedTimeStamp
	if e.SubType == "message_changed" && e.Message != nil && e.Message.SubType == "tombstone" {
		ts = e.Message.Timestamp
	} else if e.SubType != "message_deleted" {
		return nil
	}
	if ts == "" && old != nil {
		ts = old.Timestamp
	}
	if e.Channel == "" || ts == "" || old != nil && old.User == i.self {
		return nil
	}
	g := &Gone{Channel: e.Channel, TS: ts, Root: ts}
	if old != nil {
		g.Root = cmp.Or(old.ThreadTimestamp, ts)
		for _, f := range ask.Distinct(old.Files) {
			g.Files = append(g.Files, f.ID)
		}
	}
	return g
}

// foreign reports whether somebody of that workspace may not ask.
// https://docs.slack.dev/apis/slack-connect
func (i intake) foreign(team string) bool {
	return !i.external && team != "" && i.team != "" && team != i.team
}
