package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/ocr"
)

// Find is a wish to have files read that are still to be found.
type Find struct {
	Channel string // where it was asked
	Ask     string // the message, or a token of the command or window
	Person  string
	Mode    ocr.Mode
	Respond string `json:",omitempty"` // where to answer the person, unless it was asked by a message
	Under   string `json:",omitempty"` // the thread that the person is answered in, "" for the channel itself
	Private bool   `json:",omitempty"` // the person wants it for themselves
	Quiet   bool   `json:",omitempty"` // if there is nothing to read, say nothing
	// Stranger wants a look whether the person is of this workspace.
	Stranger bool `json:",omitempty"`

	// Where the files are; one of these.
	Files   []Found `json:",omitempty"` // they came with the window or the message
	Web     string  `json:",omitempty"` // an address on the web
	Message *Place  `json:",omitempty"` // a message
	Linked  *Place  `json:",omitempty"` // a message that only its conversation's members may have read
	File    string  `json:",omitempty"` // a file that only those may have read who see it
	Thread  string  `json:",omitempty"` // all of a thread of Channel
	Last    bool    `json:",omitempty"` // the newest of Channel
}

// maxFound is how many files one wish may mean. A window takes as many.
const maxFound = 10

// finding bounds one attempt at looking for files.
const finding = 2 * time.Minute

// refusal is why a wish is not granted, in words for the person.
type refusal string

func (r refusal) Error() string { return string(r) }

// find looks for the files that somebody means and has each of them read.
func (b *Bot) find(ctx context.Context, job *jobs.Job, f Find) error {
	ctx, cancel := context.WithTimeout(ctx, finding)
	defer cancel()
	if words := b.busy(f.Person, f.Channel); words != "" {
		b.whisper(ctx, f, words)
		return nil
	}
	err := scoped(b.findAll(ctx, f))
	if why, refused := errors.AsType[refusal](err); refused {
		if !f.Quiet {
			b.whisper(ctx, f, string(why))
		}
		return nil
	}
	switch {
	case err == nil, f.Quiet, unsettled(err), errors.Is(err, jobs.ErrStopped):
	case errors.Is(err, errScope):
		b.whisper(ctx, f, wordsScope)
	case !temporary(err), job.LastAttempt():
		b.whisper(ctx, f, wordsNotFound)
	}
	return err
}

func (b *Bot) findAll(ctx context.Context, f Find) error {
	if f.Stranger {
		foreign, err := b.people.foreign(ctx, f.Person, "")
		if err != nil {
			return err
		}
		if foreign {
			return refusal(wordsStranger)
		}
	}
	files, err := b.seek(ctx, f)
	if errors.Is(err, post.ErrCrowd) {
		return refusal(wordsCrowd)
	}
	if err != nil {
		return err
	}
	tooMany := ""
	if len(files) > maxFound {
		files, tooMany = files[:maxFound], wordsFirstOnly(maxFound)
		if f.Thread != "" {
			tooMany = wordsNewestOnly(maxFound)
		}
	}
	if f.Thread != "" { // the newest came first
		slices.Reverse(files)
	}
	to, note, err := b.place(ctx, f, files)
	if err != nil {
		return err
	}
	for i, file := range files {
		r := Request{
			Channel: to.Channel, Ask: f.Ask, Root: to.TS, Person: f.Person, File: file.File, Web: file.Web,
			Source: file.Source, Mode: f.Mode, First: i == 0, Meant: true, Outside: note == wordsInvite(b.self), Respond: f.Respond,
		}
		if _, err := b.enqueue(ctx, task{Read: &r}); errors.Is(err, jobs.ErrFull) {
			return refusal(wordsFull(i))
		} else if err != nil {
			return err
		}
	}
	if note = cmp.Or(note, tooMany); note != "" {
		b.whisper(ctx, f, note)
	}
	return nil
}

// place is where the answer goes. Files of one conversation are answered there
// or to the person alone; what the person brought is answered where they asked.
// The note is for the person, where they might look in the wrong place.
func (b *Bot) place(ctx context.Context, f Find, files []Found) (to Place, note string, err error) {
	home := Place{Channel: f.Channel}
	switch {
	case f.Thread != "":
		home.TS = f.Thread
	case files[0].Root != "":
		home = Place{files[0].Source.Channel, files[0].Root}
	}
	elsewhere := home.Channel != f.Channel || f.File != "" && files[0].Source.Channel != f.Channel
	if !f.Private && !elsewhere {
		joined, err := b.desk.Joined(ctx, home.Channel)
		if err != nil {
			return Place{}, "", fmt.Errorf("looking at a conversation: %w", err)
		}
		if joined {
			return home, "", nil
		}
		if !dm(home.Channel) { // where nobody can be invited
			note = wordsInvite(b.self)
		}
	}
	direct, err := b.desk.Direct(ctx, f.Person)
	if err != nil {
		return Place{}, "", fmt.Errorf("opening a direct message: %w", err)
	}
	switch {
	case direct == f.Channel:
	case elsewhere && !f.Private:
		note = wordsElsewhere
	case note == "":
		note = wordsDirect
	}
	return Place{Channel: direct}, note, nil
}

// whisper tells a person something about what they asked for. It is tried for a
// while and then left: there is nothing else that could be told.
func (b *Bot) whisper(ctx context.Context, f Find, words string) {
	limit := whispering
	if ctx.Err() != nil { // the time for it is over, or the bot ends
		ctx, limit = context.WithoutCancel(ctx), settling
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := errNoWay
	if f.Respond != "" {
		err = b.desk.Respond(ctx, f.Respond, f.Under, say(words))
	}
	if err != nil {
		err = b.desk.Whisper(ctx, f.Channel, cmp.Or(f.Thread, f.Under), f.Person, say(words))
	}
	if err != nil {
		b.log.Warn("could not answer a person", "channel", f.Channel, "code", post.Code(err))
	}
}

// giveUp tells the person of a file whose reply Slack never confirmed, on the last
// attempt: there is no reply to say it in.
func (b *Bot) giveUp(ctx context.Context, s *story, err error) {
	if !errors.Is(err, post.ErrUncertain) || !s.job.LastAttempt() {
		return
	}
	s.log.Error("Slack never confirmed the reply", "channel", s.Channel, "error", err)
	under := s.Root
	if under == s.Ask {
		under = ""
	}
	b.whisper(ctx, Find{Channel: s.Channel, Person: s.Person, Respond: s.Respond, Under: under}, wordsUncertain(s.File.Name))
}

// whispering bounds a word to one person.
const whispering = 15 * time.Second

var errNoWay = errors.New("there is no address to answer to")
