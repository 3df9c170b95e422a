package reading

import (
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// The action ids of the bot's elements.
const (
	StopID     = "stop"
	StopFileID = "stop-file" // a menu of the unfinished files
	ModesID    = "again"     // a menu of modes
	TryAgainID = "try-again"
	DownloadID = "send"
)

// BlockID returns the id of the block with a file's buttons. An id has at most
// 255 characters.
// https://docs.slack.dev/reference/block-kit/blocks/actions-block
func BlockID(key string, file int) string {
	if file == 0 {
		return "job:" + key // the id of an earlier version
	}
	return "file:" + strconv.Itoa(file) + ":" + key
}

// ParseBlockID is the inverse of [BlockID]. For other blocks ok is false.
func ParseBlockID(id string) (key string, file int, ok bool) {
	if key, ok := strings.CutPrefix(id, "job:"); ok {
		return key, 0, true
	}
	rest, ok := strings.CutPrefix(id, "file:")
	number, key, cut := strings.Cut(rest, ":")
	file, err := strconv.Atoi(number)
	return key, file, ok && cut && err == nil && file > 0
}

func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

func button(id, label string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(id, "", plain(label))
}

// StopButton returns the button that stops an ask.
func StopButton() *slack.ButtonBlockElement { return button(StopID, words.StopButton) }

// ModeOptions returns the modes to choose from, the usual mode first.
func ModeOptions() (options []*slack.OptionBlockObject) {
	for _, kind := range ocr.Kinds() {
		options = append(options, slack.NewOptionBlockObject(string(kind), plain(words.Mode(kind)), nil))
	}
	return options
}

// runningButtons returns the elements that stop the ask or one of its files.
func (r *run) runningButtons(a ask.Ask, s State) *slack.ActionBlock {
	elements := []slack.BlockElement{StopButton()}
	var files []*slack.OptionBlockObject
	for i, f := range s.Files {
		if f.unread() && !r.erased(i) {
			files = append(files, slack.NewOptionBlockObject(strconv.Itoa(i), plain(optionName(a.Files[i].Name())), nil))
		}
	}
	if len(files) > 1 {
		elements = append(elements, slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain(words.StopMenu), StopFileID, files...))
	}
	return slack.NewActionBlock(BlockID(r.job.Record().Key, 0), elements...)
}

// maxOption is the longest text of an option, in characters.
// https://docs.slack.dev/reference/block-kit/composition-objects/option-object
const maxOption = 75

// optionName returns a file's name for a menu. A visible sign may have several
// characters.
func optionName(name string) string {
	characters := []rune(slackmd.Name(name))
	if len(characters) <= maxOption {
		return string(characters)
	}
	const end = maxOption / 3
	return string(characters[:maxOption-end-1]) + "…" + string(characters[len(characters)-end:])
}

// fileButtons returns the buttons of a finished file, or nil: under its text if
// underText is true, else under its line in the closed reply.
func fileButtons(key string, i int, f FileState, underText bool) *slack.ActionBlock {
	notPosted := f.Delivery.NotPosted
	if !underText && len(f.Delivery.Parts) > 0 && !notPosted {
		return nil // the text has them
	}
	var elements []slack.BlockElement
	if f.Failure != nil && f.Failure.OfferTryAgain() && !notPosted {
		elements = append(elements, button(TryAgainID, words.TryAgainButton))
	}
	if !notPosted && (underText || f.Failure == nil || f.Failure.OtherMode()) {
		elements = append(elements, slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain(words.ModesMenu), ModesID, ModeOptions()...))
	}
	if notPosted || underText {
		elements = append(elements, button(DownloadID, words.DownloadButton))
	}
	if len(elements) == 0 {
		return nil
	}
	return slack.NewActionBlock(BlockID(key, i), elements...)
}

// SampleMessages returns examples of a running reply, a closed reply and a
// result, as sent to Slack. The files in the examples do not exist.
func SampleMessages() (running, closed, result post.Message) {
	const (
		key  = "T00000000/C00000000/1700000000.000000/read/markdown"
		text = "# Invoice\n\nA line with **bold** words and a [link](https://example.com).\n\n| Item | Price |\n| --- | ---: |\n| Tea | 3.50 |\n\n- one\n- two\n"
	)
	title := words.FileAndMode("page.png", ocr.Mode{})
	head := post.Caption{{Person: "U00000000"}, {Text: words.AskedToRead(title)}}
	running = post.View{
		Head: head, Texts: []post.Text{{Name: title, Markdown: text}}, Lines: []post.Line{{Caption: post.Plain(words.Reading(title))}},
		Buttons: slack.NewActionBlock(BlockID(key, 0), StopButton()),
	}.Message()
	done := post.Line{
		Caption: post.Caption{{Text: words.Read(title, 12, 1, 0), Link: "https://example.slack.com/archives/C00000000/p1700000000000000"}},
		Buttons: fileButtons(key, 0, FileState{}, false),
	}
	closed = post.View{Lines: []post.Line{done}}.Message()
	result = post.Result{
		Header: post.Plain(words.Part(1, 2, 1, 3)), Markdown: text, Notification: title,
		Buttons: fileButtons(key, 0, FileState{Failure: words.Failed(words.Connection)}, true),
	}.Message()
	return running, closed, result
}
