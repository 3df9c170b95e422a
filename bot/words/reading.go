// Package words has every sentence that a person in Slack reads.
//
// The rules: one plain sentence says what happened, and then what to do next. No
// texts or numbers of errors, no names of programs. Nobody is blamed. What
// functions return is plain text, which its caller escaped when it is posted, but
// where a comment says that it is mrkdwn or markdown.
package words

import (
	"fmt"
	"strings"
	"time"

	"slackocr/bot/slackmd"
	"slackocr/ocr"
)

// What names a file, and how it is read where that is not the usual way. It
// is what the sentences below are about.
func What(name string, m ocr.Mode) string {
	name = slackmd.Name(name)
	switch m.Kind {
	case ocr.Plain:
		return name + " as plain text"
	case ocr.Figure:
		return name + " as a figure"
	case ocr.Describe:
		return name + " to describe it"
	case ocr.Locate:
		return fmt.Sprintf("%s to find “%s”", name, slackmd.Name(m.Argument))
	case ocr.Prompt:
		return name + " with a prompt"
	}
	return name
}

// Files names several files together, and how they are read.
func Files(n int, m ocr.Mode) string {
	if m.Kind == ocr.Describe {
		return Count(n, "file") + " to describe them"
	}
	return What(Count(n, "file"), m)
}

// Reading says that work has begun.
func Reading(what string) string { return fmt.Sprintf("Reading %s…", what) }

// Progress is what is known of a file while it is read.
type Progress struct {
	Words       int
	Page, Pages int // the page whose text is shown, of how many; 0 before they are known
	Since       time.Duration
}

func (p Progress) String() string {
	where := ""
	if p.Pages > 1 {
		where = fmt.Sprintf("page %d of %d · ", p.Page, p.Pages)
	}
	return fmt.Sprintf("%s%s · %s", where, Count(p.Words, "word"), Seconds(p.Since))
}

// ReadingOn is under a text that grows.
func ReadingOn(what string, p Progress) string { return Reading(what) + " " + p.String() }

// Of is a line about one of several files.
func Of(name, state string) string { return slackmd.Name(name) + " · " + state }

// Waiting says how many are served before a file.
func Waiting(what string, ahead int) string {
	if ahead == 0 {
		return fmt.Sprintf("%s is next.", what)
	}
	return fmt.Sprintf("%s is waiting, %d ahead.", what, ahead)
}

// Queued is [Waiting] in a line about one of several files.
func Queued(ahead int) string {
	if ahead == 0 {
		return "next"
	}
	return fmt.Sprintf("waiting, %d ahead", ahead)
}

// The states of one of several files that has no words yet.
const (
	FileReading = "reading…"
	FileDown    = "waiting for the OCR service"
	FileEmpty   = "no text in it"
	FileStopped = "stopped"
)

// PageToCome stands in the text that grows, where a page is tried again later. It
// is markdown.
func PageToCome(page int) string { return fmt.Sprintf("*Page %d hasn't been read yet.*", page) }

// PageMissing stands in the text for what is missing of a page: all of it, the rest
// where it has begun, or some where it was cut into parts. It is markdown.
func PageMissing(page int, begun, cut bool, why *Failure) string {
	missing := "Page %d is missing: %s"
	switch {
	case cut:
		missing = "Some of page %d is missing here: %s"
	case begun:
		missing = "The rest of page %d is missing: %s"
	}
	return fmt.Sprintf("*"+missing+"*", page, why.Cause())
}

// Summary is what was read of a file: its pages where there are several, its words,
// and the time that it took where that is known.
func Summary(words, pages int, took time.Duration) string {
	parts := []string{Count(words, "word")}
	if pages > 1 {
		parts = append([]string{Count(pages, "page")}, parts...)
	}
	if took > 0 {
		parts = append(parts, Seconds(took))
	}
	return strings.Join(parts, " · ")
}

// Read is the last line of a reply.
func Read(what string, words, pages int, took time.Duration) string {
	return fmt.Sprintf("Read %s · %s", what, Summary(words, pages, max(took, 1)))
}

// ReadFiles is over the list of several files that were read.
func ReadFiles(done, all int, m ocr.Mode, took time.Duration) string {
	if done == all {
		return fmt.Sprintf("Read %s · %s", Files(all, m), Seconds(took))
	}
	return fmt.Sprintf("Read %d of %s · %s", done, Files(all, m), Seconds(took))
}

// PagesLeftOut follows a line where not all pages were read.
func PagesLeftOut(pages int) string {
	if pages == 0 {
		return ""
	}
	return fmt.Sprintf(" · the last %s skipped, which is more than I read at once", Count(pages, "page"))
}

// FromSmallCopy follows a line where the file itself could not be opened. Of a PDF
// Slack's copy shows the first page.
func FromSmallCopy(small, pdf bool) string {
	switch {
	case !small:
		return ""
	case pdf:
		return " · only the first page, from Slack's own copy, because I couldn't open the file itself"
	}
	return " · from Slack's smaller copy, because I couldn't open the file itself"
}

// DamagedFile follows a line where a page could not be decoded whole.
func DamagedFile(damaged bool) string {
	if !damaged {
		return ""
	}
	return " · the file is damaged, so some of it may be missing"
}

// NothingFound is for a file without text. more is PagesLeftOut or FromSmallCopy.
func NothingFound(what, more string) string {
	return fmt.Sprintf("I found no text in %s%s.", what, more)
}

// InFile follows a line where the whole text is also in a file.
func InFile(file string) string { return " · the whole text is in " + file }

// Part says which part of a text a message has, and of which pages that is; "" for
// the whole of one page. first and last are 0 where there is one page only.
func Part(part, of, first, last int) string {
	var parts []string
	if of > 1 {
		parts = append(parts, fmt.Sprintf("part %d of %d", part, of))
	}
	switch {
	case first == 0:
	case first == last:
		parts = append(parts, fmt.Sprintf("page %d", first))
	default:
		parts = append(parts, fmt.Sprintf("pages %d–%d", first, last))
	}
	return strings.Join(parts, " · ")
}

// Here is over a text that could not be posted where it was asked for.
func Here(what string) string {
	return fmt.Sprintf("I couldn't post where you asked, so here is %s.", what)
}

// Located is for words that were looked for.
func Located(name, sought string, n int) string {
	name, sought = slackmd.Name(name), slackmd.Name(sought)
	if n == 0 {
		return fmt.Sprintf("I didn't find “%s” in %s.", sought, name)
	}
	return fmt.Sprintf("Found “%s” %s in %s.", sought, times(n), name)
}

// Found is [Located] in a line about one of several files.
func Found(n int) string {
	if n == 0 {
		return "not found"
	}
	return "found " + times(n)
}

// times writes how often something was found, at least once.
func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return Count(n, "time")
}

// NotMarked follows Located where the picture that shows the places is missing.
const NotMarked = " Slack didn't accept the picture that shows where: please ask again."

// Down is for a file that waits for the OCR service itself.
func Down(what string) string {
	return fmt.Sprintf("The OCR service isn't answering. I'll read %s as soon as it's back.", what)
}

// NotRead says why a file could not be read, or not to its end.
func NotRead(what string, words int, why *Failure) string {
	if words > 0 {
		return fmt.Sprintf("I read %s of %s, then had to stop: %s", Count(words, "word"), what, why.Cause())
	}
	return fmt.Sprintf("I couldn't read %s: %s", what, why.Cause())
}

// FileNotRead is [NotRead] in a line about one of several files.
func FileNotRead(words int, why *Failure) string {
	if words > 0 {
		return fmt.Sprintf("%s, then I had to stop: %s", Count(words, "word"), why.Cause())
	}
	return "not read: " + why.Cause()
}

// NotYet is for a failure that may pass.
func NotYet(what string, why *Failure, in time.Duration) string {
	return fmt.Sprintf("Not yet: %s. I'll try %s again in %s.", why.Why(), what, Seconds(in))
}

// FileNotYet is [NotYet] in a line about one of several files.
func FileNotYet(why *Failure, in time.Duration) string {
	return fmt.Sprintf("not yet: %s. I'll try again in %s.", why.Why(), Seconds(in))
}

// Lost is for a result that Slack did not take.
func Lost(what, request string) string {
	return fmt.Sprintf("I read %s, but Slack didn't accept the text: please post it again.", what) +
		" If this keeps happening, ask whoever runs me about " + request + "."
}

// Stop is who stopped a file, and how far it was.
type Stop struct{ Before, Person, After string }

// StoppedBy says who stopped a file after how many words.
func StoppedBy(what string, words int, person string) Stop {
	if words == 0 {
		return Stop{"Stopped by", person, "before I had read anything of " + what + "."}
	}
	return Stop{"Stopped by", person, fmt.Sprintf("after %s of %s.", Count(words, "word"), what)}
}

// AskedToRead follows the name of a person, over a reply that stands in the channel.
func AskedToRead(what string) string { return "asked me to read " + what }

// Count writes a number of things: "1 word", "2 words".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Seconds writes a time that people waited, of at least a second.
func Seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// The labels of what can be pressed.
const (
	StopButton     = "Stop"
	StopMenu       = "Stop one file…"
	ModesMenu      = "Read again as…"
	TryAgainButton = "Try again"
	DownloadButton = "Download"
)

// Mode is the name of a mode in a menu.
func Mode(kind ocr.Kind) string {
	switch kind {
	case ocr.Plain:
		return "Plain text"
	case ocr.Figure:
		return "A chart or figure"
	case ocr.Describe:
		return "A description"
	case ocr.Locate:
		return "Where words are…"
	case ocr.Prompt:
		return "My own prompt…"
	}
	return "Markdown"
}
