package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/cmd/bot/internal/officetest"
	"slackocr/ocr/page/pagetest"
)

// TestKilledDecoder: the program that opens a file is killed. That is a sentence
// to the person, and another file is read.
func TestKilledDecoder(t *testing.T) {
	t.Parallel()
	o := officetest.Open(t, officetest.Writes("some text"))
	tools := t.TempDir()
	for _, tool := range []string{"pdfinfo", "pdftoppm"} {
		if err := os.WriteFile(filepath.Join(tools, tool), []byte("#!/bin/sh\nkill -9 $$\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, append(o.Environ, "DATA_DIR="+t.TempDir(), "PATH="+tools+":/usr/bin:/bin"))
	o.Wait(t, "it listens", func() bool { return o.Workspace.Connections() > 0 })
	picture := officetest.TinyPicture("a.png")
	ts := o.Post(t, o.Channel, localslack.Upload{Name: "bomb.pdf", Data: pagetest.Scan(72, picture.Data)}, picture)
	for _, want := range []string{wordstest.ReadFiles(1, 2, "markdown"), "a.png: some text"} {
		o.Wait(t, want, func() bool { return o.Said(want, officetest.Asked{Channel: o.Channel, TS: ts}) == 1 })
	}
	if list := string(o.Workspace.Thread(o.Channel, ts)[1].Blocks); !strings.Contains(list, words.Failed(words.TooComplex).Sentence()) {
		t.Errorf("the list says %s", list)
	}
	if status := p.stop(t); status != statusOK {
		t.Errorf("it ended with %d", status)
	}
}
