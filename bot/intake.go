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

// intent is a task of an event, with the conditions that still have to be
// checked.
type intent struct {
	task
	trigger       trigger
	fallback      bool // counts only if no other intent of the event counts
	mayRepeat     bool // a thread reply may only repeat the files of the thread's first message
	checkExternal bool // Slack must be asked whether the person may ask
}

// trigger says why files are to be read. A channel's mode may rule a trigger
// out.
type trigger int

const (
	explicitly trigger = iota // a command, a button, or outside channels
	byMention                 // asked for by a mention of the bot
	byPost                    // only posted
)

// intake turns events into intents. An intake is pure: conditions that need
// Slack or the store are checked later.
type intake struct {
	self     string // the bot's own user
	house    ask.House
	reaction string                    // the emoji that asks, or ""
	external bool                      // people of other workspaces may ask
	allowed  func(channel string) bool // the bot may work there
}

// intentsOf returns the intents of an event.
func (i intake) intentsOf(event slackevents.EventsAPIEvent) []intent {
	// Without other workspaces in the conversation, nobody is foreign.
	i.external = i.external || !event.IsExtSharedChannel
	switch e := event.InnerEvent.Data.(type) {
	case *slackevents.MessageEvent:
		if gone := i.deletion(e); gone != nil {
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
			return []intent{{task: task{Forget: &Deletion{File: e.FileID}}}}
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

// posted reports whether a subtype is that of a person's new message, rather
// than an edit, a deletion, a join or a bot's post.
// https://docs.slack.dev/reference/events/message#subtypes
func posted(subtype string) bool {
	return subtype == "" || subtype == "file_share" || subtype == "thread_broadcast"
}

// slackbot sends a direct message to a bot that was removed from a channel.
const slackbot = "USLACKBOT"

// message is a person's new message.
type message struct {
	channel, ts, thread, person string
	team                        string // team of the person, if known
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
	asks := i.intents(m)
	for j := range asks {
		asks[j].checkExternal = belongs == ask.Unknown
	}
	return asks
}

// intents returns the intents of a message's files and words. Talk has no intent,
// with or without a mention.
func (i intake) intents(m message) []intent {
	text, mentioned := ask.Address(m.text, i.self)
	direct := ask.Direct(m.channel)
	talk, mode := understand(text, mentioned, direct)
	needs := byPost
	switch {
	case direct:
		needs = explicitly
	case mentioned:
		needs = byMention
	}
	asks := m.reads(mode, needs)
	if talk == ask.Read && m.thread != "" {
		return append(asks, intent{trigger: min(needs, byMention), fallback: len(asks) > 0, task: task{Find: &Find{
			Channel: m.channel, Origin: m.ts, Person: m.person, Mode: mode, Target: Target{Thread: m.thread}, Silent: !mentioned,
		}}})
	}
	n := m.help(talk, mentioned)
	if n == nil || n.Topic == "use" && len(asks) > 0 && m.thread == "" {
		return asks
	}
	return append(asks, intent{fallback: n.Topic == "use" && len(asks) > 0, task: task{Say: n}})
}

// understand parses the words of a message. In a direct message all words are
// meant for the bot; elsewhere a mode without a mention must stand alone.
func understand(text string, mentioned, direct bool) (ask.Talk, ocr.Mode) {
	if mentioned || direct && text != "" {
		return ask.Understand(text)
	}
	if mode, ok := ask.ParseMode(text); ok {
		return ask.Read, mode
	}
	return ask.Chat, ocr.Mode{}
}

// help returns a notice for a person whose words to the bot ask for nothing
// known, or nil. In a channel only that person sees the notice. In a direct
// message the notice is an ordinary message, but not in a thread.
func (m message) help(talk ask.Talk, mentioned bool) *Notice {
	direct := ask.Direct(m.channel)
	n := &Notice{Channel: m.channel, Root: m.thread, Origin: m.ts, Person: m.person, Topic: "use", Ephemeral: !direct, Text: words.HowToUse(direct)}
	switch {
	case talk == ask.Mistyped && (mentioned || direct):
		n.Topic, n.Text = "modes", words.UnknownMode
	case !mentioned && (!direct || m.thread != ""):
		return nil
	case talk == ask.Chat && m.thread != "":
		n.Text = words.OnlyTalk
	}
	return n
}

// reads returns intents to read the pictures of a post, and every other file
// if the person mentioned the bot. A post with more than ask.MaxFiles files
// has several intents.
func (m message) reads(mode ocr.Mode, needs trigger) (intents []intent) {
	var files []ask.File
	for _, file := range ask.Distinct(m.files) {
		if needs == byPost && (!ask.Picture(file) || !ask.Usual(file)) || !ask.Picture(file) && file.ID == "" {
			continue
		}
		files = append(files, ask.File{Slack: ask.Slim(file), Source: ask.MessageRef{Channel: m.channel, TS: m.ts}})
	}
	key := ask.KeyOf(m.channel, m.ts, mode)
	for part := range slices.Chunk(ask.Number(files), ask.MaxFiles) {
		a := ask.Ask{
			Key: key, Channel: m.channel, Origin: m.ts, Root: cmp.Or(m.thread, m.ts), Person: m.person,
			Files: part, Mode: mode, Explicit: needs != byPost,
		}
		if n := len(intents); n > 0 {
			a.Key += fmt.Sprintf("/%d", n+1)
		}
		intents = append(intents, intent{trigger: needs, mayRepeat: m.carries(part), task: task{Ask: &a}})
	}
	return intents
}

// carries reports whether one of the files may belong to the thread's first
// message. A file that was made later does not.
func (m message) carries(files []ask.File) bool {
	if m.thread == "" || m.thread == m.ts {
		return false
	}
	seconds, _, _ := strings.Cut(m.thread, ".")
	begun, _ := strconv.ParseInt(seconds, 10, 64) // without a timestamp nothing is known
	return slices.ContainsFunc(m.files, func(f slack.File) bool {
		return int64(f.Created) <= begun && slices.ContainsFunc(files, func(g ask.File) bool { return f.ID == g.Slack.ID })
	})
}

// reacted returns the intent to read the files of a message with the bot's
// reaction.
func (i intake) reacted(e *slackevents.ReactionAddedEvent) []intent {
	if i.reaction == "" || e.Reaction != i.reaction || e.Item.Type != "message" || e.User == "" || e.User == i.self ||
		e.Item.Channel == "" || e.Item.Timestamp == "" || !i.allowed(e.Item.Channel) {
		return nil
	}
	return []intent{{task: task{Find: &Find{
		Channel: e.Item.Channel, Origin: e.Item.Timestamp, Person: e.User, Silent: true, CheckExternal: !i.external, // a reaction does not name the person's workspace
		Target: Target{Message: &ask.MessageRef{Channel: e.Item.Channel, TS: e.Item.Timestamp}},
	}}}}
}

// deletion returns the deletion in a message event, or nil. A deleted message with
// replies does not come as message_deleted: the message becomes a tombstone
// (https://github.com/openclaw/openclaw/pull/22035).
func (i intake) deletion(e *slackevents.MessageEvent) *Deletion {
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
	g := &Deletion{Channel: e.Channel, TS: ts, Root: ts}
	if old != nil {
		g.Root = cmp.Or(old.ThreadTimestamp, ts)
		for _, f := range ask.Distinct(old.Files) {
			g.Files = append(g.Files, f.ID)
		}
	}
	return g
}
