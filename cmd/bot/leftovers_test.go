package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestRemoveLeftovers removes old folders of demos, and nothing else.
func TestRemoveLeftovers(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	old := time.Now().Add(-2 * week)
	for name, at := range map[string]time.Time{
		"slackocr-demo-1": old, "slackocr-tesseract-1": old, "slackocr-demo-2": time.Now(), "foreign-1": old,
	} {
		folder := filepath.Join(dir, name)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(folder, at, at); err != nil {
			t.Fatal(err)
		}
	}
	removeLeftovers()
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 2 || filepath.Base(left[0]) != "foreign-1" || filepath.Base(left[1]) != "slackocr-demo-2" {
		t.Errorf("%q stay, %v", left, err)
	}
}
