package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"slackocr/cmd/bot/internal/officetest"
)

// TestTheBotsMemoryIsHidden: other processes of the user that runs the bot cannot read
// its environment or its memory.
func TestTheBotsMemoryIsHidden(t *testing.T) {
	t.Parallel()
	o := officetest.Open(t, func(http.ResponseWriter, *http.Request) {})
	data, err := os.MkdirTemp("", "slackocr-test-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(data)
	c := exec.Command("/proc/self/exe") // which another user may start too
	c.Dir, c.Env = "/", append(o.Environ, asBot+"=1", "DATA_DIR="+data)
	if os.Getuid() == 0 { // who may read everything
		const nobody = 65534
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := os.Chown(data, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
	}()
	o.Wait(t, "it listens", func() bool { return o.Workspace.Connections() > 0 })
	info, err := os.Stat(fmt.Sprintf("/proc/%d/environ", c.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 0 {
		t.Errorf("its environment belongs to user %d", owner)
	}
}
