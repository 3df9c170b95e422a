package ocrcmd

import (
	"path/filepath"
	"testing"
)

// Each file has a path of its own.
func TestOutputPaths(t *testing.T) {
	got := outputPaths("out", []string{"a/x.png", "b/x.pdf", "a/x.png", "-", ".hidden", "x-2.png"}, false)
	want := map[string]string{"a/x.png": "x.md", "b/x.pdf": "x-2.md", "-": "stdin.md", ".hidden": ".hidden.md", "x-2.png": "x-2-2.md"}
	for file, path := range want {
		if got[file] != filepath.Join("out", path) {
			t.Errorf("%s is written to %s, want %s", file, got[file], path)
		}
	}
}
