package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// filesWith returns the files of a folder that hold one of the words, in any case.
func filesWith(t *testing.T, dir string, words ...string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, word := range words {
			if bytes.Contains(bytes.ToLower(content), []byte(word)) {
				found = append(found, d.Name()+" holds "+word)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestErasedFromTheFolder has two asks erased, one by the person and one by
// deleting its picture, kills the program and starts it again. No file of DATA_DIR
// ever holds a word of the texts, a name or a prompt.
func TestErasedFromTheFolder(t *testing.T) {
	t.Parallel()
	model := &moody{say: writes("rosebud ", "and more")}
	o := openOffice(t, model.ServeHTTP)
	folder := t.TempDir()
	environ := append(o.environ, "DATA_DIR="+folder)
	check := func(when string) {
		t.Helper()
		if found := filesWith(t, folder, "rosebud", "secretname", "find the sledge"); len(found) > 0 {
			t.Errorf("%s, %q", when, found)
		}
	}
	post := func(names ...string) (ts string) {
		t.Helper()
		var files []localslack.Upload
		for _, name := range names {
			files = append(files, pagePicture(name))
		}
		return o.post(t, o.channel, files...)
	}
	read := func(ts string, times int) func() bool {
		return func() bool { return o.said(wordstest.AnyRead(), askedAt{o.channel, ts}) == times }
	}
	p := start(t, environ)
	o.wait(t, "it listens", func() bool { return o.ws.Connections() > 0 })
	forgotten, deleted := post("secretname.png"), post("a.png", "secretname.png")
	o.wait(t, "the first is read", read(forgotten, 1))
	o.wait(t, "the second is read", read(deleted, 1))
	model.will(writes("another text ", "of rosebud"))
	if _, err := o.ws.Post(o.ann, localslack.Post{Channel: o.channel, Thread: forgotten, Text: "prompt: find the sledge"}); err != nil {
		t.Fatal(err)
	}
	o.wait(t, "it is read again", read(forgotten, 2))
	check("while the records are kept")

	if err := o.ws.Delete(o.ann, o.channel, deleted); err != nil {
		t.Fatal(err)
	}
	o.wait(t, "the replies are gone", func() bool { return len(o.ws.Thread(o.channel, deleted)) <= 1 })
	o.forget(t, 2)
	check("after they were erased")
	_ = p.Process.Kill()
	_ = p.Wait()
	check("after it was killed")
	p = start(t, environ)
	o.wait(t, "it listens again", func() bool { return o.ws.Connections() > 0 })
	check("after a restart")
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	check("at the end")
}

// forget has the records of ann erased and waits for the answer, which says of how
// many files they were.
func (o *office) forget(t *testing.T, files int) {
	t.Helper()
	if err := o.ws.Command(t.Context(), o.ann, o.channel, "/ocr", "forget"); err != nil {
		t.Fatal(err)
	}
	private := func() []localslack.Ephemeral { return o.ws.Ephemerals(o.ann) }
	o.wait(t, "it asks back", func() bool { return len(private()) > 0 })
	question := private()[len(private())-1]
	if err := o.ws.Press(t.Context(), o.ann, o.channel, question.Message.TS, "forget"); err != nil {
		t.Fatal(err)
	}
	o.wait(t, "it says what it erased", func() bool {
		return slices.ContainsFunc(private(), func(e localslack.Ephemeral) bool { return e.Message.Text == words.RecordsErased(files) })
	})
}

// TestDataKey starts the program with a key, and then with none and with another
// one: each ends with a sentence that names the setting.
func TestDataKey(t *testing.T) {
	t.Parallel()
	o := openOffice(t, (&moody{say: writes("x")}).ServeHTTP)
	environ := append(o.environ, "DATA_DIR="+t.TempDir())
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("the first key of this store\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		key    string
		status int
	}{{"DATA_KEY_FILE=" + file, 0}, {"", 1}, {"DATA_KEY=another key of that length", 1}, {"DATA_KEY=the first key of this store", 0}} {
		p := start(t, append(environ, tt.key))
		if tt.status == 0 {
			o.wait(t, "it listens", func() bool { return o.ws.Connections() > 0 })
			if status := p.stop(t); status != 0 {
				t.Errorf("%q: exit status %d: %s", tt.key, status, p.stderr)
			}
			continue
		}
		if status := p.status(t); status != tt.status || !strings.Contains(p.stderr.String(), "DATA_KEY") {
			t.Errorf("%q: exit status %d: %s", tt.key, status, p.stderr)
		}
	}
}
