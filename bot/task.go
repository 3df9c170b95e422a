package bot

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/slack-go/slack"

	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/ocr"
)

// task is what a job is to do: one of its fields is set. Every way to ask leads
// to requests, at once where the event carries the files, through a Find where
// they have to be looked for.
type task struct {
	Read   *Request `json:",omitempty"` // read a file
	Find   *Find    `json:",omitempty"` // find the files that somebody means, and have them read
	Say    *Notice  `json:",omitempty"` // post a message
	Send   *Send    `json:",omitempty"` // post a result as files
	Forget *Gone    `json:",omitempty"` // take away what came of a message or file
}

// Request is what somebody asked: one file to be read.
type Request struct {
	Channel string
	Ask     string // the message, press or window that asked: a timestamp or a token
	Root    string // timestamp of the thread it is answered in; "" for the channel itself
	Person  string
	After   string `json:",omitempty"` // timestamp of a message that was there before, where Ask is none
	File    slack.File
	Web     string `json:",omitempty"` // address of a file that is not kept in Slack
	Outside bool   `json:",omitempty"` // the bot is not in the conversation that has the file
	Source  Place  `json:",omitzero"`  // the message that has the file
	Mode    ocr.Mode
	First   bool   // of those that were asked for together
	Meant   bool   // somebody asked for this very file, whatever it is
	Respond string `json:",omitempty"` // where to answer the person, if all else fails
}

// Place is a message in a conversation.
type Place struct {
	Channel string
	TS      string
}

// key names a request in its workspace. Redeliveries and doubles of an event
// lead to the same key.
func (r Request) key() string {
	return r.Channel + "/" + r.Ask + "/" + r.File.ID + digest(r.Web) + "/" + modeKey(r.Mode)
}

// what names the file and the mode in sentences.
func (r Request) what() string { return wordsWhat(r.File.Name, r.Mode) }

// fileName is what files made of the result are called after.
func (r Request) fileName() string {
	if r.Mode.Kind == "" || r.Mode.Kind == ocr.Markdown {
		return r.File.Name
	}
	ext := path.Ext(r.File.Name)
	return strings.TrimSuffix(r.File.Name, ext) + "-" + string(r.Mode.Kind) + ext
}

// modeKey is short, whatever somebody wrote: it is part of a button's name.
func modeKey(m ocr.Mode) string {
	if m.Argument != "" {
		return string(m.Kind) + "-" + digest(m.Argument)
	}
	return m.String()
}

// digest makes a short name of anything; nothing stays nothing.
func digest(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// where is a thread as jobs are listed by it.
func where(channel, ts string) string { return channel + "/" + ts }

// record is the task as a job, without the workspace.
func (t task) record() jobs.Record {
	switch {
	case t.Read != nil:
		r := t.Read
		return jobs.Record{Key: r.key(), Thread: where(r.Channel, r.Root), Person: r.Person, File: r.File.ID}
	case t.Find != nil:
		f := t.Find
		key := f.Channel + "/" + f.Ask + "/find"
		if f.Message != nil { // beside what the message itself asks for
			key += "/message/" + f.Person // one who may not ask does not ask for all
		}
		return jobs.Record{Key: key, Thread: where(f.Channel, f.Thread), Person: f.Person, File: f.File}
	case t.Say != nil:
		n := t.Say
		return jobs.Record{Key: n.Channel + "/" + n.Ask + "/say/" + n.Topic, Thread: where(n.Channel, n.Root), Person: n.Person}
	case t.Send != nil:
		return jobs.Record{Key: t.Send.Key + "/send/" + t.Send.Ask, Thread: where(t.Send.Channel, t.Send.Root), Person: t.Send.Person, File: t.Send.File}
	}
	g := t.Forget
	return jobs.Record{Key: g.Channel + "/" + cmp.Or(g.TS, g.File, g.Ask) + "/forget"}
}

// enqueue makes a task durable, unless it was before.
func (b *Bot) enqueue(ctx context.Context, t task) (created bool, err error) {
	record := t.record()
	if t.Send == nil { // which has the workspace in it
		record.Key = b.team + "/" + record.Key
	}
	if record.Request, err = json.Marshal(t); err != nil {
		return false, err
	}
	if created, err = b.jobs.Enqueue(ctx, record); err != nil {
		b.metrics.refused(err)
	}
	return created, err
}

var errUnreadable = errors.New("the job cannot be read")

// decode reads what a record says is to be done.
func decode(r jobs.Record) (t task, err error) {
	if err := json.Unmarshal(r.Request, &t); err != nil {
		return task{}, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	if t == (task{}) {
		return task{}, errUnreadable
	}
	return t, nil
}

// request is the reading behind a record; ok is false for other jobs.
func request(r jobs.Record) (req Request, ok bool) {
	t, err := decode(r)
	if err != nil || t.Read == nil {
		return Request{}, false
	}
	return *t.Read, true
}

// work does what a job is to do, and settles it.
func (b *Bot) work(ctx context.Context, p *phases, job *jobs.Job) {
	t, err := decode(job.Record())
	switch {
	case err != nil:
		b.unreadable(ctx, job, err)
		return
	case t.Read != nil:
		b.tell(ctx, p, job, *t.Read)
		return
	case t.Find != nil:
		err = b.find(ctx, job, *t.Find)
	case t.Say != nil:
		err = b.say(ctx, job, *t.Say)
	case t.Send != nil:
		err = b.send(ctx, job, *t.Send)
	case t.Forget != nil:
		err = b.forget(ctx, job, *t.Forget)
	}
	log := b.logOf(job)
	b.settle(ctx, log, job, false, err)
	if t.Find != nil && err == nil {
		// Its requests know all that is needed from here on. What they are about
		// may be deleted one day, and nobody would look for it here.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
		defer cancel()
		if err := b.erase(ctx, job.Record().Key); err != nil {
			log.Warn("could not erase a wish that was granted", "error", err)
		}
	}
}

// errScope is a scope that the token lacks, where the bot does not rest on it.
var errScope = errors.New("a scope is missing")

// scoped tells a scope that one way to ask needs from one that all rests on: an
// app that was not reinstalled reads what is posted all the same.
func scoped(err error) error {
	if post.Code(err) == "missing_scope" {
		return errScope
	}
	return err
}

// dm reports whether a conversation is the bot's direct messages with one person.
func dm(channel string) bool { return strings.HasPrefix(channel, "D") }
