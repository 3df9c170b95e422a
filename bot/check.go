package bot

import (
	"context"
	"slices"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/post"
)

// Check is what an event asks for, if only Slack can tell whether that counts. It is a
// job of its own, so that events never wait for Slack's answers.
type Check struct {
	Channel string
	Ask     string // the message, or a token
	Person  string
	// Stranger wants a look whether the person is of this workspace.
	Stranger bool `json:",omitempty"`
	// Thread, if there is one, may have the files in its first message already.
	Thread string `json:",omitempty"`
	Wishes []Wish
}

// Wish is one task of a Check.
type Wish struct {
	task
	Spare bool `json:",omitempty"` // counts only if the others turn out to be nothing
}

// checked returns the tasks of an event: as they are, or within a Check if Slack has to
// be asked about them.
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

// files is how many files the wishes are about.
func (c Check) files() (n int) {
	for _, w := range c.Wishes {
		if w.Ask != nil {
			n += len(w.Ask.Files)
		}
	}
	return n
}

// check makes jobs of those wishes that count.
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

// lookAtThread bounds the look at a thread's first message: a person waits for the reply.
const lookAtThread = time.Second

// fresh leaves out what a thread reply only carries again, as Slack's events do:
// its parent's files (https://github.com/openclaw/openclaw/pull/32209). If Slack does not
// tell that in a second, all is read. A spare wish is left only if nothing else is.
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
