package bot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// result is what shows a text.
func (s *story) result(text string) slackmd.Result {
	if s.Mode.Kind == ocr.Locate && len(s.Boxes) > 0 {
		return slackmd.Result{} // the picture says it
	}
	return slackmd.Messages(text)
}

// lastLine is what the reply says when all is done. shown says that messages show
// the text.
func (s *story) lastLine(text string, shown bool, note string, failure error) post.Note {
	words := ocr.CountWords(text)
	if failure == nil && s.Pages > 0 {
		words = s.Words // without what stands between the pages
	}
	switch {
	case errors.Is(failure, jobs.ErrStopped):
		return wordsStopped(s.what(), words, s.job.Record().StoppedBy)
	case failure != nil:
		return post.Plain(wordsFailed(s.what(), words, failure) + note)
	case s.Mode.Kind == ocr.Locate && !shown:
		return post.Plain(wordsLocated(s.File.Name, s.Mode.Argument, s.Found) + note)
	case !shown:
		return post.Plain(wordsNothing(s.what(), s.caveats()))
	}
	return post.Plain(wordsRead(s.what(), words, s.Pages, time.Since(s.Began)) + s.caveats() + note)
}

// caveats say which of the file was not read.
func (s *story) caveats() string {
	return wordsLeft(s.Left) + wordsSmall(s.Small, s.File.Mimetype == "application/pdf") + wordsPartial(s.Partial)
}

// results is where the text goes.
func (b *Bot) results(s *story) *post.Thread {
	if s.Elsewhere != "" {
		return post.NewThread(b.api, b.pacer, patient(s.job.Fence), s.Elsewhere, "")
	}
	return s.reply.Thread()
}

// maxMessages is how many messages a result may fill. A longer one is one
// message and a file.
const maxMessages = 4

// deliver posts the messages of the text in the thread, each once, and a long text
// or one with a wide table also as a file. It returns what the reply's last line
// shall add.
func (b *Bot) deliver(ctx context.Context, s *story, text string, result slackmd.Result) (note string, err error) {
	if len(s.Boxes) > 0 {
		if note, err = b.mark(ctx, s); err != nil {
			return "", err
		}
	}
	parts := result.Parts
	s.Parts = append(s.Parts, make([]post.Once, max(0, len(parts)-len(s.Parts)))...)
	first := len(parts)
	if first > maxMessages {
		first = 1
	}
	if s.NoFile {
		return note, b.sendParts(ctx, s, parts, 0, len(parts))
	}
	refusal := b.sendParts(ctx, s, parts, 0, first)
	if short := len(parts) <= 1 && !result.Wide; unsettled(refusal) || post.PlaceGone(refusal) || short && refusal == nil {
		return note, refusal
	}
	// A text that Slack refuses as messages may still be taken as a file.
	name := slackmd.FileName(s.fileName(), ".md")
	if err := b.results(s).Upload(ctx, name, []byte(text), &s.Upload, s.save); elsewhere(err) {
		return "", err
	} else if err != nil && refusal != nil {
		return "", refusal
	} else if err != nil {
		s.log.Warn("could not upload the text as a file", "error", err)
		s.NoFile = true
		if err := s.save(ctx); err != nil {
			return "", err
		}
		return note, b.sendParts(ctx, s, parts, first, len(parts))
	}
	return note + wordsInFile(name), nil
}

// sendParts posts some of the parts of a text.
func (b *Bot) sendParts(ctx context.Context, s *story, parts []slackmd.Part, from, to int) error {
	for i := from; i < to; i++ {
		part := parts[i]
		m := post.Part(part.Text, wordsPart(s.what(), i+1, len(parts), part.FirstPage, part.LastPage))
		m.Key, m.After = fmt.Sprintf("%s/part/%d", s.Request.key(), i+1), s.Posted.TS
		if s.Elsewhere != "" {
			m.After = s.after()
			if i == 0 {
				m.Blocks = append([]slack.Block{post.Plain(wordsHere(s.what())).Block()}, m.Blocks...)
			}
		}
		if err := b.results(s).Post(ctx, m, &s.Parts[i], s.save); err != nil {
			return err
		}
	}
	return nil
}

// deliverElsewhere posts the text to whoever asked, where the conversation takes
// nothing more from the bot: in a direct message, or where they gave their
// command.
func (b *Bot) deliverElsewhere(ctx context.Context, s *story, text string, result slackmd.Result) (note string, err error) {
	direct, err := b.desk.Direct(ctx, s.Person)
	if post.Code(err) != "" && s.Respond != "" && len(result.Parts) > 0 {
		part := result.Parts[0]
		return "", b.desk.Respond(ctx, s.Respond, post.Part(part.Text, wordsPart(s.what(), 1, len(result.Parts), part.FirstPage, part.LastPage)))
	}
	if err != nil {
		return "", scoped(err)
	}
	s.Elsewhere, s.Parts, s.Upload, s.Marked, s.NoFile = direct, nil, post.OnceFile{}, nil, false
	if err := s.save(ctx); err != nil {
		return "", err
	}
	return b.deliver(ctx, s, text, result)
}

// maxMarked is how many pieces of a file are posted with frames.
const maxMarked = 10

// mark posts each piece on which something was found, with that framed. The note
// is for the reply's last line where that failed.
func (b *Bot) mark(ctx context.Context, s *story) (note string, err error) {
	err = b.markAll(ctx, s)
	if unsettled(err) || context.Cause(ctx) != nil {
		return "", fmt.Errorf("posting the marked picture: %w", err)
	}
	if err != nil {
		s.log.Warn("could not post the marked picture", "error", err)
		return wordsNotMarked, nil
	}
	return "", nil
}

func (b *Bot) markAll(ctx context.Context, s *story) error {
	areas := map[int][]page.Area{}
	for _, box := range s.Boxes {
		areas[box.Piece] = append(areas[box.Piece], box.Area)
	}
	on := slices.Sorted(maps.Keys(areas))
	on = on[:min(len(on), maxMarked)]
	for len(s.Marked) < len(on) {
		s.Marked = append(s.Marked, post.OnceFile{})
	}
	if !slices.ContainsFunc(s.Marked, func(f post.OnceFile) bool { return !f.Shared }) {
		return nil
	}
	content, err := b.download(ctx, s)
	if err != nil {
		return err
	}
	defer content.Close()
	doc, err := b.config.Decoder.Open(ctx, content, page.Options{Canvas: b.model.Canvas, MaxPages: b.config.MaxPages})
	if err != nil {
		return err
	}
	defer doc.Close()
	for i, piece := range on {
		image, err := doc.Page(ctx, piece)
		if err == nil {
			image, err = page.Mark(ctx, image, areas[piece])
		}
		if err != nil {
			return err
		}
		ext := "." + strings.TrimPrefix(image.MediaType, "image/")
		if doc.Len() > 1 {
			ext = fmt.Sprintf("-%d%s", piece+1, ext)
		}
		if err := b.results(s).Upload(ctx, slackmd.FileName(s.fileName(), ext), image.Data, &s.Marked[i], s.save); err != nil {
			return err
		}
	}
	return nil
}
