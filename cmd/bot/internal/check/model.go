package check

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"slackocr/ocr"
	"slackocr/ocr/page"
)

const (
	checkWord   = "Marmalade"      // the word in the test picture
	modelWithin = 50 * time.Second // time for one reading
)

// checkPNG is a picture of checkWord. It is kept, since drawing it at each start
// would take some megabytes.
//
//go:embed check.png
var checkPNG []byte

// checkPage returns that picture as a page.
func checkPage() page.Page {
	return page.Page{Data: checkPNG, MediaType: "image/png", Width: 320, Height: 106}
}

// reach asks the endpoint for something that costs no money.
func (k *Checker) reach(ctx context.Context) []Finding {
	model, err := k.NewModel()
	if err != nil {
		return failed("endpoint", err.Error(), "Fix that setting.")
	}
	defer model.CloseIdleConnections()
	if err := model.Reach(ctx); err != nil {
		return k.ofEndpoint(model, err)
	}
	return passed("endpoint", "%s answers", model.Host())
}

// model lets the endpoint read a word, and then again in another mode, to
// learn whether the endpoint obeys its prompt.
func (k *Checker) model(ctx context.Context) []Finding {
	model, err := k.NewModel()
	if err != nil {
		return failed("endpoint", err.Error(), "Fix that setting.")
	}
	defer model.CloseIdleConnections()
	text, name, last, err := readOnce(ctx, model)
	if err != nil {
		return k.ofEndpoint(model, err)
	}
	how := fmt.Sprintf("streamed, the first text after %.1f s", last.First.Seconds())
	switch {
	case !k.OCRStream:
		how = "not streamed (OCR_STREAM)"
	case last.Whole:
		how = "not streamed although it was asked to"
	}
	limit := "no limit of ours"
	if n := model.MaxTokens(); n > 0 {
		limit = fmt.Sprintf("answers of up to %d tokens", n)
	}
	facts := fmt.Sprintf("%s read a word in %.1f s with %s; %s; %s", model.Host(), last.Took.Seconds(), name, how, limit)
	if !strings.Contains(strings.ToLower(text), strings.ToLower(checkWord)) {
		return failed("endpoint", facts+"; but it was the wrong word", "Is OCR_MODEL a model that reads pictures, and does OCR_PROFILE fit it?")
	}
	all := passed("endpoint", "%s", facts)
	all[0].Remedy = strings.Join(k.advice(model, last), " ")
	return append(all, ofPrompts(ctx, model, text)...)
}

// advice returns settings that would fit the endpoint better, as sentences.
func (k *Checker) advice(model *ocr.Client, last ocr.Attempt) (all []string) {
	if k.OCRStream && last.Whole {
		all = append(all, "It cannot stream: set OCR_STREAM=false, which gives its answers more time.")
	}
	if last.Reason != "" {
		all = append(all, fmt.Sprintf("Its finish reason %q is unknown, so texts count as cut off: try another OCR_PROFILE.", last.Reason))
	}
	extra, _ := ocr.ParseExtraBody(k.OCRExtraBody) // checked with the settings
	for _, name := range model.LeftOut() {
		cure := fmt.Sprintf(`set OCR_EXTRA_BODY={"%s":null}`, name)
		if _, ok := extra[name]; ok {
			cure = "take it out of OCR_EXTRA_BODY"
		} else if name == "max_tokens" || name == "max_completion_tokens" {
			cure = "set OCR_MAX_TOKENS=0, or to what it takes"
		}
		all = append(all, fmt.Sprintf("It refuses %s, which costs a request after each start: %s.", name, cure))
	}
	return all
}

// ofPrompts asks for a description, and compares the answer with the text.
func ofPrompts(ctx context.Context, model *ocr.Client, text string) []Finding {
	described, _, _, err := readOnce(ctx, model.WithMode(ocr.Mode{Kind: ocr.Describe}))
	switch {
	case err != nil:
		return failed("prompts", "reading in the mode describe failed: "+err.Error(), "Try again in a minute.")
	case ocr.SameWords(text, described):
		return passed("prompts", "this endpoint ignores them, so every other mode gives the same text as markdown")
	}
	return passed("prompts", "they work: describe and markdown give different texts")
}

// readOnce reads the picture with a single request. It returns the text and the
// name that the endpoint gives to its model.
func readOnce(ctx context.Context, model *ocr.Client) (read, name string, last ocr.Attempt, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, modelWithin, fmt.Errorf("no answer within %s", modelWithin))
	defer cancel()
	var text ocr.Text
	for update, err := range model.WithTries(1).WithWatcher(func(t ocr.Attempt) { last = t }).Recognize(ctx, checkPage()) {
		if err != nil {
			return "", "", last, err
		}
		text.Apply(update)
		if update.Outcome != nil {
			name = update.Outcome.Model
		}
	}
	return text.String(), name, last, nil
}

// ofEndpoint returns the finding for an endpoint that did not answer as it
// should.
func (k *Checker) ofEndpoint(model *ocr.Client, err error) []Finding {
	e, ok := errors.AsType[*ocr.Error](err)
	switch {
	case !ok:
		return failed("endpoint", fmt.Sprintf("%s: %v", model.Host(), err), "Is it still loading the model? Look at its log.")
	case errors.Is(err, ocr.ErrWebPage):
		return failed("endpoint", e.Error(), "Is OCR_BASE_URL the address of its API? That often ends in /v1. There may also be a proxy or a login page in front of it.")
	}
	return failed("endpoint", e.Error(), k.Remedy(e.Class))
}
