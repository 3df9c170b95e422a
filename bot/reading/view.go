package reading

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// liveFile is what only this process knows of a file.
type liveFile struct {
	ahead   int             // number of pages ahead in the line for the model, or inWork or notInLine
	text    string          // text of an earlier attempt, until there is more
	pages   *pages          // the pages being read, or nil
	err     error           // the first reason for an incomplete text
	cleared func()          // lets the next suspect begin; nil if the file is no suspect
	entered <-chan struct{} // closed when the file has entered the line; never changes, nor does enter
	enter   func()          // closes entered; also for a file that must not delay the others; may be called again
}

const (
	inWork    = -1 // the file waits for nothing
	notInLine = -2 // the file will enter the line later
)

func newLive(n int) []liveFile {
	files := make([]liveFile, n)
	for i := range files {
		entered := make(chan struct{})
		files[i] = liveFile{ahead: notInLine, entered: entered, enter: sync.OnceFunc(func() { close(entered) })}
	}
	return files
}

// set changes what this process knows of a file, and has the reply show the change.
func (r *run) set(i int, about post.Change, edit func(*liveFile)) {
	r.mu.Lock()
	edit(&r.live[i])
	if about == post.QueueChange && r.anyInWork() {
		about = post.StatusChange // there is more to show than a place in a queue
	}
	r.mu.Unlock()
	r.changed(about)
}

// anyInWork reports whether a file is being read. The caller holds mu.
func (r *run) anyInWork() bool {
	for i, f := range r.live {
		if r.state.Files[i].unread() && f.err == nil && (f.pages != nil || f.ahead == inWork) {
			return true
		}
	}
	return false
}

// changed has the reply show the present contents, if it is open.
func (r *run) changed(about post.Change) {
	if r.reply != nil {
		r.reply.Changed(about)
	}
}

// setAhead shows the number of pages ahead of a file, or that the file is in work.
func (r *run) setAhead(i, ahead int) {
	r.mu.Lock()
	f := r.live[i]
	r.mu.Unlock()
	switch {
	case ahead == f.ahead:
	case ahead == inWork:
		r.set(i, post.StatusChange, func(f *liveFile) { f.ahead = ahead })
	case f.idle() && (f.pages == nil || f.shown() == ""): // otherwise a later page waits
		r.set(i, post.QueueChange, func(f *liveFile) { f.ahead = ahead })
	}
}

// idle reports whether no page of the file is being read.
func (f liveFile) idle() bool { return f.pages == nil || f.pages.running.Load() == 0 }

// setFailed ends this attempt at a file with an error, and shows the text so
// far.
func (r *run) setFailed(i int, text string, err error) {
	r.set(i, post.StatusChange, func(f *liveFile) { f.ahead, f.pages, f.text, f.err = inWork, nil, text, err })
}

// view returns the present contents of the reply.
func (r *run) view() post.View {
	r.mu.Lock()
	state, files, retryIn, a := r.state.clone(), slices.Clone(r.live), r.retryIn, r.Ask
	a.Files = slices.Clone(a.Files)
	r.mu.Unlock()
	v := post.View{Head: headOf(a), Buttons: r.runningButtons(a, state)}
	earlier := 0 // files that will enter the line for the model before the file
	for i, f := range files {
		if r.erased(i) {
			continue
		}
		saved, text := state.Files[i], ""
		if saved.Phase != Delivered {
			text = f.shown()
		}
		name, line := "", f.line(r, lineTitle(a, i), text, earlier, retryIn)
		if len(files) > 1 {
			name = slackmd.Name(a.Files[i].Name())
			if !saved.unread() {
				line = finishedLine(r.job.Record().Key, a, i, saved)
			}
			line = words.Of(name, line)
		}
		if text != "" {
			v.Texts = append(v.Texts, post.Text{Name: name, Markdown: text})
		}
		v.Lines = append(v.Lines, post.Line{Caption: post.Plain(line)})
		if saved.unread() && f.ahead == notInLine {
			earlier++
		}
	}
	if len(files) > 1 {
		title := words.Reading(words.Files(len(v.Lines), r.Mode))
		v.Lines = slices.Insert(v.Lines, 0, post.Line{Caption: post.Plain(title)})
	}
	return v
}

// shown returns the text of the file so far.
func (f liveFile) shown() string {
	if f.pages != nil {
		if text := f.pages.shown(); text != "" {
			return text
		}
	}
	return f.text
}

// line returns the line about an unfinished file with its text so far. For title see
// lineTitle, for earlier see view, and for retryIn see run.
func (f liveFile) line(r *run, title, text string, earlier int, retryIn time.Duration) string {
	switch {
	case f.err != nil && retryIn > 0:
		return words.NotYet(title, FailureOf(f.err), retryIn)
	case len(r.Files) > 1 && f.pages == nil && r.retries(f.err):
		return words.NotYetOfSeveral(FailureOf(f.err))
	case f.idle() && f.err == nil && !r.Model.Down().IsZero():
		return words.Down(title)
	case f.ahead >= 0:
		return words.Waiting(title, f.ahead)
	case f.pages != nil && text != "":
		return words.ReadingOn(title, f.pages.progress(text))
	case f.ahead == notInLine && f.idle():
		if ahead := r.Turns.ahead(r.Person); ahead >= 0 {
			return words.Waiting(title, ahead+earlier)
		}
	}
	return words.Reading(title)
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
		v.Lines = append(v.Lines, post.Line{Caption: closedNote(record, a, i, s, home), Buttons: fileButtons(record.Key, i, f, false)})
	}
	if len(a.Files) > 1 {
		title := words.ReadFiles(whole, len(v.Lines), a.Mode, took)
		v.Lines = slices.Insert(v.Lines, 0, post.Line{Caption: post.Plain(title)})
	}
	return v
}

// closedNote returns the final line about a file.
func closedNote(record jobs.Record, a ask.Ask, i int, s State, home string) post.Caption {
	f, line := s.Files[i], finishedLine(record.Key, a, i, s.Files[i])
	switch {
	case len(a.Files) > 1:
		return post.Caption{resultLink(a, i, s, home), {Text: "· " + line}}
	case f.stopped() && !f.Delivery.NotPosted:
		before, after := words.StoppedBy(a.Label(i), f.Outcome.Words)
		person := cmp.Or(record.StoppedItems[i], record.StoppedBy)
		return post.Caption{{Text: before}, {Person: person, Text: words.Somebody}, {Text: after}}
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
	title, name, o, d := lineTitle(a, i), "", f.Outcome, f.Delivery
	if title != "" {
		name = slackmd.Name(a.Files[i].Name())
	}
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
		return words.Located(name, a.Mode.Argument, o.Found, caveats+posted)
	case noText:
		return words.NothingFound(name, a.Mode.Kind, caveats+posted)
	}
	return words.Read(title, o.Words, o.Pages, o.Took) + caveats + posted
}
