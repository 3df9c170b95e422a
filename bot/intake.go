package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"slackocr/bot/ask"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// intent is a task that an event leads to, and what it needs of the channel's habit.
type intent struct {
	task
	needs   need
	spare   bool // counts only where the others turn out to be nothing
	carried bool // a thread reply may only carry the files of the thread's first message again
	unknown bool // Slack has to be asked whether the person may ask
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
	house    ask.House
	reaction string                    // the emoji that asks; "" for none
	external bool                      // people of other workspaces may ask
	allowed  func(channel string) bool // the bot may work there
}

// asks are what an event asks for.
func (i intake) asks(event slackevents.EventsAPIEvent) []intent {
	// In a conversation that is shared with no other workspace nobody is foreign.
	i.external = i.external || !event.IsExtSharedChannel
	switch e := event.InnerEvent.Data.(type) {
	case *slackevents.MessageEvent:
		if gone := i.gone(e); gone != nil {
			return []intent{{task: task{Forget: gone}}}
		}
		if e.SubType == "message_changed" {
			return i.edited(e)
		}
		if !posted(e.SubType) || e.Message == nil || e.Message.Hidden || e.BotID != "" || e.Message.BotID != "" {
			return nil
		}
		return i.message(message{
			channel: e.Channel, ts: e.TimeStamp, thread: e.ThreadTimeStamp, person: e.User,
			// Of people of other workspaces there is team alone.
			team: cmp.Or(e.UserTeam, e.SourceTeam, e.Message.Team),
			text: e.Text, files: e.Message.Files,
		})
	case *slackevents.AppMentionEvent:
		// The message event of the same post says all of this too, and more
		// where this one comes without the files. Its team is the bot's own.
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

// edited asks for what a message says now, if the edit has added a mention of the
// bot. What it asked for before has the same key, and is not done again.
func (i intake) edited(e *slackevents.MessageEvent) []intent {
	now, old := e.Message, e.PreviousMessage
	if now == nil || old == nil || now.Edited == nil || !posted(now.SubType) || now.Hidden || now.BotID != "" {
		return nil
	}
	_, before := ask.Address(old.Text, i.self)
	if _, after := ask.Address(now.Text, i.self); before || !after {
		return nil
	}
	return i.message(message{
		channel: e.Channel, ts: now.Timestamp, thread: now.ThreadTimestamp, person: now.User, team: now.Team,
		text: now.Text, files: now.Files,
	})
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
	if m.channel == "" || m.ts == "" || m.person == "" || m.person == i.self || m.person == slackbot || !i.allowed(m.channel) {
		return nil
	}
	belongs := ask.Ours
	if !i.external {
		belongs = i.house.Of(m.team)
	}
	if belongs == ask.Foreign {
		return nil
	}
	asks := i.said(m)
	for j := range asks {
		asks[j].unknown = belongs == ask.Unknown
	}
	return asks
}

// said is what a message asks for by its files and words. Talk asks for nothing,
// whether it mentions the bot or not.
func (i intake) said(m message) []intent {
	text, mentioned := ask.Address(m.text, i.self)
	direct := ask.Direct(m.channel)
	talk, mode := understand(text, mentioned, direct)
	needs := posting
	switch {
	case direct:
		needs = always
	case mentioned:
		needs = mention
	}
	asks := m.reads(mode, needs)
	if talk == ask.Read && m.thread != "" {
		return append(asks, intent{needs: min(needs, mention), spare: len(asks) > 0, task: task{Find: &Find{
			Channel: m.channel, Ask: m.ts, Person: m.person, Mode: mode, Thread: m.thread, Quiet: !mentioned,
		}}})
	}
	n := m.help(talk, mentioned)
	if n == nil || n.Topic == "use" && len(asks) > 0 && m.thread == "" {
		return asks
	}
	return append(asks, intent{spare: n.Topic == "use" && len(asks) > 0, task: task{Say: n}})
}

// understand reads the words of a message. In a direct message they are meant for
// the bot, mentioned or not; elsewhere a mode that does not mention it has to stand
// alone.
func understand(text string, mentioned, direct bool) (ask.Talk, ocr.Mode) {
	if mentioned || direct && text != "" {
		return ask.Understand(text)
	}
	if mode, ok := ask.ParseMode(text); ok {
		return ask.Read, mode
	}
	return ask.Chat, ocr.Mode{}
}

// help is a word for whoever spoke to the bot and asked for nothing that it knows,
// or nil. In a channel that person alone sees it. In a direct message it stands, and
// ends no talk in a thread.
func (m message) help(talk ask.Talk, mentioned bool) *Notice {
	direct := ask.Direct(m.channel)
	n := &Notice{Channel: m.channel, Root: m.thread, Ask: m.ts, Person: m.person, Topic: "use", Only: !direct, Words: words.HowToUse(direct)}
	switch {
	case talk == ask.Mistyped && (mentioned || direct):
		n.Topic, n.Words = "modes", words.UnknownMode
	case !mentioned && (!direct || m.thread != ""):
		return nil
	case talk == ask.Chat && m.thread != "":
		n.Words = words.OnlyTalk
	}
	return n
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
		intents = append(intents, intent{needs: needs, carried: m.carries(part), task: task{Ask: &a}})
	}
	return intents
}

// carries reports whether one of the files may be one of the thread's first message. A
// file that was made later is none of them.
func (m message) carries(files []ask.File) bool {
	if m.thread == "" || m.thread == m.ts {
		return false
	}
	seconds, _, _ := strings.Cut(m.thread, ".")
	begun, _ := strconv.ParseInt(seconds, 10, 64) // of what is no timestamp nothing is known
	return slices.ContainsFunc(m.files, func(f slack.File) bool {
		return int64(f.Created) <= begun && slices.ContainsFunc(files, func(g ask.File) bool { return f.ID == g.Slack.ID })
	})
}

// reacted asks for the files of a message that somebody marked.
func (i intake) reacted(e *slackevents.ReactionAddedEvent) []intent {
	if i.reaction == "" || e.Reaction != i.reaction || e.Item.Type != "message" || e.User == "" || e.User == i.self ||
		e.Item.Channel == "" || e.Item.Timestamp == "" || !i.allowed(e.Item.Channel) {
		return nil
	}
	return []intent{{task: task{Find: &Find{
		Channel: e.Item.Channel, Ask: e.Item.Timestamp, Person: e.User, Quiet: true, Stranger: !i.external, // reactions do not say where their person belongs
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
