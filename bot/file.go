package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/slack-go/slack"

	"slackocr/bot/fetch"
	"slackocr/bot/post"
)

// lookUp completes what Slack Connect leaves out of an event. It reports false
// for a file that is no picture, or no usual one and not meant.
// https://docs.slack.dev/apis/slack-connect#files
func (b *Bot) lookUp(ctx context.Context, s *story) (bool, error) {
	if s.Web != "" {
		return true, nil
	}
	if s.File.FileAccess != "check_file_info" {
		return picture(s.File), nil
	}
	info, err := post.FileInfo(ctx, b.api, b.pacer, s.File.ID)
	switch post.Code(err) {
	case "missing_scope":
		return false, fetch.ErrLoginPage
	case "file_not_found", "file_deleted":
		return false, fetch.ErrGone
	}
	if err != nil {
		return false, fmt.Errorf("looking up the file: %w", err)
	}
	s.File = slim(*info)
	return picture(s.File) && (s.Meant || usual(s.File)), nil
}

// download gets a file, which has no name any more and is gone when it is closed.
func (b *Bot) download(ctx context.Context, s *story) (content *os.File, err error) {
	source := "slack"
	switch {
	case s.Web != "":
		source = "web"
		content, err = b.web.Download(ctx, s.Web)
	case s.Small:
		content, err = b.files.Download(ctx, thumbnail(s.File))
	default:
		content, err = b.files.Download(ctx, s.File.URLPrivate)
	}
	if s.Outside && (errors.Is(err, fetch.ErrLoginPage) || errors.Is(err, fetch.ErrGone)) {
		err = errOutside
	}
	if err != nil {
		return nil, fmt.Errorf("downloading: %w", err)
	}
	if info, err := content.Stat(); err == nil {
		b.metrics.downloaded.WithLabelValues(source).Add(float64(info.Size()))
	}
	return content, nil
}

// thumbnail is the address of the largest copy that Slack made of a file, or "".
// Of a PDF that is thumb_pdf, its first page, which is about 900 pixels wide.
// https://docs.slack.dev/reference/objects/file-object
func thumbnail(f slack.File) string {
	return cmp.Or(f.Thumb1024, f.Thumb960, f.ThumbPDF, f.Thumb800, f.Thumb720, f.Thumb480, f.Thumb360)
}
