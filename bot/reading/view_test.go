package reading

import (
	"testing"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/post"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// TestQueuedAfterOpening: a file that was opened before its turn is told its place, and
// a file in work is not.
func TestQueuedAfterOpening(t *testing.T) {
	r := &run{live: newLive(1), state: State{Files: make([]FileState, 1)}}
	p := &pages{pieces: make([]piece, 1)}
	r.set(0, post.StatusChange, func(f *liveFile) { f.ahead, f.pages = inWork, p })
	if r.setAhead(0, 2); r.live[0].ahead != 2 {
		t.Errorf("an opened file that waits: %+v", r.live[0])
	}
	r.setAhead(0, inWork)
	p.running.Add(1)
	if r.setAhead(0, 1); r.live[0].ahead != inWork {
		t.Errorf("a file in work: %+v", r.live[0])
	}
	if !r.anyInWork() {
		t.Error("no file is in work")
	}
	if r.setFailed(0, "", words.Failed(words.ModelDown)); r.anyInWork() {
		t.Error("a file that waits for the next attempt is in work")
	}
	r.live[0].err = nil
	if r.state.Files[0].Phase = Finished; r.anyInWork() {
		t.Error("a finished file is in work")
	}
}

// TestFinishedLineNamesTheFile: the line of each of several files names the file
// that has the whole text, also if the reading was stopped.
func TestFinishedLineNamesTheFile(t *testing.T) {
	a := ask.Ask{Files: []ask.File{{Slack: slack.File{Name: "a.pdf"}}, {Slack: slack.File{Name: "b.pdf"}}}}
	for line, why := range map[string]*words.Failure{
		words.Read("", 9, 3, 0): nil,
		words.FileStopped:       words.Failed(words.Stopped),
		words.NotRead("", 9, words.Failed(words.TextTooLong)): words.Failed(words.TextTooLong),
	} {
		f := FileState{
			Phase: Delivered, Failure: why, Outcome: Outcome{HasText: true, Words: 9, Pages: 3},
			Delivery: Delivery{Parts: make([]post.PostState, 1), Upload: post.UploadState{ID: "F1", Shared: true}},
		}
		if got, want := finishedLine("key", a, 1, f), line+words.InFile("b.md"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestFinishedLineWithoutText says in each mode which pages were not searched, and names
// the file without the mode.
func TestFinishedLineWithoutText(t *testing.T) {
	notes := words.PagesLeftOut(2) + words.DamagedFile(true)
	for _, kind := range ocr.Kinds() {
		a := ask.Ask{Files: []ask.File{{Slack: slack.File{Name: "a.pdf"}}}, Mode: ocr.Mode{Kind: kind, Argument: "total"}}
		want := words.NothingFound("a.pdf", kind, notes)
		if kind == ocr.Locate {
			want = words.Located("a.pdf", "total", 0, notes)
		}
		f := FileState{Phase: Delivered, Outcome: Outcome{Pages: 3, LeftOut: 2, Damaged: true}}
		if got := finishedLine("key", a, 0, f); got != want {
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
	}
	a := ask.Ask{Files: []ask.File{{Slack: slack.File{Name: "a.png"}}}, Mode: ocr.Mode{Kind: ocr.Locate, Argument: "total"}}
	f := FileState{Phase: Delivered, Outcome: Outcome{Pages: 1, Found: 2, Damaged: true}, Delivery: Delivery{NotMarked: true}}
	if got, want := finishedLine("key", a, 0, f), words.Located("a.png", "total", 2, words.DamagedFile(true)+words.NotMarked); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
