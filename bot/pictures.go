package bot

import (
	"cmp"
	"slices"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/fetch"
)

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

// filesOf returns the files of a message, including forwarded files, unless
// the bot may not work in the channel that they come from. For a message
// without files, filesOf returns the images that an app shows in the message.
func (b *Bot) filesOf(m slack.Msg, channel string) (all []FoundFile) {
	at := FoundFile{Source: ask.MessageRef{Channel: channel, TS: m.Timestamp}, Root: cmp.Or(m.ThreadTimestamp, m.Timestamp)}
	files := slices.Clone(m.Files)
	for _, a := range m.Attachments {
		from, _ := ask.ParseLink(a.FromURL, b.intake.home)
		if a.IsShare && (from.Message.Channel == "" || b.config.allows(from.Message.Channel)) { // the preview of a link may show private content
			files = append(files, a.Files...)
		}
	}
	for _, f := range ask.Distinct(files) {
		if ask.Picture(f) {
			at.File = ask.Slim(f)
			all = append(all, at)
		}
	}
	if len(all) > 0 {
		return all
	}
	shown := imagesIn(m.Blocks)
	for _, a := range m.Attachments {
		if a.FromURL == "" && a.OriginalURL == "" { // otherwise the preview of a link
			shown = append(append(shown, FoundFile{Web: a.ImageURL}), imagesIn(a.Blocks)...)
		}
	}
	for _, f := range shown {
		if f.Web != "" {
			name, err := fetch.CheckLink(f.Web)
			if err != nil {
				continue
			}
			f.File.Name = name
		}
		if f.Web != "" || f.File.ID != "" {
			f.Source, f.Root = at.Source, at.Root
			all = append(all, f)
		}
	}
	return all
}

// likelyPictures returns the files whose type or name is that of a picture, and all
// files that somebody pointed at.
func likelyPictures(files []FoundFile) []FoundFile {
	return slices.DeleteFunc(files, func(f FoundFile) bool { return f.Web == "" && ask.Undeclared(f.File) && !ask.ReadUnasked(f.File) })
}

// imagesIn returns the image blocks of a message.
// https://docs.slack.dev/reference/block-kit/blocks/image-block
func imagesIn(blocks slack.Blocks) (all []FoundFile) {
	for _, block := range blocks.BlockSet {
		image, ok := block.(*slack.ImageBlock)
		if !ok {
			continue
		}
		f := FoundFile{Web: image.ImageURL}
		if image.SlackFile != nil {
			f.File.ID, f.File.FileAccess, f.Named = image.SlackFile.ID, "check_file_info", true
		}
		all = append(all, f)
	}
	return all
}
