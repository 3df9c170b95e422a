package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slackocr/bot/fetch"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// process is the story of one image: a reply that says so, its text as the model
// writes it, the final markdown in the thread, and one last line. Another
// process can go on with it at any point: see story.
func (b *Bot) process(ctx context.Context, s *story) error {
	found, missing := b.lookUp(ctx, s)
	if elsewhere(missing) || !found && missing == nil && !s.Meant {
		return missing
	}
	if !found && missing == nil {
		missing = page.ErrUnsupported
	}
	line := func() string {
		if !b.model.Down().IsZero() {
			return wordsDown(s.what())
		}
		if ahead := b.slots.ahead(s.Person); ahead >= 0 {
			return wordsWaiting(s.what(), ahead)
		}
		return wordsReading(s.what())
	}
	var err error
	if s.reply, err = post.Open(s.ending, s.thread, post.Opening{
		Key: s.Request.key() + replyKey, After: s.after(), First: s.First, Line: line,
		Head: s.head(), Buttons: runningButtons(s.job.Record().Key),
	}, &s.Posted, s.save); err != nil {
		return err
	}
	defer s.reply.Leave()
	text, failure := "", missing
	if found {
		text, failure = b.read(ctx, s)
	}
	if s.Outside && (errors.Is(failure, fetch.ErrLoginPage) || errors.Is(failure, fetch.ErrGone)) {
		failure = errOutside
	}
	if elsewhere(failure) || s.quietly() {
		return failure
	}
	if failure != nil && s.Cause == "" {
		text = s.best(ctx, text)
	}
	if failure != nil && temporary(failure) && !s.job.LastAttempt() {
		again := wordsAgain(s.what(), failure, pause(failure, s.job.Record().Attempts))
		if err := s.reply.Close(ctx, post.Live{Text: text, Line: post.Plain(again), Buttons: runningButtons(s.job.Record().Key)}); unsettled(err) {
			return err
		}
		return failure
	}
	if failure == nil && b.same(ctx, s, text) {
		text, failure = "", errSame
	}
	if err := s.end(ctx, text, failure); err != nil {
		return err
	}
	b.log.Info("read", "file", s.File.ID, "channel", s.Channel, "words", ocr.CountWords(text),
		"seconds", time.Since(s.Began).Seconds(), "error", failure)

	ctx = s.ending // from here on the words must reach Slack, even if a person stopped the job
	words, parts := ocr.CountWords(text), slackmd.Parts(text, slackmd.MaxPart)
	if s.Mode.Kind == ocr.Locate && len(s.Boxes) > 0 {
		parts = nil // the picture says it
	}
	note, err := b.deliver(ctx, s, text, parts)
	last := post.Live{Buttons: doneButtons(s.job.Record().Key, text != "")}
	switch {
	case unsettled(err):
		return err
	case err != nil:
		b.log.Error("could not post the text", "channel", s.Channel, "error", err)
		last.Text, last.Line = text, post.Plain(wordsLost(s.what()))
	case errors.Is(failure, jobs.ErrStopped):
		last.Line = wordsStopped(s.what(), words, s.job.Record().StoppedBy)
	case failure != nil:
		last.Line = post.Plain(wordsFailed(s.what(), words, failure) + note)
	case s.Mode.Kind == ocr.Locate && (len(s.Boxes) > 0 || len(parts) == 0):
		last.Line = post.Plain(wordsLocated(s.File.Name, s.Mode.Argument, len(s.Boxes)) + note)
	case len(parts) == 0:
		last.Line = post.Plain(wordsNothing(s.what()))
	default:
		last.Line = post.Plain(wordsRead(s.what(), words, time.Since(s.Began)) + note)
	}
	if err := s.reply.Close(ctx, last); unsettled(err) {
		return err
	} else if err != nil {
		b.log.Warn("could not close the reply", "channel", s.Channel, "error", err)
	}
	return nil
}

// maxMessages is how many messages a result may fill. A longer one is one
// message and a file.
const maxMessages = 4

// deliver posts the parts of the text in the thread, each once, and a long text
// also as a file. It returns what the reply's last line shall add.
func (b *Bot) deliver(ctx context.Context, s *story, text string, parts []string) (note string, err error) {
	if len(s.Boxes) > 0 {
		if note, err = b.mark(ctx, s); err != nil {
			return "", err
		}
	}
	s.Parts = append(s.Parts, make([]post.Once, max(0, len(parts)-len(s.Parts)))...)
	send := func(from, to int) error {
		for i := from; i < to; i++ {
			m := post.Part(parts[i], wordsPart(s.what(), i+1, len(parts)))
			m.Key, m.After = fmt.Sprintf("%s/part/%d", s.Request.key(), i+1), s.Posted.TS
			if err := s.reply.Thread().Post(ctx, m, &s.Parts[i], s.save); err != nil {
				return err
			}
		}
		return nil
	}
	first := len(parts)
	if first > maxMessages {
		first = 1
	}
	if s.NoFile {
		return note, send(0, len(parts))
	}
	refusal := send(0, first)
	if unsettled(refusal) || (len(parts) <= 1 && refusal == nil) {
		return note, refusal
	}
	// A text that Slack refuses as messages may still be taken as a file.
	name := slackmd.FileName(s.fileName(), ".md")
	if err := s.reply.Thread().Upload(ctx, name, []byte(text), &s.Upload, s.save); elsewhere(err) {
		return "", err
	} else if err != nil && refusal != nil {
		return "", refusal
	} else if err != nil {
		b.log.Warn("could not upload the text as a file", "error", err)
		s.NoFile = true
		if err := s.save(ctx); err != nil {
			return "", err
		}
		return note, send(first, len(parts))
	}
	return note + wordsInFile(name), nil
}
