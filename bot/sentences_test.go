package bot_test

import (
	"time"

	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// closesWith waits until the reply to ts is closed, and checks its last line but for
// what [wordstest.Normalize] takes away.
func (h *house) closesWith(ts, want string) {
	h.Helper()
	if got := h.closed(ts); wordstest.Normalize(got) != wordstest.Normalize(want) {
		h.Errorf("the last line is\n%q, want\n%q\n%s", got, want, h.show())
	}
}

// failure returns a failure of a kind. Its request has the name of
// [wordstest.Normalize].
func failure(kind words.Kind) *words.Failure { return &words.Failure{Kind: kind, Request: "ID"} }

// notRead returns the last line about a file of which n words were read.
func notRead(name string, n int, kind words.Kind) string {
	return words.NotRead(name, n, failure(kind))
}

// notYet returns the line, normalized, about a file that is tried again.
func notYet(name string, kind words.Kind) string {
	return wordstest.Normalize(words.NotYet(name, failure(kind), time.Second))
}

// readLine returns the last line about a file that was read.
func readLine(name string, n, pages int) string { return words.Read(name, n, pages, time.Second) }

// fileLine returns the line about one of several files, which has n words.
func fileLine(name string, n int) string { return words.Of(name, words.Summary(n, 1, 0)) }

// readingPage returns the beginning of the line about a growing text, if a page is on
// screen.
func readingPage(name string, page, pages int) string {
	return wordstest.Shared(words.ReadingOn(name, words.Progress{Page: page, Pages: pages, Words: 1}),
		words.ReadingOn(name, words.Progress{Page: page, Pages: pages, Words: 2}))
}

// gap returns the beginning of the note about a missing page, see [words.PageMissing]:
// all that comes before the reason.
func gap(page int, begun, cut bool) string {
	return wordstest.Shared(words.PageMissing(page, begun, cut, failure(words.ModelDown)),
		words.PageMissing(page, begun, cut, failure(words.ModelBusy)))
}
