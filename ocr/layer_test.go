package ocr

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/ocr/page"
	"slackocr/ocr/witness"
)

// bill is what the page of these tests carries.
var bill = []string{
	"Invoice 2026-0418", "Alder Workshop Ltd", "Repair of twelve oak chairs 540.00", "New seat boards, birch plywood 186.50",
	"Varnish and fittings 73.20", "Please pay by bank transfer to account 01234567.", "Thank you!",
}

// billPage carries its text.
func billPage() page.Page {
	l := &witness.Layer{Width: 595, Height: 842, Ink: witness.Ink{Words: 1, Inside: 1000}}
	for i, text := range bill {
		y := 120 + 80*float64(i)
		line := witness.Line{Block: i}
		for j, word := range strings.Fields(text) {
			x := 60 + 50*float64(j)
			line.Words = append(line.Words, witness.Word{Text: word, Box: witness.Box{Left: x, Top: y, Right: x + 45, Bottom: y + 10}})
		}
		l.Lines = append(l.Lines, line)
	}
	p := testPage
	p.Layer = l
	return p
}

func billText() string { return strings.Join(bill, "\n\n") }

// checked reads a page with a model that answers as given, the last answer each time
// after, and counts the requests.
func checked(t *testing.T, p page.Page, answers ...string) (got recognized, tries int) {
	t.Helper()
	bubble(t, nil, func(try int, w http.ResponseWriter, _ *http.Request) {
		send(w, delta(answers[min(try, len(answers)-1)]), finish("stop"), done)
	}, func(t *testing.T, c *Client, n *int) {
		got = collect(c.Recognize(t.Context(), p))
		tries = *n
	})
	return got, tries
}

func TestPageWithItsText(t *testing.T) {
	markdown := "# " + billText()
	replace := func(old, new string) string { return strings.Replace(markdown, old, new, 1) }
	missing := "Varnish and fittings 73.20"
	without := replace(missing+"\n\n", "")
	for name, test := range map[string]struct {
		answers []string
		want    string // of the text
		tries   int
	}{
		"the same":         {[]string{markdown}, markdown, 1},
		"a wrong number":   {[]string{replace("540.00", "546.00")}, witness.Report{Text: markdown, Corrected: 1}.Whole(), 1},
		"another number":   {[]string{replace("Ltd", "Ltd 4711")}, witness.Report{Text: replace("Ltd", "Ltd 4711 (?)"), Marked: 1}.Whole(), 1},
		"a line missing":   {[]string{without, markdown}, markdown, 2},
		"missing for good": {[]string{without}, witness.Report{Text: without, Missing: []string{missing}}.Whole(), 2},
		"nearly nothing":   {[]string{"# Invoice 2026-0418"}, billPage().Layer.Instead(witness.Failed), 2},
		"nothing":          {[]string{""}, billPage().Layer.Instead(witness.Failed), 1},
		"another page":     {[]string{"We went up the hill in the morning and saw a fox that slept in the sun"}, "We went up the hill in the morning and saw a fox that slept in the sun", 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, tries := checked(t, billPage(), test.answers...)
			if got.err != nil || got.text != test.want || tries != test.tries || got.outcome == nil {
				t.Errorf("after %d requests, %v, %+v:\n%s\nwant after %d\n%s", tries, got.err, got.outcome, got.text, test.tries, test.want)
			}
		})
	}
}

// TestAddedLinesCount: the number of words is that of the whole text, without the line
// about the comparison.
func TestAddedLinesCount(t *testing.T) {
	got, _ := checked(t, billPage(), strings.Replace(billText(), "Varnish and fittings 73.20\n\n", "", 1))
	if want := CountWords(billText()); got.err != nil || got.outcome.Words != want {
		t.Errorf("%d words, want %d: %v, %q", got.outcome.Words, want, got.err, got.text)
	}
}

// The page's own text stands at once, and what is shown is never less.
func TestTextIsThereAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			for _, line := range append(bill, strings.Repeat("and more that stands in a picture ", 9)) {
				time.Sleep(time.Second)
				send(w, delta(line+"\n\n"))
			}
			send(w, finish("stop"), done)
		}, nil)
		var text Text
		begun, updates := time.Now(), 0
		for u, err := range c.Recognize(t.Context(), billPage()) {
			if err != nil {
				t.Fatal(err)
			}
			text.Apply(u)
			if updates++; updates == 1 && (time.Since(begun) > 0 || text.String() != billText()) {
				t.Errorf("first after %v: %q", time.Since(begun), text.String())
			}
			if text.Len() < len(billText()) {
				t.Errorf("update %d leaves %q", updates, text.String())
			}
		}
	})
}

// A page that the model cannot read, cuts or loops on is given as it says itself.
func TestModelFailsOnPageWithText(t *testing.T) {
	const loop = "Varnish and fittings 73.20 for the twelve chairs\n"
	for name, test := range map[string]struct {
		answer move
		why    witness.Reason
		tries  int
	}{
		"down": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, witness.Unreachable, 2},
		"busy for hours": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7200")
			w.WriteHeader(429)
		}, witness.Unreachable, 1},
		"key refused":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, witness.Misconfigured, 1},
		"not paid":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(402) }, witness.Misconfigured, 1},
		"content":      {func(w http.ResponseWriter, _ *http.Request) { send(w, delta("In"), finish("content_filter"), done) }, witness.Failed, 1},
		"cut off":      {func(w http.ResponseWriter, _ *http.Request) { send(w, delta("Invoice")); drop() }, witness.Short, 2},
		"at its limit": {func(w http.ResponseWriter, _ *http.Request) { send(w, delta("Invoice"), finish("length"), done) }, witness.Short, 1},
		"in a loop":    {babbles(loop, loop), witness.Repeated, 2},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, nil, func(_ int, w http.ResponseWriter, r *http.Request) { test.answer(w, r) }, func(t *testing.T, c *Client, tries *int) {
				got := collect(c.Recognize(t.Context(), billPage()))
				if got.err != nil || got.text != billPage().Layer.Instead(test.why) || *tries != test.tries {
					t.Errorf("after %d requests, %v: %q", *tries, got.err, got.text)
				}
				if o := got.outcome; o == nil || !o.FromLayer || o.Cut || o.Looped || o.Words != CountWords(billText()) {
					t.Errorf("%+v", o)
				}
			})
		})
	}
}

// Where the endpoint is down nothing is asked of it but a probe now and then, and
// once it is back the model reads.
func TestPagesWithTextWhileTheEndpointIsDown(t *testing.T) {
	down := true
	bubble(t, nil, func(_ int, w http.ResponseWriter, _ *http.Request) {
		if down {
			w.WriteHeader(503)
			return
		}
		send(w, delta(billText()), finish("stop"), done)
	}, func(t *testing.T, c *Client, tries *int) {
		for c.Down().IsZero() {
			collect(c.Recognize(t.Context(), billPage()))
		}
		before, begun := *tries, time.Now()
		for range 50 {
			if got := collect(c.Recognize(t.Context(), billPage())); got.err != nil || !got.outcome.FromLayer {
				t.Fatalf("%+v", got)
			}
		}
		if *tries > before || time.Since(begun) > 0 {
			t.Errorf("%d requests and %v for pages that carry their text", *tries-before, time.Since(begun))
		}
		down = false
		time.Sleep(2 * firstProbe) // in fake time: the next probe is due
		if got := collect(c.Recognize(t.Context(), billPage())); got.err != nil || got.outcome.FromLayer || got.text != billText() {
			t.Errorf("%+v", got)
		}
	})
}

func TestPageWithoutPicture(t *testing.T) {
	bubble(t, nil, func(_ int, w http.ResponseWriter, _ *http.Request) { good(w) }, func(t *testing.T, c *Client, tries *int) {
		got := collect(c.Recognize(t.Context(), page.Page{Layer: billPage().Layer}))
		if got.err != nil || !got.outcome.FromLayer || !strings.HasPrefix(got.text, billText()) || *tries != 0 {
			t.Errorf("after %d requests: %+v", *tries, got)
		}
	})
}

// What is asked of a page that is not its text has nothing to do with it.
func TestOtherModesLeaveThePagesTextAlone(t *testing.T) {
	bubble(t, nil, func(_ int, w http.ResponseWriter, _ *http.Request) { good(w) }, func(t *testing.T, c *Client, _ *int) {
		for _, kind := range Kinds() {
			if kind.IsPageText() {
				continue
			}
			mode := Mode{Kind: kind, Argument: "total"}
			if got := collect(c.WithMode(mode).Recognize(t.Context(), billPage())); got.text != "one" || got.err != nil {
				t.Errorf("%v: %+v", mode, got)
			}
		}
	})
}

func TestCallerEndsPageWithText(t *testing.T) {
	stop := errors.New("enough")
	bubble(t, nil, func(_ int, _ http.ResponseWriter, r *http.Request) { stall(r) }, func(t *testing.T, c *Client, _ *int) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		var text Text
		var failed error
		for u, err := range c.Recognize(ctx, billPage()) {
			text.Apply(u)
			failed = err
			cancel(stop)
		}
		if !errors.Is(failed, stop) || text.String() != billText() {
			t.Errorf("%v, %q", failed, text.String())
		}
	})
}
