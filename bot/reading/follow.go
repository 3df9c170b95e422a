package reading

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// The follow-ups of an ask: work that is left when all files are delivered, or
// that runs beside the job.
const (
	CloseReply      = "close"       // the reply's last edit
	CloseReplyAgain = "close again" // the last edit again, since a live edit may have come after
	RemoveDoubles   = "doubles"     // a search for messages that were posted twice
)

// followUp schedules a follow-up of the ask.
func (r *run) followUp(kind string, due time.Time) error {
	return r.Jobs.AddFollowUp(r.HardStop, jobs.FollowUp{Key: r.job.Record().Key, Kind: kind, Due: due})
}

// lookForDouble schedules a search for a duplicate, if a message was posted
// again while Slack may still carry out an earlier try.
func (r *run) lookForDouble(state post.PostState) error {
	if !state.Again {
		return nil
	}
	return r.followUp(RemoveDoubles, time.Now().Add(post.LostPostWindow))
}

// FollowUp does a follow-up of an ask, which may safely be repeated. home is
// the address of the workspace. After an error FollowUp must be called again
// later.
func (rd *Reader) FollowUp(ctx context.Context, f jobs.FollowUp, home string) error {
	record, err := rd.Jobs.Get(ctx, f.Key)
	if errors.Is(err, jobs.ErrNotFound) || errors.Is(err, jobs.ErrCorrupt) {
		return nil // the ask was erased
	}
	if err != nil {
		return err
	}
	a, ok := AskOf(record)
	if !ok || record.StoppedBy == StopSilently {
		return nil
	}
	s, err := DecodeState(record, &a, true)
	if err != nil || s.Reply.TS == "" {
		return nil // there is nothing to follow up
	}
	switch f.Kind {
	case RemoveDoubles:
		err = rd.removeDoubles(ctx, a, s)
	default:
		err = rd.closeReply(ctx, record, a, s, home)
	}
	if post.Code(err) != "" { // Slack refuses, and would refuse again
		rd.Log.Warn("could not follow up an ask", "request", RequestID(f.Key), "kind", f.Kind, "error", err)
		return nil
	}
	return err
}

// removeDoubles deletes messages that Slack posted after they were posted
// again.
func (rd *Reader) removeDoubles(ctx context.Context, a ask.Ask, s State) error {
	thread := rd.Client.Thread(nil, a.Channel, a.Root).For(a.Person)
	if err := thread.RemoveDuplicates(ctx, a.After(), map[string]string{a.Key + ReplyKey: s.Reply.TS}); err != nil {
		return err
	}
	parts := map[string]string{}
	for i, f := range s.Files {
		for n, part := range f.Delivery.Parts {
			parts[partKey(a.Key, i, n+1)] = part.TS
		}
	}
	switch {
	case s.FallbackDM != "":
		return rd.Client.Thread(nil, s.FallbackDM, "").RemoveDuplicates(ctx, "", parts)
	case a.Root == "":
		thread = thread.Under(s.Reply.TS)
	}
	return thread.RemoveDuplicates(ctx, s.Reply.TS, parts)
}

// closeReply makes the reply's last edit. An edit that is made twice does no harm.
func (rd *Reader) closeReply(ctx context.Context, record jobs.Record, a ask.Ask, s State, home string) error {
	if !s.allDelivered(record) {
		return nil // the job still runs
	}
	v := closedView(record, a, s, home)
	for i, file := range s.Files {
		if !file.Delivery.NotPosted {
			continue
		}
		text, _, err := rd.Jobs.Page(ctx, record.Key, TextOf(i)) // the text is nowhere else
		if err != nil {
			return err
		}
		v.Texts = append(v.Texts, post.Text{Name: slackmd.Name(a.Files[i].Name()), Markdown: text})
	}
	return rd.Client.Thread(nil, a.Channel, a.Root).Edit(ctx, s.Reply.TS, v)
}

// allDelivered reports whether no file has work left.
func (s State) allDelivered(record jobs.Record) bool {
	for i, f := range s.Files {
		if f.Phase != Delivered && record.StoppedItems[i] != StopSilently {
			return false
		}
	}
	return true
}

// uploadName returns the name of the file with the whole text.
func uploadName(a ask.Ask, i int) string { return slackmd.FileName(a.FileName(i), ".md") }

// headOf returns the line that names the asking person, if the reply is not
// below that person's message.
func headOf(a ask.Ask) post.Caption {
	if a.Root != "" || ask.Direct(a.Channel) {
		return nil
	}
	return post.Caption{{Person: a.Person}, {Text: words.AskedToRead(a.Title())}}
}

// closedView returns the final contents of a reply: a line about its file, or
// a list of its files with links to the results. Deleted files are left out.
func closedView(record jobs.Record, a ask.Ask, s State, home string) post.View {
	v := post.View{Head: headOf(a)}
	whole, took := 0, time.Duration(0)
	for i, f := range s.Files {
		if record.StoppedItems[i] == StopSilently {
			continue
		}
		if f.Failure == nil {
			whole++
		}
		took = max(took, f.Outcome.Took)
		v.Lines = append(v.Lines, post.Line{Caption: closedNote(record.Key, a, i, s, home), Buttons: fileButtons(record.Key, i, f, false)})
	}
	if len(a.Files) > 1 {
		title := words.ReadFiles(whole, len(v.Lines), a.Mode, took)
		v.Lines = slices.Insert(v.Lines, 0, post.Line{Caption: post.Plain(title)})
	}
	return v
}

// closedNote returns the final line about a file.
func closedNote(key string, a ask.Ask, i int, s State, home string) post.Caption {
	f, line := s.Files[i], finishedLine(key, a, i, s.Files[i])
	switch {
	case len(a.Files) > 1:
		return post.Caption{resultLink(a, i, s, home), {Text: "· " + line}}
	case f.stopped() && !f.Delivery.NotPosted:
		before, after := words.StoppedBy(a.Label(i), f.Outcome.Words)
		return post.Caption{{Text: before}, {Person: f.StoppedBy, Text: words.Somebody}, {Text: after}}
	}
	return post.Plain(line)
}

// resultLink returns the name of a file with a link to its result, if it has
// one.
func resultLink(a ask.Ask, i int, s State, home string) post.Span {
	name := post.Span{Text: slackmd.Name(a.Files[i].Name())}
	if parts := s.Files[i].Delivery.Parts; len(parts) > 0 && parts[0].TS != "" {
		at, root := ask.MessageRef{Channel: a.Channel, TS: parts[0].TS}, cmp.Or(a.Root, s.Reply.TS)
		if s.FallbackDM != "" {
			at.Channel, root = s.FallbackDM, ""
		}
		name.Link = ask.Permalink(home, at, root)
	}
	return name
}

// lineTitle returns the title of a file for its line, which is "" in a list: see
// [words.FileAndMode].
func lineTitle(a ask.Ask, i int) string {
	if len(a.Files) > 1 {
		return ""
	}
	return a.Label(i)
}

// finishedLine returns the line about a finished file.
func finishedLine(key string, a ask.Ask, i int, f FileState) string {
	title, o, d := lineTitle(a, i), f.Outcome, f.Delivery
	caveats := words.PagesLeftOut(o.LeftOut) + words.FromSmallCopy(o.SmallCopy, ask.PDF(a.Files[i].Slack)) + words.DamagedFile(o.Damaged)
	posted := ""
	if d.NotMarked {
		posted = words.NotMarked
	}
	if d.Upload.Shared {
		posted += words.InFile(uploadName(a, i))
	}
	noText := !o.HasText || f.Phase == Delivered && len(d.Parts) == 0
	switch {
	case d.NotPosted:
		return words.DeliveryFailed(title, RequestID(key))
	case f.stopped():
		return words.FileStopped + posted
	case f.Failure != nil:
		return words.NotRead(title, o.Words, f.Failure) + posted
	case noText && a.Mode.Kind == ocr.Locate:
		name := ""
		if title != "" {
			name = slackmd.Name(a.Files[i].Name())
		}
		return words.Located(name, a.Mode.Argument, o.Found) + posted
	case noText:
		return words.NothingFound(title, caveats)
	}
	return words.Read(title, o.Words, o.Pages, o.Took) + caveats + posted
}
