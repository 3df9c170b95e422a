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
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/words"
)

// accept makes what an event asks for durable, unless it was before. It reports
// false where that failed, so that Slack shall send the event again.
func (b *Bot) accept(p *phases, event slackevents.EventsAPIEvent) bool {
	ctx, cancel := context.WithTimeout(p.waiting, ackWithin-time.Second)
	defer cancel()
	asks, err := b.heard(ctx, event)
	for _, a := range asks {
		if err == nil && ctx.Err() != nil {
			return false // another replica takes it, or the next process
		}
		if err == nil {
			_, err = b.enqueue(ctx, a.task)
		}
	}
	if err != nil {
		b.log.Error("could not take a request", "error", err)
	}
	return err == nil
}

// heard is what an event asks for here and now.
func (b *Bot) heard(ctx context.Context, event slackevents.EventsAPIEvent) ([]intent, error) {
	switch e := event.InnerEvent.Data.(type) {
	case *slackevents.MemberJoinedChannelEvent:
		return b.joined(ctx, e)
	case *slackevents.AppHomeOpenedEvent:
		return b.permitted(ctx, b.opened(e, event.IsExtSharedChannel))
	case *slackevents.ChannelArchiveEvent:
		return nil, b.leave(ctx, e.Channel)
	case *slackevents.GroupArchiveEvent:
		return nil, b.leave(ctx, e.Channel)
	case *slackevents.ChannelLeftEvent:
		return nil, b.leave(ctx, e.Channel)
	case *slackevents.GroupLeftEvent:
		return nil, b.leave(ctx, e.Channel)
	}
	asks, err := b.permitted(ctx, b.intake.asks(event))
	if err == nil {
		asks, err = b.wanted(ctx, asks)
	}
	if err != nil {
		return nil, err
	}
	return b.affordable(ctx, b.fresh(ctx, asks))
}

// permitted leaves out what somebody of another workspace asks for. An event is
// about one person.
func (b *Bot) permitted(ctx context.Context, asks []intent) ([]intent, error) {
	i := slices.IndexFunc(asks, func(a intent) bool { return a.unknown })
	if i < 0 {
		return asks, nil
	}
	foreign, err := b.people.foreign(ctx, asks[i].record().Person, asks[i].team)
	if err != nil || foreign {
		return nil, err
	}
	return asks, nil
}

// wanted leaves out what the channel's habit does not allow. An event is about
// one channel. Who mentioned the bot for nothing is told so; a mode's word alone
// may be people's own.
func (b *Bot) wanted(ctx context.Context, asks []intent) ([]intent, error) {
	i := slices.IndexFunc(asks, func(a intent) bool { return a.needs != always })
	if i < 0 {
		return asks, nil
	}
	n := asks[i].notice("off", words.ChannelOff)
	h, err := b.habit(ctx, n.Channel)
	if err != nil {
		return nil, err
	}
	named := slices.ContainsFunc(asks, func(a intent) bool { return a.needs == mention && (a.Find == nil || !a.Find.Quiet) })
	asks = slices.DeleteFunc(asks, func(a intent) bool { return !h.allows(a.needs) })
	if len(asks) == 0 && named {
		asks = []intent{{task: task{Say: n}}}
	}
	return asks, nil
}

// fresh leaves out what a thread reply only carries again, as Slack's events do:
// its parent's files (https://github.com/openclaw/openclaw/pull/32209). Where
// that cannot be told in a second, all is read. A spare ask is left only where
// nothing else is.
func (b *Bot) fresh(ctx context.Context, asks []intent) []intent {
	i := slices.IndexFunc(asks, func(a intent) bool { return a.Ask != nil && a.Ask.Root != a.Ask.Origin })
	if i < 0 {
		return asks
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	first := asks[i].Ask
	old, err := post.NewThread(b.api, b.pacer, nil, first.Channel, first.Root).Files(ctx)
	if err != nil {
		b.log.Warn("could not look at a thread's first message", "error", err)
	}
	for _, a := range asks {
		if a.Ask != nil {
			a.Ask.Files = slices.DeleteFunc(a.Ask.Files, func(f ask.File) bool { return slices.Contains(old, f.Slack.ID) })
		}
	}
	asks = slices.DeleteFunc(asks, func(a intent) bool { return a.Ask != nil && len(a.Ask.Files) == 0 })
	if slices.ContainsFunc(asks, func(a intent) bool { return !a.spare }) {
		asks = slices.DeleteFunc(asks, func(a intent) bool { return a.spare })
	}
	return asks
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
		all = append(all, intent{task: task{Say: refused.notice("busy", words.TooManyWaiting(taken, of))}})
	}
	return all, nil
}

// notice is a word to whoever asked.
func (a intent) notice(topic, sentence string) *Notice {
	n := &Notice{Topic: topic, Words: sentence, Only: true}
	if r := a.Ask; r != nil {
		n.Channel, n.Root, n.Ask, n.Person = r.Channel, r.Root, r.Origin, r.Person
	} else if f := a.Find; f != nil {
		n.Channel, n.Root, n.Ask, n.Person = f.Channel, f.Thread, f.Ask, f.Person
	}
	if n.Root == n.Ask {
		n.Root = "" // to one person a thread is not opened for a word
	}
	return n
}

// joined says once, where the bot was invited, what it does there.
func (b *Bot) joined(ctx context.Context, e *slackevents.MemberJoinedChannelEvent) ([]intent, error) {
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
	return []intent{{task: task{Say: &n}}}, nil
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

// leave stops the work for a conversation that the bot cannot post in any more.
// Other replicas find out by themselves.
func (b *Bot) leave(ctx context.Context, channel string) (err error) {
	for _, r := range b.jobs.Running() {
		if channel != "" && strings.HasPrefix(r.Thread, where(channel, "")) {
			if stopErr := b.jobs.Stop(ctx, r.Key, reading.Silently); !errors.Is(stopErr, jobs.ErrNotFound) {
				err = errors.Join(err, stopErr)
			}
		}
	}
	return err
}
