package bot

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/jobs"
	"slackocr/ocr"
)

// The names of what can be pressed.
const (
	stopID    = "stop"
	chooseID  = "again" // the menu of modes
	sendID    = "send"
	extractID = "extract" // the message shortcut
)

// blockOf names the block of a job's buttons. A name has 255 characters at most.
// https://docs.slack.dev/reference/block-kit/blocks/actions-block
func blockOf(key string) string { return "job:" + key }

func stopButton() *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(stopID, "", plain(wordsStopButton))
}

// runningButtons are those of a reply that is being worked on.
func runningButtons(s *story) *slack.ActionBlock { return stopping(s.job.Record().Key) }

func stopping(key string) *slack.ActionBlock { return slack.NewActionBlock(blockOf(key), stopButton()) }

// doneButtons are those of a reply with its last line.
func doneButtons(s *story) *slack.ActionBlock { return choices(s.job.Record().Key, s.Text) }

// choices are what can be done with a file that was read; text says that there is
// one to download.
func choices(key string, text bool) *slack.ActionBlock {
	modes := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain(wordsAgainMenu), chooseID, modeOptions()...)
	elements := []slack.BlockElement{modes}
	if text {
		elements = append(elements, slack.NewButtonBlockElement(sendID, "", plain(wordsSendButton)))
	}
	return slack.NewActionBlock(blockOf(key), elements...)
}

// interact does what somebody pressed, chose or filled in.
func (b *Bot) interact(ctx context.Context, c *slack.InteractionCallback, ack answer) {
	working, cancel := context.WithTimeout(ctx, answering)
	defer cancel()
	respond := func(words string) {
		if words != "" {
			b.respond(ctx, c.ResponseURL, c.Message.ThreadTimestamp, say(words))
		}
	}
	switch {
	case c.User.ID == "":
		ack(nil)
	case b.turnedAway(working, c, ack, respond):
	case c.Type == slack.InteractionTypeViewSubmission:
		b.submitted(working, c, ack)
	case c.Type == slack.InteractionTypeMessageAction && c.CallbackID == extractID:
		words := b.extract(working, c)
		ack(nil)
		respond(words)
	case c.Type == slack.InteractionTypeBlockActions && c.View.ID == "" && len(c.ActionCallback.BlockActions) > 0:
		ack(nil)
		action := c.ActionCallback.BlockActions[0]
		if key, ours := strings.CutPrefix(action.BlockID, blockOf("")); ours && action.ActionID != "" {
			respond(b.press(working, c, action, key))
		}
	default: // nothing of ours, or nothing to do
		ack(nil)
	}
}

// turnedAway answers somebody of another workspace who may not ask, in the window
// if they filled one in.
func (b *Bot) turnedAway(ctx context.Context, c *slack.InteractionCallback, ack answer, respond func(words string)) bool {
	ctx, cancel := context.WithTimeout(ctx, ackWithin-time.Second)
	defer cancel()
	foreign, err := b.people.foreign(ctx, c.User.ID, c.User.TeamID)
	if err == nil && !foreign {
		return false
	}
	words := wordsStranger
	if err != nil {
		b.log.Error("could not look at a person", "error", err)
		words = wordsNotTaken
	}
	if c.Type == slack.InteractionTypeViewSubmission {
		ack(inOurWindow(c, words))
		return true
	}
	ack(nil)
	respond(words)
	return true
}

// extract has the files of the message read that somebody pointed at.
func (b *Bot) extract(ctx context.Context, c *slack.InteractionCallback) (words string) {
	files := filesOf(c.Message.Msg, c.Channel.ID)
	switch {
	case !b.intake.allowed(c.Channel.ID):
		return wordsNotHere
	case len(files) == 0:
		return wordsNoFiles
	}
	_, err := b.enqueue(ctx, task{Find: &Find{
		Channel: c.Channel.ID, Ask: "shortcut-" + digest(c.TriggerID), Person: c.User.ID, Respond: c.ResponseURL, Under: c.Message.ThreadTimestamp,
		Files: files[:min(len(files), maxFound+1)],
	}})
	if err != nil {
		b.log.Error("could not take a shortcut", "error", err)
		return wordsNotTaken
	}
	return ""
}

var (
	errForgotten = errors.New("the job is forgotten")
	errNotMember = errors.New("the person is not in the conversation")
)

// press does what a button of a job's reply is for, and returns what to tell the
// person.
func (b *Bot) press(ctx context.Context, c *slack.InteractionCallback, action *slack.BlockAction, key string) (words string) {
	root := cmp.Or(c.Message.ThreadTimestamp, c.Message.Timestamp)
	kind := ocr.Kind(action.SelectedOption.Value)
	if action.ActionID == chooseID && (kind == ocr.Locate || kind == ocr.Prompt) {
		// A window has 3 s to open, so who may press is looked at when it is sent.
		view := againWindow(origin{Channel: c.Channel.ID, Key: key, Root: root}, kind)
		if err := b.desk.OpenView(ctx, c.TriggerID, view); err != nil {
			b.log.Warn("could not open a window", "error", err)
			return wordsNoWindow
		}
		return ""
	}
	record, r, err := b.pressed(ctx, key, c.Channel.ID, c.User.ID)
	if err != nil {
		return wordsPressError(err)
	}
	switch action.ActionID {
	case stopID:
		if record.State != jobs.Queued && record.State != jobs.Running {
			return wordsEnded
		}
		err = b.jobs.Stop(ctx, key, c.User.ID)
		if err == nil && c.Container.IsEphemeral {
			return wordsStopping
		}
	case sendID:
		err = b.askToSend(ctx, c, key, r, root)
	case chooseID:
		if mode, ok := ocr.NewMode(kind, ""); ok {
			r.After = c.Message.Timestamp
			err = b.readAgain(ctx, r, root, "press-"+digest(action.ActionTs+c.User.ID), c.User.ID, mode)
		}
	}
	if err != nil {
		return wordsPressError(err)
	}
	return ""
}

// pressed looks up the job of a button in a channel, for somebody who may press
// it: a member of the job's conversation, where the reply stands, or its asker.
func (b *Bot) pressed(ctx context.Context, key, channel, person string) (jobs.Record, Request, error) {
	record, err := b.jobs.Get(ctx, key)
	if forgotten(err) {
		err = errForgotten
	}
	if err != nil {
		return jobs.Record{}, Request{}, err
	}
	r, ok := request(record)
	switch {
	case !ok: // erased
		return jobs.Record{}, Request{}, errForgotten
	case !b.intake.allowed(r.Channel):
		return jobs.Record{}, Request{}, refusal(wordsNotHere)
	case r.Person == person:
		return record, r, nil
	case r.Channel != channel:
		return jobs.Record{}, Request{}, errNotMember
	}
	member, err := b.desk.Member(ctx, r.Channel, person)
	if err == nil && !member {
		err = errNotMember
	}
	return record, r, err
}

// readAgain has a file read in another way, in its thread.
func (b *Bot) readAgain(ctx context.Context, r Request, root, ask, person string, mode ocr.Mode) error {
	if words := b.busy(person, r.Channel); words != "" {
		return refusal(words)
	}
	r.Ask, r.Root, r.Person, r.Mode, r.First, r.Meant = ask, root, person, mode, true, true
	_, err := b.enqueue(ctx, task{Read: &r})
	return err
}

// againKind is the mode that a window asks words for.
func againKind(callback string) (kind ocr.Kind, ok bool) {
	name, ok := strings.CutPrefix(callback, againID+"-")
	return ocr.Kind(name), ok
}
