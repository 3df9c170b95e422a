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

// CloseFailed schedules the reply's last edit if the last attempt of a job failed
// before Run closed the ask. failure is the error of Run. The edit waits until the job
// is settled and no live edit can come any more.
func (rd *Reader) CloseFailed(ctx context.Context, record jobs.Record, failure error) error {
	a, _ := AskOf(record)
	s, err := DecodeState(record, &a, true)
	if err != nil || s.Phase == Closed || EndsHere(failure) {
		return nil // the edit cannot be made, is scheduled, or is another attempt's
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return rd.Jobs.AddFollowUp(ctx, jobs.FollowUp{Key: record.Key, Kind: CloseReply, Due: time.Now().Add(post.LostEditWindow)})
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
	switch {
	case s.allDelivered(record):
	case record.State == jobs.Failed:
		s.giveUp(record.Key)
	default:
		return nil // the job still runs
	}
	v := closedView(record, a, s, home)
	for i, file := range s.Files {
		n := TextOf(i)
		switch {
		case record.StoppedItems[i] == StopSilently:
			continue // the store may still have the text
		case file.unread():
			n += partialText
		case !file.Delivery.NotPosted:
			continue
		}
		text, _, err := rd.Jobs.Page(ctx, record.Key, n) // the text is nowhere else
		if err != nil {
			return err
		}
		v.Texts = append(v.Texts, post.Text{Name: slackmd.Name(a.Files[i].Name()), Markdown: text})
	}
	return rd.Client.Thread(nil, a.Channel, a.Root).Edit(ctx, s.Reply.TS, v)
}

// giveUp gives each file that is not delivered the failure to show. key is that of the
// job, each attempt of which ended with a fault of the program.
func (s State) giveUp(key string) {
	for i := range s.Files {
		switch f := &s.Files[i]; {
		case f.unread():
			f.Failure = &words.Failure{Kind: words.Crashes, Request: RequestID(key)}
		case f.Phase == Finished:
			f.Delivery.NotPosted = true
		}
	}
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
