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
		if err == nil && ctx.Err() != nil {
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

// tasksFor returns the tasks of an event. tasksFor asks the store, and never
// Slack, since other people wait for the acks of their events. The bounds of
// the person come first.
func (b *Bot) tasksFor(ctx context.Context, event slackevents.EventsAPIEvent) ([]task, error) {
	var asks []intent
	var err error
	switch e := event.InnerEvent.Data.(type) {
	case *slackevents.MemberJoinedChannelEvent:
		asks, err = b.botJoined(ctx, e, event.IsExtSharedChannel)
	case *slackevents.AppHomeOpenedEvent:
		asks = b.homeOpened(e, event.IsExtSharedChannel)
	default:
		asks = b.intake.intentsOf(event)
	}
	asks = slices.DeleteFunc(asks, func(a intent) bool { return b.tooManyErrands(a.task) })
	if err == nil {
		asks, err = b.filterByChannelMode(ctx, asks)
	}
	if err == nil {
		asks, err = b.checkQuota(ctx, asks)
	}
	return withCheck(withoutFallbacks(asks)), err
}

// withoutFallbacks removes fallbacks if another intent certainly counts.
func withoutFallbacks(asks []intent) []intent {
	if slices.ContainsFunc(asks, func(a intent) bool { return !a.fallback && !a.mayRepeat }) {
		return slices.DeleteFunc(asks, func(a intent) bool { return a.fallback })
	}
	return asks
}

// filterByChannelMode removes intents that the channel's mode does not allow.
// An event is about one channel. A person who mentioned the bot is told; a
// mode's word alone may be ordinary talk.
func (b *Bot) filterByChannelMode(ctx context.Context, asks []intent) ([]intent, error) {
	i := slices.IndexFunc(asks, func(a intent) bool { return a.trigger != explicitly })
	if i < 0 {
		return asks, nil
	}
	n, unknown := asks[i].notice("off", words.ChannelOff), asks[i].checkExternal
	mode, err := b.channelMode(ctx, n.Channel)
	if err != nil {
		return nil, err
	}
	named := slices.ContainsFunc(asks, func(a intent) bool { return a.trigger == byMention && (a.Find == nil || !a.Find.Silent) })
	asks = slices.DeleteFunc(asks, func(a intent) bool { return !mode.allows(a.trigger) })
	if len(asks) == 0 && named {
		asks = []intent{{task: task{Say: n}, checkExternal: unknown}}
	}
	return asks, nil
}

// checkQuota removes files above a quota, unless they were stored before, and
// tells the person how many files were taken.
func (b *Bot) checkQuota(ctx context.Context, asks []intent) ([]intent, error) {
	var all []intent
	taken, of := 0, 0
	var refused *intent
	for i, a := range asks {
		if a.Ask == nil {
			all = append(all, a)
			continue
		}
		of += len(a.Ask.Files)
		room := b.quotaLeft(a.Ask.Person, a.Ask.Channel) - taken
		if room < len(a.Ask.Files) {
			_, err := b.jobs.Get(ctx, b.team+"/"+a.Ask.Key)
			if err != nil && !errors.Is(err, jobs.ErrNotFound) {
				return nil, err
			}
			if err != nil { // the event was not sent before
				refused = &asks[i]
				a.Ask.Files = a.Ask.Files[:max(room, 0)]
			}
		}
		if len(a.Ask.Files) > 0 {
			taken += len(a.Ask.Files)
			all = append(all, a)
		}
	}
	if refused != nil {
		busy := task{Say: refused.notice("busy", words.TooManyWaiting(taken, of))}
		if !b.tooManyErrands(busy) {
			all = append(all, intent{task: busy, checkExternal: refused.checkExternal})
		}
	}
	return all, nil
}

// notice returns a notice to the asking person.
func (a intent) notice(topic, sentence string) *Notice {
	n := &Notice{Topic: topic, Text: sentence, Ephemeral: true}
	n.Channel, n.Origin, n.Person = a.origin()
	if r := a.Ask; r != nil {
		n.Root = r.Root
	} else if f := a.Find; f != nil {
		n.Root = f.Thread
	}
	if n.Root == n.Origin {
		n.Root = "" // a private word does not open a thread
	}
	return n
}

// botJoined announces the bot, once, in a channel that it was invited to.
// shared must be true if people of other workspaces may be there.
func (b *Bot) botJoined(ctx context.Context, e *slackevents.MemberJoinedChannelEvent, shared bool) ([]intent, error) {
	if e.User != b.self || e.Channel == "" {
		return nil, nil
	}
	sentence := words.GreetingNotHere
	if b.intake.allowed(e.Channel) {
		mode, err := b.channelMode(ctx, e.Channel)
		if err != nil {
			return nil, err
		}
		sentence = words.Greeting(string(mode), b.readBy())
	}
	n := Notice{Channel: e.Channel, Origin: "joined-" + e.EventTimestamp, Person: e.Inviter, Topic: "hello", Text: sentence}
	return []intent{{task: task{Say: &n}, checkExternal: shared && !b.intake.external && e.Inviter != ""}}, nil
}

// homeOpened greets, once, a person who opens the bot's messages. shared must
// be true if people of other workspaces may be there.
func (b *Bot) homeOpened(e *slackevents.AppHomeOpenedEvent, shared bool) []intent {
	if e.Tab != "messages" || e.User == "" || !ask.Direct(e.Channel) {
		return nil
	}
	n := Notice{Channel: e.Channel, Origin: "opened-" + e.User, Person: e.User, Topic: "hello", Text: words.GreetingDirect(b.readBy())}
	return []intent{{task: task{Say: &n}, checkExternal: shared && !b.intake.external}}
}

// readBy says who reads the pictures.
func (b *Bot) readBy() string {
	if b.config.Engine != "" {
		return words.ReadBy(b.config.Engine)
	}
	return words.SentTo(b.model.Host())
}

// conversationLeft returns the conversation that the bot can no longer post in,
// or "".
func conversationLeft(event slackevents.EventsAPIEvent) (channel string) {
	switch e := event.InnerEvent.Data.(type) {
	case *slackevents.ChannelArchiveEvent:
		return e.Channel
	case *slackevents.GroupArchiveEvent:
		return e.Channel
	case *slackevents.ChannelLeftEvent:
		return e.Channel
	case *slackevents.GroupLeftEvent:
		return e.Channel
	}
	return ""
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
