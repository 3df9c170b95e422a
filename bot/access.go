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

// MaxAsks is the most jobs that a replica works on at once: more than one
// person may have waiting, so that no other ask must wait in the store behind
// them.
const MaxAsks = maxOfPerson + 1000

// room returns the number of files that a person may add in a channel. room
// counts this replica's files and assumes that the other replicas have as
// many.
func (b *Bot) room(person, channel string) int {
	own, here := b.reader.Waiting.Files(person, channel)
	replicas := b.jobs.Replicas()
	return max(0, min(maxOfPerson-own*replicas, maxInChannel-here*replicas))
}
