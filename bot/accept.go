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

// accept makes what an event asks for durable, unless it was before. It reports
// false where that failed, so that Slack shall send the event again.
func (b *Bot) accept(p *phases, event slackevents.EventsAPIEvent) bool {
	ctx, cancel := context.WithTimeout(p.waiting, ackWithin-time.Second)
	defer cancel()
	tasks, err := b.tasksFor(ctx, event)
	for _, t := range tasks {
		if err == nil && ctx.Err() != nil {
			return false // another replica takes it, or the next process
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

// tasksFor returns what an event asks for. It asks the store, and never Slack: others
// wait for the acknowledgement of their events. The bounds of the person come first.
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

// withoutSpares leaves a spare ask out if another one counts for certain.
func withoutSpares(asks []intent) []intent {
	if slices.ContainsFunc(asks, func(a intent) bool { return !a.spare && !a.carried }) {
		return slices.DeleteFunc(asks, func(a intent) bool { return a.spare })
	}
	return asks
}

// wanted leaves out what the channel's habit does not allow. An event is about
// one channel. Who mentioned the bot for nothing is told so; a mode's word alone
// may be people's own.
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

// affordable turns down what is too much, unless it was taken before, and says how
// much was taken.
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
			if err != nil { // it is no event that was sent again
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

// notice is a word to whoever asked.
func (a intent) notice(topic, sentence string) *Notice {
	n := &Notice{Topic: topic, Words: sentence, Only: true}
	n.Channel, n.Ask, n.Person = a.origin()
	if r := a.Ask; r != nil {
		n.Root = r.Root
	} else if f := a.Find; f != nil {
		n.Root = f.Thread
	}
	if n.Root == n.Ask {
		n.Root = "" // to one person a thread is not opened for a word
	}
	return n
}

// joined says once, where the bot was invited, what it does there.
// shared says that people of other workspaces may be there.
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

// opened greets, once, whoever opens the bot's messages. shared says that people of other
// workspaces may be there.
func (b *Bot) opened(e *slackevents.AppHomeOpenedEvent, shared bool) []intent {
	if e.Tab != "messages" || e.User == "" || !ask.Direct(e.Channel) {
		return nil
	}
	n := Notice{Channel: e.Channel, Ask: "opened-" + e.User, Person: e.User, Topic: "hello", Words: words.GreetingDirect(b.model.Host())}
	return []intent{{task: task{Say: &n}, unknown: shared && !b.intake.external}}
}

// left returns the conversation that an event says the bot cannot post in any more, or "".
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

// leave stops the work for a conversation that the bot cannot post in any more. What it
// does not come to, and other replicas, find out by themselves.
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
