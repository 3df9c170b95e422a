package ocr

import (
	"context"
	"errors"
	"strings"

	"slackocr/ocr/page"
	"slackocr/ocr/witness"
)

// layerTries is the number of requests that may fail for a page with its own
// text. People have that text to read, so more requests are not worth the
// wait.
const layerTries = 2

// readWithLayer reads a page that carries its text. That text is shown at once, and
// the model's text is compared with it. If the model returns no text, the
// page's own text stands.
func (r *reading) readWithLayer(ctx context.Context, p page.Page, layer *witness.Layer) {
	if !r.output.candidate().add(layer.Text()) {
		return
	}
	if checkPage(p) != nil || !r.client.breaker.isUp(ctx, r.client.probe) {
		r.useLayer(ctx, layer, witness.Unreachable)
		return
	}
	r.client = r.client.WithTries(min(r.client.tries, layerTries))
	best, end, err := r.best(ctx, p)
	switch {
	case err != nil:
		r.useLayer(ctx, layer, reasonOf(err))
	case end.looped:
		r.useLayer(ctx, layer, witness.Repeated)
	case end.cut:
		r.useLayer(ctx, layer, witness.Short)
	default:
		r.compare(ctx, p, layer, best, end)
	}
}

// compare compares a complete text of the model with the layer. If lines of
// the layer are missing, compare reads the page again.
func (r *reading) compare(ctx context.Context, p page.Page, layer *witness.Layer, best *candidate, end result) {
	report := layer.Check(string(best.text))
	if report.Again {
		more := r.output.candidate()
		again, err := r.once(ctx, p, true, more)
		if err == nil && !again.cut && !again.looped {
			second := layer.Check(string(more.text))
			if second.Covered > report.Covered && len(second.Missing) <= len(report.Missing) {
				report, best, end = second, more, again
			}
		}
	}
	if len(best.text) == 0 || report.Agrees && report.Covered < 0.5 {
		r.useLayer(ctx, layer, witness.Failed)
		return
	}
	words := CountWords(report.Text + "\n" + strings.Join(report.Missing, "\n"))
	r.finish(ctx, report.Whole(), end.outcome(words))
}

// useLayer ends the reading with the page's own text.
func (r *reading) useLayer(ctx context.Context, layer *witness.Layer, why witness.Reason) {
	r.finish(ctx, layer.Instead(why), &Outcome{Words: CountWords(layer.Text()), FromLayer: true})
}

// finish ends the reading with a text, unless the caller ended the reading.
func (r *reading) finish(ctx context.Context, text string, o *Outcome) {
	if ctx.Err() != nil {
		r.output.fail(context.Cause(ctx))
		return
	}
	c := r.output.candidate()
	c.text = []byte(strings.TrimSpace(text))
	c.finish(o)
}

// reasonOf returns the reason for the lack of a model's text after err.
func reasonOf(err error) witness.Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class.info().noText
	}
	return witness.Failed
}
