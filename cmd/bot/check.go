package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

// A finding is the result of a check of one thing that the bot needs.
type finding struct {
	Check string `json:"check"` // the thing; scripts may rely on its name
	OK    bool   `json:"ok"`
	Found string `json:"found"`
	// Remedy says how to mend the problem, in a whole sentence.
	Remedy string `json:"remedy,omitempty"`
}

func (f finding) String() string {
	mark := "✓"
	if !f.OK {
		mark = "✗"
	}
	line := fmt.Sprintf("%s %s: %s", mark, f.Check, f.Found)
	if f.Remedy != "" {
		line += ". " + f.Remedy
	}
	return line
}

func passed(check, format string, args ...any) finding {
	return finding{Check: check, OK: true, Found: fmt.Sprintf(format, args...)}
}

func failed(check, found, remedy string) finding {
	return finding{Check: check, Found: found, Remedy: remedy}
}

// A probe checks one part. A probe has a time limit and asks nothing of the
// running bot.
type probe struct {
	name   string
	needs  []string // settings that the probe requires
	within time.Duration
	run    func(ctx context.Context) []finding
}

// report is the output of bot check --json.
type report struct {
	OK      bool      `json:"ok"`
	Version string    `json:"version"`
	Checks  []finding `json:"checks"`
}

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
	command.RunE = func(command *cobra.Command, _ []string) error { return check(command.Context(), *asJSON, sys) }
	return command
}

// check tries everything that the bot needs and prints a line for each thing.
// If something is wrong, check returns errSaid.
func check(ctx context.Context, asJSON bool, sys system) error {
	c, err := loadConfig(sys.environ, ".env", needAll...)
	out := report{OK: true, Version: version(), Checks: []finding{}}
	for f := range examine(ctx, c, sys.environ, err, probes(c)) {
		out.OK = out.OK && f.OK
		out.Checks = append(out.Checks, f)
		if !asJSON {
			fmt.Fprintln(sys.stdout, f)
		}
	}
	if asJSON {
		err = writeJSON(sys.stdout, out)
	} else {
		_, err = fmt.Fprintln(sys.stdout, out.verdict())
	}
	if err == nil && !out.OK {
		return errSaid
	}
	return err
}

func (r report) verdict() string {
	bad := 0
	for _, f := range r.Checks {
		if !f.OK {
			bad++
		}
	}
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

// examine yields the problems of the settings and the findings of the probes,
// in order, each as soon as it is known. bad is loadConfig's error for c.
func examine(ctx context.Context, c config, environ []string, bad error, all []probe) func(yield func(finding) bool) {
	var lines problems
	if bad != nil && !errors.As(bad, &lines) {
		lines = problems{bad.Error()}
	}
	hide := newRedactor(c, environ)
	return func(yield func(finding) bool) {
		for _, line := range lines {
			if !yield(failed("settings", line, "")) {
				return
			}
		}
		if len(lines) == 0 && !yield(passed("settings", "the environment and .env have everything that is needed")) {
			return
		}
		for f := range runProbes(ctx, lines, all) {
			f.Found, f.Remedy = printed(hide(f.Found)), hide(f.Remedy)
			if !yield(f) {
				return
			}
		}
	}
}

// probes returns all probes, in order.
func probes(c config) []probe {
	return []probe{
		{"bot token", []string{"SLACK_BOT_TOKEN", "SLACK_API_URL"}, time.Minute, func(ctx context.Context) []finding { return checkBotToken(ctx, c, true) }},
		{"app token", []string{"SLACK_APP_TOKEN", "SLACK_API_URL"}, time.Minute, func(ctx context.Context) []finding { return checkAppToken(ctx, c) }},
		{"endpoint", modelSettings, 2 * time.Minute, func(ctx context.Context) []finding { return checkModel(ctx, c) }},
		{"store", []string{"DATA_DIR", "NATS_URL", "RETENTION"}, 2 * time.Minute, func(ctx context.Context) []finding { return one(checkStore(ctx, c)) }},
		{"temporary files", []string{"TEMP_SIZE"}, 10 * time.Second, func(context.Context) []finding { return one(checkTemp(c)) }},
		{"decoder", nil, 20 * time.Second, func(ctx context.Context) []finding { return one(checkDecoder(ctx)) }},
		{"confinement", nil, 20 * time.Second, func(ctx context.Context) []finding { return one(checkConfinement(ctx)) }},
		{"poppler", nil, 20 * time.Second, func(ctx context.Context) []finding { return one(checkPoppler(ctx)) }},
		{"libtiff", nil, 20 * time.Second, func(ctx context.Context) []finding { return one(checkLibtiff(ctx)) }},
		{"libheif", nil, 20 * time.Second, func(ctx context.Context) []finding { return one(checkLibheif(ctx)) }},
		{"tesseract", nil, time.Second, func(context.Context) []finding { return one(checkTesseract()) }},
	}
}

func one(f finding) []finding { return []finding{f} }

// overtime is the time that a probe has after the end of its context.
const overtime = 2 * time.Second

// runProbes runs probes at once and yields their findings, in order. A probe
// that does not end with its context, for example because a disk does not
// answer, is abandoned: nothing could end it.
func runProbes(ctx context.Context, lines problems, all []probe) func(yield func(finding) bool) {
	return func(yield func(finding) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		answers := make([]chan []finding, len(all))
		for i, p := range all {
			answers[i] = make(chan []finding, 1)
			go func() { answers[i] <- p.find(ctx, lines) }()
		}
		for _, found := range answers {
			for _, f := range <-found {
				if !yield(f) {
					return
				}
			}
		}
	}
}

// find runs a probe, unless a setting that the probe requires is wrong.
func (p probe) find(ctx context.Context, lines problems) []finding {
	if variable := lines.about(p.needs); variable != "" {
		return one(failed(p.name, "not checked, because "+variable+" needs your attention", ""))
	}
	ctx, cancel := context.WithTimeout(ctx, p.within)
	defer cancel()
	found := make(chan []finding, 1)
	go func() { found <- p.run(ctx) }()
	select {
	case f := <-found:
		return f
	case <-ctx.Done():
	}
	late := time.NewTimer(overtime)
	defer late.Stop()
	select {
	case f := <-found:
		return f
	case <-late.C:
		return one(failed(p.name, fmt.Sprintf("no answer within %s", p.within), "Check what it depends on: a disk, a network, a program."))
	}
}

// about returns the first of these variables that has a problem, or "".
func (p problems) about(variables []string) string {
	for _, v := range variables {
		for _, line := range p {
			if strings.HasPrefix(line, v+" ") || strings.HasPrefix(line, v+fileSuffix+" ") {
				return v
			}
		}
	}
	return ""
}

// maxFound bounds a finding, in letters: names and errors come from elsewhere.
const maxFound = 600

// printed returns foreign text in a form that fits one line of a terminal.
func printed(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if letters := []rune(s); len(letters) > maxFound {
		return string(letters[:maxFound]) + "…"
	}
	return s
}
