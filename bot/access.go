package bot

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/post"
)

// AutoRead says which posts in a channel are read unasked.
type AutoRead string

// The values of AutoRead.
const (
	ReadAll     AutoRead = "all"     // every picture that is posted
	ReadMention AutoRead = "mention" // pictures in messages that mention the bot
	ReadOff     AutoRead = "off"     // none; commands, buttons and shortcuts work all the same
)

// Known reports whether a is one of the three.
func (a AutoRead) Known() bool { return a == ReadAll || a == ReadMention || a == ReadOff }

// allows reports whether files are read in the channel after a trigger.
func (a AutoRead) allows(t trigger) bool {
	return t == explicitly || a == ReadAll || t == byMention && a != ReadOff
}

func autoReadKey(team, channel string) string { return "auto/" + team + "/" + channel }

// autoRead returns what is read unasked in a channel: its members' choice, or else the
// operator's.
func (b *Bot) autoRead(ctx context.Context, channel string) (AutoRead, error) {
	value, ok, err := b.jobs.Setting(ctx, autoReadKey(b.intake.workspace.Team, channel))
	if auto := AutoRead(value); err != nil || ok && auto.Known() {
		return auto, err
	}
	return b.config.AutoRead, nil
}

// Access holds the operator's rules about people and channels.
type Access struct {
	// AutoRead holds in channels without a choice of their own.
	AutoRead AutoRead
	// Allowed, unless empty, and Denied are ids of channels in which the bot
	// may, or must not, work.
	Allowed, Denied []string
	// AllowExternal lets people of other workspaces ask (Slack Connect).
	AllowExternal bool
	// Reaction is the emoji that asks, without colons, or "".
	Reaction string
}

// allows reports whether the bot may work in a conversation. The operator's
// lists do not cover direct messages, which are too many to name.
func (a Access) allows(channel string) bool {
	return ask.Direct(channel) || !slices.Contains(a.Denied, channel) &&
		(len(a.Allowed) == 0 || slices.Contains(a.Allowed, channel))
}

// The most files that may wait. Beyond, people are asked to come back.
const (
	maxOfPerson  = 1000
	maxInChannel = 2000
)

// The most tasks other than asks that may wait: searches, notices and downloads.
// Others are left out, or refused with a sentence that costs no task.
const (
	maxTasksOfPerson  = 20
	maxTasksInChannel = 100
)

// MaxAsks is the most jobs that a replica works on at once: more than one
// person may have waiting, so that no other ask must wait in the store behind
// them.
const MaxAsks = maxOfPerson + 1000

// quotaLeft returns the number of files that a person may add in a channel. It
// counts this replica's files and assumes that the other replicas have as
// many.
func (b *Bot) quotaLeft(person, channel string) int {
	own, here := b.reader.Waiting.Number(person, channel)
	replicas := b.jobs.Replicas()
	return max(0, min(maxOfPerson-own*replicas, maxInChannel-here*replicas))
}

// tooManyTasks reports whether so many other tasks of the person or in the channel
// wait that another one is refused. Files have a bound of their own, and nobody
// is kept from deleting.
func (b *Bot) tooManyTasks(t task) bool {
	if t.Ask != nil || t.Deletion != nil {
		return false
	}
	channel, person := t.asker()
	own, here := b.otherTasks.Number(person, channel)
	replicas := b.jobs.Replicas()
	return own*replicas >= maxTasksOfPerson || here*replicas >= maxTasksInChannel
}

// count counts a task other than an ask, or the files of an event, until done is called.
func (b *Bot) count(t task) (done func()) {
	if t.Ask != nil || t.Deletion != nil || t == (task{}) {
		return func() {}
	}
	files := 0
	if t.Event != nil {
		for _, in := range t.Event.Intents {
			if in.Ask != nil {
				files += len(in.Ask.Files)
			}
		}
	}
	waiting, n := &b.otherTasks, 1
	if files > 0 {
		waiting, n = b.reader.Waiting, files
	}
	channel, person := t.asker()
	waiting.Add(person, channel, n)
	return func() { waiting.Add(person, channel, -n) }
}

const (
	// maxPeople bounds the number of people whose workspaces are cached.
	maxPeople = 10_000
	// knownFor is the lifetime of the cache: people rarely change workspaces.
	knownFor = time.Hour
)

// people caches the answers of users.info. The zero value is ready to use.
type people struct {
	mu    sync.Mutex      // guards the fields below
	known map[string]bool // whether a person is external
	since time.Time       // the age of the cache
}

// external reports whether a person belongs to another workspace, so that the
// person may not ask. team is the person's workspace in an event or a press. If
// team does not decide, external asks Slack, and remembers the answer for up to
// an hour. Without the scope or the right to see the person, the person counts
// as external: the operator wants no others.
func (b *Bot) external(ctx context.Context, person, team string) (bool, error) {
	switch member := b.intake.workspace.OfTeam(team); {
	case b.config.AllowExternal || member == ask.Member:
		return false, nil
	case member == ask.External:
		return true, nil
	}
	if external, ok := b.people.recall(person); ok {
		return external, nil
	}
	user, err := b.client.User(ctx, person)
	switch code := post.Code(err); {
	case code == "missing_scope":
		b.log.Warn("without the scope users:read, people from other workspaces cannot be told from our own")
		return true, nil
	case code == "user_not_found", code == "user_not_visible":
		return true, nil
	case err != nil:
		return false, fmt.Errorf("looking at a person: %w", err)
	}
	external := b.intake.workspace.OfUser(user) == ask.External
	b.people.remember(person, external)
	return external, nil
}

func (p *people) recall(person string) (external, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	external, ok = p.known[person]
	return external, ok && time.Since(p.since) < knownFor
}

func (p *people) remember(person string, external bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxPeople || time.Since(p.since) >= knownFor {
		p.known, p.since = map[string]bool{}, time.Now()
	}
	p.known[person] = external
}
