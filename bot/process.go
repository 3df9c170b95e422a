package bot

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// open posts the reply that says that a file is taken up. It is nil for a file
// that needs no answer, or where there is none to be given.
func (b *Bot) open(p *phases, req *Request) *post.Reply {
	if req.File.FileAccess == "check_file_info" && !b.lookUp(p.reading, &req.File) {
		return nil
	}
	line := wordsReading(req.File.Name)
	if ahead := b.slots.ahead(req.Person); ahead >= 0 {
		line = wordsWaiting(req.File.Name, ahead)
	}
	reply, err := post.Open(p.writing, b.thread(*req), req.key()+"/reply", req.Ask, line, req.First)
	if err != nil {
		b.log.Warn("could not answer", "channel", req.Channel, "error", err)
		b.stopOn(err)
		return nil
	}
	return reply
}

// lookUp completes what Slack Connect leaves out of an event. It reports false
// for a file that is no picture, or that cannot be looked up.
// https://docs.slack.dev/apis/slack-connect#files
func (b *Bot) lookUp(ctx context.Context, file *slack.File) bool {
	info, err := post.FileInfo(ctx, b.api, b.pacer, file.ID)
	if err != nil {
		b.log.Warn("could not look up a file", "file", file.ID, "error", err)
		return false
	}
	*file = *info
	return picture(*file)
}

func (b *Bot) thread(req Request) *post.Thread {
	return post.NewThread(b.api, b.pacer, req.Channel, req.Root)
}

// process is the story of one image, after its reply was opened: the text as
// the model writes it, the final markdown in the thread, and one last line.
func (b *Bot) process(p *phases, req Request, reply *post.Reply) {
	log := b.log.With("file", req.File.ID, "channel", req.Channel)
	thread, started := b.thread(req), time.Now()
	text, failure := b.read(p, req, reply)
	log.Info("read", "words", ocr.CountWords(text), "seconds", time.Since(started).Seconds(), "error", failure)

	last := post.Live{}
	parts := slackmd.Parts(text, slackmd.MaxPart)
	words := ocr.CountWords(text)
	note, err := b.deliver(p.writing, thread, reply.TS(), req, text, parts)
	switch {
	case err != nil:
		log.Error("could not post the text", "error", err)
		b.stopOn(err)
		last = post.Live{Text: text, Line: wordsLost(req.File.Name)}
	case failure != nil:
		last.Line = wordsFailed(req.File.Name, words, failure) + note
	case len(parts) == 0:
		last.Line = wordsNothing(req.File.Name)
	default:
		last.Line = wordsRead(req.File.Name, words, time.Since(started)) + note
	}
	if err := reply.Close(p.writing, last); err != nil {
		log.Warn("could not close the reply", "error", err)
	}
}

// fresh leaves out what a thread reply only carries again, as Slack's events do:
// its parent's files (https://github.com/openclaw/openclaw/pull/32209). Where
// that cannot be told in a second, all is read.
func (b *Bot) fresh(ctx context.Context, requests []Request) []Request {
	if len(requests) == 0 || requests[0].Root == requests[0].Ask {
		return requests
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	old, err := b.thread(requests[0]).Files(ctx)
	if err != nil {
		b.log.Warn("could not look at a thread's first message", "error", err)
	}
	return slices.DeleteFunc(requests, func(r Request) bool { return slices.Contains(old, r.File.ID) })
}

// read returns the file's text. With an error it is the text up to there.
func (b *Bot) read(p *phases, req Request, reply *post.Reply) (string, error) {
	name := req.File.Name
	release, err := b.slots.take(p.waiting, req.Person, func(ahead int) {
		reply.Wait(wordsWaiting(name, ahead))
	})
	if err != nil {
		return "", err
	}
	defer release()

	started := time.Now()
	reply.Describe(func(text string) string {
		if text == "" {
			return wordsReading(name)
		}
		return wordsProgress(name, ocr.CountWords(text), time.Since(started))
	})
	image, err := b.fetch(p.reading, req.File)
	if err != nil {
		return "", err
	}
	var text ocr.Text
	for update, err := range b.model.Recognize(p.reading, image) {
		if err != nil {
			return text.String(), err
		}
		text.Apply(update)
		reply.Write(update.Keep, update.Add)
		if update.Outcome != nil && update.Outcome.Cut {
			return text.String(), errCut
		}
	}
	return text.String(), nil
}

// fetch gets a file from Slack and makes it a page for the model.
func (b *Bot) fetch(ctx context.Context, file slack.File) (page.Page, error) {
	content, err := b.files.Download(ctx, file.URLPrivate)
	if err != nil {
		return page.Page{}, fmt.Errorf("downloading: %w", err)
	}
	defer content.Close()
	return page.Open(ctx, content, page.Options{Canvas: ocr.Canvas})
}

// maxMessages is how many messages a result may fill. A longer one is one
// message and a file.
const maxMessages = 4

// deliver posts the parts of the text in the thread, each once, and a long text
// also as a file. It returns what the reply's last line shall add.
func (b *Bot) deliver(ctx context.Context, thread *post.Thread, replyTS string, req Request, text string, parts []string) (note string, err error) {
	send := func(from, to int) error {
		for i := from; i < to; i++ {
			m := post.Part(parts[i], wordsPart(req.File.Name, i+1, len(parts)))
			m.Key, m.After = fmt.Sprintf("%s/part/%d", req.key(), i+1), replyTS
			if _, err := thread.Post(ctx, m); err != nil {
				return err
			}
		}
		return nil
	}
	first := len(parts)
	if first > maxMessages {
		first = 1
	}
	refusal := send(0, first)
	if len(parts) <= 1 && refusal == nil {
		return "", nil
	}
	// A text that Slack refuses as messages may still be taken as a file.
	name := slackmd.FileName(req.File.Name, ".md")
	if err := thread.Upload(ctx, name, []byte(text)); err != nil && refusal != nil {
		return "", refusal
	} else if err != nil {
		b.log.Warn("could not upload the text as a file", "error", err)
		return "", send(first, len(parts))
	}
	return wordsInFile(name), nil
}
