// Command bot reads the images that people post in Slack and answers with
// their text. Without an argument it runs the bot; see usage for the rest.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

const usage = `Usage:
  bot [run]         serve a Slack workspace; settings come from the environment and .env
  bot demo          a workspace, an OCR engine and the bot on this machine: nothing to set up
  bot check         look at settings, tokens, scopes, endpoint and store, and say what to do; -json
  bot manifest      the manifest of the Slack app; -json
  bot ocr FILE...   read images with the configured endpoint to standard output
  bot health [ADDR] ask a running bot how it is, at its LISTEN_ADDR: status 0 or 1
  bot version       what was built
`

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

// run carries out one command and returns the exit status.
func run(ctx context.Context, args []string, sys system) int {
	command := "run"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch command {
	case "run":
		return serve(ctx, args, sys)
	case "demo":
		return demo(ctx, args, sys)
	case "check":
		return check(ctx, args, sys)
	case "manifest":
		return manifest(args, sys)
	case "ocr":
		return read(ctx, args, sys)
	case "health":
		return health(ctx, args, sys)
	case decodeCommand:
		return decode(args)
	case "version":
		fmt.Fprintln(sys.stdout, version())
		return statusOK
	case "help", "-h", "-help", "--help":
		fmt.Fprint(sys.stdout, usage)
		return statusOK
	}
	fmt.Fprintf(sys.stderr, "There is no command %q.\n\n%s", command, usage)
	return statusUsage
}
