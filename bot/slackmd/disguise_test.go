package slackmd

import (
	"encoding/json"
	"html"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark/util"

	"slackocr/bot/slackmd/internal/inline"
)

// disguises are texts that could become links, emoji, mentions or hidden
// characters in Slack. Each text is judged in every form in which the bot
// shows it; the page of the local workspace draws them in a test of its own.
var disguises = func() (texts []string) {
	list, err := os.ReadFile("testdata/disguises.json")
	if err == nil {
		err = json.Unmarshal(list, &texts)
	}
	if err != nil {
		panic(err)
	}
	return texts
}()

// inertMarkdown holds that nothing is alive in a markdown block.
func inertMarkdown(t fails, markdown string) {
	t.Helper()
	harmless(t, markdown)
	dead(t, markdown)
	all, _ := seen(markdown)
	inertSigns(t, strings.NewReplacer("\x01", "", "\x02", "").Replace(all))
}

// inertLine holds that nothing is alive in a line of escaped text.
func inertLine(t fails, line string) {
	t.Helper()
	if pings.MatchString(line) {
		t.Errorf("%q stands in %q", pings.FindString(line), line)
	}
	shown := unescapeSlack(line)
	if found := live.FindString(shown); found != "" || strings.Contains(line, "\n") {
		t.Errorf("%q is live in the line %q", found, line)
	}
	inertSigns(t, shown)
}

// inertSigns holds that a text has no control characters, and none that are
// never drawn or turn the direction of writing. The signs of format that
// writing systems need stay: joiners, signs before numbers, and those of
// hieroglyphs.
func inertSigns(t fails, s string) {
	t.Helper()
	for _, r := range s {
		written := strings.ContainsRune("\n\t\u200c\u200d", r) || unicode.Is(unicode.Prepended_Concatenation_Mark, r) || unicode.Is(unicode.Egyptian_Hieroglyphs, r)
		if !written && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			t.Errorf("%U stands in %q", r, s)
		}
	}
}

// inertFile holds that a file has no hidden characters, neither as they are
// nor as names that a viewer of markdown or of HTML would replace.
func inertFile(t fails, file []byte) {
	t.Helper()
	inertSigns(t, string(file))
	inertSigns(t, string(util.ResolveNumericReferences(file)))
	inertSigns(t, html.UnescapeString(string(file)))
}

// inert judges a text in every form in which the bot shows it.
func inert(t fails, in string) {
	t.Helper()
	for _, text := range append(partsOf(in, MaxPart), Tail(in, 3800, liveItems), Tail(in, 3800, 3), PlainTail(in, 3800)) {
		inertMarkdown(t, text)
		inertLine(t, Notification("page.png", text))
	}
	inertLine(t, Notification(in, ""))
	for _, line := range []string{in, html.UnescapeString(in), inline.Plain(in), Name(in), FileName(in, ".md")} {
		inertLine(t, Line(line))
	}
	inertSigns(t, Name(in))
	if name := FileName(in, ".md"); strings.ContainsAny(name, "/\\<>:@&\n") {
		t.Errorf("%q is a file's name", name)
	}
	inertFile(t, File(in))
	for _, table := range Tables(in + "\n\n<table><tr><td>" + in + "</table>\n\n|" + in + "|\n|---|") {
		inertSigns(t, strings.TrimPrefix(string(table.CSV()), byteOrderMark))
	}
}

func TestDisguises(t *testing.T) {
	for _, in := range disguises {
		inert(t, in)
	}
}

// TestDisguisesThatGrow: a live message shows the beginning of a text, and the
// end of a long one.
func TestDisguisesThatGrow(t *testing.T) {
	long := strings.Repeat("Some words of a page.\n", 20)
	for _, in := range disguises {
		for i := range in {
			inertMarkdown(t, Tail(in[:i], 3800, liveItems))
			inertMarkdown(t, PlainTail(in[i:]+"\n"+long, len(in[i:])+len(long)+1-i/2))
		}
	}
}

// TestDisguisesThatAreSplit: the end of a part falls on every place of the text.
func TestDisguisesThatAreSplit(t *testing.T) {
	for _, in := range disguises {
		for n := range 60 {
			for _, text := range partsOf(strings.Repeat("w", n)+strings.Repeat(" word", 24)+" "+in+" "+in, 200) {
				inertMarkdown(t, text)
			}
		}
	}
}

func FuzzDisguises(f *testing.F) {
	for _, in := range disguises {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) { inert(t, in[:min(len(in), 2000)]) })
}
