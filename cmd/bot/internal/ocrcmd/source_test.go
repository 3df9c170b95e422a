package ocrcmd

import (
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file that is not there and a folder have sentences of their own.
func TestSourcesThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]error{filepath.Join(dir, "none"): fs.ErrNotExist, dir: syscall.EISDIR} {
		_, err := openSource(t.Context(), name, strings.NewReader(""), 1)
		if err == nil || err.Error() != sourceError(want).Error() || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestInputWithoutAFolderForIt: the folder for temporary files is missing, and not the
// input.
func TestInputWithoutAFolderForIt(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	_, err := openSource(t.Context(), Stdin, strings.NewReader("text"), 10)
	if missing := sourceError(fs.ErrNotExist); err == nil || err.Error() == missing.Error() {
		t.Errorf("the error is %v", err)
	}
}
