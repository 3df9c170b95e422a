package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/ocr/page/pagetest"
)

// TestKilledDecoder: the program that opens a file is killed. That is a sentence
// to the person, and another file is read.
func TestKilledDecoder(t *testing.T) {
	o := openOffice(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"some text\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	})
	tools := t.TempDir()
	for _, tool := range []string{"pdfinfo", "pdftoppm"} {
		if err := os.WriteFile(filepath.Join(tools, tool), []byte("#!/bin/sh\nkill -9 $$\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, append(o.environ, "DATA_DIR="+t.TempDir(), "PATH="+tools+":/usr/bin:/bin"))
	o.wait(t, "it listens", func() bool { return o.ws.Connections() > 0 })
	picture := pagetest.PNG("x", pagetest.Layout{Width: 2, Height: 1})
	ts, err := o.ws.Post(o.ann, localslack.Post{Channel: o.channel, Files: []localslack.Upload{
		{Name: "bomb.pdf", Data: pagetest.Scan(72, picture)}, {Name: "a.png", Data: picture},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Read 1 of 2 files · ", "a.png: some text"} {
		o.wait(t, want, func() bool {
			return slices.ContainsFunc(o.thread(ts), func(said string) bool { return strings.HasPrefix(said, want) })
		})
	}
	if list := string(o.ws.Thread(o.channel, ts)[1].Blocks); !strings.Contains(list, words.Failed(words.TooComplex).Cause()) {
		t.Errorf("the list says %s", list)
	}
	if status := p.stop(t); status != statusOK {
		t.Errorf("it ended with %d", status)
	}
}
