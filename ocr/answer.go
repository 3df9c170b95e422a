package ocr

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sashabaranov/go-openai"

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

	stream *openai.ChatCompletionStream // nil when not streaming
	length int                          // bytes of text so far
	words  wordCounter
	model  string
	finish openai.FinishReason
	usage  int // completion tokens, as far as the endpoint tells
}

// ask sends the request and returns with the first text, or the outcome where
// there is none. The answer must be closed, also after an error.
func (c *Client) ask(ctx context.Context, p page.Page) (*answer, Update, error) {
	a := &answer{client: c, parent: ctx, model: c.config.Model}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	a.watchdog = time.AfterFunc(c.patience(), func() { a.cancel(errIdle) })
	a.exchange = &exchange{from: c.endpoint, client: c.http, image: p.Data, stream: c.config.Stream}

	config := openai.DefaultConfig(c.config.Key)
	config.BaseURL = c.config.BaseURL
	config.HTTPClient = a.exchange
	api := openai.NewClientWithConfig(config)
	if !c.config.Stream {
		resp, err := api.CreateChatCompletion(a.ctx, c.chatRequest(p))
		if err != nil {
			return a, Update{}, a.failure(err)
		}
		u, err := a.whole(resp)
		return a, u, err
	}
	var err error
	if a.stream, err = api.CreateChatCompletionStream(a.ctx, c.chatRequest(p)); err != nil {
		a.stream = nil
		return a, Update{}, a.failure(err)
	}
	u, err := a.next()
	return a, u, err
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

// next returns the next update of a stream.
func (a *answer) next() (Update, error) {
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
			return Update{}, err
		}
		add, err := a.take(chunk)
		if err != nil {
			return Update{}, err
		}
		if a.length+len(add) > maxText {
			a.finish = openai.FinishReasonLength
			return a.end(true)
		}
		if add != "" {
			a.watchdog.Stop()
			return a.added(add), nil
		}
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

// whole returns the one update of an answer that is not streamed. Its JSON was
// complete, which stands for the [DONE] of a stream.
func (a *answer) whole(resp openai.ChatCompletionResponse) (Update, error) {
	if len(resp.Choices) == 0 {
		return Update{}, a.client.endpoint.fail(Protocol, errors.New("the answer has no choices"))
	}
	a.note(resp.Model, &resp.Usage)
	choice := resp.Choices[0]
	if choice.Message.Refusal != "" {
		return Update{}, a.refusal(choice.Message.Refusal)
	}
	if finished(choice.FinishReason) {
		a.finish = choice.FinishReason
	}
	text := choice.Message.Content
	for _, part := range choice.Message.MultiContent {
		text += part.Text
	}
	if len(text) > maxText {
		text, a.finish = cutBytes(text, maxText), openai.FinishReasonLength
	}
	first := a.added(text)
	last, err := a.end(true)
	if err != nil {
		return Update{}, err
	}
	first.Outcome = last.Outcome
	return first, nil
}

func (a *answer) note(model string, usage *openai.Usage) {
	if model != "" {
		a.model = tidy(model)
	}
	if usage != nil {
		a.usage = usage.CompletionTokens
	}
}

func (a *answer) added(text string) Update {
	u := Update{Keep: a.length, Add: text}
	a.length += len(text)
	a.words.add(text)
	return u
}

func finished(reason openai.FinishReason) bool {
	return reason != "" && reason != openai.FinishReasonNull
}

func (a *answer) refusal(message string) error {
	return a.client.endpoint.reject(0, fault{code: string(openai.FinishReasonContentFilter), message: message})
}

// end judges an answer that ended without an error. complete says that the
// endpoint closed it properly.
func (a *answer) end(complete bool) (Update, error) {
	limit := a.client.config.MaxTokens
	// ModelVerse says "stop" even when the limit was reached.
	cut := limit > 0 && a.usage >= limit
	switch a.finish {
	case "":
		if !complete {
			return Update{}, a.client.endpoint.fail(CutOff, errOpen)
		}
		if a.length == 0 {
			return Update{}, a.client.endpoint.fail(CutOff, errEmpty)
		}
	case openai.FinishReasonContentFilter:
		return Update{}, a.refusal("the model's answer was withheld")
	case "error", "abort", "insufficient_system_resource": // OpenRouter; SGLang and vLLM; DeepSeek
		return Update{}, a.client.endpoint.fail(CutOff, errors.New("the endpoint stopped the model"))
	case openai.FinishReasonLength, "repetition": // the latter is vLLM's loop guard
		cut = true
	}
	return Update{Keep: a.length, Outcome: &Outcome{Model: a.model, Words: a.words.n, Cut: cut}}, nil
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
