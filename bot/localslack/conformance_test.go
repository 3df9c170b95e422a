package localslack_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const conformanceDir = "testdata/conformance"

// Slack's own clients for Node (Bolt, socket-mode and web-api) use the workspace
// as an app would. Each check of testdata/conformance is a subtest here.
func TestConformance(t *testing.T) {
	if why := missingNode(t.Context()); why != "" {
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	modules := installModules(t)
	files, err := filepath.Glob(conformanceDir + "/*.test.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no checks: %v", err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	args := append([]string{"--test", "--test-concurrency=" + strconv.Itoa(len(files)), "--test-reporter=./" + conformanceDir + "/reporter.js"}, files...)
	cmd := exec.CommandContext(ctx, "node", args...)
	// SIGTERM makes the runner stop the processes it started.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules, "LOCALSLACK_CONTROL="+startControl(t))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	logged := runChecks(t, bufio.NewScanner(out))
	if err := cmd.Wait(); err != nil {
		t.Errorf("node --test: %v\n%s", err, &stderr)
	}
	if t.Failed() {
		t.Logf("what the checks logged:\n%s", logged)
	}
}

// runChecks makes a subtest of every check that the reporter tells of.
func runChecks(t *testing.T, lines *bufio.Scanner) (logged string) {
	lines.Buffer(nil, 1<<20)
	var log strings.Builder
	n := 0
	for lines.Scan() {
		var c struct {
			Name            string
			Passed, Skipped bool
			Seconds         float64
			Error, Log      string
		}
		switch err := json.Unmarshal(lines.Bytes(), &c); {
		case err != nil:
			t.Errorf("the reporter wrote %q: %v", lines.Text(), err)
			continue
		case c.Name == "":
			log.WriteString(c.Log)
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			t.Logf("%.1f s", c.Seconds)
			if !c.Passed || c.Skipped {
				t.Errorf("passed %v, skipped %v: %s", c.Passed, c.Skipped, c.Error)
			}
		})
	}
	if err := lines.Err(); err != nil || n == 0 {
		t.Errorf("%d checks, %v", n, err)
	}
	return log.String()
}

// missingNode says what keeps the suite from running, "" if nothing does.
func missingNode(ctx context.Context) string {
	const needed = "the conformance suite needs Node 20 or later with npm (https://nodejs.org; Debian has it since version 13)"
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

// installModules returns a node_modules folder with what the lockfile names. It
// is kept in the user's cache, so that a second run needs no network and the
// checkout stays as it is.
func installModules(t *testing.T) string {
	t.Helper()
	lock, err := os.ReadFile(conformanceDir + "/package-lock.json")
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
	if err := install(t, dir); err != nil {
		t.Fatal(err)
	}
	return modules
}

// install runs npm in a folder of its own and renames that to dir when it is
// whole, so that a run that was cut off leaves nothing half there.
func install(t *testing.T, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		data, err := os.ReadFile(filepath.Join(conformanceDir, name))
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

// A lockfile with download addresses would send everybody to the registry of
// whoever wrote it.
func TestLockfileHasNoAddresses(t *testing.T) {
	lock, err := os.ReadFile(conformanceDir + "/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(lock, []byte(`"resolved"`)) || bytes.Contains(lock, []byte("registry")) {
		t.Error("package-lock.json names where packages were downloaded from")
	}
}
