package bot_test

import (
	"regexp"
	"time"

	"slackocr/bot/words"
	"slackocr/ocr"
)

// requestName matches the name of a request, as people and the log are told it.
var requestName = regexp.MustCompile(`\b[0-9a-f]{4}-[0-9a-f]{4}\b`)

// duration matches what [words.Seconds] returns.
var duration = regexp.MustCompile(`\b(\d+ min )?\d+ s\b`)

// normalize returns a line without the values that differ from run to run: ID stands
// for a request's name, and TIME for a duration.
func normalize(line string) string {
	return duration.ReplaceAllString(requestName.ReplaceAllString(line, "ID"), "TIME")
}

// closesWith waits until the reply to ts is closed, and checks its last line but for
// what normalize takes away.
func (h *house) closesWith(ts, want string) {
	h.Helper()
	if got := h.closed(ts); normalize(got) != normalize(want) {
		h.Errorf("the last line is\n%q, want\n%q\n%s", got, want, h.show())
	}
}

// failure returns a failure of a kind. Its request has the name that normalize gives.
func failure(kind words.Kind) *words.Failure { return &words.Failure{Kind: kind, Request: "ID"} }

// notRead returns the last line about a file of which n words were read.
func notRead(name string, n int, kind words.Kind) string {
	return words.NotRead(name, n, failure(kind))
}

// notYet returns the line, normalized, about a file that is tried again.
func notYet(name string, kind words.Kind) string {
	return normalize(words.NotYet(name, failure(kind), time.Second))
}

// readLine returns the last line about a file that was read.
func readLine(name string, n, pages int) string { return words.Read(name, n, pages, time.Second) }

// readAs returns the beginning of the last line about a file that was read in a mode,
// such as "describe" or "locate: total": all that comes before the numbers.
func readAs(name, mode string) string {
	what := words.What(name, modeOf(mode))
	return shared(words.Read(what, 1, 1, time.Second), words.Read(what, 2, 2, time.Hour))
}

// readFiles returns the beginning of the last line about several files: all that comes
// before the duration.
func readFiles(done, all int, mode string) string {
	return shared(words.ReadFiles(done, all, modeOf(mode), time.Second), words.ReadFiles(done, all, modeOf(mode), 2*time.Minute))
}

// readingPage returns the beginning of the line about a growing text, if a page is on
// screen.
func readingPage(name string, page, pages int) string {
	return shared(words.ReadingOn(name, words.Progress{Page: page, Pages: pages, Words: 1}), words.ReadingOn(name, words.Progress{Page: page, Pages: pages, Words: 2}))
}

// gap returns the beginning of the note about a missing page, see [words.PageMissing]:
// all that comes before the reason.
func gap(page int, begun, cut bool) string {
	return shared(words.PageMissing(page, begun, cut, failure(words.ModelDown)), words.PageMissing(page, begun, cut, failure(words.ModelBusy)))
}

// anyRead is the beginning of the last line of each reply whose files were read.
var anyRead = shared(words.ReadFiles(1, 2, ocr.Mode{}, 1), words.Read("a.png", 1, 1, 1))

// fileLine returns the line about one of several files, which has n words.
func fileLine(name string, n int) string { return words.Of(name, words.Summary(n, 1, 0)) }

// modeOf returns the mode of a person's words.
func modeOf(text string) ocr.Mode {
	mode, ok := ocr.ParseMode(text)
	if !ok {
		panic("there is no mode " + text)
	}
	return mode
}

// shared returns the common beginning of two sentences that differ in their values.
func shared(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	if n == 0 {
		panic(a + " begins with a value")
	}
	return a[:n]
}

// stopped returns the last line, in notifications, about a file that was stopped after
// n words.
func stopped(name string, n int) string {
	s := words.StoppedBy(name, n, "")
	return s.Before + " " + words.Somebody + " " + s.After
}
