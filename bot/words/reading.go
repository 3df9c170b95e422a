// Package words has every sentence that a person in Slack reads.
//
// The rules: one plain sentence describes the problem, and the next one gives the
// remedy. There are no error texts, no error numbers and no names of programs.
// Nobody is blamed. The functions return plain text, which the caller must
// escape before posting, unless the comment says that the text is mrkdwn or
// markdown.
package words

import (
	"fmt"
	"strings"
	"time"

	"slackocr/bot/slackmd"
	"slackocr/ocr"
)

// A modeRow has the words about a kind of mode.
type modeRow struct {
	menu string // the name in a menu
	// title follows the name of a file, or of several ("3 files"), in every sentence with
	// a title, such as "Reading a.png…", "a.png is waiting, 3 ahead." and "I couldn't read
	// 3 files: …". %s stands for the argument.
	title   string
	nothing string // what a file without a result has: "I found … in a.png."
}

// modes has a row for each kind of mode. How people ask for the mode is in waysToRead.
var modes = map[ocr.Kind]modeRow{
	ocr.Markdown: {menu: "Markdown", nothing: "no text"},
	ocr.Plain:    {menu: "Plain text", title: " as plain text", nothing: "no text"},
	ocr.Figure:   {menu: "A chart or figure", title: " as a figure", nothing: "no chart or figure"},
	ocr.Describe: {menu: "A description", title: " for a description", nothing: "nothing to describe"},
	ocr.Locate:   {menu: "Where words are…", title: " to find “%s”"}, // for no result see Located
	ocr.Prompt:   {menu: "My own prompt…", title: " with a prompt", nothing: "no answer"},
}

// rowOf returns the row of a kind. A kind without a row, as in a job of a newer version,
// is read as Markdown.
func rowOf(kind ocr.Kind) modeRow {
	if row, ok := modes[kind]; ok {
		return row
	}
	return modes[ocr.Markdown]
}

// Mode returns the name of a mode in a menu.
func Mode(kind ocr.Kind) string { return rowOf(kind).menu }

// FileAndMode returns the name of a file, with its mode unless that is Markdown,
// as the title for the sentences below. If a title is "", they return the words
// for a line of a list, which begins with the file's name (see [Of]).
func FileAndMode(name string, m ocr.Mode) string {
	return slackmd.Name(name) + strings.Replace(rowOf(m.Kind).title, "%s", slackmd.Name(m.Argument), 1)
}

// Files returns a name for several files, with their mode.
func Files(n int, m ocr.Mode) string { return FileAndMode(count(n, "file"), m) }

// Reading says that work has begun.
func Reading(title string) string {
	return lineOr(title, "reading…", fmt.Sprintf("Reading %s…", title))
}

// lineOr returns the line of a list if title is "", else the sentence.
func lineOr(title, line, sentence string) string {
	if title == "" {
		return line
	}
	return sentence
}

// Progress is the state of a file that is being read.
type Progress struct {
	Words       int
	Page, Pages int // the page on screen and the number of pages, or 0 if unknown
	Since       time.Duration
}

func (p Progress) String() string {
	where := ""
	if p.Pages > 1 {
		where = fmt.Sprintf("page %d of %d · ", p.Page, p.Pages)
	}
	return fmt.Sprintf("%s%s · %s", where, count(p.Words, "word"), Seconds(p.Since))
}

// ReadingOn is the line below a growing text.
func ReadingOn(title string, p Progress) string {
	return lineOr(title, p.String(), Reading(title)+" "+p.String())
}

// Of returns a line about one of several files.
func Of(name, state string) string { return slackmd.Name(name) + " · " + state }

// Waiting gives a file's place in the queue.
func Waiting(title string, ahead int) string {
	if ahead == 0 {
		return lineOr(title, "next", fmt.Sprintf("%s is next.", title))
	}
	return lineOr(title, fmt.Sprintf("waiting, %d ahead", ahead), fmt.Sprintf("%s is waiting, %d ahead.", title, ahead))
}

// PageToCome stands in a growing text for a page that is tried again later.
// The text is markdown.
func PageToCome(page int) string { return fmt.Sprintf("*Page %d hasn't been read yet.*", page) }

// PageMissing stands in the text for a missing page, or for the rest of a page
// if begun is true, or for a part of a page if cut is true. The text is
// markdown.
func PageMissing(page int, begun, cut bool, why *Failure) string {
	missing := "Page %d is missing: %s"
	switch {
	case cut:
		missing = "Some of page %d is missing here: %s"
	case begun:
		missing = "The rest of page %d is missing: %s"
	}
	return fmt.Sprintf("*"+missing+"*", page, why.Sentence())
}

// Summary returns the size of a result: pages if there are several, words,
// and, unless took is 0, the duration.
func Summary(words, pages int, took time.Duration) string {
	parts := []string{count(words, "word")}
	if pages > 1 {
		parts = append([]string{count(pages, "page")}, parts...)
	}
	if took > 0 {
		parts = append(parts, Seconds(took))
	}
	return strings.Join(parts, " · ")
}

// Read says that a file was read.
func Read(title string, words, pages int, took time.Duration) string {
	return lineOr(title, Summary(words, pages, 0), fmt.Sprintf("Read %s · %s", title, Summary(words, pages, max(took, 1))))
}

// ReadFiles is the line above the list of several files.
func ReadFiles(done, all int, m ocr.Mode, took time.Duration) string {
	if done == all {
		return fmt.Sprintf("Read %s · %s", Files(all, m), Seconds(took))
	}
	return fmt.Sprintf("Read %d of %s · %s", done, Files(all, m), Seconds(took))
}

// PagesLeftOut follows a line if some pages were not read.
func PagesLeftOut(pages int) string {
	if pages == 0 {
		return ""
	}
	return fmt.Sprintf(" · the last %s skipped, which is more than I read at once", count(pages, "page"))
}

// FromSmallCopy follows a line if the text comes from Slack's copy, because
// the file could not be opened. The copy of a PDF shows the first page.
func FromSmallCopy(small, pdf bool) string {
	switch {
	case !small:
		return ""
	case pdf:
		return " · only the first page, from Slack's own copy, because I couldn't open the file itself"
	}
	return " · from Slack's smaller copy, because I couldn't open the file itself"
}

// DamagedFile follows a line if a page could not be decoded completely.
func DamagedFile(damaged bool) string {
	if !damaged {
		return ""
	}
	return " · the file is damaged, so some of it may be missing"
}

// NothingFound says that a reading gave no result for a file with the name for lines (see
// [slackmd.Name]), or in a line of a list if name is "". notes are what [PagesLeftOut],
// [FromSmallCopy], [DamagedFile] and [InFile] return.
func NothingFound(name string, kind ocr.Kind, notes string) string {
	nothing := rowOf(kind).nothing
	return lineOr(name, nothing+" in it"+notes, fmt.Sprintf("I found %s in %s%s.", nothing, name, notes))
}

// InFile follows a line if a file has the whole text.
func InFile(file string) string { return " · the whole text is in " + file }

// Part returns the number of a message's part of a text and the pages of that
// part, or "" for the whole of one page. If there is only one page, first and
// last are 0.
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

// CouldNotPostThere introduces a text that could not be posted in the conversation of the
// request.
func CouldNotPostThere(title string) string {
	return fmt.Sprintf("I couldn't post where you asked, so here is %s.", title)
}

// Located gives the result of a search for words. For name and notes see [NothingFound];
// notes may have [NotMarked], too.
func Located(name, sought string, n int, notes string) string {
	sought = slackmd.Name(sought)
	if n == 0 {
		return lineOr(name, "not found"+notes, fmt.Sprintf("I didn't find “%s” in %s%s.", sought, name, notes))
	}
	return lineOr(name, "found "+times(n)+notes, fmt.Sprintf("Found “%s” %s in %s%s.", sought, times(n), name, notes))
}

// times writes a number of occurrences, at least one.
func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return count(n, "time")
}

// NotMarked follows a line if the marked picture could not be posted.
const NotMarked = " · Slack didn't accept the picture that shows where, so please ask again"

// Down says that a file waits for the OCR service.
func Down(title string) string {
	return lineOr(title, "waiting for the OCR service", fmt.Sprintf("The OCR service isn't answering. I'll read %s as soon as it's back.", title))
}

// NotRead says why a file could not be read, or not to its end.
func NotRead(title string, words int, why *Failure) string {
	if words == 0 {
		return lineOr(title, "not read: ", fmt.Sprintf("I couldn't read %s: ", title)) + why.Sentence()
	}
	read := count(words, "word")
	return lineOr(title, read+", then I had to stop: ", fmt.Sprintf("I read %s of %s, then had to stop: ", read, title)) + why.Sentence()
}

// NotYetOfSeveral is the line of a list about a failed file that is tried again when the
// others are done.
func NotYetOfSeveral(why *Failure) string {
	return fmt.Sprintf("not yet: %s. I'll try again after the other files.", why.cause())
}

// NotYet says that a failed file is tried again.
func NotYet(title string, why *Failure, in time.Duration) string {
	return lineOr(title, fmt.Sprintf("not yet: %s. I'll try again in %s.", why.cause(), Seconds(in)),
		fmt.Sprintf("Not yet: %s. I'll try %s again in %s.", why.cause(), title, Seconds(in)))
}

// DeliveryFailed says that Slack did not accept a result.
func DeliveryFailed(title, request string) string {
	why := (&Failure{Kind: NotPosted, Request: request}).Sentence()
	return lineOr(title, why, fmt.Sprintf("I read %s, but %s", title, why))
}

// FileStopped is the line of a list about a file that was stopped.
const FileStopped = "stopped"

// StoppedBy says that a person stopped a file, and after how many words. The
// person's name belongs between before and after.
func StoppedBy(title string, words int) (before, after string) {
	if words == 0 {
		return "Stopped by", "before I had read anything of " + title + "."
	}
	return "Stopped by", fmt.Sprintf("after %s of %s.", count(words, "word"), title)
}

// AskedToRead follows a person's name, above a reply in the channel.
func AskedToRead(title string) string { return "asked me to read " + title }

// count returns a number of things: "1 word", "2 words".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Seconds returns a waiting time, at least a second.
func Seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// The labels of buttons and menus.
const (
	StopButton     = "Stop"
	StopMenu       = "Stop one file…"
	ModesMenu      = "Read again as…"
	TryAgainButton = "Try again"
	DownloadButton = "Download"
)
