package bot

import (
	"fmt"
	"time"

	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/ocr"
)

// Every sentence that a person in Slack reads stands in the words files: this one
// has those about a file that is read, words_failed.go those about failures, and
// words_asking.go those about asking, with the labels of buttons and windows.
//
// The rules: one plain sentence says what happened, and then what to do next.
// No error texts, no numbers of errors, no names of programs. Nobody is
// blamed. All of it is plain text; whoever posts it escapes it.

// wordsWhat names a file, and how it is read where that is not the usual way. It
// is what the sentences below are about.
func wordsWhat(name string, m ocr.Mode) string {
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

func wordsReading(what string) string {
	return fmt.Sprintf("Reading %s…", what)
}

// wordsProgress is under a text that grows. Of several pages it says which one.
func wordsProgress(what string, words, page, of int, since time.Duration) string {
	where := ""
	if of > 1 {
		where = fmt.Sprintf("page %d of %d · ", page, of)
	}
	return fmt.Sprintf("%s %s%s · %s", wordsReading(what), where, count(words, "word"), seconds(since))
}

// wordsToCome stands in the text that grows, where a page is tried again later. It
// is markdown.
func wordsToCome(page int) string { return fmt.Sprintf("*Page %d is still to be read.*", page) }

// wordsGap stands in the text for what is missing of a page, from some text on,
// or of one part of a page that was cut. It is markdown.
func wordsGap(page int, begun, cut bool, err error) string {
	missing := "Page %d is missing: %s"
	switch {
	case cut:
		missing = "Some of page %d is missing here: %s"
	case begun:
		missing = "The rest of page %d is missing: %s"
	}
	return fmt.Sprintf("*"+missing+"*", page, wordsCause(err))
}

func wordsWaiting(what string, ahead int) string {
	if ahead == 0 {
		return fmt.Sprintf("%s is next.", what)
	}
	return fmt.Sprintf("%s is waiting, %d ahead.", what, ahead)
}

func wordsRead(what string, words, pages int, took time.Duration) string {
	if pages > 1 {
		return fmt.Sprintf("Read %s · %s · %s · %s", what, count(pages, "page"), count(words, "word"), seconds(took))
	}
	return fmt.Sprintf("Read %s · %s · %s", what, count(words, "word"), seconds(took))
}

// wordsLeft follows wordsRead where not all pages were read.
func wordsLeft(pages int) string {
	if pages == 0 {
		return ""
	}
	return fmt.Sprintf(" · the last %s left out, which is more than I read at once", count(pages, "page"))
}

// wordsSmall follows wordsRead where the file itself could not be opened. Of a PDF
// Slack's copy shows the first page.
func wordsSmall(small, pdf bool) string {
	switch {
	case !small:
		return ""
	case pdf:
		return " · only the first page, from the copy that Slack made, since I could not open the file itself"
	}
	return " · from the smaller copy that Slack made, since I could not open the file itself"
}

// wordsPartial follows wordsRead where a page could not be decoded whole.
func wordsPartial(partial bool) string {
	if !partial {
		return ""
	}
	return " · the file is damaged, so some of it may be missing"
}

// wordsNothing is for a file without text. more is what follows wordsRead.
func wordsNothing(what, more string) string {
	return fmt.Sprintf("I found no text in %s%s.", what, more)
}

// wordsInFile follows wordsRead where the whole text is also in a file.
func wordsInFile(file string) string {
	return " · the whole text is in " + file
}

// wordsPart is what a notification says of one part of a result, and of which
// pages that is; 0 where there is one page only.
func wordsPart(what string, part, of, first, last int) string {
	line := "The text of " + what
	if of > 1 {
		line += fmt.Sprintf(", part %d of %d", part, of)
	}
	switch {
	case first == 0:
		return line
	case first == last:
		return line + fmt.Sprintf(", page %d", first)
	}
	return line + fmt.Sprintf(", pages %d to %d", first, last)
}

// wordsHere is over a text that could not be posted where it was asked for.
func wordsHere(what string) string {
	return fmt.Sprintf("Slack takes nothing more from me where you asked, so here is %s.", what)
}

// wordsLocated is for words that were looked for.
func wordsLocated(name, sought string, n int) string {
	name, sought = slackmd.Name(name), slackmd.Name(sought)
	if n == 0 {
		return fmt.Sprintf("I did not find “%s” in %s.", sought, name)
	}
	return fmt.Sprintf("Found “%s” in %s %s.", sought, name, count(n, "time"))
}

const wordsNotMarked = " Slack did not take the picture that shows where: ask again, please."

// wordsDown is for who waits for the OCR service itself.
func wordsDown(what string) string {
	return fmt.Sprintf("The OCR service does not answer now. I read %s as soon as it is back.", what)
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// seconds is a time that people waited, of at least a second.
func seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// wordsAsked is over a reply that stands in the channel.
func wordsAsked(person, what string) post.Note {
	return post.Note{Person: person, After: "asked me to read " + what}
}

func wordsStopped(what string, words int, by string) post.Note {
	if words == 0 {
		return post.Note{Before: "Stopped by", Person: by, After: "before I had read anything of " + what + "."}
	}
	return post.Note{Before: "Stopped by", Person: by, After: fmt.Sprintf("after %s of %s.", count(words, "word"), what)}
}
