package ask

import (
	"cmp"
	"slices"
	"strings"

	"github.com/slack-go/slack"
)

// Picture reports whether a file is an image or a PDF that Slack keeps. What it says of
// itself decides only whether to look; its content decides what it is.
// https://docs.slack.dev/reference/objects/file-object
func Picture(f slack.File) bool {
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

// Usual reports whether a picture is of a kind that is read unasked. A drawing of
// some program is left alone: nobody wants to be told that it cannot be read.
func Usual(f slack.File) bool {
	return f.FileAccess == "check_file_info" || slices.Contains(pictureKinds, strings.ToLower(f.Mimetype))
}

// Slim is what a job needs of a file. The rest, such as where it was shared, is
// not kept.
func Slim(f slack.File) slack.File {
	return slack.File{
		ID: f.ID, Name: f.Name, Title: f.Title, Mimetype: f.Mimetype, Filetype: f.Filetype, User: f.User, Size: f.Size,
		Mode: f.Mode, IsExternal: f.IsExternal, FileAccess: f.FileAccess, URLPrivate: f.URLPrivate,
		Thumb1024: f.Thumb1024, Thumb960: f.Thumb960, Thumb720: f.Thumb720,
	}
}

// Thumbnail is the address of the largest copy that Slack made of a picture.
// https://docs.slack.dev/reference/objects/file-object
func Thumbnail(f slack.File) string { return cmp.Or(f.Thumb1024, f.Thumb960, f.Thumb720) }
