package bot

import (
	"context"
	"slices"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/post"
)

// Check holds the tasks of an event if only Slack can tell whether the event
// counts. A Check is a job of its own, so that events never wait for Slack's
// answers.
type Check struct {
	Channel string
	Ask     string // the message, or a token
	Person  string
	// Stranger is true if the person's workspace must be checked.
	Stranger bool `json:",omitempty"`
	// Thread, unless "", may have the files in its first message already.
	Thread string `json:",omitempty"`
	Wishes []Wish
}

// Wish is one task of a Check.
type Wish struct {
	task
	Spare bool `json:",omitempty"` // counts only if no other wish counts
}

// checked returns the tasks of an event: unchanged, or inside a Check if Slack
// must be asked.
func checked(intents []intent) (tasks []task) {
	var c Check
	for _, in := range intents {
		tasks = append(tasks, in.task)
		c.Wishes = append(c.Wishes, Wish{task: in.task, Spare: in.spare})
		c.Stranger = c.Stranger || in.unknown
		if in.carried {
			c.Thread = in.Ask.Root
		}
	}
	if !c.Stranger && c.Thread == "" {
		return tasks
	}
	c.Channel, c.Ask, c.Person = intents[0].origin()
	return []task{{Check: &c}}
}

// files returns the number of files of all wishes.
func (c Check) files() (n int) {
	for _, w := range c.Wishes {
		if w.Ask != nil {
			n += len(w.Ask.Files)
		}
	}
	return n
}

// check enqueues the wishes that count.
func (b *Bot) check(ctx context.Context, c Check) error {
	ctx, cancel := context.WithTimeout(ctx, finding)
	defer cancel()
	if c.Stranger {
		if foreign, err := b.people.foreign(ctx, c.Person, ""); err != nil || foreign {
			return err
		}
	}
	wishes := c.Wishes
	if c.Thread != "" {
		wishes = b.fresh(ctx, c)
	}
	for _, w := range wishes {
		if _, err := b.enqueue(ctx, w.task); err != nil {
			return err
		}
	}
	return nil
}

// lookAtThread bounds the request for a thread's first message, since a person
// waits for the reply.
const lookAtThread = time.Second

// fresh removes files that a thread reply only repeats: Slack's events carry
// the parent's files too (https://github.com/openclaw/openclaw/pull/32209). If
// Slack does not answer in a second, all files stay. A spare wish stays only
// if no other wish does.
func (b *Bot) fresh(ctx context.Context, c Check) []Wish {
	ctx, cancel := context.WithTimeout(ctx, lookAtThread)
	defer cancel()
	old, err := post.NewThread(b.api, b.pacer, nil, c.Channel, c.Thread).For(c.Person).Files(ctx)
	if err != nil {
		b.log.Warn("could not look at a thread's first message", "error", err)
	}
	for _, w := range c.Wishes {
		if w.Ask != nil {
			w.Ask.Files = slices.DeleteFunc(w.Ask.Files, func(f ask.File) bool { return slices.Contains(old, f.Slack.ID) })
		}
	}
	wishes := slices.DeleteFunc(c.Wishes, func(w Wish) bool { return w.Ask != nil && len(w.Ask.Files) == 0 })
	if slices.ContainsFunc(wishes, func(w Wish) bool { return !w.Spare }) {
		wishes = slices.DeleteFunc(wishes, func(w Wish) bool { return w.Spare })
	}
	return wishes
}
