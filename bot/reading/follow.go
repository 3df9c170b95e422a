package reading

import (
	"context"
	"errors"
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

func (r *run) followUp(kind string, due time.Time) error {
	return r.Jobs.AddFollowUp(r.hardStop, jobs.FollowUp{Key: r.job.Record().Key, Kind: kind, Due: due})
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
	if !ok || record.StoppedBy == Silently {
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
		err = rd.closeReply(ctx, f, record, a, s, home)
	}
	if errors.Is(err, errFollowedUp) {
		return nil
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
	case s.Elsewhere != "":
		return rd.Client.Thread(nil, s.Elsewhere, "").RemoveDuplicates(ctx, "", parts)
	case a.Root == "":
		thread = thread.Under(s.Reply.TS)
	}
	return thread.RemoveDuplicates(ctx, s.Reply.TS, parts)
}

// errFollowedUp means that another replica has done a follow-up in the meantime.
var errFollowedUp = errors.New("followed up already")

// closeReply makes the reply's last edit. The wait for its turn can be long, and then
// other replicas wait for a turn for the same edit.
func (rd *Reader) closeReply(ctx context.Context, f jobs.FollowUp, record jobs.Record, a ask.Ask, s State, home string) error {
	if !s.allDelivered(record) {
		return nil // the job still runs
	}
	v := closedView(record, a, s, home)
	for i, file := range s.Files {
		if !file.Delivery.Lost {
			continue
		}
		text, _, err := rd.Jobs.Page(ctx, record.Key, TextOf(i)) // the text is nowhere else
		if err != nil {
			return err
		}
		v.Texts = append(v.Texts, post.Text{Name: slackmd.Name(a.Files[i].Name()), Markdown: text})
	}
	return rd.Client.Thread(nil, a.Channel, a.Root).Edit(ctx, s.Reply.TS, v, func(ctx context.Context) error {
		if left, err := rd.Jobs.HasFollowUp(ctx, f); err == nil && !left {
			return errFollowedUp
		}
		return nil // an edit that is made twice does no harm
	})
}

// allDelivered reports whether no file has work left.
func (s State) allDelivered(record jobs.Record) bool {
	for i, f := range s.Files {
		if f.Phase != Delivered && record.StoppedItems[i] != Silently {
			return false
		}
	}
	return true
}

// closedView returns the final contents of a reply: a line about its file, or
// a list of its files with links to the results. Deleted files are left out.
func closedView(record jobs.Record, a ask.Ask, s State, home string) post.View {
	v := post.View{}
	if a.Root == "" && !ask.Direct(a.Channel) {
		v.Head = post.Caption{{Person: a.Person}, {Text: words.AskedToRead(a.Title())}}
	}
	if len(a.Files) == 1 {
		v.Lines = []post.Line{{Caption: closedAlone(record.Key, a, s.Files[0]), Buttons: closedButtons(record.Key, 0, s.Files[0])}}
		return v
	}
	done, all, took := 0, 0, time.Duration(0)
	v.Lines = append(v.Lines, post.Line{})
	for i, f := range s.Files {
		if record.StoppedItems[i] == Silently {
			continue
		}
		if all++; f.Failure == nil {
			done++
		}
		took = max(took, f.Outcome.Took)
		v.Lines = append(v.Lines, post.Line{Caption: closedAmongOthers(a, i, s, home), Buttons: closedButtons(record.Key, i, f)})
	}
	v.Lines[0].Caption = post.Plain(words.ReadFiles(done, all, a.Mode, took))
	return v
}

// closedAlone returns the final line for the only file of an ask.
func closedAlone(key string, a ask.Ask, f FileState) post.Caption {
	what, o, d := a.What(0), f.Outcome, f.Delivery
	marked := ""
	if d.NotMarked {
		marked = words.NotMarked
	}
	switch {
	case d.Lost:
		return post.Plain(words.Lost(what, RequestID(key)))
	case f.Failure != nil && f.Failure.Kind == words.Stopped:
		stop := words.StoppedBy(what, o.Words, f.StoppedBy)
		return post.Caption{{Text: stop.Before}, {Person: stop.Person, Text: words.Somebody}, {Text: stop.After}}
	case f.Failure != nil:
		return post.Plain(words.NotRead(what, o.Words, f.Failure) + marked + inFile(a, 0, d))
	case a.Mode.Kind == ocr.Locate && len(d.Parts) == 0:
		return post.Plain(words.Located(a.Files[0].Name(), a.Mode.Argument, o.Found) + marked)
	case len(d.Parts) == 0:
		return post.Plain(words.NothingFound(what, o.caveats(a.Files[0])))
	}
	return post.Plain(words.Read(what, o.Words, o.Pages, o.Took) + o.caveats(a.Files[0]) + inFile(a, 0, d))
}

// closedAmongOthers returns the final line for one of several files.
func closedAmongOthers(a ask.Ask, i int, s State, home string) post.Caption {
	f := s.Files[i]
	name := post.Span{Text: slackmd.Name(a.Files[i].Name())}
	if parts := f.Delivery.Parts; len(parts) > 0 && parts[0].TS != "" {
		at, root := ask.MessageRef{Channel: a.Channel, TS: parts[0].TS}, a.Root
		switch {
		case s.Elsewhere != "":
			at.Channel, root = s.Elsewhere, ""
		case root == "":
			root = s.Reply.TS
		}
		name.Link = ask.Permalink(home, at, root)
	}
	state := finishedLine(a.Files[i], f) + inFile(a, i, f.Delivery)
	switch {
	case f.Delivery.Lost:
		state = words.Failed(words.NotPosted).Sentence()
	case a.Mode.Kind == ocr.Locate && f.Failure == nil && len(f.Delivery.Parts) == 0:
		state = words.Found(f.Outcome.Found)
	}
	if f.Delivery.NotMarked {
		state += words.NotMarked
	}
	return post.Caption{name, {Text: "· " + state}}
}

// inFile returns the words that name the file with the whole text, if there is
// one.
func inFile(a ask.Ask, i int, d Delivery) string {
	if !d.Upload.Shared {
		return ""
	}
	return words.InFile(slackmd.FileName(a.FileName(i), ".md"))
}
