package post

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/sleep"
)

// uploadTimeout bounds an upload as a whole; the text can go as messages too.
const uploadTimeout = time.Minute

var errUploadTimeout = errors.New("the upload took too long")

// errNotShared means that Slack accepted a file and reported success, but no
// message shows the file (slackapi/python-slack-sdk issue 1575).
var errNotShared = errors.New("the file was not shared")

// shareTimeout bounds the delay of a share after Slack has reported success.
const shareTimeout = 15 * time.Second

// UploadState is the saved state of a file that must be shared exactly once: the
// file's id from before the share on, and whether the file is visible.
type UploadState struct {
	ID     string `json:",omitempty"`
	Shared bool   `json:",omitempty"`
}

// Upload shares content as a file in the thread, once, and returns when the
// file is visible there. After a minute Upload gives up. If Slack reports success
// but shows no file, Upload deletes the file, so that the file does not appear
// later. https://docs.slack.dev/messaging/working-with-files#upload
func (t *Thread) Upload(ctx context.Context, name string, content []byte, state *UploadState, save SaveFunc) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, uploadTimeout, errUploadTimeout)
	defer cancel()
	switch {
	case state.Shared:
		return nil
	case state.ID != "":
		state.Shared, err = t.shared(ctx, state.ID)
	default:
		if state.ID, err = t.upload(ctx, name, content); err == nil {
			err = save(ctx)
		}
	}
	if err != nil {
		return err
	}
	if !state.Shared {
		if err := t.share(ctx, name, state.ID); err != nil {
			return fmt.Errorf("sharing the upload: %w", err)
		}
		if err := t.waitShared(ctx, state.ID); errors.Is(err, errNotShared) {
			t.withdraw(ctx, state.ID)
			state.ID = ""
			return errors.Join(err, save(ctx))
		} else if err != nil {
			return err
		}
	}
	state.Shared = true
	return save(ctx)
}

// upload sends content to Slack, which nobody can see yet. The transfer needs no
// fence, whose time could be too short. An upload address is good for one try: the
// result of a try whose answer was lost is unknown.
func (t *Thread) upload(ctx context.Context, name string, content []byte) (id string, _ error) {
	for {
		place, err := t.uploadURL(ctx, name, len(content))
		if err != nil {
			return "", fmt.Errorf("asking where to upload: %w", err)
		}
		err = t.client.pacer.once(ctx, call{method: "upload", person: t.person, priority: final, timeout: uploadTimeout, do: func(ctx context.Context) error {
			return t.client.api.UploadToURL(ctx, slack.UploadToURLParameters{
				UploadURL: place.UploadURL, Reader: bytes.NewReader(content), Filename: name,
			})
		}})
		if err == nil {
			return place.FileID, nil
		}
		if outcome, _ := classify(err); outcome != refused {
			err = sleep.For(ctx, uploadPause)
		}
		if err != nil {
			return "", fmt.Errorf("uploading: %w", err)
		}
	}
}

// uploadPause is the time between two tries to upload.
const uploadPause = 3 * time.Second

func (t *Thread) uploadURL(ctx context.Context, name string, size int) (place *slack.GetUploadURLExternalResponse, err error) {
	err = t.write(ctx, call{method: "files.getUploadURLExternal", priority: final, do: func(ctx context.Context) (err error) {
		place, err = t.client.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: name, FileSize: size})
		return err
	}})
	return place, err
}

func (t *Thread) share(ctx context.Context, name, id string) error {
	return t.write(ctx, call{
		method:   "files.completeUploadExternal",
		priority: final,
		do: func(ctx context.Context) error {
			_, err := t.client.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
				Files: []slack.FileSummary{{ID: id, Title: name}}, Channel: t.channel, ThreadTimestamp: t.ts,
			})
			return err
		},
		applied: func(ctx context.Context) (bool, error) { return t.shared(ctx, id) },
	})
}

// waitShared waits until a message shows a file.
func (t *Thread) waitShared(ctx context.Context, id string) error {
	end := time.Now().Add(shareTimeout)
	for pause := 500 * time.Millisecond; ; pause *= 2 {
		there, err := t.shared(ctx, id)
		left := time.Until(end)
		switch {
		case err != nil || there:
			return err
		case left <= 0:
			return errNotShared
		}
		if err := sleep.For(ctx, min(pause, left)); err != nil {
			return err
		}
	}
}

// withdraw deletes a file that nobody has seen. Errors do not matter.
func (t *Thread) withdraw(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_ = t.write(ctx, t.client.removeFile(id))
}

// shared reports whether a file is visible in this thread's channel.
func (t *Thread) shared(ctx context.Context, id string) (bool, error) {
	file, err := t.client.File(ctx, id)
	if Code(err) == "file_not_found" {
		return false, nil // an incomplete upload is not a file yet
	}
	if err != nil {
		return false, fmt.Errorf("looking for a file: %w", err)
	}
	return len(file.Shares.Public[t.channel])+len(file.Shares.Private[t.channel]) > 0, nil
}
