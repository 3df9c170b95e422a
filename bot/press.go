package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

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
	var err error // of the person's request
	if c.User.ID != "" {
		err = b.refuseExternal(working, c.User.ID, c.User.TeamID)
	}
	switch {
	case c.User.ID == "":
		ack(nil)
	case err != nil && c.Type == slack.InteractionTypeViewSubmission:
		ack(inOurWindow(c, b.explain(err)))
		return
	case err != nil:
		ack(nil)
	case c.Type == slack.InteractionTypeViewSubmission:
		b.submitted(working, c, ack)
	case c.Type == slack.InteractionTypeMessageAction && c.CallbackID == extractID:
		err = b.extract(working, c)
		ack(nil)
	case c.Type == slack.InteractionTypeBlockActions && c.View.ID == "" && len(c.ActionCallback.BlockActions) > 0:
		ack(nil)
		action := c.ActionCallback.BlockActions[0]
		if action.ActionID == forgetID {
			err = b.forgetPerson(working, c)
		} else if key, file, ours := reading.ParseBlockID(action.BlockID); ours && action.ActionID != "" {
			err = b.press(working, c, action, key, file)
		}
	default: // unknown, or nothing to do
		ack(nil)
	}
	b.respond(ctx, c.ResponseURL, c.Message.ThreadTimestamp, ownMessage(b.explain(err)))
}

// extract enqueues a search for the files of the message under the shortcut.
func (b *Bot) extract(ctx context.Context, c *slack.InteractionCallback) error {
	files := b.filesOf(c.Message.Msg, c.Channel.ID)
	switch {
	case !b.config.allows(c.Channel.ID):
		return userError(words.NotHere)
	case len(files) == 0:
		return userError(words.NoPictureThere)
	}
	return b.request(ctx, task{Search: &Search{
		Channel: c.Channel.ID, Origin: "shortcut-" + ask.Digest(c.TriggerID), Person: c.User.ID, Respond: c.ResponseURL, ReplyThread: c.Message.ThreadTimestamp,
		Target: Target{Files: files[:min(len(files), ask.MaxFiles+1)]},
	}})
}

// forgetPerson enqueues the erasure of the pressing person's records.
func (b *Bot) forgetPerson(ctx context.Context, c *slack.InteractionCallback) error {
	return b.request(ctx, task{Deletion: &Deletion{
		Origin: "press-" + ask.Digest(c.TriggerID), Channel: c.Channel.ID, Person: c.User.ID, Respond: c.ResponseURL,
	}})
}

// press carries out a button of a job's file. A userError also tells the person
// the result where nothing else shows it.
func (b *Bot) press(ctx context.Context, c *slack.InteractionCallback, action *slack.BlockAction, key string, file int) error {
	root := cmp.Or(c.Message.ThreadTimestamp, c.Message.Timestamp)
	kind := ocr.Kind(action.SelectedOption.Value)
	if action.ActionID == reading.ModesID && kind.NeedsArgument() {
		// A window must open within 3 s, so the permission is checked at the
		// submission.
		return b.openWindow(ctx, c.TriggerID, againWindow(privateMetadata{Channel: c.Channel.ID, Key: key, File: file, Root: root}, kind))
	}
	record, a, err := b.pressed(ctx, key, file, c.Channel.ID, c.User.ID)
	if err != nil {
		return err
	}
	again := a
	again.Origin, again.Root, again.Since, again.Person = "press-"+ask.Digest(action.ActionTs+c.User.ID), root, action.ActionTs, c.User.ID
	switch action.ActionID {
	case reading.StopID, reading.StopFileID:
		return b.stopJob(ctx, c, record, a.Channel, action.SelectedOption.Value)
	case reading.DownloadID:
		return b.enqueueDownload(ctx, c, key, a, file, root)
	case reading.TryAgainID:
		return b.readAgain(ctx, again, file)
	case reading.ModesID:
		if mode, ok := ocr.NewMode(kind, ""); ok {
			again.Mode = mode
			return b.readAgain(ctx, again, file)
		}
	}
	return nil
}

// stopJob stops a job, or the file that was chosen by its number.
func (b *Bot) stopJob(ctx context.Context, c *slack.InteractionCallback, r jobs.Record, channel, chosen string) error {
	if !unfinished(r) {
		return userError(words.FinishedAlready)
	}
	var err error
	if item, notNumber := strconv.Atoi(chosen); notNumber == nil {
		err = b.jobs.StopItem(ctx, r.Key, item, c.User.ID)
	} else {
		err = b.jobs.Stop(ctx, r.Key, c.User.ID)
	}
	if err != nil {
		return err
	}
	b.log.Info("a person stopped a job", "person", c.User.ID, "channel", channel, "request", reading.RequestID(r.Key))
	if c.Container.IsEphemeral { // the list of /ocr status does not change
		return userError(words.StoppedNow)
	}
	return nil
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
	if ok {
		_, _ = reading.DecodeState(record, &a, true) // has the names that the event did not have
	}
	switch {
	case err != nil, !ok, file >= len(a.Files): // erased
		err = userError(words.NotRemembered)
	case !b.config.allows(a.Channel):
		err = userError(words.NotHere)
	case a.Person == person:
	case a.Channel != channel:
		err = userError(words.NotMember)
	default:
		if err = b.requireMember(ctx, channel, person, words.NotMember); errors.Is(err, post.ErrTooManyMembers) {
			err = userError(words.MembersUnchecked)
		}
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

// The ids in windows.
const (
	uploadID  = "upload" // callbacks
	againID   = "again"
	filesID   = "files" // blocks, each with an element of the same name
	modeID    = "mode"
	wordsID   = "words"
	privateID = "private"
)

// privateMetadata is the data that a window keeps about its opening.
type privateMetadata struct {
	Channel string
	Respond string `json:",omitempty"` // valid for 30 minutes, like the trigger's response
	Key     string `json:",omitempty"` // of the job to read again
	File    int    `json:",omitempty"` // of the job
	Root    string `json:",omitempty"`
}

func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// uploadWindow returns the window that asks for files and a mode.
func uploadWindow(from privateMetadata) slack.ModalViewRequest {
	files := slack.NewInputBlock(filesID, plain(words.FilesLabel), plain(words.FilesHint),
		slack.NewFileInputBlockElement(filesID).WithFileTypes(ask.Extensions...).WithMaxFiles(ask.MaxFiles))
	mode := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, modeID, reading.ModeOptions()...)
	mode.InitialOption = reading.ModeOptions()[0]
	private := slack.NewCheckboxGroupsBlockElement(privateID, slack.NewOptionBlockObject("yes", plain(words.PrivateOption), nil))
	return window(uploadID, words.UploadTitle, from,
		files,
		slack.NewInputBlock(modeID, plain(words.ModeLabel), nil, mode),
		wordsInput(words.ArgumentLabel, true),
		slack.NewInputBlock(privateID, plain(words.PrivateLabel), nil, private).WithOptional(true),
	)
}

// againWindow returns the window that asks for the words of a mode.
func againWindow(from privateMetadata, kind ocr.Kind) slack.ModalViewRequest {
	label := words.PromptLabel
	if kind == ocr.Locate {
		label = words.LocateLabel
	}
	w := window(againID, words.AgainTitle, from, wordsInput(label, false))
	w.CallbackID = againID + "-" + string(kind)
	return w
}

// againKind returns the mode for which a window asks words.
func againKind(callback string) (kind ocr.Kind, ok bool) {
	name, ok := strings.CutPrefix(callback, againID+"-")
	return ocr.Kind(name), ok
}

func wordsInput(label string, optional bool) *slack.InputBlock {
	input := slack.NewPlainTextInputBlockElement(nil, wordsID).WithMultiline(true).WithMaxLength(ocr.MaxArgument / 4)
	return slack.NewInputBlock(wordsID, plain(label), nil, input).WithOptional(optional)
}

func window(callback, title string, from privateMetadata, blocks ...slack.Block) slack.ModalViewRequest {
	metadata, _ := json.Marshal(from) // strings only
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: callback, Title: plain(title), Submit: plain(words.SubmitButton), Close: plain(words.CancelButton),
		PrivateMetadata: string(metadata), Blocks: slack.Blocks{BlockSet: blocks},
	}
}

// submitted handles a submitted window. Problems are shown in the window,
// which stays open.
func (b *Bot) submitted(ctx context.Context, c *slack.InteractionCallback, ack ackFunc) {
	var from privateMetadata
	err := json.Unmarshal([]byte(c.View.PrivateMetadata), &from)
	kind, again := againKind(c.View.CallbackID)
	if err != nil || c.View.State == nil || from.Channel == "" || !b.config.allows(from.Channel) || !again && c.View.CallbackID != uploadID {
		ack(nil) // not a window of the bot
		return
	}
	value := func(id string) slack.BlockAction { return c.View.State.Values[id][id] }
	if !again {
		kind = ocr.Kind(value(modeID).SelectedOption.Value)
	}
	mode, ok := ocr.NewMode(kind, value(wordsID).Value)
	origin := "window-" + ask.Digest(c.View.ID)
	block := wordsID
	switch files := chosenFiles(value(filesID).Files); {
	case !ok:
		err = userError(words.ArgumentMissing)
	case again:
		ctx, cancel := context.WithTimeout(ctx, ackWithin-time.Second)
		defer cancel()
		var a ask.Ask
		if _, a, err = b.pressed(ctx, from.Key, from.File, from.Channel, c.User.ID); err == nil {
			a.Origin, a.Root, a.Since, a.Person, a.Mode = origin, from.Root, "", c.User.ID, mode
			err = b.readAgain(ctx, a, from.File)
		}
	case len(files) == 0:
		block, err = filesID, userError(words.NoFileChosen)
	default:
		block, err = filesID, b.request(ctx, task{Search: &Search{
			Channel: from.Channel, Origin: origin, Person: c.User.ID, Mode: mode,
			Respond: from.Respond, Private: len(value(privateID).SelectedOptions) > 0, Target: Target{Files: files},
		}})
	}
	ack(inWindow(block, b.explain(err)))
}

// chosenFiles returns a window's files.
func chosenFiles(files []slack.File) (all []FoundFile) {
	for _, f := range ask.Distinct(files) {
		if f.ID != "" && len(all) < ask.MaxFiles {
			all = append(all, FoundFile{File: ask.Slim(f), Named: true})
		}
	}
	return all
}

// inWindow returns the ack that shows a sentence at a field and keeps the
// window open, or, without a sentence, the ack that closes the window.
func inWindow(block, sentence string) any {
	if sentence == "" {
		return nil
	}
	return slack.NewErrorsViewSubmissionResponse(map[string]string{block: sentence})
}

// inOurWindow is inWindow for a field of any of the bot's windows. Other windows
// are closed.
func inOurWindow(c *slack.InteractionCallback, sentence string) any {
	if _, again := againKind(c.View.CallbackID); again {
		return inWindow(wordsID, sentence)
	}
	if c.View.CallbackID == uploadID {
		return inWindow(filesID, sentence)
	}
	return nil
}

// openWindow opens a window.
func (b *Bot) openWindow(ctx context.Context, trigger string, view slack.ModalViewRequest) error {
	if err := b.client.OpenView(ctx, trigger, view); err != nil {
		b.log.Warn("could not open a window", "error", err)
		return userError(words.NoWindow)
	}
	return nil
}
