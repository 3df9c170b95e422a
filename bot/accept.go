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
		b.log.Error("could not take a request", "error", err)
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
		asks, err = b.joined(ctx, e, event.IsExtSharedChannel)
	case *slackevents.AppHomeOpenedEvent:
		asks = b.opened(e, event.IsExtSharedChannel)
	default:
		asks = b.intake.asks(event)
	}
	asks = slices.DeleteFunc(asks, func(a intent) bool { return b.overwhelmed(a.task) })
	if err == nil {
		asks, err = b.wanted(ctx, asks)
	}
	if err == nil {
		asks, err = b.affordable(ctx, asks)
	}
	return checked(withoutSpares(asks)), err
}

// withoutSpares removes a spare ask if another ask certainly counts.
func withoutSpares(asks []intent) []intent {
	if slices.ContainsFunc(asks, func(a intent) bool { return !a.spare && !a.carried }) {
		return slices.DeleteFunc(asks, func(a intent) bool { return a.spare })
	}
	return asks
}

// wanted removes asks that the channel's habit does not allow. An event is
// about one channel. A person who mentioned the bot is told; a mode's word
// alone may be ordinary talk.
func (b *Bot) wanted(ctx context.Context, asks []intent) ([]intent, error) {
	i := slices.IndexFunc(asks, func(a intent) bool { return a.needs != always })
	if i < 0 {
		return asks, nil
	}
	n, unknown := asks[i].notice("off", words.ChannelOff), asks[i].unknown
	h, err := b.habit(ctx, n.Channel)
	if err != nil {
		return nil, err
	}
	named := slices.ContainsFunc(asks, func(a intent) bool { return a.needs == mention && (a.Find == nil || !a.Find.Quiet) })
	asks = slices.DeleteFunc(asks, func(a intent) bool { return !h.allows(a.needs) })
	if len(asks) == 0 && named {
		asks = []intent{{task: task{Say: n}, unknown: unknown}}
	}
	return asks, nil
}

// affordable removes asks above a quota, unless they were stored before, and
// tells the person how many files were taken.
func (b *Bot) affordable(ctx context.Context, asks []intent) ([]intent, error) {
	var all []intent
	taken, of := 0, 0
	var refused *intent
	for i, a := range asks {
		if a.Ask == nil {
			all = append(all, a)
			continue
		}
		of += len(a.Ask.Files)
		room := b.room(a.Ask.Person, a.Ask.Channel) - taken
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
		if !b.overwhelmed(busy) {
			all = append(all, intent{task: busy, unknown: refused.unknown})
		}
	}
	return all, nil
}

// notice returns a notice to the asking person.
func (a intent) notice(topic, sentence string) *Notice {
	n := &Notice{Topic: topic, Words: sentence, Only: true}
	n.Channel, n.Ask, n.Person = a.origin()
	if r := a.Ask; r != nil {
		n.Root = r.Root
	} else if f := a.Find; f != nil {
		n.Root = f.Thread
	}
	if n.Root == n.Ask {
		n.Root = "" // a private word does not open a thread
	}
	return n
}

// joined announces the bot, once, in a channel that it was invited to. shared
// must be true if people of other workspaces may be there.
func (b *Bot) joined(ctx context.Context, e *slackevents.MemberJoinedChannelEvent, shared bool) ([]intent, error) {
	if e.User != b.self || e.Channel == "" {
		return nil, nil
	}
	sentence := words.GreetingNotHere
	if b.intake.allowed(e.Channel) {
		h, err := b.habit(ctx, e.Channel)
		if err != nil {
			return nil, err
		}
		sentence = words.Greeting(string(h), b.model.Host())
	}
	n := Notice{Channel: e.Channel, Ask: "joined-" + e.EventTimestamp, Person: e.Inviter, Topic: "hello", Words: sentence}
	return []intent{{task: task{Say: &n}, unknown: shared && !b.intake.external && e.Inviter != ""}}, nil
}

// opened greets, once, a person who opens the bot's messages. shared must be
// true if people of other workspaces may be there.
func (b *Bot) opened(e *slackevents.AppHomeOpenedEvent, shared bool) []intent {
	if e.Tab != "messages" || e.User == "" || !ask.Direct(e.Channel) {
		return nil
	}
	n := Notice{Channel: e.Channel, Ask: "opened-" + e.User, Person: e.User, Topic: "hello", Words: words.GreetingDirect(b.model.Host())}
	return []intent{{task: task{Say: &n}, unknown: shared && !b.intake.external}}
}

// left returns the conversation that the bot can no longer post in, or "".
func left(event slackevents.EventsAPIEvent) (channel string) {
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
	ctx, cancel := context.WithTimeout(ctx, answering)
	defer cancel()
	for _, r := range b.jobs.Running() {
		if !strings.HasPrefix(r.Thread, where(channel, "")) {
			continue
		}
		if err := b.jobs.Stop(ctx, r.Key, reading.Silently); err != nil && !errors.Is(err, jobs.ErrNotFound) {
			b.log.Warn("could not stop the work for a conversation", "channel", channel, "error", err)
		}
	}
}
