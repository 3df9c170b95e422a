package post

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

// TestUploads under faults: the file stands in the thread once. Each write must end
// within ten seconds, as with the lease of a job, but not the transfer, which nobody sees.
func TestUploads(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault localslack.Fault
	}{
		{"the content takes long", localslack.Fault{Method: "upload", Delay: 40 * time.Second}},
		{"sharing fails and was not applied", localslack.Fault{Method: "files.completeUploadExternal", Times: 1, Status: 500}},
		{"sharing fails and was applied", localslack.Fault{Method: "files.completeUploadExternal", Times: 1, Applied: true, Status: 500}},
		{"it is to be seen later", localslack.Fault{Method: "files.completeUploadExternal", ShareDelay: 5 * time.Second}},
		{"the address is not told at first", localslack.Fault{Method: "files.getUploadURLExternal", Times: 2, Status: 503}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(d *fixture) {
				d.ws.Fail(tt.fault)
				fence := func(ctx context.Context) (context.Context, context.CancelFunc, error) {
					ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
					return ctx, cancel, nil
				}
				var state UploadState
				if err := d.client().Thread(fence, d.channel, d.parent).Upload(d.Context(), "page.md", []byte("the text"), &state, unsaved); err != nil || !state.Shared {
					t.Fatalf("shared %v, %v", state.Shared, err)
				}
				messages := d.ws.Thread(d.channel, d.parent)
				if len(messages) != 2 || len(messages[1].Files) != 1 {
					t.Fatalf("%d messages, want the parent and the file", len(messages))
				}
				if content, _ := d.ws.FileContent(messages[1].Files[0].ID); string(content) != "the text" {
					t.Errorf("the file holds %q", content)
				}
			})
		})
	}
}

// TestUploadGoesOn where an earlier process stopped.
func TestUploadGoesOn(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		id, err := d.thread().upload(d.Context(), "page.md", []byte("the text"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // before it was shared, and when that was not noted
			state := UploadState{ID: id}
			if err := d.thread().Upload(d.Context(), "page.md", []byte("the text"), &state, unsaved); err != nil || !state.Shared {
				t.Fatalf("shared %v, %v", state.Shared, err)
			}
			if n := len(d.ws.Thread(d.channel, d.parent)); n != 2 {
				t.Errorf("%d messages, want the parent and the file", n)
			}
		}
		if n := len(d.calls("files.getUploadURLExternal")); n != 1 {
			t.Errorf("uploaded %d times", n)
		}
	})
}

// TestUploadGivesUp after a minute: what cannot go as a file can go as messages.
func TestUploadGivesUp(t *testing.T) {
	for _, method := range []string{"files.getUploadURLExternal", "upload", "files.completeUploadExternal"} {
		for name, fault := range map[string]localslack.Fault{
			"fails": {Method: method, Status: 503},
			"hangs": {Method: method, Delay: time.Hour, Reset: true},
		} {
			t.Run(method+" "+name, func(t *testing.T) {
				inFakeTime(t, func(d *fixture) {
					d.ws.Fail(fault)
					begun := time.Now()
					err := d.thread().Upload(d.Context(), "page.md", []byte("the text"), &UploadState{}, unsaved)
					if !errors.Is(err, errUploadTimeout) {
						t.Errorf("got %v", err)
					}
					if took := time.Since(begun); took > uploadTimeout+time.Second {
						t.Errorf("given up after %s", took)
					}
				})
			})
		}
	}
}

// TestUploadThatNobodySees is taken back after 15 s, so that it does not turn up later.
func TestUploadThatNobodySees(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		d.ws.Fail(localslack.Fault{Method: "files.completeUploadExternal", NeverShared: true})
		var state UploadState
		begun := time.Now()
		err := d.thread().Upload(d.Context(), "page.md", []byte("the text"), &state, unsaved)
		if !errors.Is(err, errNotShared) || state != (UploadState{}) {
			t.Errorf("state %+v, %v", state, err)
		}
		if took := time.Since(begun); took < shareTimeout || took > shareTimeout+time.Second {
			t.Errorf("taken back after %s", took)
		}
		if deleted := d.calls("files.delete"); len(deleted) != 1 || deleted[0].Error != "" {
			t.Errorf("the file is still there: %+v", deleted)
		}
	})
}

// TestUploadOfAnotherWriterStays: a writer that has lost its right meanwhile does not
// take back the file, which the next writer may share.
func TestUploadOfAnotherWriterStays(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		d.ws.Fail(localslack.Fault{Method: "files.completeUploadExternal", NeverShared: true})
		lost := errors.New("the lease is lost")
		fence := func(ctx context.Context) (context.Context, context.CancelFunc, error) {
			if len(d.calls("files.completeUploadExternal")) > 0 {
				return nil, nil, lost
			}
			return ctx, func() {}, nil
		}
		thread := d.client().Thread(fence, d.channel, d.parent)
		if err := thread.Upload(d.Context(), "page.md", []byte("the text"), &UploadState{}, unsaved); err == nil {
			t.Error("it is shared")
		}
		if deleted := d.calls("files.delete"); len(deleted) != 0 {
			t.Errorf("the file was deleted: %+v", deleted)
		}
	})
}

// TestSharedMeansInThisChannel: an upload that was completed elsewhere, or
// nowhere, is not shared here.
func TestSharedMeansInThisChannel(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		id, err := d.thread().upload(d.Context(), "page.md", []byte("the text"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.api.CompleteUploadExternalContext(d.Context(), slack.CompleteUploadExternalParameters{
			Files: []slack.FileSummary{{ID: id}},
		}); err != nil {
			t.Fatal(err)
		}
		if shared, err := d.thread().shared(d.Context(), id); err != nil || shared {
			t.Errorf("shared %v, %v", shared, err)
		}
	})
}
