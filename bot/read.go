package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"slackocr/ocr"
	"slackocr/ocr/page"
)

// read returns the file's text. With an error it is the text up to there. What an
// earlier process read to its end is not read again.
func (b *Bot) read(ctx context.Context, s *story) (string, error) {
	if text, ok, err := s.job.Page(s.ending, whole); err != nil {
		return "", err
	} else if ok {
		return text, s.failure()
	}
	if s.job.Record().Attempts > 0 { // what was shown stays until there is more
		text, _, err := s.job.Page(s.ending, partial)
		if err != nil {
			return "", err
		}
		s.reply.Write(0, text)
	}
	var content *os.File
	var err error
	if s.Web != "" { // whose server may be slow, and nobody's turn is to wait for it
		if content, err = b.download(ctx, s); err != nil {
			return "", err
		}
		defer content.Close()
	}
	release, err := b.turn(s, s.reply.Wait)
	if err != nil {
		return "", err
	}
	defer release()
	requests, err := s.ask(ctx)
	if err != nil {
		return "", err
	}
	s.reply.Describe(func(string) string { return wordsReading(s.what()) })
	if content == nil {
		if content, err = b.download(ctx, s); err != nil {
			return "", err
		}
		defer content.Close()
	}
	text, err := b.readFile(ctx, s, content, requests, release)
	if page.TryThumbnail(err) && !s.Small && thumbnail(s.File) != "" {
		release() // or the smaller copy would wait for this very turn
		return b.readSmall(ctx, s, requests, err)
	}
	return text, err
}

// readSmall reads the smaller copy that Slack made of a file that cannot be opened
// itself, which why says.
func (b *Bot) readSmall(ctx context.Context, s *story, requests int, why error) (string, error) {
	s.Small = true
	content, err := b.download(ctx, s)
	if err != nil && !unsettled(err) && !temporary(err) {
		s.Small = false
		return "", why
	}
	if err != nil {
		return "", err
	}
	defer content.Close()
	return b.readFile(ctx, s, content, requests, nil)
}

// readFile reads what was downloaded. Its first piece has a turn at the model
// where release is not nil, and gives that back.
func (b *Bot) readFile(ctx context.Context, s *story, content *os.File, requests int, release func()) (string, error) {
	doc, err := b.config.Decoder.Open(ctx, content, page.Options{Canvas: b.model.Canvas, MaxPages: b.config.MaxPages})
	if err != nil {
		return "", fmt.Errorf("opening: %w", err)
	}
	defer doc.Close()
	return b.readPages(ctx, s, doc, requests, release)
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
func (b *Bot) turn(s *story, tell func(line string)) (release func(), err error) {
	for {
		down := b.model.WhenDown()
		if !b.model.Down().IsZero() {
			tell(wordsDown(s.what()))
			if err := b.model.WaitUp(s.waiting); err != nil {
				return nil, err
			}
			continue
		}
		release, err := b.slots.take(s.waiting, down, s.Person, func(ahead int) {
			tell(wordsWaiting(s.what(), ahead))
		})
		switch {
		case errors.Is(err, errGivenUp):
		case err != nil, b.model.Down().IsZero():
			return release, err
		default:
			release() // it went down meanwhile
		}
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
		s.log.Warn("could not look for earlier readings", "error", err)
	}
	for _, r := range records[max(0, len(records)-maxBefore):] {
		before, ok := request(r)
		if !ok || modeKey(before.Mode) == modeKey(s.Mode) || before.Channel != s.Channel {
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
