package jobs

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
)

// contents returns the contents of all files in a folder.
func contents(t *testing.T, dir string, files []string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		all[file] = string(content)
	}
	return all
}

// Inspect finds damage, and leaves the store as it is, damaged or not.
func TestInspect(t *testing.T) {
	t.Parallel()
	dir, files := damagedStore(t)
	before := contents(t, dir, files)
	found, err := kv.Inspect(t.Context(), dir)
	if err != nil || !found.Whole() || found.Messages < 10 {
		t.Errorf("a whole store: %+v, %v", found, err)
	}
	block := filepath.Join(entriesPath, "msgs", "1.blk")
	settings := filepath.Join(settingsPath, "msgs", "1.blk")
	for d, named := range map[damage]string{
		{block, "changed", int64(rand.IntN(len(before[block]))), 1}: block,
		{settings, "cut", int64(len(before[settings])) - 5, 0}:      settings,
	} {
		d.apply(t, dir)
		damaged := contents(t, dir, files)
		found, err := kv.Inspect(t.Context(), dir)
		if err != nil || len(found.Damaged) != 1 || found.Damaged[0] != named {
			t.Errorf("%s: %+v, %v", d, found, err)
		}
		if !reflect.DeepEqual(contents(t, dir, files), damaged) {
			t.Errorf("%s: the store was changed", d)
		}
		if err := os.WriteFile(filepath.Join(dir, d.file), []byte(before[d.file]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := fs.Glob(os.DirFS(dir), ".check-*"); err != nil || len(left) > 0 {
		t.Errorf("copies are left: %q, %v", left, err)
	}
}

// A store that a process uses is not looked through.
func TestInspectInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kvtest.Open(t, dir, 1<<20)
	if _, err := kv.Inspect(t.Context(), dir); !errors.Is(err, kv.ErrInUse) {
		t.Errorf("%v", err)
	}
}
