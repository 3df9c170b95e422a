package page

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// scratch is where the program of DecodeCommand is, until the tests end.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "page-test-*")
	if err != nil {
		panic(err)
	}
	scratch = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		os.RemoveAll(dir)
		os.Exit(status)
	}))
}

// DecodeCommand is a program that decodes as the bot's own process does. It is
// built without the race detector, which takes more memory and time than any
// limit here leaves, also where the tests are run with it.
var DecodeCommand = sync.OnceValue(func() []string {
	program := filepath.Join(scratch, "decode")
	build := exec.Command("go", "build", "-tags", "nodynamic", "-o", program, "./testdata/decode")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("building the decoder: %v\n%s", err, said))
	}
	return []string{program}
})
