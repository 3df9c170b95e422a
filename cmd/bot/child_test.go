package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr/page/pagetest"
)

// TestKilledDecoder: the program that opens a file is killed. That is a sentence
// to the person, and another file is read.
func TestKilledDecoder(t *testing.T) {
	o := openOffice(t, writes("some text"))
	tools := t.TempDir()
	for _, tool := range []string{"pdfinfo", "pdftoppm"} {
		if err := os.WriteFile(filepath.Join(tools, tool), []byte("#!/bin/sh\nkill -9 $$\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, append(o.environ, "DATA_DIR="+t.TempDir(), "PATH="+tools+":/usr/bin:/bin"))
	o.wait(t, "it listens", func() bool { return o.ws.Connections() > 0 })
	picture := tinyPicture("a.png")
	ts := o.post(t, o.channel, localslack.Upload{Name: "bomb.pdf", Data: pagetest.Scan(72, picture.Data)}, picture)
	for _, want := range []string{wordstest.ReadFiles(1, 2, "markdown"), "a.png: some text"} {
		o.wait(t, want, func() bool { return o.said(want, askedAt{o.channel, ts}) == 1 })
	}
	if list := string(o.ws.Thread(o.channel, ts)[1].Blocks); !strings.Contains(list, words.Failed(words.TooComplex).Sentence()) {
		t.Errorf("the list says %s", list)
	}
	if status := p.stop(t); status != statusOK {
		t.Errorf("it ended with %d", status)
	}
}
