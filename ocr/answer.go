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
)

const (
	// maxText bounds the text of a page, in bytes. The bound is far above a
	// real page and keeps an endless answer from filling the memory.
	maxText = 4 << 20
	// afterFinish bounds the wait for the end of a stream after the finish
	// reason. The usage comes after the finish reason, but some endpoints
	// leave the connection open.
	afterFinish = 2 * time.Second
	// drainTime and drainBytes bound the read after [DONE].
	drainTime  = 100 * time.Millisecond
	drainBytes = 4 << 10
)

var (
	errIdle   = errors.New("no new text for too long")
	errEmpty  = errors.New("the answer ended without text and without a reason")
	errOpen   = errors.New("the answer ended without a finish reason")
	errHalted = errors.New("the endpoint stopped the model")
)

// An answer is a single request for a page, and the endpoint's answer as the
// answer arrives. One goroutine uses an answer. A watchdog runs while that
// goroutine waits for the endpoint.
type answer struct {
	client   *Client
	ctx      context.Context // the request's, cancelled with errIdle by the watchdog
	cancel   context.CancelCauseFunc
	watchdog *watchdog
	exchange *exchange

	stream  *openai.ChatCompletionStream // nil if there is no answer
	cleaner clean.Cleaner
	guard   loop.Guard
	begun   bool // some text came, perhaps only tags
	length  int  // bytes of clean text so far
	from    int  // start of the last piece in the clean text; the text before stands
	limit   int  // the request's token limit, or 0
	model   string
	finish  string       // the finish reason
	usage   openai.Usage // the endpoint's counts, if any
}

// A result says how an answer ended without failing.
type result struct {
	model  string
	cut    bool   // cut at the length limit
	looped bool   // the model repeated itself
	keep   int    // bytes of the answer's text worth keeping
	reason string // the finish reason, if unknown
	boxes  []Box
}

func (r result) outcome(words int) *Outcome {
	return &Outcome{Model: r.model, Words: words, Cut: r.cut || r.looped, Looped: r.looped, Boxes: r.boxes}
}

// ask sends a request and returns with the first text, or with the result if
// there is no text. The caller must close the answer, also after an error.
func (c *Client) ask(ctx context.Context, q query) (a *answer, piece string, end *result, err error) {
	a = &answer{
		client: c, model: c.config.Model,
		cleaner: clean.Cleaner{Rules: c.profile.cleaning(c.mode)}, guard: loop.Guard{Room: q.reread},
		limit: tokenLimit(q.fields),
	}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	a.watchdog = newWatchdog(c.config.IdleTimeout, func() { a.cancel(errIdle) })
	a.watchdog.wait(c.firstTextTimeout())
	a.exchange = &exchange{
		from: c.endpoint, client: c.http, image: q.page.Data, fields: q.fields, stream: c.config.Stream, alive: a.alive,
	}
	config := openai.DefaultConfig(c.config.Key)
	config.BaseURL = c.config.BaseURL
	config.HTTPClient = a.exchange
	api := openai.NewClientWithConfig(config)
	// The exchange turns every answer into a stream.
	if a.stream, err = api.CreateChatCompletionStream(a.ctx, c.chatRequest(q.page)); err != nil {
		a.stream = nil
		return a, "", nil, a.failure(err)
	}
	piece, end, err = a.next()
	return a, piece, end, err
}

// close ends the request, at once if the request still runs.
func (a *answer) close() {
	a.watchdog.stop()
	if a.exchange.events != nil && a.exchange.events.Done() {
		// Only the end of the HTTP body is left. After reading the end, the
		// connection can serve the next page.
		a.watchdog.wait(drainTime)
		_, _ = io.CopyN(io.Discard, a.exchange.body, drainBytes)
		a.watchdog.stop()
	}
	a.cancel(nil)
	if a.stream != nil {
		_ = a.stream.Close()
	}
}

// resume starts the watchdog again. The endpoint is not charged for the time
// that the consumer takes.
func (a *answer) resume() {
	wait := a.client.config.IdleTimeout
	if a.finish != "" {
		wait = min(wait, afterFinish)
	}
	a.watchdog.wait(wait)
}

// alive extends the watchdog's deadline for a thought, or for a keep-alive
// before the first text. Neither extends the deadline for ever.
func (a *answer) alive(thinking bool) {
	switch {
	case !a.client.config.Stream || a.finish != "":
	case thinking:
		a.watchdog.extend(thinkingFactor)
	case !a.begun:
		a.watchdog.extend(wholeFactor)
	}
}

// next returns the next piece of clean text, with the result if the piece is
// the last. An answer that was not streamed is a single piece, because the end may
// take some of the text back.
func (a *answer) next() (piece string, end *result, err error) {
	whole := ""
	for {
		piece, end, err = a.receive()
		if a.exchange.whole() {
			whole = whole[:min(a.from, len(whole))] + piece
			if end == nil && err == nil {
				continue
			}
			piece, a.from = whole, 0
		}
		if piece != "" || end != nil || err != nil {
			a.watchdog.stop()
			return piece, end, err
		}
	}
}

// receive returns the clean text of the next chunk, which may be empty, with the
// result if the text is the last.
func (a *answer) receive() (piece string, end *result, err error) {
	a.from = a.length
	chunk, err := a.stream.Recv()
	if err == io.EOF { // go-openai returns io.EOF unwrapped; this package's errors may wrap io.EOF
		return a.end(a.exchange.events.Done())
	}
	if err != nil {
		err = a.failure(err)
		if e, ok := errors.AsType[*Error](err); ok && a.finish != "" && (e.Class == CutOff || e.Class == Idle) {
			// The model has finished, and only the usage is missing.
			return a.end(true)
		}
		piece, _ = a.added(a.cleaner.Abandon())
		return piece, nil, err
	}
	add := a.take(chunk)
	if add == "" {
		return "", nil, nil
	}
	a.begun = true
	piece, end = a.added(a.cleaner.Add(add))
	if piece == "" && end == nil {
		a.resume() // only tags came; a cleaner does not accept tags for ever
	}
	return piece, end, nil
}

// take records a chunk and returns the chunk's text.
func (a *answer) take(chunk openai.ChatCompletionStreamResponse) string {
	if chunk.Model != "" {
		a.model = sanitize(chunk.Model)
	}
	if chunk.Usage != nil {
		a.usage = *chunk.Usage
	}
	if len(chunk.Choices) == 0 { // the usage has no choice
		return ""
	}
	if reason := string(chunk.Choices[0].FinishReason); reason != "" {
		a.finish = reason
		a.resume()
	}
	return chunk.Choices[0].Delta.Content
}

// added takes clean text that follows the first keep bytes of the text before.
// If the model repeats itself, or writes more than any page holds, added
// returns a result.
func (a *answer) added(keep int, text string) (string, *result) {
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
			return text[:max(0, min(len(text), good-keep))], a.result(result{looped: true, keep: good})
		}
	}
	if a.length > maxText {
		return cutBytes(text, maxText-keep), a.result(result{cut: true, keep: maxText})
	}
	return text, nil
}

func (a *answer) result(e result) *result {
	e.model, e.boxes = a.model, boxesOf(a.cleaner.Boxes())
	return &e
}

// end judges an answer that ended without an error. complete must be true if
// the endpoint closed the stream properly.
func (a *answer) end(complete bool) (string, *result, error) {
	piece, looped := a.added(a.cleaner.End())
	if looped != nil {
		return piece, looped, nil
	}
	e := result{cut: a.full(), keep: a.length}
	switch finishKindOf(a.finish) {
	case finishMissing:
		if !complete {
			return piece, nil, a.client.endpoint.fail(CutOff, errOpen)
		}
		if a.length == 0 {
			return piece, nil, a.client.endpoint.fail(CutOff, errEmpty)
		}
	case finishFiltered:
		return piece, nil, a.client.endpoint.refusal("the model's answer was withheld")
	case finishFailed:
		return piece, nil, a.client.endpoint.fail(CutOff, errHalted)
	case finishLength:
		e.cut = true
	case finishUnknown:
		e.cut, e.reason = true, sanitize(a.finish)
	case finishRepetition:
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
	return piece, a.result(e), nil
}

// full reports whether the answer reached a limit. ModelVerse sends "stop"
// even then.
func (a *answer) full() bool {
	limit, context := a.limit, a.client.profile.context
	return limit > 0 && a.usage.CompletionTokens >= limit || context > 0 && a.usage.TotalTokens >= context
}

// failure returns err with its class, which depends on the text that came
// before.
func (a *answer) failure(err error) error {
	switch cause := context.Cause(a.ctx); cause {
	case nil:
	case errIdle:
		return a.client.endpoint.fail(Idle, errIdle)
	default: // the caller's
		return cause
	}
	e, ok := errors.AsType[*Error](err)
	if !ok { // go-openai could not send the request, or could not read the answer
		e = a.client.endpoint.fail(Protocol, err)
	}
	if a.length > 0 && (e.Class == Busy || e.Class == Down || e.Class == Protocol) {
		e.Class = CutOff
	}
	return e
}

// A finishKind is the meaning of a finish reason.
type finishKind int

const (
	finishUnknown    finishKind = iota // not known to be a good one
	finishMissing                      // no finish reason was given
	finishStop                         // the model has finished
	finishLength                       // the answer was cut at a limit
	finishFiltered                     // a filter or the model itself withheld the answer
	finishFailed                       // the endpoint stopped the model
	finishRepetition                   // the endpoint's own guard found a loop
)

// finishKinds are the finish reasons of the usual endpoints, in lower case. With any
// other reason the text counts as incomplete.
var finishKinds = map[string]finishKind{
	"": finishMissing, "null": finishMissing, "none": finishMissing,

	"stop": finishStop, "end_turn": finishStop, "eos": finishStop, "eos_token": finishStop, "stop_sequence": finishStop, "0": finishStop,

	"length": finishLength, "model_length": finishLength, "max_tokens": finishLength, "max_output_tokens": finishLength, "max_length": finishLength,

	"content_filter": finishFiltered, "sensitive": finishFiltered, "refusal": finishFiltered, // OpenAI, Zhipu, Anthropic
	"safety": finishFiltered, "recitation": finishFiltered, "prohibited_content": finishFiltered, // Gemini
	"blocklist": finishFiltered, "spii": finishFiltered, "image_safety": finishFiltered,

	// OpenRouter; SGLang and vLLM; DeepSeek; Zhipu
	"error": finishFailed, "abort": finishFailed, "insufficient_system_resource": finishFailed, "network_error": finishFailed,

	"repetition": finishRepetition, // vLLM
}

func finishKindOf(reason string) finishKind { return finishKinds[strings.ToLower(reason)] }
