// Package check tries everything that the bot needs, and says what to do about
// each problem.
package check

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr/page"
)

// A Finding is the result of a check of one thing that the bot needs.
type Finding struct {
	Check string `json:"check"` // the thing; scripts may rely on its name
	OK    bool   `json:"ok"`
	Found string `json:"found"`
	// Remedy says how to mend the problem, in a whole sentence.
	Remedy string `json:"remedy,omitempty"`
}

func (f Finding) String() string {
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

// passed and failed return the findings of a check that has only one.
func passed(check, format string, args ...any) []Finding {
	return []Finding{{Check: check, OK: true, Found: fmt.Sprintf(format, args...)}}
}

func failed(check, found, remedy string) []Finding {
	return []Finding{{Check: check, Found: found, Remedy: remedy}}
}

// notChecked is the finding of a probe that a wrong variable makes pointless. The variable
// has a finding of its own.
func notChecked(check, variable string) []Finding {
	return failed(check, "not checked, because "+variable+" needs your attention", "")
}

// A Checker checks what a bot with these settings needs.
type Checker struct {
	settings.Config
	Wrong   settings.Problems // of the settings
	Environ []string          // of the process
	Decoder *page.Decoder     // opens test files as the bot does
}

// A probe checks one part. It asks nothing of the running bot.
type probe struct {
	name  string
	needs []string // settings that the probe requires
	full  func(context.Context) []Finding
	brief func(context.Context) []Finding // while the bot starts; nil if nothing is checked then
}

// probes returns all probes, in order.
func (k *Checker) probes() []probe {
	all := []probe{
		{"settings", nil, k.settings, nil},
		{"bot token", []string{"SLACK_BOT_TOKEN", "SLACK_API_URL"}, k.tokenAndMethods, k.botToken},
		{"app token", []string{"SLACK_APP_TOKEN", "SLACK_API_URL"}, k.appToken, nil},
		{"endpoint", []string{
			"OCR_BASE_URL", "MODELVERSE_API_KEY", "OCR_API_KEY", "OCR_MODEL", "OCR_PROFILE", "OCR_PROMPT", "OCR_EXTRA_BODY",
			"OCR_STREAM", "OCR_MAX_TOKENS", "OCR_IDLE_TIMEOUT",
		}, k.model, k.reach},
		{"store", []string{"DATA_DIR", "NATS_URL"}, k.store, nil},
		{"temporary files", []string{"TEMP_SIZE"}, k.temporaryFiles, k.temporaryFiles},
		{"confinement", nil, k.confinement, k.confinement},
	}
	for _, s := range samples() {
		open := func(ctx context.Context) []Finding { return k.sample(ctx, s) }
		all = append(all, probe{s.check, nil, open, open})
	}
	return all
}

// All yields the findings of all probes, in order, each as soon as it is known.
func (k *Checker) All(ctx context.Context) iter.Seq[Finding] { return k.run(ctx, k.probes()) }

// settings returns the problems of the settings.
func (k *Checker) settings(context.Context) (all []Finding) {
	if len(k.Wrong) == 0 {
		return passed("settings", "the environment and .env have everything that is needed")
	}
	for _, line := range k.Wrong {
		all = append(all, failed("settings", line, "")...)
	}
	return all
}

// Brief checks, while the bot starts, for problems that nobody would
// notice before the first picture, and logs a warning for each. No request
// costs money. The bot itself reports problems that end its start. The
// returned function ends the check and waits for its end.
func (k *Checker) Brief(ctx context.Context, log *slog.Logger) (end func()) {
	var probes []probe
	for _, p := range k.probes() {
		if p.brief != nil {
			probes = append(probes, probe{name: p.name, full: p.brief})
		}
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.warn(ctx, log, probes)
	}()
	return func() {
		stop()
		<-ended
	}
}

// warn runs full probes and logs their problems, or that there are none.
func (k *Checker) warn(ctx context.Context, log *slog.Logger, probes []probe) {
	well := true
	for f := range k.run(ctx, probes) {
		well = well && f.OK
		// The bot itself reports a token that does not work, and a bot that ends
		// causes findings.
		if !f.OK && f.Check != "bot token" && ctx.Err() == nil {
			log.Warn("the start-up check found a problem", "check", f.Check, "found", f.Found, "remedy", f.Remedy)
		}
	}
	if well && ctx.Err() == nil {
		log.Info("the start-up check is done: scopes, endpoint, disk and programs are fine")
	}
}

// run runs full probes at once and yields their findings, in order, without
// secrets. A probe that requires a wrong setting is not run.
func (k *Checker) run(ctx context.Context, probes []probe) iter.Seq[Finding] {
	hide := settings.NewRedactor(k.Config, k.Environ)
	return func(yield func(Finding) bool) {
		ctx, stop := context.WithTimeout(ctx, within)
		defer stop()
		answers := make([]<-chan []Finding, len(probes))
		for i, p := range probes {
			if variable := k.Wrong.About(p.needs...); variable != "" {
				p.full = func(context.Context) []Finding {
					return notChecked(p.name, variable)
				}
			}
			answers[i] = p.start(ctx)
		}
		for _, found := range answers {
			for _, f := range <-found {
				f.Found, f.Remedy = printed(hide(f.Found)), printed(hide(f.Remedy))
				if !yield(f) {
					return
				}
			}
		}
	}
}

const (
	within   = 2 * time.Minute // time for all probes; each call has less
	overtime = 2 * time.Second // time for a probe after the end of its context
)

// start runs a full probe and returns a channel for its findings. A probe that
// does not end with its context, for example because a disk does not answer, is
// abandoned: nothing could end it.
func (p probe) start(ctx context.Context) <-chan []Finding {
	found := make(chan []Finding, 2) // of the probe, and of its abandonment
	abandon := func() {
		found <- failed(p.name, fmt.Sprintf("no answer within %s", within), "Check what it depends on: a disk, a network, a program.")
	}
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(overtime, abandon) })
	go func() {
		defer stop()
		found <- p.full(ctx)
	}()
	return found
}

// printed returns a text that may hold foreign names and errors as one line for a
// terminal, of at most 600 letters and a mark of a cut.
func printed(s string) string {
	unprintable := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) } // RuneError: a byte that is no letter
	line := strings.Join(strings.FieldsFunc(s, unprintable), " ")
	if cut := fmt.Sprintf("%.600s", line); cut != line {
		return cut + "…"
	}
	return line
}
