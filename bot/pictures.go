package bot

import (
	"cmp"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"slackocr/bot/fetch"
)

// picture reports whether a file is an image or a PDF that Slack keeps. What it says of
// itself decides only whether to look; its content decides what it is.
// https://docs.slack.dev/reference/objects/file-object
func picture(f slack.File) bool {
	if f.ID == "" || f.IsExternal {
		return false
	}
	switch f.Mode {
	case "external", "tombstone", "hidden_by_limit":
		return false
	}
	switch f.FileAccess {
	case "access_denied", "file_not_found":
		return false
	case "check_file_info":
		return true // shared by another workspace: files.info tells the rest
	}
	return f.Mimetype == "application/pdf" || strings.HasPrefix(f.Mimetype, "image/") && !strings.HasPrefix(f.Mimetype, "image/svg")
}

// pictureKinds are what pictures that can be read call themselves, the names of old
// programs included.
var pictureKinds = []string{
	"application/pdf", "image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/x-png", "image/apng", "image/gif", "image/webp",
	"image/bmp", "image/x-bmp", "image/x-ms-bmp", "image/tiff", "image/tif", "image/heic", "image/heif",
	"image/heic-sequence", "image/heif-sequence", "image/avif",
}

// usual reports whether a picture is of a kind that is read unasked. A drawing of
// some program is left alone: nobody wants to be told that it cannot be read.
func usual(f slack.File) bool {
	return f.FileAccess == "check_file_info" || slices.Contains(pictureKinds, strings.ToLower(f.Mimetype))
}

// slim is what a job needs of a file. The rest, such as where it was shared, is
// not kept.
func slim(f slack.File) slack.File {
	return slack.File{
		ID: f.ID, Name: f.Name, Title: f.Title, Mimetype: f.Mimetype, Filetype: f.Filetype, User: f.User, Size: f.Size,
		Mode: f.Mode, IsExternal: f.IsExternal, FileAccess: f.FileAccess, URLPrivate: f.URLPrivate,
		Thumb1024: f.Thumb1024, Thumb960: f.Thumb960, ThumbPDF: f.ThumbPDF, Thumb800: f.Thumb800,
		Thumb720: f.Thumb720, Thumb480: f.Thumb480, Thumb360: f.Thumb360,
	}
}

// distinct drops files that come twice.
func distinct(files []slack.File) (all []slack.File) {
	for _, f := range files {
		if !slices.ContainsFunc(all, func(g slack.File) bool { return g.ID == f.ID }) {
			all = append(all, f)
		}
	}
	return all
}

// Found is a file that somebody meant: one of Slack's, or one on the web.
type Found struct {
	File   slack.File
	Web    string `json:",omitempty"`
	Source Place  `json:",omitzero"`  // the message that has it
	Root   string `json:",omitempty"` // timestamp of the thread of that message
}

// filesOf returns the files of a message, forwarded ones included, or where it
// has none the images that another app shows in it.
func filesOf(m slack.Msg, channel string) (all []Found) {
	at := Found{Source: Place{channel, m.Timestamp}, Root: cmp.Or(m.ThreadTimestamp, m.Timestamp)}
	files := slices.Clone(m.Files)
	for _, a := range m.Attachments {
		if a.IsShare { // the preview of a link may show what not all here may see
			files = append(files, a.Files...)
		}
	}
	for _, f := range distinct(files) {
		if picture(f) {
			at.File = slim(f)
			all = append(all, at)
		}
	}
	if len(all) > 0 {
		return all
	}
	shown := imagesIn(m.Blocks)
	for _, a := range m.Attachments {
		if a.FromURL == "" && a.OriginalURL == "" { // else it is the preview of a link
			shown = append(append(shown, Found{Web: a.ImageURL}), imagesIn(a.Blocks)...)
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

// imagesIn are the image blocks of a message.
// https://docs.slack.dev/reference/block-kit/blocks/image-block
func imagesIn(blocks slack.Blocks) (all []Found) {
	for _, block := range blocks.BlockSet {
		image, ok := block.(*slack.ImageBlock)
		if !ok {
			continue
		}
		f := Found{Web: image.ImageURL}
		if image.SlackFile != nil {
			f.File.ID, f.File.FileAccess = image.SlackFile.ID, "check_file_info"
		}
		all = append(all, f)
	}
	return all
}
