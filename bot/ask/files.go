package ask

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/slack-go/slack"
)

// Picture reports whether a file is an image or a PDF in Slack, by Slack's own
// fields. Whether the file can be read depends only on its contents.
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
		return true // shared by another workspace: files.info has the rest
	}
	return Undeclared(f) || f.Mimetype == "application/pdf" || strings.HasPrefix(f.Mimetype, "image/") && !strings.HasPrefix(f.Mimetype, "image/svg")
}

// pictureKinds are the media types of readable pictures, including the names
// that old programs use.
var pictureKinds = []string{
	"application/pdf", "image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/x-png", "image/apng", "image/gif", "image/webp",
	"image/bmp", "image/x-bmp", "image/x-ms-bmp", "image/tiff", "image/tif", "image/heic", "image/heif",
	"image/heic-sequence", "image/heif-sequence", "image/avif",
}

// PDF reports whether a file's type is PDF.
func PDF(f slack.File) bool {
	return f.Mimetype == "application/pdf" || Undeclared(f) && strings.EqualFold(path.Ext(f.Name), ".pdf")
}

// ReadUnasked reports whether a picture is of a kind that is read unasked. The file
// of a drawing program is not: nobody wants a message that says so.
func ReadUnasked(f slack.File) bool {
	switch {
	case f.FileAccess == "check_file_info":
		return true
	case Undeclared(f):
		return NamedAsPicture(f) || f.Mimetype == "" && path.Ext(f.Name) == ""
	}
	return slices.Contains(pictureKinds, strings.ToLower(f.Mimetype))
}

// Undeclared reports whether a file's type is not known yet: Slack has not
// scanned the file (slackapi/node-slack-sdk issue 2040), or calls the file a
// stream of bytes, as happens with PNGs and PDFs too (issue 2170).
func Undeclared(f slack.File) bool {
	switch f.Mimetype {
	case "", "application/octet-stream", "binary/octet-stream":
		return true
	}
	return false
}

// Extensions are the file name extensions of pictures and PDFs.
var Extensions = []string{"jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff", "heic", "heif", "pdf"}

// NamedAsPicture reports whether a file's name has the extension of a picture or a
// PDF.
func NamedAsPicture(f slack.File) bool {
	ext := strings.TrimPrefix(strings.ToLower(path.Ext(f.Name)), ".")
	return slices.Contains(Extensions, ext) || ext == "avif"
}

// Incomplete reports whether a required field of a file is missing, and
// files.info may have that field.
func Incomplete(f slack.File) bool {
	return f.FileAccess == "check_file_info" || f.Mimetype == "" || f.URLPrivate == "" && f.URLPrivateDownload == ""
}

// Slim returns the fields of a file that a job needs. Others, such as the
// shares, are not stored.
func Slim(f slack.File) slack.File {
	return slack.File{
		ID: f.ID, Name: f.Name, Title: f.Title, Mimetype: f.Mimetype, Filetype: f.Filetype, User: f.User, Size: f.Size,
		Mode: f.Mode, IsExternal: f.IsExternal, FileAccess: f.FileAccess, URLPrivate: f.URLPrivate,
		URLPrivateDownload: f.URLPrivateDownload,
		Thumb1024:          f.Thumb1024, Thumb960: f.Thumb960, ThumbPDF: f.ThumbPDF, Thumb800: f.Thumb800,
		Thumb720: f.Thumb720, Thumb480: f.Thumb480, Thumb360: f.Thumb360,
	}
}

// Thumbnail returns the address of the largest copy that Slack made of a file,
// or "". For a PDF that is thumb_pdf, the first page at a width of about 900
// pixels. https://docs.slack.dev/reference/objects/file-object
func Thumbnail(f slack.File) string {
	return cmp.Or(f.Thumb1024, f.Thumb960, f.ThumbPDF, f.Thumb800, f.Thumb720, f.Thumb480, f.Thumb360)
}
