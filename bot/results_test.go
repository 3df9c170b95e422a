package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot/jobs"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
)

// parts is a text of n messages.
func parts(n int) string {
	paragraph := strings.TrimSpace(strings.Repeat("word ", 2000)) // 9,999 units: one a message
	return strings.TrimSuffix(strings.Repeat(paragraph+"\n\n", n), "\n\n")
}

// TestMessagesAndFiles: up to four messages in full, from the second on also as
// a file, and of more than four the first and the file.
func TestMessagesAndFiles(t *testing.T) {
	for n, messages := range map[int]int{1: 1, 2: 2, 4: 4, 5: 1} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.write(parts(n))
				ts := h.post("page.png")
				line := readLine("page.png", n*2000, 1)
				if n > 1 {
					line += words.InFile("page.md")
				}
				h.closesWith(ts, line)
				var want []string
				for range messages {
					want = append(want, parts(1))
				}
				if n > 1 {
					want = append(want, "file page.md")
				}
				if got := h.results(ts); !slices.Equal(got, want) {
					t.Errorf("results %.30q, want %.30q", got, want)
				}
				h.noRateLimit()
			})
		})
	}
}

// TestTextThatSlackRefuses as a message is posted as a file, and the person is
// told where neither is taken. Then the same text, read in another mode, is posted.
func TestTextThatSlackRefuses(t *testing.T) {
	refused := localslack.Fault{Method: "chat.postMessage", After: 1, Error: "msg_blocks_too_long"}
	for _, tt := range []struct {
		name    string
		faults  []localslack.Fault
		results []string
		line    string
	}{
		{"as messages", []localslack.Fault{refused}, []string{"file page.md"}, readLine("page.png", 2, 1) + words.InFile("page.md")},
		{
			"as messages and as a file",
			[]localslack.Fault{refused, {Method: "files.getUploadURLExternal", Error: "posting_to_channel_denied"}},
			nil, words.DeliveryFailed("page.png", "ID"),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				var mend []func()
				for _, f := range tt.faults {
					mend = append(mend, h.ws.Fail(f))
				}
				ts := h.post("page.png")
				h.closesWith(ts, tt.line)
				if got := h.results(ts); !slices.Equal(got, tt.results) {
					t.Errorf("results %q, want %q", got, tt.results)
				}
				if tt.results != nil {
					return
				}
				if markdown(h.answers(ts)[0]) != "some text" {
					t.Errorf("the text does not stand in the reply: %q", markdown(h.answers(ts)[0]))
				}
				for _, clear := range mend {
					clear()
				}
				h.talk(h.ann, h.channel, ts, "figure")
				h.wait("the text is posted", func() bool { return slices.Contains(h.results(ts), "some text") })
			})
		})
	}
}

// TestLostAnswerOfASecondPart: each part stands there once, in order.
func TestLostAnswerOfASecondPart(t *testing.T) {
	for name, fault := range map[string]localslack.Fault{
		"closed":   {Applied: true, Reset: true},
		"500":      {Applied: true, Status: 500},
		"too late": {Applied: true, Delay: time.Minute, Reset: true},
		"unsent":   {Reset: true},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				text := parts(3)
				h.model.write(text)
				fault.Method, fault.After, fault.Times = "chat.postMessage", 2, 1
				h.ws.Fail(fault)
				ts := h.post("page.png")
				h.closed(ts)
				got := h.results(ts)
				if len(got) != 4 || strings.Join(got[:3], "\n\n") != text || got[3] != "file page.md" {
					t.Errorf("%d results: %.30q", len(got), got)
				}
				for i, m := range h.answers(ts)[1:4] {
					if want := words.Of("page.png", words.Part(i+1, 3, 0, 0)) + ": "; !strings.HasPrefix(m.Text, want) {
						t.Errorf("part %d is called %q", i+1, m.Text)
					}
				}
			})
		})
	}
}

// TestUploadAddressThatCannotBeReached: after a minute the rest goes as messages.
func TestUploadAddressThatCannotBeReached(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.ws.Fail(localslack.Fault{Method: "upload", Reset: true})
		h.model.write(parts(6))
		posted := time.Now()
		ts := h.post("page.png")
		h.closed(ts)
		if got := h.results(ts); strings.Join(got, "\n\n") != parts(6) {
			t.Errorf("%d results: %.30q", len(got), got)
		}
		if took := time.Since(posted); took > 90*time.Second {
			t.Errorf("that took %s", took)
		}
	})
}

// TestTokenRevokedWhileTheModelWrites: the job waits for a better token.
func TestTokenRevokedWhileTheModelWrites(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.slowly(2*time.Second, "one", "two")
			h.ws.RevokeToken(h.app.BotToken)
			w.slowly(2*time.Second, "three")
			w.end("stop")
		})
		h.post("page.png")
		if err := h.stopped(); err == nil || !strings.Contains(err.Error(), "token_revoked") {
			t.Errorf("ended with %v", err)
		}
		records, err := h.queue.ByPerson(h.Context(), h.ann)
		if err != nil || len(records) != 1 || records[0].State != jobs.Queued || records[0].Attempts != 0 {
			t.Errorf("the store holds %+v, %v", records, err)
		}
	})
}

// TestOnePersonsManyDoNotKeepAnothersWaiting.
func TestOnePersonsManyDoNotKeepAnothersWaiting(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.slowly(5*time.Second, "one", "two")
			w.end("stop")
		})
		var names []string
		for i := range 10 {
			names = append(names, fmt.Sprintf("page%d.png", i))
		}
		many := h.post(names...)
		h.wait("they run", func() bool { n, _ := h.model.count(); return n == 4 && len(h.answers(many)) == 1 })
		bob := h.ws.AddUser("bob")
		h.ws.Join(h.channel, bob)
		one := h.postIn(bob, h.channel, "", "", "bobs.png")
		h.closed(one)
		if n := len(h.results(many)); n > 8 {
			t.Errorf("%d of ten others were read before bob's one", n)
		}
		h.closed(many)
		h.whole(many, names...)
	})
}

// TestFilesOfAnotherWorkspace come with nothing but an id: files.info tells
// what they are.
func TestFilesOfAnotherWorkspace(t *testing.T) {
	for _, tt := range []struct {
		name string
		data []byte
		read bool
	}{
		{"page.png", picture, true},
		{"page.txt", []byte("some words"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				// The bot may see the file but has no event of it.
				elsewhere := h.ws.AddChannel("elsewhere", false, h.ann)
				h.say(h.ann, localslack.Post{Channel: elsewhere, Files: []localslack.Upload{{Name: tt.name, Data: tt.data}}})
				id := h.ws.Messages(elsewhere)[0].Files[0].ID
				ts := h.talk(h.ann, h.channel, "", "look")
				h.ws.Emit(h.app.AppID, map[string]any{
					"type": "message", "subtype": "file_share", "channel": h.channel, "user": h.ann, "ts": ts, "channel_type": "channel",
					"files": []map[string]any{{"id": id, "mode": "file_access", "file_access": "check_file_info"}},
				})
				h.wait("it is looked up", func() bool { return len(h.callsOf("files.info")) == 1 })
				if tt.read {
					h.closed(ts)
					h.whole(ts, tt.name)
					return
				}
				h.closed(h.post("next.png")) // whatever the PDF would start has started
				if n := len(h.answers(ts)); n != 0 {
					t.Errorf("%d answers to a file that is no picture", n)
				}
			})
		})
	}
}

// TestWideTableIsAFileToo: Slack draws only so many columns.
func TestWideTableIsAFileToo(t *testing.T) {
	inFakeTime(t, func(h *house) {
		row := strings.Repeat("| a ", 40) + "|\n"
		h.model.write(row + strings.Repeat("| - ", 40) + "|\n" + row)
		ts := h.post("page.png")
		if line := h.closed(ts); !strings.HasSuffix(line, words.InFile("page.md")) {
			t.Errorf("the last line is %q", line)
		}
		if got := h.results(ts); len(got) != 2 || got[1] != "file page.md" {
			t.Errorf("results %.300q", got)
		}
	})
}

// TestPartsNameTheirPages in what notifications say.
func TestPartsNameTheirPages(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.write(strings.TrimSpace(strings.Repeat("word ", 1300))) // 6,499 units: one and a half pages a message
		ts := h.postFile("scan.pdf", scan(t, 3))
		h.closed(ts)
		var said, want []string
		for _, m := range h.answers(ts)[1:] {
			if len(m.Files) == 0 {
				header, _, _ := strings.Cut(m.Text, ":")
				said = append(said, header)
			}
		}
		for part := 1; part <= 3; part++ {
			want = append(want, words.Of("scan.pdf", words.Part(part, 3, part, part)))
		}
		if !slices.Equal(said, want) {
			t.Errorf("notifications say %q, want %q", said, want)
		}
	})
}
