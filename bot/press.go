package bot

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

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
func (b *Bot) interact(ctx context.Context, c *slack.InteractionCallback, ack answer) {
	working, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	respond := func(sentence string) {
		if sentence != "" {
			b.respond(ctx, c.ResponseURL, c.Message.ThreadTimestamp, ownMessage(sentence))
		}
	}
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
	case !b.intake.allowed(c.Channel.ID):
		return words.NotHere
	case len(files) == 0:
		return words.NoPictureThere
	}
	return b.request(ctx, task{Find: &Find{
		Channel: c.Channel.ID, Origin: "shortcut-" + ask.Digest(c.TriggerID), Person: c.User.ID, Respond: c.ResponseURL, ReplyThread: c.Message.ThreadTimestamp,
		Target: Target{Files: files[:min(len(files), maxFound+1)]},
	}})
}

// forgetPerson enqueues the erasure of the pressing person's records.
func (b *Bot) forgetPerson(ctx context.Context, c *slack.InteractionCallback) (sentence string) {
	gone := Deletion{Origin: "press-" + ask.Digest(c.TriggerID), Channel: c.Channel.ID, Person: c.User.ID, Respond: c.ResponseURL}
	return b.request(ctx, task{Forget: &gone})
}

// press carries out a button of a job's file, and returns a sentence for the
// person.
func (b *Bot) press(ctx context.Context, c *slack.InteractionCallback, action *slack.BlockAction, key string, file int) (sentence string) {
	root := cmp.Or(c.Message.ThreadTimestamp, c.Message.Timestamp)
	kind := ocr.Kind(action.SelectedOption.Value)
	if action.ActionID == reading.ModesID && kind.NeedsArgument() {
		// A window must open within 3 s, so the permission is checked at the
		// submission.
		view := againWindow(origin{Channel: c.Channel.ID, Key: key, File: file, Root: root}, kind)
		if err := b.client.OpenView(ctx, c.TriggerID, view); err != nil {
			b.log.Warn("could not open a window", "error", err)
			return words.NoWindow
		}
		return ""
	}
	record, a, err := b.pressed(ctx, key, c.Channel.ID, c.User.ID)
	if err == nil && file >= len(a.Files) {
		err = userError(words.NotRemembered)
	}
	if err != nil {
		return pressError(err)
	}
	again := readAgain{
		file: file, root: root, origin: "press-" + ask.Digest(action.ActionTs+c.User.ID), since: action.ActionTs, person: c.User.ID, mode: a.Mode,
	}
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
		err = b.askToSend(ctx, c, key, a, file, root)
	case reading.TryAgainID:
		err = b.readAgain(ctx, a, again)
	case reading.ModesID:
		var ok bool
		if again.mode, ok = ocr.NewMode(kind, ""); ok {
			err = b.readAgain(ctx, a, again)
		}
	}
	if err != nil {
		return pressError(err)
	}
	return ""
}

// pressed returns the job of a button in a channel, if the person may press
// the button: a member of the job's conversation, where the reply is, or the
// asking person.
func (b *Bot) pressed(ctx context.Context, key, channel, person string) (jobs.Record, ask.Ask, error) {
	record, err := b.jobs.Get(ctx, key)
	if isUnknownJob(err) {
		err = userError(words.NotRemembered)
	}
	if err != nil {
		return jobs.Record{}, ask.Ask{}, err
	}
	a, ok := reading.AskOf(record)
	switch {
	case !ok: // erased
		return jobs.Record{}, ask.Ask{}, userError(words.NotRemembered)
	case !b.intake.allowed(a.Channel):
		return jobs.Record{}, ask.Ask{}, userError(words.NotHere)
	case a.Person == person:
		return record, a, nil
	case a.Channel != channel:
		return jobs.Record{}, ask.Ask{}, userError(words.NotMember)
	}
	member, err := b.client.Member(ctx, a.Channel, person)
	if err == nil && !member {
		err = userError(words.NotMember)
	}
	return record, a, err
}

// readAgain is a request to read a file of an ask again.
type readAgain struct {
	file   int    // number of the file in the ask
	root   string // the thread
	origin string // distinguishes the requests
	since  string // time on Slack's clock, or ""
	person string
	mode   ocr.Mode
}

// readAgain enqueues another reading of a file, in its thread.
func (b *Bot) readAgain(ctx context.Context, a ask.Ask, again readAgain) error {
	if again.file >= len(a.Files) {
		return userError(words.NotRemembered)
	}
	if b.quotaLeft(again.person, a.Channel) == 0 {
		return userError(words.TooManyWaiting(0, 1))
	}
	f := a.Files[again.file]
	if f.Source.Channel != "" && !b.intake.allowed(f.Source.Channel) {
		return userError(words.NotHere)
	}
	a.Files, a.Explicit = []ask.File{f}, true
	a.Origin, a.Root, a.Since, a.Person, a.Mode = again.origin, again.root, again.since, again.person, again.mode
	a.Key = ask.KeyOf(a.Channel, a.Origin, a.Mode) + "/" + f.Slack.ID + ask.Digest(f.Web)
	_, err := b.enqueue(ctx, task{Ask: &a})
	return err
}

// againKind returns the mode for which a window asks words.
func againKind(callback string) (kind ocr.Kind, ok bool) {
	name, ok := strings.CutPrefix(callback, againID+"-")
	return ocr.Kind(name), ok
}

// pressError returns the sentence for a failed press.
func pressError(err error) string {
	if why, ok := errors.AsType[userError](err); ok {
		return string(why)
	}
	if errors.Is(err, post.ErrCrowd) {
		return words.NotMember
	}
	return words.NotTaken
}
