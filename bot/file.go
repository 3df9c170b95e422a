package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/fetch"
	"slackocr/bot/post"
)

// errNotReady is a file that Slack has not finished taking in.
var errNotReady = errors.New("the file has no address yet")

// readyWithin is how long Slack may take to look at a new file; it takes a second
// or two.
const readyWithin = 20 * time.Second

// lookUp completes what Slack leaves out of an event: for Slack Connect, and of a
// file that it has not looked at yet. It reports false for a file that is no
// picture, or no usual one and not meant.
// https://docs.slack.dev/apis/slack-connect#files
func (b *Bot) lookUp(s *story) (bool, error) {
	if s.Web != "" {
		return true, nil
	}
	asIs := !unready(s.File)
	if !asIs {
		info, err := b.ready(s.waiting, s.File.ID)
		if err != nil {
			return false, err
		}
		s.File = slim(*info)
	}
	switch {
	case !picture(s.File), !s.Meant && !asIs && !usual(s.File):
		return false, nil
	case s.File.URLPrivate == "" && s.File.URLPrivateDownload == "":
		return false, errNotReady
	}
	return true, nil
}

// ready asks for a file until nothing is missing, or as long as that may take.
func (b *Bot) ready(ctx context.Context, id string) (info *slack.File, err error) {
	end := time.Now().Add(readyWithin)
	for pause := time.Second; ; pause *= 2 {
		info, err = post.FileInfo(ctx, b.api, b.pacer, id)
		switch post.Code(err) {
		case "missing_scope":
			return nil, fetch.ErrLoginPage
		case "file_not_found", "file_deleted":
			return nil, fetch.ErrGone
		}
		if err != nil {
			return nil, fmt.Errorf("looking up the file: %w", err)
		}
		if info.FileAccess == "check_file_info" {
			info.FileAccess = "" // this is that look
		}
		left := time.Until(end)
		if !unready(*info) || left <= 0 {
			return info, nil
		}
		if err := sleep(ctx, min(pause, left)); err != nil {
			return nil, err
		}
	}
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
		content, err = b.files.Download(ctx, s.File.URLPrivateDownload, s.File.URLPrivate)
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

// thumbnail is the address of the largest copy that Slack made of a picture.
// https://docs.slack.dev/reference/objects/file-object
func thumbnail(f slack.File) string { return cmp.Or(f.Thumb1024, f.Thumb960, f.Thumb720) }
