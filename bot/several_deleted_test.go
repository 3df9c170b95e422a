package bot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/localslack"
	"slackocr/bot/sleep"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr"
)

// TestDeletedFilesOfSeveral leave nothing, whether they were read or not: of one file, the
// others stay.
func TestDeletedFilesOfSeveral(t *testing.T) {
	for _, tt := range []struct{ running, all bool }{{true, false}, {false, false}, {true, true}, {false, true}} {
		t.Run(fmt.Sprintf("%+v", tt), func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.will(func(w *stream) { w.text("some words"); _ = w.pause(20 * time.Second); w.end("stop") })
				ts := h.three()
				h.lineOf(ts, fileLine("b.png", 2))
				if !tt.running {
					h.closed(ts)
				}
				for i, f := range h.ws.Thread(h.channel, ts)[0].Files {
					if !tt.all && i != 1 {
						continue
					}
					if err := h.ws.DeleteFile(h.ann, f.ID); err != nil {
						t.Fatal(err)
					}
				}
				if tt.all {
					h.nothingLeft(nil, h.channel)
					return
				}
				h.pass(10 * time.Second)
				if tt.running {
					h.lineOf(ts, words.Reading(words.Files(2, ocr.Mode{})))
				}
				if blocks := string(h.answers(ts)[0].Blocks); strings.Contains(blocks, "b.png") {
					t.Errorf("the reply still names the file: %s", blocks)
				}
				h.pass(2 * time.Minute)
				h.list(ts, wordstest.ReadFiles(2, 2, "markdown"), fileLine("a.png", 2), fileLine("c.png", 2))
				h.whole(ts, "a.png", "c.png")
			})
		})
	}
}

// TestFileDeletedWhileOthersWait: the reply no longer names a delivered file that is
// deleted, although nothing else changes.
func TestFileDeletedWhileOthersWait(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.text("some words")
			if w.height() != 60 {
				_ = w.pause(50 * time.Second)
			}
			w.end("stop")
		})
		ts := h.three()
		h.lineOf(ts, fileLine("b.png", 2))
		h.pass(5 * time.Second)
		if err := h.ws.DeleteFile(h.ann, h.ws.Thread(h.channel, ts)[0].Files[1].ID); err != nil {
			t.Fatal(err)
		}
		h.pass(5 * time.Second)
		if blocks := string(h.answers(ts)[0].Blocks); strings.Contains(blocks, "b.png") || !strings.Contains(blocks, "a.png") {
			t.Errorf("the reply: %s", blocks)
		}
	})
}

// TestFileDeletedWhileItsTextIsPosted: of several, one takes its posts with it, and no more
// are made.
func TestFileDeletedWhileItsTextIsPosted(t *testing.T) {
	for name, delay := range map[string]time.Duration{"between two parts": 0, "with a part on its way": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.will(func(w *stream) {
					if w.height() != 60 {
						_ = w.pause(20 * time.Second)
					}
					w.text(parts(3))
					w.end("stop")
				})
				// The first calls are for the reply and the first part.
				h.ws.Fail(localslack.Fault{Method: "chat.postMessage", After: 2, Times: 1, Delay: delay, Applied: true, Reset: true})
				ts := h.three()
				h.wait("the first part", func() bool { return len(h.answers(ts)) == 2 })
				h.pass(delay / 2)
				if err := h.ws.DeleteFile(h.ann, h.ws.Thread(h.channel, ts)[0].Files[1].ID); err != nil {
					t.Fatal(err)
				}
				h.closed(ts)
				h.pass(time.Minute)
				for _, m := range h.answers(ts) {
					if named := m.Text + string(m.Blocks); strings.Contains(named, "b.png") || len(m.Files) > 0 && m.Files[0].Name == "b.md" {
						t.Errorf("left: %.40q", m.Text)
					}
				}
			})
		})
	}
}

// erasesLate is a store that takes half a minute to erase an entry.
type erasesLate struct{ kv.Store }

func (s erasesLate) Erase(ctx context.Context, key string) error {
	if err := sleep.For(ctx, 30*time.Second); err != nil {
		return err
	}
	return s.Store.Erase(ctx, key)
}

// TestTextOfADeletedFileIsNotShown in the reply's last edit, although the store still has
// the text.
func TestTextOfADeletedFileIsNotShown(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startOn(erasesLate{h.jobs})
		h.model.will(func(w *stream) {
			w.text("some words")
			if w.height() == 60 {
				w.text(" of b")
				w.drop()
				return
			}
			w.end("stop")
		})
		ts := h.three()
		h.lineOf(ts, words.Of("b.png", notYet("", words.ModelCutOff)))
		if err := h.ws.DeleteFile(h.ann, h.ws.Thread(h.channel, ts)[0].Files[1].ID); err != nil {
			t.Fatal(err)
		}
		h.closed(ts)
		if blocks := string(h.answers(ts)[0].Blocks); strings.Contains(blocks, "of b") || !strings.Contains(blocks, "a.png") {
			t.Errorf("the reply: %s", blocks)
		}
	})
}
