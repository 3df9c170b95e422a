package bot_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"slackocr/bot/localslack"
)

// pings matches what Slack makes something of in the text of a message.
var pings = regexp.MustCompile(`[<>]|https?://|&(?:[^agl]|$)`)

// TestNotificationsOfHostileNames never ping, whatever files are called and pictures
// say: of the live reply, its edits, parts and the list in the end.
func TestNotificationsOfHostileNames(t *testing.T) {
	text := strings.Repeat("<!channel> <@U0LOCAL0005> **bold** `code` https://evil.example/ &lt;!here&gt; "+strings.Repeat("word ", 150)+"\n\n", 20)
	for _, names := range [][]string{
		{"<!channel>.png"},
		{"<!channel>.png", "<@U0LOCAL0005>.png", "https://evil.example/a.png", "&lt;!here&gt; @here.png"},
		{"a\u202egnp.png", "a\nb.png", strings.Repeat("<", 200) + ".png"},
	} {
		t.Run(strings.Join(names, " "), func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.will(func(w *stream) {
					w.text(text[:len(text)/2])
					_ = w.pause(5 * time.Second)
					w.text(text[len(text)/2:])
					w.end("stop")
				})
				ts := h.post(names...)
				check := func(all []localslack.Message) {
					for _, m := range all {
						switch {
						case len(m.Text) > 3000 || !utf8.ValidString(m.Text) || strings.ContainsAny(m.Text, "\n\u202e"):
							t.Errorf("%d bytes: %.200q", len(m.Text), m.Text)
						case pings.MatchString(m.Text):
							t.Errorf("%q is live in %.200q", pings.FindString(m.Text), m.Text)
						case m.Text == "" && len(m.Files) == 0:
							t.Errorf("a message says nothing: %s", m.Blocks)
						}
					}
				}
				h.wait("text is seen", func() bool { all := h.answers(ts); return len(all) > 0 && markdown(all[0]) != "" })
				check(h.answers(ts))
				h.closed(ts)
				h.pass(time.Minute)
				all := h.answers(ts)
				check(all)
				if len(all) < 1+2*len(names) {
					t.Errorf("%d messages: want parts", len(all))
				}
				for _, m := range all[1:] {
					if len(m.Files) == 0 && !strings.Contains(m.Text, "bold code") {
						t.Errorf("it does not begin with the text's words: %.200q", m.Text)
					}
				}
			})
		})
	}
}
