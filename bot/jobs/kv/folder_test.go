package kv_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
)

// The folder is for its owner alone, also one that was made for all.
func TestFolderMode(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	kvtest.Open(t, dir, 1<<20)
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
}

// A folder that cannot be made or written is named, with the setting.
func TestFolderIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	unwritable := filepath.Join(dir, "data")
	if err := os.MkdirAll(filepath.Join(unwritable, "lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{filepath.Join(file, "data"), unwritable} {
		_, err := kv.OpenEmbedded(folder, 1<<20, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), "DATA_DIR") || !strings.Contains(err.Error(), file) && !strings.Contains(err.Error(), folder) {
			t.Errorf("%v", err)
		}
	}
}
