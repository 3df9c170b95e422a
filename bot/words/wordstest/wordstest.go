// Package wordstest helps tests to expect sentences of package words: whole, or without
// the values that a test cannot know.
package wordstest

import (
	"regexp"
	"time"

	"slackocr/bot/words"
	"slackocr/ocr"
)

// RequestName matches the name of a request, as people and the log are told it.
var RequestName = regexp.MustCompile(`\b[0-9a-f]{4}-[0-9a-f]{4}\b`)

// duration matches what words.Seconds returns.
var duration = regexp.MustCompile(anyNumbers(words.Seconds(time.Hour)) + "|" + anyNumbers(words.Seconds(time.Second)))

// anyNumbers returns a pattern of a text that may have other numbers.
func anyNumbers(text string) string {
	return regexp.MustCompile(`\d+`).ReplaceAllString(regexp.QuoteMeta(text), `\d+`)
}

// Normalize returns a sentence without the values that differ from run to run: ID
// stands for the name of a request, and TIME for a duration.
func Normalize(sentence string) string {
	return duration.ReplaceAllString(RequestName.ReplaceAllString(sentence, "ID"), "TIME")
}

// Shared returns the common beginning of two sentences that differ in their values. It
// panics if there is none.
func Shared(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	if n == 0 {
		panic(a + " begins with a value")
	}
	return a[:n]
}

// ReadAs returns the beginning of the last line about a file that was read in a mode,
// such as "describe" or "locate: total": all that comes before the numbers.
func ReadAs(name, mode string) string {
	what := words.FileAndMode(name, Mode(mode))
	return Shared(words.Read(what, 1, 1, time.Second), words.Read(what, 2, 2, 2*time.Minute))
}

// ReadFiles returns the beginning of the last line about several files: all that comes
// before the duration.
func ReadFiles(done, all int, mode string) string {
	return Shared(words.ReadFiles(done, all, Mode(mode), time.Second), words.ReadFiles(done, all, Mode(mode), 2*time.Minute))
}

// AnyRead returns the beginning of the last line of each reply whose files were read.
func AnyRead() string {
	return Shared(words.ReadFiles(1, 2, ocr.Mode{}, time.Second), words.Read("a.png", 1, 1, time.Second))
}

// AnyReading returns the beginning of the line of each reply whose files are being read.
func AnyReading() string { return Shared(words.Reading("a.png"), words.Reading("b.png")) }

// Stopped returns the last line, as notifications have it, about a file that was stopped
// after n words.
func Stopped(name string, n int) string {
	before, after := words.StoppedBy(name, n)
	return before + " " + words.Somebody + " " + after
}

// Mode returns the mode of a person's words. It panics if there is none.
func Mode(text string) ocr.Mode {
	mode, ok := ocr.ParseMode(text)
	if !ok {
		panic("there is no mode " + text)
	}
	return mode
}
