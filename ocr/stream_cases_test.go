package ocr

import (
	"net/http"
	"strings"

	"slackocr/ocr/internal/events"
)

// ends are the ways a stream ends.
var ends = []behaviour{
	{
		name:   "a stream with finish reason and [DONE] is whole",
		answer: sends(role, delta("# Ti"), delta("tle\n"), finish("stop"), usage(3), done),
		text:   "# Title\n", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a finish reason is enough without [DONE]",
		answer: sends(delta("one two"), finish("stop")),
		text:   "one two", want: &Outcome{Model: "served", Words: 2},
	},
	{
		name:   "[DONE] is enough without a finish reason",
		answer: sends(delta("one"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a finish reason may come with the last text",
		answer: sends(delta("one "), chunk("two", `"stop"`), done),
		text:   "one two", want: &Outcome{Model: "served", Words: 2},
	},
	{
		name:   "a drop after the finish reason loses nothing",
		answer: sendsAndDrops(delta("one"), finish("stop")),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a connection left open after the finish reason is not waited for",
		answer: func(w http.ResponseWriter, r *http.Request) { send(w, delta("one"), finish("stop")); stall(r) },
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a connection left open after [DONE] is not waited for",
		answer: func(w http.ResponseWriter, r *http.Request) { send(w, delta("one"), done); stall(r) },
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a finish reason without text is a picture without text",
		answer: sends(role, finish("stop"), done),
		want:   &Outcome{Model: "served"},
	},
	{
		name:   "finish reason length is cut",
		answer: sends(delta("one"), finish("length"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1, Cut: true},
	},
	{
		name:   "usage at the limit is cut though the reason says stop",
		answer: sends(delta("one"), finish("stop"), usage(100), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1, Cut: true},
	},
	{
		name: "usage at a limit of the extra body is cut",
		edit: func(c *Config) { c.ExtraBody, _ = ParseExtraBody(`{"max_tokens": 3}`) }, answer: sends(delta("one"), finish("stop"), usage(3), done),
		text: "one", want: &Outcome{Model: "served", Words: 1, Cut: true},
	},
	{
		name: "usage at a limit that the extra body removes is whole",
		edit: func(c *Config) { c.ExtraBody, _ = ParseExtraBody(`{"max_tokens": null}`) }, answer: sends(delta("one"), finish("stop"), usage(100), done),
		text: "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "usage just under the limit is whole",
		answer: sends(delta("one"), finish("stop"), usage(99), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "vLLM's finish reason repetition is a loop, and tried once more",
		answer: sends(delta("one"), finish("repetition"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1, Cut: true, Looped: true}, tries: 2,
	},
	{
		name:   "a close without [DONE] or finish reason after text is cut off",
		answer: sends(delta("one two")),
		text:   "one two", class: CutOff, tries: maxTries,
	},
	{
		name:   "a drop after text is cut off",
		answer: sendsAndDrops(delta("one"), delta(" two")),
		text:   "one two", class: CutOff, tries: maxTries, says: "unexpected EOF",
	},
	{
		name:   "a close before any text is tried again",
		answer: sends(role),
		class:  CutOff, tries: maxTries,
	},
	{
		name:   "[DONE] alone is an error and tried again",
		answer: sends(done),
		class:  CutOff, tries: maxTries,
	},
	{
		name:   "an empty body is an error and tried again",
		answer: sends(""),
		class:  CutOff, tries: maxTries,
	},
	{
		name:   "a drop before the headers is tried again",
		answer: func(http.ResponseWriter, *http.Request) { drop() },
		class:  Down, tries: maxTries,
	},
}

// forms are what a stream may look like, and what it may not.
var forms = []behaviour{
	{
		name:   "five hundred comments do no harm",
		answer: sends(strings.Repeat(": ping\n\n", 500), delta("one"), strings.Repeat(": ping\n\n", 500), finish("stop"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "usage and finish chunks without choices do no harm",
		answer: sends(usage(0), delta("one"), usage(1), finish("stop"), usage(2), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "the last line counts without its newline",
		answer: sends(delta("one"), strings.TrimSpace(finish("stop"))),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "text in a last line without newline counts",
		answer: sends(strings.TrimSpace(chunk("one", `"stop"`))),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "a last line that is half an event is cut off",
		answer: sends(delta("one"), delta("two")[:60]),
		text:   "one", class: CutOff, tries: maxTries,
	},
	{
		name:   "CRLF, no space after the colon, and heartbeats as data are read",
		answer: sends("id: 1\r\nretry: 5\r\ndata:"+strings.TrimPrefix(strings.TrimSpace(delta("one")), "data: ")+"\r\n\r\n", "data: ping\n\ndata:\n\n", finish("stop"), done),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "broken JSON before text is no OpenAI answer",
		answer: sends("data: {\"choices\":[}\n\n", done),
		class:  Protocol,
	},
	{
		name:   "broken JSON after text is cut off",
		answer: sends(delta("one"), "data: {\"choices\":[}\n\n", done),
		text:   "one", class: CutOff, tries: maxTries,
	},
	{
		name: "a line without end is refused", tries: 1,
		answer: func(w http.ResponseWriter, r *http.Request) {
			piece := strings.Repeat("x", 64<<10)
			for r.Context().Err() == nil {
				send(w, piece)
			}
		},
		class: Protocol, says: events.ErrLineTooLong.Error(),
	},
	{
		name: "a line without end after some text is refused", tries: 1,
		answer: func(w http.ResponseWriter, r *http.Request) {
			send(w, "data: ping")
			for r.Context().Err() == nil {
				send(w, strings.Repeat(" ", 64<<10))
			}
		},
		class: Protocol, says: events.ErrLineTooLong.Error(),
	},
	{
		name: "text without end is cut", edit: func(c *Config) { c.StopLoops = false },
		answer: func(w http.ResponseWriter, r *http.Request) {
			piece := delta(strings.Repeat("x", 1000_000))
			for r.Context().Err() == nil {
				send(w, piece)
			}
		},
		text: strings.Repeat("x", 4<<20), want: &Outcome{Model: "served", Words: 1, Cut: true},
	},
	{
		name: "events without text or end are refused",
		answer: func(w http.ResponseWriter, r *http.Request) {
			piece := `data: {"choices":[],"pad":"` + strings.Repeat("x", 1000_000) + `"}` + "\n"
			for r.Context().Err() == nil {
				send(w, piece)
			}
		},
		class: Protocol, says: events.ErrTooLong.Error(),
	},
	{
		name:   "an error after half an event counts",
		answer: sends("data: {\"choices\":[\n", `{"error":{"message":"slow down","code":"rate_limit"}}`),
		class:  Busy, tries: maxTries, says: "slow down",
	},
	{
		name:   "half an event before any text is tried again",
		answer: sends(delta("one")[:60]),
		class:  CutOff, tries: maxTries,
	},
	{
		name:   "a byte order mark hides no text",
		answer: sends("\uFEFF"+delta("one"), finish("stop")),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "the word null is no finish reason",
		answer: sends(chunk("one", `"null"`)),
		text:   "one", class: CutOff, tries: maxTries,
	},
	{
		name:   "a model that go-openai refuses by its name is asked",
		edit:   func(c *Config) { c.Model = "text-davinci-003" },
		answer: sends(delta("one"), finish("stop")),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
}
