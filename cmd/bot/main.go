// Command bot reads the images that people post in Slack and answers with
// their text. Without a sub-command it runs the bot; `bot --help` lists the rest.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses.
const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = 2 // a wrong argument or setting
)

// system is all of the process that a command may use.
type system struct {
	environ        []string
	stdout, stderr io.Writer
	shown          bool // stdout is a terminal
	progress       bool // stderr is one, and nothing else is written there
}

func main() {
	log.SetOutput(io.Discard) // where libraries quote what they did not expect from the network
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	shown := terminal(os.Stdout)
	os.Exit(run(ctx, os.Args[1:], system{
		environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr,
		shown: shown, progress: terminal(os.Stderr) && !shown,
	}))
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// run carries out one command line and returns the exit status.
func run(ctx context.Context, args []string, sys system) int {
	if len(args) > 0 && args[0] == decodeCommand {
		return decode(args[1:])
	}
	root := newCommandLine(sys)
	root.SetArgs(append([]string{}, args...)) // cobra takes nil for the process's own
	return exitStatus(root.ExecuteContext(ctx), sys.stderr)
}
