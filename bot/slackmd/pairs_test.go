package slackmd

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what comes out into testdata")

// TestPairs checks the files of testdata: the reason for a rule, the model's
// markdown, and the messages that it becomes. A live text is shown as its tail.
func TestPairs(t *testing.T) {
	for _, dir := range []string{"rules", "documents"} {
		files, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
		if err != nil || len(files) == 0 {
			t.Fatal("no pairs", err)
		}
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
				pair(t, file)
			})
		}
	}
}

func pair(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.Comment) == 0 {
		t.Error("no reason is given")
	}
	var got, drawn txtar.Archive
	for _, f := range archive.Files {
		in := string(f.Data)
		switch f.Name {
		case "in":
			got.Files = append(got.Files, f)
			result := Messages(in)
			for i, part := range result.Parts {
				name := fmt.Sprint("part ", i+1)
				if part.FirstPage > 0 {
					name += fmt.Sprintf(", pages %d to %d", part.FirstPage, part.LastPage)
				}
				got.Files = append(got.Files, txtar.File{Name: name, Data: []byte(part.Text + "\n")})
			}
			if result.Wide {
				got.Files = append(got.Files, txtar.File{Name: "wide"})
			}
			for _, table := range Tables(in) {
				got.Files = append(got.Files, txtar.File{Name: "csv", Data: table.CSV()})
			}
		case "drawn": // what the page of localslack makes of it: its test
			drawn.Files = append(drawn.Files, f)
		case "live":
			got.Files = append(got.Files, f, txtar.File{Name: "tail", Data: []byte(Tail(strings.TrimSuffix(in, "\n"), 3800, liveItems) + "\n")})
		}
	}
	got.Comment = archive.Comment
	got.Files = append(got.Files, drawn.Files...)
	if have, want := string(txtar.Format(&got)), string(txtar.Format(archive)); have != want {
		if *update {
			if err := os.WriteFile(file, []byte(have), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Errorf("got\n%s\nwant\n%s", have, want)
	}
}
