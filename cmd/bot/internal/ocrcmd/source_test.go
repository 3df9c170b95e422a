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
