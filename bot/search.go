package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/guard"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// Search is a request to read files that must be looked for.
type Search struct {
	Channel     string // the conversation of the request
	Origin      string `json:"Ask"` // the asking message, or a token of the command or window
	Person      string
	Mode        ocr.Mode
	Respond     string `json:",omitempty"`      // response_url of the person, unless a message asked
	ReplyThread string `json:"Under,omitempty"` // thread of the answer, or "" for the channel itself
	Private     bool   `json:",omitempty"`      // the answer is for the person alone
	Silent      bool   `json:"Quiet,omitempty"` // if there is nothing to read, there is no answer
	// CheckExternal is true if the person's workspace must be checked.
	CheckExternal bool `json:"Stranger,omitempty"`
	Target
}

// Target says which files a Search is about. One of the fields is set.
type Target struct {
	Files   []FoundFile     `json:",omitempty"`    // files of the window or the message
	URL     string          `json:"Web,omitempty"` // an address on the web
	Message *ask.MessageRef `json:",omitempty"`    // a message
	Linked  *ask.MessageRef `json:",omitempty"`    // a message that only members of its conversation may have read
	File    string          `json:",omitempty"`    // id of a file that only people who can see the file may have read
	Thread  string          `json:",omitempty"`    // all files of a thread of Channel
	Last    bool            `json:",omitempty"`    // the newest picture of Channel
}

// FoundFile is a file that somebody asked for, in Slack or on the web.
type FoundFile struct {
	File   slack.File
	Web    string         `json:",omitempty"`
	Source ask.MessageRef `json:",omitzero"`  // the message with the file
	Root   string         `json:",omitempty"` // timestamp of the thread of that message
	// Named says that a window or a block only names the file. Whoever asks for it has to
	// be able to see it.
	Named bool `json:",omitempty"`
}

// searchTimeout bounds an attempt to find files.
const searchTimeout = 2 * time.Minute

// search looks for the files of a request and enqueues an ask for them.
func (b *Bot) search(ctx context.Context, job *jobs.Job, s Search) error {
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	err := guard.Run(b.logOf(job), "a search panicked", func() error { return post.OptionalScope(b.resolveAndEnqueue(ctx, s)) })
	sentence := ""
	_, refused := errors.AsType[userError](err)
	switch {
	case refused, errors.Is(err, post.ErrTooManyMembers), errors.Is(err, jobs.ErrFull):
		sentence, err = b.explain(err), nil
	case err == nil, reading.EndsHere(err), errors.Is(err, jobs.ErrStopped):
	case errors.Is(err, post.ErrScope):
		sentence = words.MissingScope
	case errors.Is(err, guard.ErrPanicked):
		sentence = words.NotTaken
	case !temporary(err), job.LastAttempt():
		sentence = words.NotFound
	}
	if sentence != "" && !s.Silent {
		b.postEphemeral(ctx, s, sentence)
	}
	return err
}

func (b *Bot) resolveAndEnqueue(ctx context.Context, s Search) error {
	if s.CheckExternal {
		if err := b.refuseExternal(ctx, s.Person, ""); err != nil {
			return err
		}
	}
	files, err := b.resolve(ctx, s)
	if err != nil {
		return err
	}
	tooMany := ""
	if len(files) > ask.MaxFiles {
		files, tooMany = files[:ask.MaxFiles], words.FirstFilesOnly(ask.MaxFiles)
		if s.Thread != "" {
			tooMany = words.NewestFilesOnly(ask.MaxFiles)
		}
	}
	if s.Thread != "" { // the newest file came first
		slices.Reverse(files)
	}
	to, err := b.place(ctx, s, files)
	if err != nil {
		return err
	}
	if room := b.quotaLeft(s.Person, to.Channel); room < len(files) {
		to.note = words.TooManyWaiting(room, len(files))
		files = files[:room]
	}
	if len(files) > 0 {
		where, err := b.enqueueFound(ctx, s, files, to)
		if err != nil {
			return err
		}
		to.note = cmp.Or(to.note, where)
	}
	if note := cmp.Or(to.note, tooMany); note != "" {
		b.postEphemeral(ctx, s, note)
	}
	return nil
}

// enqueueFound enqueues the ask for the found files. If the person asked from
// elsewhere, or the files are read already, where is a sentence with a link to the result.
func (b *Bot) enqueueFound(ctx context.Context, s Search, files []FoundFile, to destination) (where string, err error) {
	a := ask.Ask{
		Key: ask.KeyOf(to.Channel, s.Origin, s.Mode), Channel: to.Channel, Origin: s.Origin, Root: to.TS, Person: s.Person,
		Mode: s.Mode, Explicit: true, Outside: to.outside, Respond: s.Respond,
	}
	for _, file := range files {
		a.Files = append(a.Files, ask.File{Slack: file.File, Web: file.Web, Source: file.Source})
	}
	a.Files = ask.Number(a.Files)
	created, err := b.enqueue(ctx, task{Ask: &a})
	underWay := created
	if err == nil && !created {
		created, underWay, err = b.enqueueRest(ctx, a)
	}
	atHand := created && (to.TS == s.Thread || to.TS == ask.Timestamp(s.Origin)) // the person is in that thread
	if err != nil || atHand || to.TS == "" || created && s.Silent {
		return "", err
	}
	return words.WhereText(ask.Permalink(b.intake.home, ask.MessageRef{Channel: to.Channel, TS: to.TS}, ""), underWay), nil
}

// enqueueRest enqueues an ask for the files that an earlier ask with the same
// key did not have. underWay is true if either ask is unfinished.
func (b *Bot) enqueueRest(ctx context.Context, a ask.Ask) (created, underWay bool, err error) {
	record, err := b.record(ctx, a.Key)
	if isUnknownJob(err) {
		return false, false, nil
	}
	before, ok := reading.AskOf(record)
	a.Files = slices.DeleteFunc(a.Files, func(f ask.File) bool {
		return slices.ContainsFunc(before.Files, func(g ask.File) bool { return f.Slack.ID == g.Slack.ID && f.Web == g.Web })
	})
	if err == nil && ok && len(a.Files) > 0 {
		a.Key += "/rest"
		created, err = b.enqueue(ctx, task{Ask: &a})
	}
	return created, created || unfinished(record), err
}

// destination is the place of the answer to a Search.
type destination struct {
	ask.MessageRef
	outside bool   // the bot is not a member of the conversation of the request
	note    string // a hint for a person who might look in the wrong place, or ""
}

// place returns the place of the answer. Files of a conversation are answered
// there or to the person alone; files from the person are answered where the
// person asked.
func (b *Bot) place(ctx context.Context, s Search, files []FoundFile) (to destination, err error) {
	home := ask.MessageRef{Channel: s.Channel}
	switch {
	case s.Thread != "":
		home.TS = s.Thread
	case files[0].Root != "":
		home = ask.MessageRef{Channel: files[0].Source.Channel, TS: files[0].Root}
	}
	elsewhere := home.Channel != s.Channel || s.File != "" && files[0].Source.Channel != s.Channel
	if !s.Private && !elsewhere {
		joined, err := b.client.CanPost(ctx, home.Channel)
		if err != nil {
			return to, fmt.Errorf("looking at a conversation: %w", err)
		}
		if joined {
			return destination{MessageRef: home}, nil
		}
		to.outside = !ask.Direct(home.Channel) // nobody can be invited to a direct message
	}
	if to.Channel, err = b.client.OpenDM(ctx, s.Person); err != nil {
		return to, fmt.Errorf("opening a direct message: %w", err)
	}
	switch {
	case to.outside:
		to.note = words.InviteMe(b.intake.self)
	case to.Channel == s.Channel:
	case elsewhere && !s.Private:
		to.note = words.AnsweredElsewhere
	default:
		to.note = words.AnsweredDirectly
	}
	return to, nil
}

// postEphemeral tells a person the result of a request. After some tries it
// gives up, since no other way is left.
func (b *Bot) postEphemeral(ctx context.Context, s Search, sentence string) {
	if b.respond(ctx, s.Respond, s.ReplyThread, ownMessage(sentence)) {
		return
	}
	ctx, cancel := answerContext(ctx)
	defer cancel()
	if err := b.client.PostEphemeral(ctx, s.Channel, cmp.Or(s.Thread, s.ReplyThread), s.Person, ownMessage(sentence)); err != nil {
		b.log.Warn("could not answer a person", "channel", s.Channel, "code", post.Code(err))
	}
}

// giveUp has the reply closed after a failure of an ask's last attempt. If Slack
// never confirmed the reply, which therefore cannot say so, giveUp tells the person.
func (b *Bot) giveUp(ctx context.Context, job *jobs.Job, a ask.Ask, err error) {
	if !errors.Is(err, post.ErrUncertain) {
		if err := b.reader.CloseFailed(ctx, job.Record(), err); err != nil {
			b.logOf(job).Error("could not close the reply of an ask that was given up", "error", err)
		}
		return
	}
	b.logOf(job).Error("Slack never confirmed the reply", "channel", a.Channel, "error", err)
	under := a.Root
	if under == a.Origin {
		under = ""
	}
	b.postEphemeral(ctx, Search{Channel: a.Channel, Person: a.Person, Respond: a.Respond, ReplyThread: under}, words.Unconfirmed(a.Files[0].Name()))
}
