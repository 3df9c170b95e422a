package bot

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/reading"
	"slackocr/bot/words"
	"slackocr/ocr"
)

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
		slack.NewFileInputBlockElement(filesID).WithFileTypes(ask.Extensions...).WithMaxFiles(maxFound))
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
	block, sentence := filesID, ""
	switch files := chosenFiles(value(filesID).Files); {
	case !ok:
		block, sentence = wordsID, words.ArgumentMissing
	case again:
		ctx, cancel := context.WithTimeout(ctx, ackWithin-time.Second)
		defer cancel()
		_, a, err := b.pressed(ctx, from.Key, from.File, from.Channel, c.User.ID)
		if err == nil {
			a.Origin, a.Root, a.Since, a.Person, a.Mode = origin, from.Root, "", c.User.ID, mode
			err = b.readAgain(ctx, a, from.File)
		}
		block, sentence = wordsID, errorSentence(err)
	case len(files) == 0:
		sentence = words.NoFileChosen
	default:
		sentence = b.request(ctx, task{Search: &Search{
			Channel: from.Channel, Origin: origin, Person: c.User.ID, Mode: mode,
			Respond: from.Respond, Private: len(value(privateID).SelectedOptions) > 0, Target: Target{Files: files},
		}})
	}
	ack(inWindow(block, sentence))
}

// chosenFiles returns a window's files.
func chosenFiles(files []slack.File) (all []FoundFile) {
	for _, f := range ask.Distinct(files) {
		if f.ID != "" && len(all) < maxFound {
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

// openWindow opens a window. After a failure sentence is for the person, else "".
func (b *Bot) openWindow(ctx context.Context, trigger string, view slack.ModalViewRequest) (sentence string) {
	if err := b.client.OpenView(ctx, trigger, view); err != nil {
		b.log.Warn("could not open a window", "error", err)
		return words.NoWindow
	}
	return ""
}
