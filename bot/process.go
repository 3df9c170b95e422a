package bot

import (
	"context"
	"errors"

	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/ocr/page"
)

// process is the story of one image: a reply that says so, its text as the model
// writes it, the final markdown in the thread, and one last line. Another
// process can go on with it at any point: see story.
func (b *Bot) process(ctx context.Context, s *story) error {
	found, missing := b.lookUp(s)
	if elsewhere(missing) || !found && missing == nil && !s.Meant {
		return missing
	}
	if !found && missing == nil {
		missing = page.ErrUnsupported
	}
	if err := b.open(s); err != nil {
		return err
	}
	defer s.reply.Leave()
	text, failure := "", missing
	if found {
		text, failure = b.read(ctx, s)
	}
	if elsewhere(failure) || s.quietly() {
		return failure
	}
	if failure != nil && s.Cause == "" {
		text = s.best(ctx, text)
	}
	if failure != nil && temporary(failure) && !s.job.LastAttempt() {
		again := wordsAgain(s.what(), failure, pause(failure, s.job.Record().Attempts))
		if err := s.reply.Close(ctx, post.Live{Text: text, Line: post.Plain(again), Buttons: runningButtons(s)}); unsettled(err) {
			return err
		}
		return failure
	}
	if failure == nil && b.same(ctx, s, text) {
		text, failure = "", errSame
	}
	failure = s.refer(failure)
	err := s.end(ctx, text, failure)
	if errors.Is(err, jobs.ErrTooLarge) {
		text, failure = "", err
		err = s.end(ctx, text, failure)
	}
	if err != nil {
		return err
	}
	return b.answer(s.ending, s, text, failure) // which must reach Slack, even if a person stopped the job
}

// open posts the reply, or finds it, and says what is done first.
func (b *Bot) open(s *story) (err error) {
	line := func() string {
		if !b.model.Down().IsZero() {
			return wordsDown(s.what())
		}
		if ahead := b.slots.ahead(s.Person); ahead >= 0 {
			return wordsWaiting(s.what(), ahead)
		}
		return wordsReading(s.what())
	}
	s.reply, err = post.Open(s.ending, s.thread, post.Opening{
		Key: s.Request.key() + replyKey, After: s.after(), First: s.First, Line: line,
		Head: s.head(), Buttons: runningButtons(s), Shown: s.first,
	}, &s.Posted, s.save)
	return err
}

// answer puts the text where it was asked for, and closes the reply.
func (b *Bot) answer(ctx context.Context, s *story, text string, failure error) error {
	result := s.result(text)
	note, err := b.deliver(ctx, s, text, result)
	if post.PlaceGone(err) {
		note, err = b.deliverElsewhere(ctx, s, text, result)
	}
	if unsettled(err) {
		return err
	}
	if err != nil {
		s.lost, s.lacks = true, err
		s.log.Error("could not post the text", "channel", s.Channel, "error", err)
		err = s.reply.Close(ctx, post.Live{Text: text, Line: post.Plain(wordsLost(s.what(), s.id)), Buttons: doneButtons(s)})
	} else {
		s.posted(text)
		err = s.reply.Trail(ctx, post.Live{Line: s.lastLine(text, len(result.Parts) > 0, note, failure), Buttons: doneButtons(s)})
	}
	if unsettled(err) {
		return err
	} else if err != nil {
		s.log.Warn("could not close the reply", "channel", s.Channel, "error", err)
	}
	return nil
}
