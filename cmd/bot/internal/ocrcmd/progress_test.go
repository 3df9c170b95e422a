package ocrcmd

import (
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"
)

// TestProgressIsOneLine: a terminal erases one line, so a long name is cut, however
// wide its letters are.
func TestProgressIsOneLine(t *testing.T) {
	const columns = 60
	for _, name := range []string{"a.png", strings.Repeat("long", 50), strings.Repeat("发票", 50), strings.Repeat("👩‍🚀", 50)} {
		var out strings.Builder
		p := newProgress(Terminal{Stderr: &out, ShowProgress: true, Columns: columns})
		p.show(step{name: name, page: 3, pages: 12, started: time.Now()})
		p.hide()
		line := strings.ReplaceAll(out.String(), eraseLine, "")
		if width := uniseg.StringWidth(line); width >= columns || !strings.HasSuffix(line, " · page 3 of 12 · 0 words · 0 s") {
			t.Errorf("%q has %d columns", line, width)
		}
	}
}
