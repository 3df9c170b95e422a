package localslack_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"slackocr/bot/localslack/internal/nodetest"
)

const conformanceDir = "testdata/conformance"

// Slack's own clients for Node (Bolt, socket-mode and web-api) use the workspace
// as an app would. Each check of testdata/conformance is a subtest here.
func TestConformance(t *testing.T) {
	modules := nodetest.Modules(t, conformanceDir)
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
