package reading

import (
	"cmp"
	"context"
	"strings"

	"slackocr/bot/ask"
	"slackocr/ocr"
)

// maxBefore is the number of earlier readings of a file that are compared with
// a new one.
const maxBefore = 5

// sameText reports whether a reading in another mode returned the text of an
// earlier reading in the same thread, since an endpoint may ignore its prompt.
// If that is unknown, the text counts as new.
func (r *run) sameText(ctx context.Context, i int, text string) bool {
	id := r.Files[i].Slack.ID
	if r.Mode.Kind == "" || r.Mode.Kind == ocr.Markdown || id == "" || r.Root == "" || strings.TrimSpace(text) == "" {
		return false
	}
	records, err := r.Jobs.ByFile(ctx, id)
	if err != nil {
		r.log.Warn("could not look for earlier readings", "error", err)
	}
	for _, record := range records[max(0, len(records)-maxBefore):] {
		before, ok := AskOf(record)
		if !ok || ask.ModeKey(before.Mode) == ask.ModeKey(r.Mode) || before.Channel != r.Channel {
			continue
		}
		s, err := DecodeState(record, &before, true)
		if err != nil || r.Root != cmp.Or(before.Root, s.Reply.TS) {
			continue
		}
		for n, f := range before.Files {
			if f.Slack.ID != id {
				continue
			}
			// A plain text has the same words as the markdown.
			old, _, err := r.Jobs.Page(ctx, record.Key, TextOf(n))
			if err == nil && (old == text || r.Mode.Kind != ocr.Plain && ocr.SameWords(old, text)) {
				return true
			}
		}
	}
	return false
}
