package bot

import (
	"context"
	"slices"
	"time"

	"slackocr/bot/ask"
)

// Check holds the tasks of an event if only Slack can tell whether the event
// counts. A Check is a job of its own, so that events never wait for Slack's
// answers.
type Check struct {
	Channel string
	Origin  string `json:"Ask"` // the message, or a token
	Person  string
	// CheckExternal is true if the person's workspace must be checked.
	CheckExternal bool `json:"Stranger,omitempty"`
	// Thread, unless "", may have the files in its first message already.
	Thread string        `json:",omitempty"`
	Tasks  []CheckedTask `json:"Wishes"`
}

// CheckedTask is one task of a Check.
type CheckedTask struct {
	task
	Fallback bool `json:"Spare,omitempty"` // counts only if no other task counts
}

// withCheck returns the tasks of an event: unchanged, or inside a Check if Slack
// must be asked.
func withCheck(intents []intent) (tasks []task) {
	var c Check
	for _, in := range intents {
		tasks = append(tasks, in.task)
		c.Tasks = append(c.Tasks, CheckedTask{task: in.task, Fallback: in.fallback})
		c.CheckExternal = c.CheckExternal || in.checkExternal
		if in.mayRepeat {
			c.Thread = in.Ask.Root
		}
	}
	if !c.CheckExternal && c.Thread == "" {
		return tasks
	}
	c.Channel, c.Origin, c.Person = intents[0].origin()
	return []task{{Check: &c}}
}

// files returns the number of files of all tasks.
func (c Check) files() (n int) {
	for _, t := range c.Tasks {
		if t.Ask != nil {
			n += len(t.Ask.Files)
		}
	}
	return n
}

// check enqueues the tasks that count.
func (b *Bot) check(ctx context.Context, c Check) error {
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	if c.CheckExternal {
		if foreign, err := b.people.foreign(ctx, c.Person, ""); err != nil || foreign {
			return err
		}
	}
	tasks := c.Tasks
	if c.Thread != "" {
		tasks = b.dropParentFiles(ctx, c)
	}
	for _, t := range tasks {
		if _, err := b.enqueue(ctx, t.task); err != nil {
			return err
		}
	}
	return nil
}

// parentFilesTimeout bounds the request for a thread's first message, since a
// person waits for the reply.
const parentFilesTimeout = time.Second

// dropParentFiles removes files that a thread reply only repeats: Slack's events carry
// the parent's files too (https://github.com/openclaw/openclaw/pull/32209). If
// Slack does not answer in a second, all files stay. A fallback stays only
// if no other task does.
func (b *Bot) dropParentFiles(ctx context.Context, c Check) []CheckedTask {
	ctx, cancel := context.WithTimeout(ctx, parentFilesTimeout)
	defer cancel()
	old, err := b.client.Thread(nil, c.Channel, c.Thread).For(c.Person).Files(ctx)
	if err != nil {
		b.log.Warn("could not look up a thread's first message", "error", err)
	}
	for _, t := range c.Tasks {
		if t.Ask != nil {
			t.Ask.Files = slices.DeleteFunc(t.Ask.Files, func(f ask.File) bool { return slices.Contains(old, f.Slack.ID) })
		}
	}
	tasks := slices.DeleteFunc(c.Tasks, func(t CheckedTask) bool { return t.Ask != nil && len(t.Ask.Files) == 0 })
	if slices.ContainsFunc(tasks, func(t CheckedTask) bool { return !t.Fallback }) {
		tasks = slices.DeleteFunc(tasks, func(t CheckedTask) bool { return t.Fallback })
	}
	return tasks
}
