package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/cmd/bot/internal/officetest"
)

// filesWith returns the files of a folder that hold one of the words, in any case.
func filesWith(t *testing.T, dir string, words ...string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // the running store has renamed the file
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
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
	model := &moody{say: officetest.Writes("rosebud ", "and more")}
	o := officetest.Open(t, model.ServeHTTP)
	folder := t.TempDir()
	environ := append(o.Environ, "DATA_DIR="+folder)
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
			files = append(files, officetest.PagePicture(name))
		}
		return o.Post(t, o.Channel, files...)
	}
	read := func(ts string, times int) func() bool {
		return func() bool { return o.Said(wordstest.AnyRead(), officetest.Asked{Channel: o.Channel, TS: ts}) == times }
	}
	p := start(t, environ)
	o.Wait(t, "it listens", func() bool { return o.Workspace.Connections() > 0 })
	forgotten, deleted := post("secretname.png"), post("a.png", "secretname.png")
	o.Wait(t, "the first is read", read(forgotten, 1))
	o.Wait(t, "the second is read", read(deleted, 1))
	model.will(officetest.Writes("another text ", "of rosebud"))
	if _, err := o.Workspace.Post(o.Ann, localslack.Post{Channel: o.Channel, Thread: forgotten, Text: "prompt: find the sledge"}); err != nil {
		t.Fatal(err)
	}
	o.Wait(t, "it is read again", read(forgotten, 2))
	check("while the records are kept")

	if err := o.Workspace.Delete(o.Ann, o.Channel, deleted); err != nil {
		t.Fatal(err)
	}
	o.Wait(t, "the replies are gone", func() bool { return len(o.Workspace.Thread(o.Channel, deleted)) <= 1 })
	forget(t, o, 2)
	check("after they were erased")
	_ = p.Process.Kill()
	_ = p.Wait()
	check("after it was killed")
	p = start(t, environ)
	o.Wait(t, "it listens again", func() bool { return o.Workspace.Connections() > 0 })
	check("after a restart")
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	check("at the end")
}

// forget has the records of ann erased and waits for the answer, which says of how
// many files they were.
func forget(t *testing.T, o *officetest.Office, files int) {
	t.Helper()
	if err := o.Workspace.Command(t.Context(), o.Ann, o.Channel, "/ocr", "forget"); err != nil {
		t.Fatal(err)
	}
	private := func() []localslack.Ephemeral { return o.Workspace.Ephemerals(o.Ann) }
	o.Wait(t, "it asks back", func() bool { return len(private()) > 0 })
	question := private()[len(private())-1]
	if err := o.Workspace.Press(t.Context(), o.Ann, o.Channel, question.Message.TS, "forget"); err != nil {
		t.Fatal(err)
	}
	o.Wait(t, "it says what it erased", func() bool {
		return slices.ContainsFunc(private(), func(e localslack.Ephemeral) bool { return e.Message.Text == words.RecordsErased(files) })
	})
}

// TestDataKey starts the program with a key, and then with none and with another
// one: each ends with a sentence that names the setting.
func TestDataKey(t *testing.T) {
	t.Parallel()
	o := officetest.Open(t, (&moody{say: officetest.Writes("x")}).ServeHTTP)
	environ := append(o.Environ, "DATA_DIR="+t.TempDir())
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
			o.Wait(t, "it listens", func() bool { return o.Workspace.Connections() > 0 })
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
