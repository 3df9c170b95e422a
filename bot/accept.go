package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack/slackevents"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/reading"
	"slackocr/bot/words"
)

// accept stores the tasks of an event, unless they were stored before. After a
// failure accept returns false, so that Slack sends the event again.
func (b *Bot) accept(down reading.Shutdown, event slackevents.EventsAPIEvent) bool {
	ctx, cancel := context.WithTimeout(down.Draining, ackWithin-time.Second)
	defer cancel()
	tasks, err := b.tasksFor(ctx, event)
	for _, t := range tasks {
		if ctx.Err() != nil {
			return false // another replica handles the event, or the next process
		}
		if _, err = b.enqueue(ctx, t); err != nil {
			break
		}
	}
	if err != nil {
		b.log.Error("could not store a request", "error", err)
	}
	return err == nil
}

// tasksFor returns the tasks of an event. tasksFor asks the store, and never
// Slack, since other people wait for the acks of their events. The bounds of
// the person come first.
func (b *Bot) tasksFor(ctx context.Context, event slackevents.EventsAPIEvent) ([]task, error) {
	var e eventTasks
	var err error
	switch data := event.InnerEvent.Data.(type) {
	case *slackevents.MemberJoinedChannelEvent:
		e, err = b.botJoined(ctx, data, event.IsExtSharedChannel)
	case *slackevents.AppHomeOpenedEvent:
		e = b.homeOpened(data, event.IsExtSharedChannel)
	default:
		e = b.intake.tasksOf(event)
	}
	e.Intents = slices.DeleteFunc(e.Intents, func(in intent) bool { return b.tooManyTasks(in.task) })
	if err == nil {
		err = b.filterByChannelMode(ctx, &e)
	}
	if err == nil {
		err = b.checkQuota(ctx, &e)
	}
	if err != nil {
		return nil, err
	}
	e.prune()
	return e.tasks(), nil
}

// filterByChannelMode removes intents that the channel's mode does not allow.
// A person who mentioned the bot is told; a mode's word alone may be ordinary
// talk.
func (b *Bot) filterByChannelMode(ctx context.Context, e *eventTasks) error {
	if !slices.ContainsFunc(e.Intents, func(in intent) bool { return in.trigger != explicitly }) {
		return nil
	}
	mode, err := b.channelMode(ctx, e.Channel)
	if err != nil {
		return err
	}
	mentioned := slices.ContainsFunc(e.Intents, func(in intent) bool { return in.trigger == byMention && (in.Search == nil || !in.Search.Silent) })
	e.Intents = slices.DeleteFunc(e.Intents, func(in intent) bool { return !mode.allows(in.trigger) })
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
	if busy := e.notice("busy", words.TooManyWaiting(taken, of)); refused && !b.tooManyTasks(busy.task) {
		e.Intents = append(e.Intents, busy)
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
	for _, in := range e.Intents {
		if _, err := b.enqueue(ctx, in.task); err != nil {
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
	for _, in := range e.Intents {
		if in.Ask != nil {
			in.Ask.Files = slices.DeleteFunc(in.Ask.Files, func(f ask.File) bool { return slices.Contains(old, f.Slack.ID) })
		}
	}
	e.prune()
}

// botJoined announces the bot, once, in a channel that it was invited to.
// shared must be true if people of other workspaces may be there.
func (b *Bot) botJoined(ctx context.Context, e *slackevents.MemberJoinedChannelEvent, shared bool) (eventTasks, error) {
	if e.User != b.intake.self || e.Channel == "" {
		return eventTasks{}, nil
	}
	sentence := words.GreetingNotHere
	if b.config.allows(e.Channel) {
		mode, err := b.channelMode(ctx, e.Channel)
		if err != nil {
			return eventTasks{}, err
		}
		sentence = words.Greeting(string(mode), b.readBy())
	}
	external := shared && !b.config.AllowExternal && e.Inviter != ""
	return greet(e.Channel, "joined-"+e.EventTimestamp, e.Inviter, sentence, external), nil
}

// homeOpened greets, once, a person who opens the bot's messages. shared must
// be true if people of other workspaces may be there.
func (b *Bot) homeOpened(e *slackevents.AppHomeOpenedEvent, shared bool) eventTasks {
	if e.Tab != "messages" || e.User == "" || !ask.Direct(e.Channel) {
		return eventTasks{}
	}
	return greet(e.Channel, "opened-"+e.User, e.User, words.GreetingDirect(b.readBy()), shared && !b.config.AllowExternal)
}

// greet returns the task to post a greeting once. checkExternal must be true if
// the person's workspace must be checked.
func greet(channel, origin, person, sentence string, checkExternal bool) eventTasks {
	n := Notice{Channel: channel, Origin: origin, Person: person, Topic: "hello", Text: sentence}
	return eventTasks{
		Channel: channel, Origin: origin, Person: person, CheckExternal: checkExternal, Intents: []intent{{task: task{Notice: &n}}},
	}
}

// readBy returns a sentence about the reader of the pictures.
func (b *Bot) readBy() string {
	if b.config.Engine != "" {
		return words.ReadBy(b.config.Engine)
	}
	return words.SentTo(b.reader.Model.Host())
}

// leave stops the work for a conversation that the bot can no longer post in.
// Other replicas, and jobs that leave misses, find out when they post.
func (b *Bot) leave(ctx context.Context, channel string) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	for _, r := range b.jobs.Running() {
		if !strings.HasPrefix(r.Thread, threadKey(channel, "")) {
			continue
		}
		if err := b.jobs.Stop(ctx, r.Key, reading.StopSilently); err != nil && !errors.Is(err, jobs.ErrNotFound) {
			b.log.Warn("could not stop the work in a conversation", "channel", channel, "error", err)
		}
	}
}
