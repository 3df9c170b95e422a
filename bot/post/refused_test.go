package post

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slackocr/bot/localslack"
)

// sizeOf is a line that changes with the text.
func sizeOf(text string) string { return fmt.Sprintf("reading: %d bytes", len(text)) }

// TestARefusedEditIsMadeSimpler: text that Slack refuses once is shown without
// its form, twice without the text, and the edits go on.
func TestARefusedEditIsMadeSimpler(t *testing.T) {
	for name, tt := range map[string]struct {
		times int
		want  string // what each later edit holds
		not   string
	}{
		"once":  {1, `\\# Title`, `"# Title`},
		"twice": {2, "reading", "Title"},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(d *fixture) {
				r := d.open("a")
				// The fault comes first: the editor may send an edit as soon as there is a status.
				d.ws.Fail(localslack.Fault{Method: "chat.update", Times: tt.times, Error: "invalid_blocks"})
				r.SetStatus(sizeOf)
				r.Write(0, "# Title\n\n")
				d.write(r, 20*time.Second)
				edits := d.edits(r)
				if len(edits) < 12 {
					t.Errorf("%d edits in 20 s", len(edits))
				}
				for _, e := range edits[min(len(edits), tt.times):] {
					if blocks := e.Args["blocks"]; !strings.Contains(blocks, tt.want) || strings.Contains(blocks, tt.not) || e.Error != "" {
						t.Errorf("an edit (%s) says %s", e.Error, blocks)
					}
				}
				r.Detach()
			})
		})
	}
}

// TestEditsThatAreAllRefusedAreFew: and they end where the message is gone.
func TestEditsThatAreAllRefusedAreFew(t *testing.T) {
	for code, most := range map[string]int{"invalid_blocks": 8, "message_not_found": 1, "invalid_auth": 1} {
		t.Run(code, func(t *testing.T) {
			inFakeTime(t, func(d *fixture) {
				r := d.open("a")
				clearFault := d.ws.Fail(localslack.Fault{Method: "chat.update", Error: code})
				r.SetStatus(sizeOf)
				d.write(r, 2*time.Minute)
				if n := len(d.edits(r)); n > most || n == 0 {
					t.Errorf("%d edits in two minutes, at most %d", n, most)
				}
				clearFault()
				d.write(r, time.Minute)
				edits := d.edits(r)
				if last := edits[len(edits)-1]; (last.Error == "") != (most > 1) {
					t.Errorf("the last edit ended with %q", last.Error)
				}
				r.Detach()
			})
		})
	}
}
