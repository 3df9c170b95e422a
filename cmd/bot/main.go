// Command bot reads the images that people post in Slack and answers with
// their text. Without a sub-command it runs the bot; `bot --help` lists the
// others.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"slackocr/ocr/page"
)

// Exit statuses.
const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = 2 // a wrong argument or setting
)

// system holds everything of the process that a command may use.
type system struct {
	environ                                       []string
	stdin                                         io.Reader
	stdout, stderr                                io.Writer
	stdinTerminal, stdoutTerminal, stderrTerminal bool
	columns                                       int  // of the terminal at stderr
	plain                                         bool // without colours: NO_COLOR is set
	dumb                                          bool // the terminal cannot erase a line
}

func main() {
	log.SetOutput(io.Discard) // libraries log unexpected input from the network here
	hideMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], thisSystem()))
}

func thisSystem() system {
	sys := system{
		environ: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		stdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		stdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		stderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		columns:        80,
		dumb:           os.Getenv("TERM") == "dumb",
	}
	sys.plain = os.Getenv("NO_COLOR") != "" || sys.dumb
	if columns, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && columns > 0 {
		sys.columns = columns
	}
	return sys
}

// bold returns text in bold if standard output is a terminal with colours.
func (s system) bold(text string) string {
	if !s.stdoutTerminal || s.plain {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}

// run carries out a command line and returns the exit status.
func run(ctx context.Context, args []string, sys system) int {
	if len(args) > 0 && args[0] == decodeCommand {
		return page.Work(args[1:])
	}
	root := newCommandLine(sys)
	root.SetArgs(append([]string{}, args...)) // for nil cobra would use the process's arguments
	return exitStatus(root.ExecuteContext(ctx), sys.stderr)
}
