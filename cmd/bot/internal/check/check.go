// Package check tries everything that the bot needs, and says what to do about
// each problem.
package check

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
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

func passed(check, format string, args ...any) Finding {
	return Finding{Check: check, OK: true, Found: fmt.Sprintf(format, args...)}
}

func failed(check, found, remedy string) Finding {
	return Finding{Check: check, Found: found, Remedy: remedy}
}

// A Checker checks what a bot with these settings needs.
type Checker struct {
	settings.Config
	Environ []string      // of the process
	Decoder *page.Decoder // opens test files as the bot does
}

// A probe checks one part. A probe has a time limit and asks nothing of the
// running bot.
type probe struct {
	name   string
	needs  []string // settings that the probe requires
	within time.Duration
	run    func(ctx context.Context) []Finding
}

// All yields the problems of the settings and the findings of all probes, in
// order, each as soon as it is known. invalid is the error of settings.Load.
func (k *Checker) All(ctx context.Context, invalid error) iter.Seq[Finding] {
	return k.report(ctx, invalid, k.probes())
}

func (k *Checker) report(ctx context.Context, invalid error, all []probe) iter.Seq[Finding] {
	var lines settings.Problems
	if invalid != nil && !errors.As(invalid, &lines) {
		lines = settings.Problems{invalid.Error()}
	}
	read := func(context.Context) (all []Finding) {
		for _, line := range lines {
			all = append(all, failed("settings", line, ""))
		}
		if len(lines) == 0 {
			all = append(all, passed("settings", "the environment and .env have everything that is needed"))
		}
		return all
	}
	return k.run(ctx, lines, append([]probe{{"settings", nil, time.Second, read}}, all...))
}

// Brief checks, while the bot starts, for problems that nobody would
// notice before the first picture, and logs a warning for each. No request
// costs money. The bot itself reports problems that end its start. The
// returned function ends the check and waits for its end.
func (k *Checker) Brief(ctx context.Context, log *slog.Logger) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		well := true
		for f := range k.run(ctx, nil, k.briefProbes()) {
			if ctx.Err() != nil {
				continue // the bot's end caused the finding
			}
			if !f.OK && f.Check != "bot token" { // which ends the bot, or is asked for again
				well = false
				log.Warn("the start-up check found a problem", "check", f.Check, "found", f.Found, "remedy", f.Remedy)
			}
		}
		if well && ctx.Err() == nil {
			log.Info("the start-up check is done: scopes, endpoint, disk and programs are fine")
		}
	}()
	return func() {
		stop()
		<-ended
	}
}

// probes returns all probes, in order.
func (k *Checker) probes() []probe {
	slack := []probe{
		{"bot token", []string{"SLACK_BOT_TOKEN", "SLACK_API_URL"}, time.Minute, func(ctx context.Context) []Finding { return k.botToken(ctx, true) }},
		{"app token", []string{"SLACK_APP_TOKEN", "SLACK_API_URL"}, time.Minute, k.appToken},
		{"endpoint", modelSettings, 2 * time.Minute, k.model},
		{"store", []string{"DATA_DIR", "NATS_URL", "RETENTION"}, 2 * time.Minute, one(k.store)},
	}
	return append(append(slack, k.localProbes()...), probe{"tesseract", nil, time.Second, one(k.tesseract)})
}

// briefProbes returns the probes of the check at the start, which cost no
// money.
func (k *Checker) briefProbes() []probe {
	return append([]probe{
		{"scopes", nil, 15 * time.Second, func(ctx context.Context) []Finding { return k.botToken(ctx, false) }},
		{"endpoint", nil, 30 * time.Second, one(k.reach)},
	}, k.localProbes()...)
}

// localProbes returns the probes of what opens files.
func (k *Checker) localProbes() []probe {
	const within = 20 * time.Second
	return []probe{
		{"temporary files", []string{"TEMP_SIZE"}, within, one(k.temporaryFiles)},
		{"decoder", nil, within, one(k.decoder)},
		{"confinement", nil, within, one(k.confinement)},
		{"poppler", nil, within, one(k.tool(tool{
			name: "poppler", programs: []string{"pdfinfo", "pdftoppm"}, packages: "poppler-utils",
			missing: "PDFs can't be read", file: "a PDF", sample: blankPDF(),
		}))},
		{"libtiff", nil, within, one(k.tool(tool{
			name: "libtiff", programs: []string{"tiff2rgba"}, packages: "libtiff-tools",
			missing: "many TIFF files can't be read", file: "a scanner's TIFF file", sample: greyTIFF(),
		}))},
		{"libheif", nil, within, one(k.tool(tool{
			name: "libheif", programs: []string{"heif-convert"}, packages: "libheif-examples",
			missing: "HEIC photos and AVIF can't be read", file: "a HEIC file", sample: pagetest.GreyHEIC,
			hint: " and its decoder (libheif-plugin-libde265 on Debian 13 and Ubuntu)",
		}))},
	}
}

// one turns a check with one finding into the function of a probe.
func one(check func(context.Context) Finding) func(context.Context) []Finding {
	return func(ctx context.Context) []Finding { return []Finding{check(ctx)} }
}

// run runs probes at once and yields their findings, in order, without secrets.
// lines are the problems of the settings.
func (k *Checker) run(ctx context.Context, lines settings.Problems, all []probe) iter.Seq[Finding] {
	hide := settings.NewRedactor(k.Config, k.Environ)
	return func(yield func(Finding) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		answers := make([]<-chan []Finding, len(all))
		for i, p := range all {
			answers[i] = p.start(ctx, lines)
		}
		for _, found := range answers {
			for _, f := range <-found {
				f.Found, f.Remedy = printed(hide(f.Found)), hide(f.Remedy)
				if !yield(f) {
					return
				}
			}
		}
	}
}

// overtime is the time that a probe has after the end of its context.
const overtime = 2 * time.Second

// start runs a probe, unless a setting that the probe requires is wrong, and
// returns a channel for the findings. A probe that does not end with its
// context, for example because a disk does not answer, is abandoned: nothing
// could end it.
func (p probe) start(ctx context.Context, lines settings.Problems) <-chan []Finding {
	found := make(chan []Finding, 2) // of the probe, and of its abandonment
	if variable := lines.About(p.needs...); variable != "" {
		found <- []Finding{failed(p.name, "not checked, because "+variable+" needs your attention", "")}
		return found
	}
	ctx, cancel := context.WithTimeout(ctx, p.within)
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(overtime, func() {
			found <- []Finding{failed(p.name, fmt.Sprintf("no answer within %s", p.within), "Check what it depends on: a disk, a network, a program.")}
		})
	})
	go func() {
		findings := p.run(ctx)
		stop()
		cancel()
		found <- findings
	}()
	return found
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
