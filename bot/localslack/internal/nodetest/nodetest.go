// Package nodetest gives tests the modules for Node that they run.
package nodetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Modules returns a node_modules folder with the modules of the folder's lockfile.
// It is kept in the user's cache, so that a second run needs no network and the
// checkout stays as it is. A test without Node is skipped; with CI set, it fails.
func Modules(t *testing.T, folder string) string {
	t.Helper()
	if why := missing(t.Context()); why != "" {
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	lock, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(cache, "localslack-conformance", hex.EncodeToString(sum[:8]))
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return modules
	}
	if err := install(t, folder, dir); err != nil {
		t.Fatal(err)
	}
	return modules
}

// install runs npm in a folder of its own and renames that to dir when it is
// whole, so that a run that was cut off leaves nothing half there.
func install(t *testing.T, folder, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(tmp, name), data, 0o644); err != nil {
			return err
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = tmp
	cmd.WaitDelay = 10 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	err = os.Rename(tmp, dir)
	if _, there := os.Stat(filepath.Join(dir, "node_modules")); there == nil {
		return nil // another run was faster
	}
	return err
}

// missing returns a sentence that names the missing program, or "".
func missing(ctx context.Context) string {
	const needed = "this test needs Node 20 or later with npm (https://nodejs.org; Debian has it since version 13)"
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return needed + ": no node in PATH"
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < 20 {
		return needed + ": this is " + version
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return needed + ": no npm in PATH"
	}
	return ""
}
