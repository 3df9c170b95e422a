package main

import (
	"go/build"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rooms says which packages of this project, and of those that are restricted,
// each may import: docs/ARCHITECTURE.md.
var rooms = map[string][]string{
	"cmd/bot":           {"bot", "bot/jobs", "bot/jobs/kv", "bot/localslack", "cmd/bot/internal/check", "cmd/bot/internal/monitor", "cmd/bot/internal/ocrcmd", "cmd/bot/internal/settings", "ocr", "ocr/page", "ocr/page/pagetest", "ocr/tempfile", "ocr/tesseract"},
	"bot":               {"bot/ask", "bot/fetch", "bot/guard", "bot/jobs", "bot/post", "bot/reading", "bot/share", "bot/slackjson", "bot/slackmd", "bot/sleep", "bot/words", "ocr", "ocr/page", "ocr/tempfile", "slack-go"},
	"bot/ask":           {"bot/words", "ocr", "slack-go"},
	"bot/reading":       {"bot/ask", "bot/fetch", "bot/guard", "bot/jobs", "bot/post", "bot/share", "bot/slackmd", "bot/sleep", "bot/words", "ocr", "ocr/page", "ocr/tempfile", "ocr/turns", "ocr/witness", "slack-go"},
	"bot/words":         {"bot/slackmd", "ocr"},
	"bot/post":          {"bot/guard", "bot/share", "bot/slackmd", "bot/sleep", "slack-go"},
	"bot/fetch":         {"ocr/tempfile"},
	"bot/guard":         {},
	"bot/jobs":          {"bot/guard", "bot/jobs/kv", "bot/sleep"},
	"bot/share":         {},
	"bot/slackjson":     {"slack-go"},
	"bot/slackmd":       {"bot/slackmd/internal/inline", "bot/slackmd/internal/texmath"},
	"bot/sleep":         {},
	"bot/localslack":    {"bot/localslack/internal/blockkit", "bot/localslack/internal/expiring", "bot/localslack/internal/filehost", "bot/localslack/internal/manifest", "bot/localslack/internal/mrkdwn", "bot/localslack/internal/page", "bot/localslack/internal/socketmode", "bot/localslack/internal/webapi"},
	"ocr":               {"ocr/clean", "ocr/internal/events", "ocr/loop", "ocr/page", "ocr/witness", "go-openai"},
	"ocr/clean":         {},
	"ocr/loop":          {},
	"ocr/page":          {"ocr/page/internal/heif", "ocr/page/internal/input", "ocr/page/internal/pdf", "ocr/page/internal/pixels", "ocr/page/internal/raster", "ocr/page/internal/sandbox", "ocr/page/internal/tiff", "ocr/tempfile", "ocr/turns", "ocr/witness"},
	"ocr/page/pagetest": {},
	"ocr/tesseract":     {},
	"ocr/tempfile":      {},
	"ocr/turns":         {},
	"ocr/witness":       {},

	"bot/jobs/kv":        {"nats"},
	"bot/jobs/kv/kvtest": {"bot/jobs/kv", "nats"},

	"cmd/bot/internal/check":      {"bot", "bot/jobs/kv", "bot/slackjson", "cmd/bot/internal/settings", "ocr", "ocr/page", "ocr/page/pagetest", "ocr/tempfile", "slack-go"},
	"cmd/bot/internal/monitor":    {"bot"},
	"cmd/bot/internal/officetest": {"bot", "bot/localslack", "bot/words", "bot/words/wordstest", "ocr/page", "ocr/page/pagetest"},
	"cmd/bot/internal/ocrcmd":     {"bot/slackmd", "cmd/bot/internal/settings", "ocr", "ocr/page", "ocr/tempfile"},
	"cmd/bot/internal/settings":   {"bot", "ocr"},

	"bot/localslack/internal/blockkit":   {"bot/localslack/internal/mrkdwn", "bot/localslack/internal/webapi"},
	"bot/localslack/internal/expiring":   {},
	"bot/localslack/internal/filehost":   {"bot/localslack/internal/mrkdwn", "bot/localslack/internal/webapi"},
	"bot/localslack/internal/manifest":   {},
	"bot/localslack/internal/mrkdwn":     {},
	"bot/localslack/internal/nodetest":   {},
	"bot/localslack/internal/page":       {"bot/localslack/internal/webapi"},
	"bot/localslack/internal/socketmode": {"bot/localslack/internal/expiring", "bot/localslack/internal/webapi"},
	"bot/localslack/internal/webapi":     {},

	"bot/slackmd/internal/inline":  {"bot/slackmd/internal/texmath"},
	"bot/slackmd/internal/texmath": {},

	"ocr/page/internal/heif":    {"ocr/page/internal/input", "ocr/page/internal/pixels", "ocr/tempfile"},
	"ocr/page/internal/input":   {"ocr/page/internal/sandbox"},
	"ocr/page/internal/pdf":     {"ocr/page/internal/input", "ocr/page/internal/pixels", "ocr/witness"},
	"ocr/page/internal/pixels":  {},
	"ocr/page/internal/raster":  {"ocr/page/internal/input", "ocr/page/internal/pixels", "ocr/page/internal/tiff"},
	"ocr/page/internal/sandbox": {},
	"ocr/page/internal/tiff":    {"ocr/page/internal/input", "ocr/page/internal/pixels"},

	"bot/share/sharetest": {},
	"bot/words/wordstest": {"bot/words", "ocr"},

	"ocr/internal/events": {},
}

// restricted are the libraries that belong in some rooms only.
var restricted = map[string]string{
	"github.com/slack-go/slack":         "slack-go",
	"github.com/sashabaranov/go-openai": "go-openai",
	"github.com/nats-io":                "nats",
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	const module = "slackocr/"
	seen := 0
	err := filepath.WalkDir("../..", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); name == "testdata" || (strings.HasPrefix(name, ".") && name != "..") {
			return fs.SkipDir
		}
		p, err := build.ImportDir(dir, 0)
		if err != nil {
			return nil // no Go files
		}
		room, _ := filepath.Rel("../..", dir)
		may, ok := rooms[filepath.ToSlash(room)]
		if !ok {
			t.Errorf("%s is no room that the design knows", room)
			return nil
		}
		seen++
		for _, path := range p.Imports {
			what, ours := strings.CutPrefix(path, module)
			for library, name := range restricted {
				if path == library || strings.HasPrefix(path, library+"/") {
					what, ours = name, true
				}
			}
			if ours && !slices.Contains(may, what) {
				t.Errorf("%s imports %s", room, what)
			}
		}
		return nil
	})
	if err != nil || seen != len(rooms) {
		t.Errorf("%d rooms of %d were seen: %v", seen, len(rooms), err)
	}
}
