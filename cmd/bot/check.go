package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"slackocr/cmd/bot/internal/check"
	"slackocr/cmd/bot/internal/settings"
)

func checkCommand(sys system) *cobra.Command {
	command := &cobra.Command{
		Use:   "check",
		Short: "Check settings, tokens, scopes, endpoint and store, and say what to fix",
		Long: `Checks everything that the bot needs and prints a line for each thing: ✓, or ✗ with
what to do. You can run it while the bot is running. It sends the OCR endpoint two
requests, which cost as much as reading two small pictures, and posts nothing in Slack.

The exit status is 0 if everything is fine, and 1 if not.`,
		Args: noArguments,
	}
	asJSON := command.Flags().Bool("json", false, "print one JSON object, for scripts and bug reports")
	command.RunE = func(command *cobra.Command, _ []string) error {
		return runCheck(command.Context(), *asJSON, sys)
	}
	return command
}

// report is the output of bot check --json.
type report struct {
	OK      bool            `json:"ok"`
	Version string          `json:"version"`
	Checks  []check.Finding `json:"checks"`
}

// runCheck tries everything that the bot needs and prints a line for each
// thing. If something is wrong, runCheck returns errSaid.
func runCheck(ctx context.Context, asJSON bool, sys system) error {
	c, invalid := settings.Load(sys.environ, ".env", settings.NeedAll...)
	decoder, err := newDecoder(true, 0)
	if err != nil {
		return err
	}
	out := report{OK: true, Version: version(), Checks: []check.Finding{}}
	bad := 0
	wrong, _ := errors.AsType[settings.Problems](invalid)
	for f := range (&check.Checker{Config: c, Wrong: wrong, Environ: sys.environ, Decoder: decoder}).All(ctx) {
		out.Checks = append(out.Checks, f)
		if !f.OK {
			out.OK = false
			bad++
		}
		if !asJSON {
			fmt.Fprintln(sys.stdout, f)
		}
	}
	if asJSON {
		err = writeJSON(sys.stdout, out)
	} else {
		_, err = fmt.Fprintln(sys.stdout, verdict(bad))
	}
	if err == nil && !out.OK {
		return errSaid
	}
	return err
}

// verdict says how many things are wrong.
func verdict(bad int) string {
	switch bad {
	case 0:
		return "All is well."
	case 1:
		return "One thing needs your attention."
	}
	return fmt.Sprintf("%d things need your attention.", bad)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
