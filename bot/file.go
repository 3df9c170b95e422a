package bot

import (
	"context"
	"errors"
	"fmt"
	"os"

	"slackocr/bot/fetch"
	"slackocr/bot/post"
	"slackocr/ocr/page"
)

// lookUp completes what Slack Connect leaves out of an event. It reports false
// for a file that is no picture.
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
	return picture(s.File), nil
}

// fetch gets a file and makes it a page for the model.
func (b *Bot) fetch(ctx context.Context, r Request) (page.Page, error) {
	var content *os.File
	var err error
	if r.Web != "" {
		content, err = b.web.Download(ctx, r.Web)
	} else {
		content, err = b.files.Download(ctx, r.File.URLPrivate)
	}
	if r.Outside && (errors.Is(err, fetch.ErrLoginPage) || errors.Is(err, fetch.ErrGone)) {
		err = errOutside
	}
	if err != nil {
		return page.Page{}, fmt.Errorf("downloading: %w", err)
	}
	defer content.Close()
	return page.Open(ctx, content, page.Options{Canvas: b.model.Canvas})
}
