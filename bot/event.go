package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// eventTasks holds the tasks of an event of Slack, with the conditions that
// still have to be checked. If only Slack can tell whether the event counts,
// all of it is stored as one job, so that events never wait for Slack's answers.
type eventTasks struct {
	Channel string
	Origin  string `json:"Ask"` // the message, or a token
	Person  string
	// CheckExternal is true if the person's workspace must be checked.
	CheckExternal bool `json:"Stranger,omitempty"`
	// Thread, unless "", may have the files in its first message already.
	Thread  string   `json:",omitempty"`
	Intents []intent `json:"Wishes"`

	private string // the thread in which the person sees private notices, or ""
}

// intent is a task of an event, with its conditions.
type intent struct {
	task
	Fallback bool `json:"Spare,omitempty"` // counts only if no other intent of the event counts
	trigger  trigger
}

// trigger is the reason to read files. A channel's AutoRead may rule a trigger
// out.
type trigger int

const (
	explicitly trigger = iota // a command, a button, or outside channels
	byMention                 // asked for by a mention of the bot
	byPost                    // only posted
)

// accept stores the tasks of an event that the limits of the person and the
// channel allow, unless they were stored before. After a failure accept returns
// false, so that Slack sends the event again. accept asks the store, and never
// Slack, since the person's other events wait.
func (b *Bot) accept(ctx context.Context, event slackevents.EventsAPIEvent) bool {
	ctx, cancel := context.WithTimeout(ctx, ackWithin-time.Second)
	defer cancel()
	var e eventTasks
	var err error
	switch data := event.InnerEvent.Data.(type) {
	case *slackevents.MemberJoinedChannelEvent:
		e, err = b.botJoined(ctx, data)
		e.CheckExternal = event.IsExtSharedChannel && !b.config.AllowExternal && data.Inviter != ""
	case *slackevents.AppHomeOpenedEvent:
		e = b.homeOpened(data)
		e.CheckExternal = event.IsExtSharedChannel && !b.config.AllowExternal
	default:
		e = b.intake.tasksOf(event)
	}
	if err == nil {
		err = b.filterByAutoRead(ctx, &e)
	}
	if err == nil {
		err = b.checkQuota(ctx, &e)
	}
	e.Intents = slices.DeleteFunc(e.Intents, func(in intent) bool { return b.tooManyTasks(in.task) }) // also notices of the two filters
	for _, t := range e.tasks() {
		if ctx.Err() != nil {
			return false // another replica handles the event, or the next process
		}
		if err == nil {
			_, err = b.enqueue(ctx, t)
		}
	}
	if err != nil {
		b.log.Error("could not store a request", "error", err)
	}
	return err == nil
}

// intake turns events into tasks. An intake is pure: conditions that need
// Slack or the store are checked later.
type intake struct {
	identity
	Access
}

// tasksOf returns the tasks of an event.
func (i intake) tasksOf(event slackevents.EventsAPIEvent) eventTasks {
	// Without other workspaces in the conversation, nobody is external.
	i.AllowExternal = i.AllowExternal || !event.IsExtSharedChannel
	switch e := event.InnerEvent.Data.(type) {
	case *slackevents.MessageEvent:
		if deletion := i.deletion(e); deletion != nil {
			return eventTasks{Intents: []intent{{task: task{Deletion: deletion}}}}
		}
		if e.Message == nil || !posted(e.SubType) && !i.mentionAdded(e) {
			return eventTasks{}
		}
		m := *e.Message
		// Of people of other workspaces there is team alone.
		m.Channel, m.Team = e.Channel, cmp.Or(e.UserTeam, e.SourceTeam, m.Team)
		return i.message(m)
	case *slackevents.AppMentionEvent:
		// The message event of the same post says all of this too, and more
		// where this one comes without the files. Its team is the bot's own.
		if e.Edited != nil || len(e.Files) == 0 {
			return eventTasks{}
		}
		return i.message(slack.Msg{
			Channel: e.Channel, Timestamp: e.TimeStamp, ThreadTimestamp: e.ThreadTimeStamp, User: e.User, BotID: e.BotID,
			Team: cmp.Or(e.UserTeam, e.SourceTeam), Text: e.Text, Files: e.Files,
		})
	case *slackevents.ReactionAddedEvent:
		return i.reacted(e)
	case *slackevents.FileDeletedEvent:
		if e.FileID != "" {
			return eventTasks{Intents: []intent{{task: task{Deletion: &Deletion{File: e.FileID}}}}}
		}
	}
	return eventTasks{}
}

// mentionAdded reports whether a person's edit has added a mention of the bot to
// a message. Such a message is taken as a new one: its earlier requests have
// the same keys, and are not done again.
func (i intake) mentionAdded(e *slackevents.MessageEvent) bool {
	now, old := e.Message, e.PreviousMessage
	if e.SubType != "message_changed" || old == nil || now.Edited == nil || !posted(now.SubType) {
		return false
	}
	_, before := ask.Address(old.Text, i.self)
	_, after := ask.Address(now.Text, i.self)
	return after && !before
}

// posted reports whether a subtype is that of a person's new message, rather
// than an edit, a deletion, a join or a bot's post.
// https://docs.slack.dev/reference/events/message#subtypes
func posted(subtype string) bool {
	return subtype == "" || subtype == "file_share" || subtype == "thread_broadcast"
}

// slackbot sends a direct message to a bot that was removed from a channel.
const slackbot = "USLACKBOT"

// message returns the tasks of a person's new message.
func (i intake) message(m slack.Msg) eventTasks {
	if m.Hidden || m.BotID != "" || m.Channel == "" || m.Timestamp == "" || m.User == "" || m.User == i.self || m.User == slackbot ||
		!i.allows(m.Channel) {
		return eventTasks{}
	}
	member := ask.Member
	if !i.AllowExternal {
		member = i.workspace.OfTeam(m.Team)
	}
	if member == ask.External {
		return eventTasks{}
	}
	e := eventTasks{
		Channel: m.Channel, Origin: m.Timestamp, Person: m.User, CheckExternal: member == ask.Unknown, Intents: i.intents(m),
	}
	if m.ThreadTimestamp != m.Timestamp {
		e.private = m.ThreadTimestamp
	}
	if mayRepeat(m) {
		e.Thread = m.ThreadTimestamp
	}
	return e
}

// intents returns the intents of a message's files and words. Talk has no intent,
// with or without a mention.
func (i intake) intents(m slack.Msg) []intent {
	text, mentioned := ask.Address(m.Text, i.self)
	direct := ask.Direct(m.Channel)
	// In a direct message all words are meant for the bot; elsewhere a mode
	// without a mention must stand alone.
	talk, mode := ask.Chat, ocr.Mode{}
	if mentioned || direct && text != "" {
		talk, mode = ask.Understand(text)
	} else if alone, ok := ask.ParseMode(text); ok {
		talk, mode = ask.Read, alone
	}
	needs := byPost
	switch {
	case direct:
		needs = explicitly
	case mentioned:
		needs = byMention
	}
	asks := reads(m, mode, needs)
	if talk == ask.Read && m.ThreadTimestamp != "" {
		return append(asks, intent{trigger: min(needs, byMention), Fallback: len(asks) > 0, task: task{Search: &Search{
			Channel: m.Channel, Origin: m.Timestamp, Person: m.User, Mode: mode, Target: Target{Thread: m.ThreadTimestamp}, Silent: !mentioned,
		}}})
	}
	n := help(m, talk, mentioned)
	if n == nil || n.Topic == "use" && len(asks) > 0 && m.ThreadTimestamp == "" {
		return asks
	}
	return append(asks, intent{Fallback: n.Topic == "use" && len(asks) > 0, task: task{Notice: n}})
}

// help returns a notice for a person whose words to the bot ask for nothing
// known, or nil. In a channel only that person sees the notice. In a direct
// message the notice is an ordinary message, but not in a thread.
func help(m slack.Msg, talk ask.Talk, mentioned bool) *Notice {
	direct := ask.Direct(m.Channel)
	n := &Notice{
		Channel: m.Channel, Root: m.ThreadTimestamp, Origin: m.Timestamp, Person: m.User, Topic: "use",
		Text: words.HowToUse(direct), Ephemeral: !direct,
	}
	switch {
	case talk == ask.Mistyped && (mentioned || direct):
		n.Topic, n.Text = "modes", words.UnknownMode
	case !mentioned && (!direct || m.ThreadTimestamp != ""):
		return nil
	case talk == ask.Chat && m.ThreadTimestamp != "":
		n.Text = words.OnlyTalk
	}
	return n
}

// reads returns intents to read the pictures of a post, and every other file
// if the person mentioned the bot. A post with more than ask.MaxFiles files
// has several intents.
func reads(m slack.Msg, mode ocr.Mode, needs trigger) (intents []intent) {
	var files []ask.File
	for _, file := range ask.Distinct(m.Files) {
		if needs == byPost && (!ask.Picture(file) || !ask.ReadUnasked(file)) || !ask.Picture(file) && file.ID == "" {
			continue
		}
		files = append(files, ask.File{Slack: ask.Slim(file), Source: ask.MessageRef{Channel: m.Channel, TS: m.Timestamp}})
	}
	key := ask.KeyOf(m.Channel, m.Timestamp, mode)
	for part := range slices.Chunk(ask.Number(files), ask.MaxFiles) {
		a := ask.Ask{
			Key: key, Channel: m.Channel, Origin: m.Timestamp, Root: cmp.Or(m.ThreadTimestamp, m.Timestamp), Person: m.User,
			Files: part, Mode: mode, Explicit: needs != byPost,
		}
		if n := len(intents); n > 0 {
			a.Key += fmt.Sprintf("/%d", n+1)
		}
		intents = append(intents, intent{trigger: needs, task: task{Ask: &a}})
	}
	return intents
}

// mayRepeat reports whether one of the files of a thread reply may belong to the
// thread's first message. A file that was made later does not.
func mayRepeat(m slack.Msg) bool {
	if m.ThreadTimestamp == "" || m.ThreadTimestamp == m.Timestamp {
		return false
	}
	seconds, _, _ := strings.Cut(m.ThreadTimestamp, ".")
	begun, _ := strconv.ParseInt(seconds, 10, 64) // without a timestamp nothing is known
	return slices.ContainsFunc(m.Files, func(f slack.File) bool { return int64(f.Created) <= begun })
}

// reacted returns the task to read the files of a message with the bot's
// reaction. A reaction does not name the person's workspace.
func (i intake) reacted(e *slackevents.ReactionAddedEvent) eventTasks {
	at := ask.MessageRef{Channel: e.Item.Channel, TS: e.Item.Timestamp}
	if i.Reaction == "" || e.Reaction != i.Reaction || e.Item.Type != "message" || e.User == "" || e.User == i.self ||
		at.Channel == "" || at.TS == "" || !i.allows(at.Channel) {
		return eventTasks{}
	}
	search := Search{
		Channel: at.Channel, Origin: at.TS, Person: e.User, Silent: true, CheckExternal: !i.AllowExternal, Target: Target{Message: &at},
	}
	return eventTasks{Channel: at.Channel, Origin: at.TS, Person: e.User, Intents: []intent{{task: task{Search: &search}}}}
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
	d := &Deletion{Channel: e.Channel, TS: ts, Root: ts}
	if old != nil {
		d.Root = cmp.Or(old.ThreadTimestamp, ts)
		for _, f := range ask.Distinct(old.Files) {
			d.Files = append(d.Files, f.ID)
		}
	}
	return d
}

// tasks returns the tasks of the event that count: as they are, or as one job
// if Slack must be asked. Asks without files do not count, nor do fallbacks if
// another intent certainly counts.
func (e *eventTasks) tasks() (tasks []task) {
	e.Intents = slices.DeleteFunc(e.Intents, func(in intent) bool { return in.Ask != nil && len(in.Ask.Files) == 0 })
	if !slices.ContainsFunc(e.Intents, func(in intent) bool { return in.Ask != nil }) {
		e.Thread = ""
	}
	if slices.ContainsFunc(e.Intents, func(in intent) bool { return !in.Fallback && (in.Ask == nil || e.Thread == "") }) {
		e.Intents = slices.DeleteFunc(e.Intents, func(in intent) bool { return in.Fallback })
	}
	if len(e.Intents) > 0 && (e.CheckExternal || e.Thread != "") {
		return []task{{Event: e}}
	}
	for _, in := range e.Intents {
		tasks = append(tasks, in.task)
	}
	return tasks
}

// notice returns a private notice to the person.
func (e *eventTasks) notice(topic, sentence string) intent {
	return intent{task: task{Notice: &Notice{
		Channel: e.Channel, Root: e.private, Origin: e.Origin, Person: e.Person, Topic: topic, Text: sentence, Ephemeral: true,
	}}}
}

// filterByAutoRead removes intents that the channel's AutoRead does not allow.
// A person who mentioned the bot is told; a mode's word alone may be ordinary
// talk.
func (b *Bot) filterByAutoRead(ctx context.Context, e *eventTasks) error {
	if !slices.ContainsFunc(e.Intents, func(in intent) bool { return in.trigger != explicitly }) {
		return nil
	}
	auto, err := b.autoRead(ctx, e.Channel)
	if err != nil {
		return err
	}
	mentioned := slices.ContainsFunc(e.Intents, func(in intent) bool { return in.trigger == byMention && (in.Search == nil || !in.Search.Silent) })
	e.Intents = slices.DeleteFunc(e.Intents, func(in intent) bool { return !auto.allows(in.trigger) })
	if len(e.Intents) == 0 && mentioned {
		e.Intents = []intent{e.notice("off", words.ChannelOff)}
	}
	return nil
}

// checkQuota removes files above a quota, unless they were stored before, and
// tells the person how many files were taken.
func (b *Bot) checkQuota(ctx context.Context, e *eventTasks) error {
	taken, of, refused := 0, 0, false
	for _, in := range e.Intents {
		if in.Ask == nil {
			continue
		}
		of += len(in.Ask.Files)
		if room := b.quotaLeft(e.Person, e.Channel) - taken; room < len(in.Ask.Files) {
			_, err := b.record(ctx, in.Ask.Key)
			if err != nil && !errors.Is(err, jobs.ErrNotFound) {
				return err
			}
			if err != nil { // the event was not sent before
				refused = true
				in.Ask.Files = in.Ask.Files[:max(room, 0)]
			}
		}
		taken += len(in.Ask.Files)
	}
	if refused {
		e.Intents = append(e.Intents, e.notice("busy", words.TooManyWaiting(taken, of)))
	}
	return nil
}

// check enqueues the tasks of an event that count.
func (b *Bot) check(ctx context.Context, e eventTasks) error {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	if e.CheckExternal {
		if external, err := b.external(ctx, e.Person, ""); err != nil || external {
			return err
		}
	}
	if e.Thread != "" {
		b.dropParentFiles(ctx, &e)
	}
	e.CheckExternal = false
	for _, t := range e.tasks() {
		if _, err := b.enqueue(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// parentFilesTimeout bounds the request for a thread's first message, since a
// person waits for the reply. A new leader among replicas gives out the first turn
// for such a request after 1.2 s.
const parentFilesTimeout = 2 * time.Second

// dropParentFiles removes files that a thread reply only repeats: Slack's events carry
// the parent's files too (https://github.com/openclaw/openclaw/pull/32209). If
// Slack does not answer in this time, all files stay.
func (b *Bot) dropParentFiles(ctx context.Context, e *eventTasks) {
	ctx, cancel := context.WithTimeout(ctx, parentFilesTimeout)
	defer cancel()
	old, err := b.client.Thread(nil, e.Channel, e.Thread).For(e.Person).Files(ctx)
	if err != nil {
		b.log.Warn("could not look up a thread's first message", "error", err)
	}
	e.Thread = ""
	for _, in := range e.Intents {
		if in.Ask != nil {
			in.Ask.Files = slices.DeleteFunc(in.Ask.Files, func(f ask.File) bool { return slices.Contains(old, f.Slack.ID) })
		}
	}
}

// botJoined announces the bot, once, in a channel that it was invited to.
func (b *Bot) botJoined(ctx context.Context, e *slackevents.MemberJoinedChannelEvent) (eventTasks, error) {
	if e.User != b.intake.self || e.Channel == "" {
		return eventTasks{}, nil
	}
	sentence := words.GreetingNotHere
	if b.config.allows(e.Channel) {
		auto, err := b.autoRead(ctx, e.Channel)
		if err != nil {
			return eventTasks{}, err
		}
		sentence = words.Greeting(string(auto), b.readBy())
	}
	return greet(e.Channel, "joined-"+e.EventTimestamp, e.Inviter, sentence), nil
}

// homeOpened greets, once, a person who opens the bot's messages.
func (b *Bot) homeOpened(e *slackevents.AppHomeOpenedEvent) eventTasks {
	if e.Tab != "messages" || e.User == "" || !ask.Direct(e.Channel) {
		return eventTasks{}
	}
	return greet(e.Channel, "opened-"+e.User, e.User, words.GreetingDirect(b.readBy()))
}

// greet returns the task to post a greeting once.
func greet(channel, origin, person, sentence string) eventTasks {
	n := Notice{Channel: channel, Origin: origin, Person: person, Topic: "hello", Text: sentence}
	return eventTasks{Channel: channel, Origin: origin, Person: person, Intents: []intent{{task: task{Notice: &n}}}}
}

// readBy returns a sentence about the reader of the pictures.
func (b *Bot) readBy() string {
	if b.config.Engine != "" {
		return words.ReadBy(b.config.Engine)
	}
	return words.SentTo(b.reader.Model.Host())
}
