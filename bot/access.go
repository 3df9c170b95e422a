package bot

import (
	"context"
	"slices"

	"slackocr/bot/ask"
)

// Habit says which posts in a channel are read unasked.
type Habit string

// The habits of a channel.
const (
	ReadAll     Habit = "all"     // every picture that is posted
	ReadMention Habit = "mention" // pictures in messages that mention the bot
	ReadOff     Habit = "off"     // none; commands, buttons and shortcuts work all the same
)

// Known reports whether h is one of the three.
func (h Habit) Known() bool { return h == ReadAll || h == ReadMention || h == ReadOff }

// allows reports whether the habit allows an ask with need n.
func (h Habit) allows(n need) bool {
	return n == always || h == ReadAll || n == mention && h != ReadOff
}

func habitOf(team, channel string) string { return "auto/" + team + "/" + channel }

// habit returns the habit of a channel: its members' choice, or else the
// operator's.
func (b *Bot) habit(ctx context.Context, channel string) (Habit, error) {
	value, ok, err := b.jobs.Setting(ctx, habitOf(b.team, channel))
	if h := Habit(value); err != nil || ok && h.Known() {
		return h, err
	}
	return b.config.AutoRead, nil
}

// allowed reports whether the bot may work in a conversation. The operator's
// lists do not cover direct messages, which are too many to name.
func (c Config) allowed(channel string) bool {
	return ask.Direct(channel) || !slices.Contains(c.Denied, channel) &&
		(len(c.Allowed) == 0 || slices.Contains(c.Allowed, channel))
}

// The most files that may wait. Beyond, people are asked to come back.
const (
	maxOfPerson  = 1000
	maxInChannel = 2000
)

// How many errands may wait: searches, notices, and results to send. What is over it is
// left out, or turned down with a word that costs no errand.
const (
	maxErrandsOfPerson  = 20
	maxErrandsInChannel = 100
)

// MaxAsks is the most jobs that a replica works on at once: more than one
// person may have waiting, so that no other ask must wait in the store behind
// them.
const MaxAsks = maxOfPerson + 1000

// room returns the number of files that a person may add in a channel. room
// counts this replica's files and assumes that the other replicas have as
// many.
func (b *Bot) room(person, channel string) int {
	own, here := b.reader.Waiting.Number(person, channel)
	replicas := b.jobs.Replicas()
	return max(0, min(maxOfPerson-own*replicas, maxInChannel-here*replicas))
}

// overwhelmed reports whether too many errands of the person or in the channel wait for
// another one. Files have a bound of their own, and nobody is kept from deleting.
func (b *Bot) overwhelmed(t task) bool {
	if t.Ask != nil || t.Forget != nil {
		return false
	}
	channel, _, person := t.origin()
	own, here := b.errands.Number(person, channel)
	replicas := b.jobs.Replicas()
	return own*replicas >= maxErrandsOfPerson || here*replicas >= maxErrandsInChannel
}

// count counts an errand, or the files of a Check, until done is called.
func (b *Bot) count(t task) (done func()) {
	if t.Ask != nil || t.Forget != nil || t == (task{}) {
		return func() {}
	}
	channel, _, person := t.origin()
	waiting, n := &b.errands, 1
	if t.Check != nil && t.Check.files() > 0 {
		waiting, n = b.reader.Waiting, t.Check.files()
	}
	waiting.Add(person, channel, n)
	return func() { waiting.Add(person, channel, -n) }
}
