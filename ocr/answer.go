package ocr

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/sashabaranov/go-openai"

	"slackocr/ocr/clean"
	"slackocr/ocr/loop"
	"slackocr/ocr/page"
)

const (
	// maxText bounds the text of one page, in bytes. It is far over what a
	// page holds, and keeps an endless answer from filling the memory.
	maxText = 4 << 20
	// afterFinish is how long the end of a stream is waited for once the model
	// has finished: the usage comes after the finish reason, but some
	// endpoints leave the connection open.
	afterFinish = 2 * time.Second
	// drainTime and drainBytes bound what is read after [DONE].
	drainTime  = 100 * time.Millisecond
	drainBytes = 4 << 10
)

var (
	errIdle  = errors.New("no new text for too long")
	errEmpty = errors.New("the answer ended without text and without a reason")
	errOpen  = errors.New("the answer ended without a finish reason")
)

// An answer is one try at reading a page: the endpoint's answer as it comes.
// One goroutine uses it. Its watchdog runs while the answer is waited for.
type answer struct {
	client   *Client
	parent   context.Context // the caller's
	ctx      context.Context // the request's, cancelled with errIdle by the watchdog
	cancel   context.CancelCauseFunc
	watchdog *time.Timer
	exchange *exchange

	stream  *openai.ChatCompletionStream // nil when not streaming
	cleaner clean.Cleaner
	guard   loop.Guard
	length  int // bytes of clean text so far
	from    int // where in the clean text the last piece begins; what it follows stands
	model   string
	finish  openai.FinishReason
	usage   openai.Usage // as far as the endpoint tells
}

// An ending says how an answer ended that did not fail.
type ending struct {
	model  string
	cut    bool // at the length limit
	looped bool // the model repeated itself
	keep   int  // bytes of the answer's text that are worth keeping
	boxes  []Box
}

func (e ending) outcome(words int) *Outcome {
	return &Outcome{Model: e.model, Words: words, Cut: e.cut || e.looped, Looped: e.looped, Boxes: e.boxes}
}

// ask sends the request and returns with the first text, or the ending where
// there is none. again is for a page on which the model looped. The answer must be
// closed, also after an error.
func (c *Client) ask(ctx context.Context, p page.Page, again bool) (a *answer, piece string, end *ending, err error) {
	a = &answer{client: c, parent: ctx, model: c.config.Model, cleaner: clean.Cleaner{Rules: c.profile.cleaning(c.mode)}, guard: loop.Guard{Room: again}}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	a.watchdog = time.AfterFunc(c.patience(), func() { a.cancel(errIdle) })
	a.exchange = &exchange{
		from: c.endpoint, client: c.http, image: p.Data, fields: c.fields(again), stream: c.config.Stream,
	}
	config := openai.DefaultConfig(c.config.Key)
	config.BaseURL = c.config.BaseURL
	config.HTTPClient = a.exchange
	api := openai.NewClientWithConfig(config)
	if !c.config.Stream {
		resp, err := api.CreateChatCompletion(a.ctx, c.chatRequest(p))
		if err != nil {
			return a, "", nil, a.failure(err)
		}
		piece, end, err = a.whole(resp)
		return a, piece, end, err
	}
	if a.stream, err = api.CreateChatCompletionStream(a.ctx, c.chatRequest(p)); err != nil {
		a.stream = nil
		return a, "", nil, a.failure(err)
	}
	piece, end, err = a.next()
	return a, piece, end, err
}

// close ends the request, at once if it still runs.
func (a *answer) close() {
	a.watchdog.Stop()
	if a.exchange.events != nil && a.exchange.events.done {
		// What is left is the end of the HTTP body. Once it is read, the
		// connection serves the next page too.
		a.watchdog.Reset(drainTime)
		_, _ = io.CopyN(io.Discard, a.exchange.events.body, drainBytes)
		a.watchdog.Stop()
	}
	a.cancel(nil)
	if a.stream != nil {
		_ = a.stream.Close()
	}
}

// resume starts the watchdog again: the time a consumer takes is not the
// endpoint's.
func (a *answer) resume() {
	wait := a.client.config.IdleTimeout
	if a.finish != "" {
		wait = min(wait, afterFinish)
	}
	a.watchdog.Reset(wait)
}

// next returns the next piece of clean text, and the ending with the last one.
func (a *answer) next() (piece string, end *ending, err error) {
	a.from = a.length
	for {
		chunk, err := a.stream.Recv()
		if err == io.EOF { // go-openai returns it unwrapped, errors of ours may wrap it
			return a.end(a.exchange.events.done)
		}
		if err != nil {
			err = a.failure(err)
			if e, ok := errors.AsType[*Error](err); ok && a.finish != "" && (e.Class == CutOff || e.Class == Idle) {
				// The model was done: only the usage is missing.
				return a.end(true)
			}
			rest, _ := a.added(a.cleaner.Abandon())
			return rest, nil, err
		}
		add, err := a.take(chunk)
		if err != nil {
			return "", nil, err
		}
		if add == "" {
			continue
		}
		if piece, end = a.added(a.cleaner.Add(add)); piece != "" || end != nil {
			a.watchdog.Stop()
			return piece, end, nil
		}
		a.resume() // it was nothing but tags; a cleaner does not take them for ever
	}
}

// take notes what a chunk says and returns its text.
func (a *answer) take(chunk openai.ChatCompletionStreamResponse) (string, error) {
	a.note(chunk.Model, chunk.Usage)
	if len(chunk.Choices) == 0 { // the usage comes without a choice
		return "", nil
	}
	choice := chunk.Choices[0]
	if choice.Delta.Refusal != "" {
		return "", a.refusal(choice.Delta.Refusal)
	}
	if finished(choice.FinishReason) {
		a.finish = choice.FinishReason
		a.resume()
	}
	return choice.Delta.Content, nil
}

// whole returns the text of an answer that is not streamed. Its JSON was
// complete, which stands for the [DONE] of a stream.
func (a *answer) whole(resp openai.ChatCompletionResponse) (string, *ending, error) {
	if len(resp.Choices) == 0 {
		return "", nil, a.client.endpoint.fail(Protocol, errors.New("the answer has no choices"))
	}
	a.note(resp.Model, &resp.Usage)
	choice := resp.Choices[0]
	if choice.Message.Refusal != "" {
		return "", nil, a.refusal(choice.Message.Refusal)
	}
	if finished(choice.FinishReason) {
		a.finish = choice.FinishReason
	}
	var text strings.Builder
	text.WriteString(choice.Message.Content)
	for _, part := range choice.Message.MultiContent {
		text.WriteString(part.Text)
	}
	piece, end := a.added(a.cleaner.Add(text.String()))
	if end != nil {
		return piece, end, nil
	}
	rest, end, err := a.end(true)
	piece, a.from = piece[:a.from]+rest, 0
	return piece, end, err
}

func (a *answer) note(model string, usage *openai.Usage) {
	if model != "" {
		a.model = tidy(model)
	}
	if usage != nil {
		a.usage = *usage
	}
}

// added takes clean text that follows the first keep bytes of what came before.
// The ending is set where that was enough: the model repeats itself, or writes
// more than any page holds.
func (a *answer) added(keep int, text string) (string, *ending) {
	if keep < a.length {
		a.guard = loop.Guard{Room: a.guard.Room}
	}
	a.from, a.length = keep, keep+len(text)
	if a.client.config.StopLoops {
		good, looped := a.guard.Add(text)
		if !looped && a.cleaner.Looped() {
			good, looped = a.length, true
		}
		if looped {
			return text[:max(0, min(len(text), good-keep))], a.ending(ending{looped: true, keep: good})
		}
	}
	if a.length > maxText {
		return cutBytes(text, maxText-keep), a.ending(ending{cut: true, keep: maxText})
	}
	return text, nil
}

func (a *answer) ending(e ending) *ending {
	e.model, e.boxes = a.model, boxesOf(a.cleaner.Boxes())
	return &e
}

func finished(reason openai.FinishReason) bool {
	return reason != "" && reason != openai.FinishReasonNull
}

func (a *answer) refusal(message string) error {
	return a.client.endpoint.reject(0, fault{code: string(openai.FinishReasonContentFilter), message: message})
}

// end judges an answer that ended without an error. complete says that the
// endpoint closed it properly.
func (a *answer) end(complete bool) (string, *ending, error) {
	piece, looped := a.added(a.cleaner.End())
	if looped != nil {
		return piece, looped, nil
	}
	e := ending{cut: a.full(), keep: a.length}
	switch a.finish {
	case "":
		if !complete {
			return piece, nil, a.client.endpoint.fail(CutOff, errOpen)
		}
		if a.length == 0 {
			return piece, nil, a.client.endpoint.fail(CutOff, errEmpty)
		}
	case openai.FinishReasonContentFilter:
		return piece, nil, a.refusal("the model's answer was withheld")
	case "error", "abort", "insufficient_system_resource": // OpenRouter; SGLang and vLLM; DeepSeek
		return piece, nil, a.client.endpoint.fail(CutOff, errors.New("the endpoint stopped the model"))
	case openai.FinishReasonLength:
		e.cut = true
	case "repetition": // vLLM's loop guard
		e.looped = true
		if keep, ok := a.guard.Repeated(); ok {
			e.keep = keep
		}
	}
	if e.cut && a.client.config.StopLoops {
		if keep, ok := a.guard.AtLimit(); ok {
			e.cut, e.looped, e.keep = false, true, keep
		}
	}
	return piece, a.ending(e), nil
}

// full reports whether the answer reached a limit. ModelVerse says "stop" even
// then.
func (a *answer) full() bool {
	limit, context := a.client.config.MaxTokens, a.client.profile.context
	return limit > 0 && a.usage.CompletionTokens >= limit || context > 0 && a.usage.TotalTokens >= context
}

// failure gives err its class, knowing how far the answer got.
func (a *answer) failure(err error) error {
	if a.parent.Err() != nil {
		return context.Cause(a.parent)
	}
	if context.Cause(a.ctx) == errIdle {
		return a.client.endpoint.fail(Idle, errIdle)
	}
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok && !a.exchange.sent: // go-openai knows better than to ask this model
		return a.client.endpoint.fail(BadRequest, err)
	case !ok:
		e = a.client.endpoint.fail(Protocol, errors.New("an event is not valid JSON"))
	}
	if a.length > 0 && (e.Class == Busy || e.Class == Down || e.Class == Protocol) {
		e.Class = CutOff
	}
	return e
}
