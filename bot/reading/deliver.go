package reading

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// maxMessages is the most messages of a result. A longer result is one message
// and a file.
const maxMessages = 4

// deliver posts the saved text of a file, each part once. The text must reach
// Slack even if a person stopped the job.
func (r *run) deliver(i int) error {
	ctx := r.HardStop
	text, _, err := r.job.Page(ctx, TextOf(i))
	if err != nil {
		return err
	}
	err = r.guard(func() error {
		err := r.post(ctx, i, text)
		if post.PlaceGone(err) {
			err = r.postElsewhere(ctx, i, text)
		}
		return err
	})
	switch {
	case EndsHere(err):
		return err
	case r.erased(i):
		return nil // see fence
	case err != nil:
		r.noteIncomplete(i, err)
		r.log.Error("could not post the text", "channel", r.Channel, "error", err)
	}
	saved := r.updateFile(ctx, i, func(f *FileState) {
		f.Phase = Delivered
		f.Delivery.NotPosted = err != nil
	})
	if saved != nil {
		return saved
	}
	r.logDelivered(i)
	r.changed(post.StatusChange)
	return nil
}

// results returns the thread for the text of a file: the ask's thread, or the thread
// below the reply if the reply is in the channel.
func (r *run) results(i int) *post.Thread {
	s := r.snapshot()
	channel, root := r.Channel, cmp.Or(r.Root, s.Reply.TS)
	if s.FallbackDM != "" {
		channel, root = s.FallbackDM, ""
	}
	return r.Client.Thread(r.fence(i), channel, root).For(r.Person)
}

// fence returns the job's fence for writes about a file, which ends such writes if the
// file was deleted in Slack.
func (r *run) fence(i int) post.Fence {
	return func(ctx context.Context) (context.Context, context.CancelFunc, error) {
		ctx, cancel, err := r.job.Fence(ctx)
		if err == nil && r.erased(i) {
			cancel()
			return nil, nil, jobs.ErrStopped
		}
		return ctx, cancel, err
	}
}

// post posts the messages of a text in the thread. A long text, or a text with
// a wide table, is also posted as a file.
func (r *run) post(ctx context.Context, i int, text string) error {
	f := r.file(i)
	var result slackmd.Result
	var refusal error
	if r.Mode.Kind != ocr.Locate || len(f.Outcome.Places) == 0 { // with places, the marked picture is the result
		refusal = r.guard(func() error {
			result = slackmd.Messages(text)
			return nil
		})
	}
	if err := r.mark(ctx, i); err != nil {
		return err
	}
	parts, first := result.Parts, len(result.Parts)
	if first > maxMessages && !f.Delivery.NoUpload {
		first = 1
	}
	if refusal == nil {
		refusal = r.postParts(ctx, i, parts, 0, first)
	}
	whole := refusal == nil && len(parts) <= 1 && !result.Wide
	if f.Delivery.NoUpload || whole || EndsHere(refusal) || post.PlaceGone(refusal) {
		return refusal
	}
	// Slack may accept as a file a text that was refused as a message, or that no
	// message could be made of.
	state, save := once(r, func(s *State) *post.UploadState { return &s.Files[i].Delivery.Upload })
	switch err := r.results(i).Upload(ctx, uploadName(r.Ask, i), slackmd.File(text), state, save); {
	case HandsOff(err):
		return err
	case err != nil && refusal != nil:
		return refusal
	case err != nil:
		r.log.Warn("could not upload the text as a file", "error", err)
		if err := r.updateFile(ctx, i, func(f *FileState) { f.Delivery.NoUpload = true }); err != nil {
			return err
		}
		return r.postParts(ctx, i, parts, first, len(parts))
	}
	return nil
}

// postParts posts some parts of a text. The last part has the buttons.
func (r *run) postParts(ctx context.Context, i int, parts []slackmd.Part, from, to int) error {
	f := r.file(i)
	elsewhere := r.snapshot().FallbackDM != ""
	for n := from; n < to; n++ {
		result := r.result(i, f, parts, n)
		if n == to-1 {
			result.Buttons = fileButtons(r.job.Record().Key, i, f, true)
		}
		m := result.Message()
		m.Key, m.After = partKey(r.Key, i, n+1), r.snapshot().Reply.TS
		if elsewhere {
			m.After = "" // Slack's newest messages in the thread are searched
			if n == 0 {
				m.Blocks = slices.Insert(m.Blocks, 0, post.Plain(words.CouldNotPostThere(r.Label(i))).Block())
			}
		}
		state, save := once(r, func(s *State) *post.PostState { return element(&s.Files[i].Delivery.Parts, n) })
		if err := r.results(i).Post(ctx, m, state, save); err != nil {
			return err
		}
		if err := r.lookForDouble(*state); err != nil {
			return err
		}
	}
	return nil
}

// result returns the message with one part of a text. The message itself names
// the file.
func (r *run) result(i int, f FileState, parts []slackmd.Part, n int) post.Result {
	part := parts[n]
	title := r.Label(i)
	if where := words.Part(n+1, len(parts), part.FirstPage, part.LastPage); where != "" {
		title += " · " + where
	}
	header := title
	switch {
	case n > 0:
	case f.Failure != nil && !f.stopped():
		header += " · " + words.NotRead("", f.Outcome.Words, f.Failure)
	default:
		header += " · " + words.Summary(f.Outcome.Words, 1, 0)
	}
	return post.Result{Header: post.Plain(header), Markdown: part.Text, Notification: slackmd.Notification(title, part.Text)}
}

// postElsewhere posts the text to the asking person if the conversation
// accepts no more posts of the bot: in a direct message, or through the
// command's response_url.
func (r *run) postElsewhere(ctx context.Context, i int, text string) error {
	direct, err := r.Client.OpenDM(ctx, r.Person)
	if post.Code(err) != "" && r.Respond != "" {
		return r.respond(ctx, i, slackmd.Messages(text).Parts)
	}
	if err != nil {
		return post.OptionalScope(err)
	}
	err = r.update(ctx, func(s *State) {
		if s.FallbackDM == "" {
			s.FallbackDM = direct
		}
		s.Files[i].Delivery = Delivery{}
	})
	if err != nil {
		return err
	}
	return r.post(ctx, i, text)
}

// respond shows parts of a text to the asking person alone. The response_url works five
// times, which the files of the ask share.
func (r *run) respond(ctx context.Context, i int, parts []slackmd.Part) error {
	f := r.file(i)
	for n := range parts[:min(len(parts), max(1, maxMessages/len(r.Files)))] {
		_, cancel, err := r.fence(i)(ctx)
		if err != nil {
			return err
		}
		cancel() // the answer to a command needs no lease, which could be too short
		if err := r.Client.Respond(ctx, r.Respond, "", r.result(i, f, parts, n).Message()); err != nil {
			return err
		}
	}
	return nil
}

// maxMarked is the most pieces of a file that are posted with frames.
const maxMarked = 10

// mark posts each piece with a found place, with frames. A failure is recorded
// and shown in the reply.
func (r *run) mark(ctx context.Context, i int) error {
	f := r.file(i)
	if len(f.Outcome.Places) == 0 || f.Delivery.NotMarked {
		return nil
	}
	err := r.markAll(ctx, i, f)
	if EndsHere(err) || context.Cause(ctx) != nil {
		return fmt.Errorf("posting the marked picture: %w", err)
	}
	if err != nil {
		r.log.Warn("could not post the marked picture", "error", err)
		return r.updateFile(ctx, i, func(f *FileState) { f.Delivery.NotMarked = true })
	}
	return nil
}

func (r *run) markAll(ctx context.Context, i int, f FileState) error {
	areas := map[int][]page.Area{}
	for _, place := range f.Outcome.Places {
		areas[place.Piece] = append(areas[place.Piece], place.Area)
	}
	on := slices.Sorted(maps.Keys(areas))
	on = on[:min(len(on), maxMarked)]
	missing := func(m post.UploadState) bool { return !m.Shared }
	if len(f.Delivery.Marked) >= len(on) && !slices.ContainsFunc(f.Delivery.Marked, missing) {
		return nil
	}
	in, err := r.fetch(ctx, i, spaceFor(r.Files[i].Slack), f.Outcome.SmallCopy)
	if err != nil {
		return err
	}
	defer in.close()
	doc, err := r.decode(ctx, in)
	if err != nil {
		return err
	}
	defer doc.Close()
	for n, piece := range on {
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
		state, save := once(r, func(s *State) *post.UploadState { return element(&s.Files[i].Delivery.Marked, n) })
		if err := r.results(i).Upload(ctx, slackmd.FileName(r.FileName(i), ext), image.Data, state, save); err != nil {
			return err
		}
	}
	return nil
}

// close ends the ask. A follow-up makes the reply's last edit, and holds
// neither this job nor a turn.
func (r *run) close() error {
	now := time.Now()
	lostEdit, gone := r.reply.Detach()
	if gone == nil {
		if err := r.followUp(CloseReply, now); err != nil {
			return err
		}
	}
	if lostEdit { // Slack may still carry out a live edit after the last edit
		if err := r.followUp(CloseReplyAgain, now.Add(post.LostEditWindow)); err != nil {
			return err
		}
	}
	if err := r.update(r.HardStop, func(s *State) { s.Phase = Closed }); err != nil {
		return err
	}
	for _, f := range r.snapshot().Files {
		if f.Failure != nil && !f.Outcome.HasText && !f.stopped() {
			return jobs.Cancel(f.Failure)
		}
	}
	return nil
}
