package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"slackocr/bot/jobs"
	"slackocr/ocr"
)

// read returns the file's text. With an error it is the text up to there. What an
// earlier process read to its end is not read again.
func (b *Bot) read(ctx context.Context, s *story) (string, error) {
	if text, ok, err := s.page(s.ending, whole); err != nil {
		return "", err
	} else if ok {
		return text, s.failure()
	}
	release, err := b.turn(s)
	if err != nil {
		return "", err
	}
	defer release()

	requests, err := s.ask(ctx)
	if err != nil {
		return "", err
	}
	begun := time.Now()
	s.reply.Describe(func(text string) string {
		if text == "" {
			return wordsReading(s.what())
		}
		return wordsProgress(s.what(), ocr.CountWords(text), time.Since(begun))
	})
	image, err := b.fetch(ctx, s.Request)
	if err != nil {
		return "", err
	}
	var text ocr.Text
	for update, err := range b.model.WithMode(s.Mode).WithTries(requests).Recognize(ctx, image) {
		if err != nil {
			return text.String(), err
		}
		text.Apply(update)
		s.reply.Write(update.Keep, update.Add)
		if o := update.Outcome; o != nil {
			s.Boxes = o.Boxes
			return text.String(), shortfall(o)
		}
	}
	return text.String(), nil
}

// shortfall is what an outcome lacks.
func shortfall(o *ocr.Outcome) error {
	switch {
	case o.Looped:
		return errLooped
	case o.Cut:
		return errCut
	}
	return nil
}

// turn waits until the endpoint is there and a slot is free. Who waits is told
// what for.
func (b *Bot) turn(s *story) (release func(), err error) {
	for {
		if !b.model.Down().IsZero() {
			s.reply.Wait(wordsDown(s.what()))
			if err := b.model.WaitUp(s.waiting); err != nil {
				return nil, err
			}
		}
		release, err := b.slots.take(s.waiting, s.Person, func(ahead int) {
			s.reply.Wait(wordsWaiting(s.what(), ahead))
		})
		if err != nil || b.model.Down().IsZero() {
			return release, err
		}
		release() // it went down meanwhile
	}
}

// maxBefore is how many earlier readings of a file are compared with a new one.
const maxBefore = 5

// same reports whether a reading in another mode only gave what an earlier one
// in the same thread did: an endpoint may not look at its prompt. Where that cannot be told it is
// taken for new.
func (b *Bot) same(ctx context.Context, s *story, text string) bool {
	if s.Mode.Kind == "" || s.Mode.Kind == ocr.Markdown || s.File.ID == "" || s.Root == "" || strings.TrimSpace(text) == "" {
		return false
	}
	records, err := b.jobs.ByFile(ctx, s.File.ID)
	if err != nil {
		b.log.Warn("could not look for earlier readings", "error", err)
	}
	for _, r := range records[max(0, len(records)-maxBefore):] {
		before, ok := request(r)
		if !ok || r.State != jobs.Done || modeKey(before.Mode) == modeKey(s.Mode) || before.Channel != s.Channel {
			continue
		}
		var p progress
		if _ = json.Unmarshal(r.Progress, &p); s.Root != cmp.Or(before.Root, p.Posted.TS) {
			continue
		}
		old, _, err := b.jobs.Page(ctx, r.Key, whole)
		// Of a plain text the words are those of the markdown.
		if err == nil && (old == text || s.Mode.Kind != ocr.Plain && ocr.SameWords(old, text)) {
			return true
		}
	}
	return false
}

// errSame is the failure of a reading that only gave the text of another one.
var errSame = errors.New("the model gave the same text in another mode")
