package bot_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
)

// filesOf are the names and contents of what the bot uploaded to a thread.
func (h *house) filesOf(ts string) (names []string, contents map[string]string) {
	contents = map[string]string{}
	for _, m := range h.answers(ts) {
		for _, f := range m.Files {
			data, _ := h.ws.FileContent(f.ID)
			names = append(names, f.Name)
			contents[f.Name] = string(data)
		}
	}
	return names, contents
}

const tables = "Before\n\n| a | b |\n| --- | --- |\n| 1,5 | =SUM(A1) |\n\nBetween\n\n| c |\n| --- |\n| \"d\" |\n"

// TestDownload sends the text as it was read, and each table.
func TestDownload(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"words":      {"only words", []string{"a.md"}},
		"one table":  {"| a | b |\n| --- | --- |\n| 1 | 2 |\n", []string{"a.csv", "a.md"}},
		"two tables": {tables, []string{"a-1.csv", "a-2.csv", "a.md"}},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.write(c.text)
				ts := h.post("a.png")
				h.closed(ts)
				h.press(h.ann, h.channel, h.answers(ts)[0].TS, "send")
				h.press(h.ann, h.channel, h.answers(ts)[0].TS, "send") // a double click
				h.wait("files", func() bool { names, _ := h.filesOf(ts); return len(names) == len(c.want) })
				h.press(h.ann, h.channel, h.answers(ts)[0].TS, "send")
				h.idle(1, "read")
				if w := h.whispers(h.ann); !slices.Equal(w, []string{words.SentAlready, words.SentAlready}) {
					t.Errorf("it whispers %q", w)
				}
				names, contents := h.filesOf(ts)
				slices.Sort(names)
				if !slices.Equal(names, c.want) {
					t.Errorf("files %q, want %q", names, c.want)
				}
				if strings.TrimSpace(contents["a.md"]) != strings.TrimSpace(c.text) {
					t.Errorf("the text is %q", contents["a.md"])
				}
				if c.text == tables {
					// A cell that a spreadsheet would compute is no formula any more.
					if got := contents["a-1.csv"]; !strings.Contains(got, `"1,5"`) || strings.Contains(got, ",=SUM") {
						t.Errorf("the first table is %q", got)
					}
					if got := contents["a-2.csv"]; !strings.Contains(got, `"""d"""`) {
						t.Errorf("the second table is %q", got)
					}
				}
			})
		})
	}
}

// TestDownloadThatSlackRefuses says so; a later press is a new try.
func TestDownloadThatSlackRefuses(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.post("a.png")
		h.closed(ts)
		clear := h.ws.Fail(localslack.Fault{Method: "files.completeUploadExternal", Error: "not_in_channel"})
		h.press(h.ann, h.channel, h.answers(ts)[0].TS, "send")
		h.whispered(h.ann, words.NotSent)
		clear()
		h.pass(5 * time.Second)
		h.press(h.ann, h.channel, h.answers(ts)[0].TS, "send")
		h.wait("the file", func() bool { names, _ := h.filesOf(ts); return len(names) == 1 })
	})
}

// TestDownloadOnceMore sends files again that somebody deleted.
func TestDownloadOnceMore(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.post("a.png")
		h.closed(ts)
		for range 2 {
			h.press(h.ann, h.channel, h.answers(ts)[0].TS, "send")
			h.wait("the file", func() bool { names, _ := h.filesOf(ts); return len(names) == 1 })
			h.pass(time.Minute) // the bot knows it too
			if err := h.ws.DeleteFile(h.app.BotUserID, h.uploads(h.channel)[0]); err != nil {
				t.Fatal(err)
			}
		}
		if w := h.whispers(h.ann); len(w) > 0 {
			t.Errorf("it whispers %q", w)
		}
	})
}
