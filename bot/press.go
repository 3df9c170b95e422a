package bot

import (
	"cmp"
	"context"
	"errors"
	"strconv"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// The action ids beside those of package reading.
const (
	extractID = "extract" // the message shortcut
	forgetID  = "forget"  // the button that confirms /ocr forget
)

// interact handles a press, a choice, a shortcut or a submitted window.
func (b *Bot) interact(ctx context.Context, c *slack.InteractionCallback, ack ackFunc) {
	working, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	respond := func(sentence string) { b.respond(ctx, c.ResponseURL, c.Message.ThreadTimestamp, sentence) }
	if c.User.ID == "" {
		ack(nil)
		return
	}
	refusal := b.refusal(working, c.User.ID, c.User.TeamID)
	switch {
	case refusal != "" && c.Type == slack.InteractionTypeViewSubmission:
		ack(inOurWindow(c, refusal))
	case refusal != "":
		ack(nil)
		respond(refusal)
	case c.Type == slack.InteractionTypeViewSubmission:
		b.submitted(working, c, ack)
	case c.Type == slack.InteractionTypeMessageAction && c.CallbackID == extractID:
		sentence := b.extract(working, c)
		ack(nil)
		respond(sentence)
	case c.Type == slack.InteractionTypeBlockActions && c.View.ID == "" && len(c.ActionCallback.BlockActions) > 0:
		ack(nil)
		action := c.ActionCallback.BlockActions[0]
		if action.ActionID == forgetID {
			respond(b.forgetPerson(working, c))
		} else if key, file, ours := reading.ParseBlockID(action.BlockID); ours && action.ActionID != "" {
			respond(b.press(working, c, action, key, file))
		}
	default: // unknown, or nothing to do
		ack(nil)
	}
}

// extract enqueues a search for the files of the message under the shortcut.
func (b *Bot) extract(ctx context.Context, c *slack.InteractionCallback) (sentence string) {
	files := b.filesOf(c.Message.Msg, c.Channel.ID)
	switch {
	case !b.config.allows(c.Channel.ID):
		return words.NotHere
	case len(files) == 0:
		return words.NoPictureThere
	}
	return b.request(ctx, task{Search: &Search{
		Channel: c.Channel.ID, Origin: "shortcut-" + ask.Digest(c.TriggerID), Person: c.User.ID, Respond: c.ResponseURL, ReplyThread: c.Message.ThreadTimestamp,
		Target: Target{Files: files[:min(len(files), maxFound+1)]},
	}})
}

// forgetPerson enqueues the erasure of the pressing person's records.
func (b *Bot) forgetPerson(ctx context.Context, c *slack.InteractionCallback) (sentence string) {
	gone := Deletion{Origin: "press-" + ask.Digest(c.TriggerID), Channel: c.Channel.ID, Person: c.User.ID, Respond: c.ResponseURL}
	return b.request(ctx, task{Deletion: &gone})
}

// press carries out a button of a job's file, and returns a sentence for the
// person.
func (b *Bot) press(ctx context.Context, c *slack.InteractionCallback, action *slack.BlockAction, key string, file int) (sentence string) {
	root := cmp.Or(c.Message.ThreadTimestamp, c.Message.Timestamp)
	kind := ocr.Kind(action.SelectedOption.Value)
	if action.ActionID == reading.ModesID && kind.NeedsArgument() {
		// A window must open within 3 s, so the permission is checked at the
		// submission.
		return b.openWindow(ctx, c.TriggerID, againWindow(privateMetadata{Channel: c.Channel.ID, Key: key, File: file, Root: root}, kind))
	}
	record, a, err := b.pressed(ctx, key, file, c.Channel.ID, c.User.ID)
	if err != nil {
		return errorSentence(err)
	}
	again := a
	again.Origin, again.Root, again.Since, again.Person = "press-"+ask.Digest(action.ActionTs+c.User.ID), root, action.ActionTs, c.User.ID
	switch action.ActionID {
	case reading.StopID, reading.StopFileID:
		if !unfinished(record) {
			return words.FinishedAlready
		}
		if item, chosen := strconv.Atoi(action.SelectedOption.Value); chosen == nil {
			err = b.jobs.StopItem(ctx, key, item, c.User.ID)
		} else {
			err = b.jobs.Stop(ctx, key, c.User.ID)
		}
		if err != nil {
			break
		}
		b.log.Info("a person stopped a job", "person", c.User.ID, "channel", a.Channel, "request", reading.RequestID(key))
		if c.Container.IsEphemeral {
			return words.StoppedNow
		}
	case reading.DownloadID:
		err = b.enqueueDownload(ctx, c, key, a, file, root)
	case reading.TryAgainID:
		err = b.readAgain(ctx, again, file)
	case reading.ModesID:
		var ok bool
		if again.Mode, ok = ocr.NewMode(kind, ""); ok {
			err = b.readAgain(ctx, again, file)
		}
	}
	return errorSentence(err)
}

// pressed returns the job of a button of a file in a channel, if the person may
// press the button: a member of the job's conversation, where the reply is, or
// the asking person.
func (b *Bot) pressed(ctx context.Context, key string, file int, channel, person string) (jobs.Record, ask.Ask, error) {
	record, err := b.jobs.Get(ctx, key)
	if err != nil && !isUnknownJob(err) {
		return jobs.Record{}, ask.Ask{}, err
	}
	a, ok := reading.AskOf(record)
	switch {
	case err != nil, !ok, file >= len(a.Files): // erased
		err = userError(words.NotRemembered)
	case !b.config.allows(a.Channel):
		err = userError(words.NotHere)
	case a.Person == person:
	case a.Channel != channel:
		err = userError(words.NotMember)
	default:
		err = b.requireMember(ctx, channel, person, words.NotMember)
	}
	return record, a, err
}

// readAgain enqueues another reading of a file of an ask. The caller must have
// set the origin, the thread, the person and the mode of the new ask.
func (b *Bot) readAgain(ctx context.Context, a ask.Ask, file int) error {
	f := a.Files[file]
	switch {
	case b.quotaLeft(a.Person, a.Channel) == 0:
		return userError(words.TooManyWaiting(0, 1))
	case f.Source.Channel != "" && !b.config.allows(f.Source.Channel):
		return userError(words.NotHere)
	}
	a.Files, a.Explicit = []ask.File{f}, true
	a.Key = ask.KeyOf(a.Channel, a.Origin, a.Mode) + "/" + f.Slack.ID + ask.Digest(f.Web)
	_, err := b.enqueue(ctx, task{Ask: &a})
	return err
}

// errorSentence returns the sentence for a failed press, or "" for nil.
func errorSentence(err error) string {
	why, refused := errors.AsType[userError](err)
	switch {
	case err == nil:
		return ""
	case refused:
		return string(why)
	case errors.Is(err, post.ErrTooManyMembers):
		return words.NotMember
	}
	return words.NotTaken
}
