package reading

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/fetch"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/share"
	"slackocr/bot/sleep"
	"slackocr/bot/words"
	"slackocr/ocr/page"
	"slackocr/ocr/tempfile"
)

// complete looks up missing fields of the files, and notes why files are unreadable. If
// nobody asked for these very files, none is a picture, and no reply was opened before
// that was known, wanted is false. Fields that the reply can be opened without are left to
// the work on each file.
// https://docs.slack.dev/apis/slack-connect#files
func (r *run) complete(ctx context.Context) (wanted bool, err error) {
	r.lookUpLater = r.knowsEnough()
	errs := r.each(func(i int) error {
		if r.lookUpLater && ask.Incomplete(r.Files[i].Slack) {
			return nil
		}
		return r.lookUp(ctx, i)
	})
	wanted = r.snapshot().Reply != post.PostState{}
	for i, err := range errs {
		if HandsOff(err) {
			return false, err
		}
		if err != nil {
			r.setFailed(i, "", err)
		}
		wanted = wanted || r.Explicit || !errors.Is(err, page.ErrUnsupported)
	}
	return wanted, nil
}

// knowsEnough reports whether the reply can be opened before missing fields of the files
// are looked up, since Slack may take long to scan a file: each file has a name, and
// somebody asked for these very files, or the name of one says that it is a picture.
func (r *run) knowsEnough() bool {
	wanted := r.Explicit
	for _, f := range r.Files {
		if f.Slack.Name == "" {
			return false
		}
		wanted = wanted || ask.Picture(f.Slack) && ask.NamedAsPicture(f.Slack)
	}
	return wanted
}

// lookUp completes a file with missing fields and saves the result, or returns
// the reason why the file is unreadable.
func (r *run) lookUp(ctx context.Context, i int) error {
	if !r.file(i).unread() || r.Files[i].Web != "" {
		return nil
	}
	f := r.Files[i].Slack
	if ask.Incomplete(f) {
		waiting, stop := r.untilDraining(ctx)
		info, err := r.ready(waiting, f.ID)
		stop()
		if err != nil {
			return err
		}
		f = ask.Slim(*info)
		err = r.updateFile(ctx, i, func(s *FileState) {
			s.File = &f
			r.SetInfo(i, f)
		})
		if err != nil {
			return err
		}
		if !r.Explicit && !ask.ReadUnasked(f) {
			return page.ErrUnsupported
		}
	}
	switch {
	case !ask.Picture(f):
		return page.ErrUnsupported
	case f.URLPrivate == "" && f.URLPrivateDownload == "":
		return words.Failed(words.NotReady)
	}
	return nil
}

// readyWithin bounds the time that Slack may take to scan a new file, which is
// usually a second or two.
const readyWithin = 20 * time.Second

// ready asks for a file until no field is missing, or until readyWithin has
// passed.
func (r *run) ready(ctx context.Context, id string) (info *slack.File, err error) {
	end := time.Now().Add(readyWithin)
	for pause := time.Second; ; pause *= 2 {
		info, err = r.Client.File(ctx, id)
		switch post.Code(err) {
		case "missing_scope":
			return nil, fetch.ErrLoginPage
		case "file_not_found", "file_deleted":
			return nil, fetch.ErrGone
		}
		if err != nil {
			return nil, fmt.Errorf("looking up the file: %w", err)
		}
		if info.FileAccess == "check_file_info" {
			info.FileAccess = "" // this request is the required look
		}
		left := time.Until(end)
		if !ask.Incomplete(*info) || left <= 0 {
			return info, nil
		}
		if err := sleep.For(ctx, min(pause, left)); err != nil {
			return nil, err
		}
	}
}

// read returns a file's text. With an error, read returns the text up to the
// error.
func (r *run) read(ctx context.Context, i int) (text string, o Outcome, err error) {
	if err := r.whyIncomplete(i); err != nil { // of complete
		return "", o, err
	}
	if r.lookUpLater {
		if err := r.lookUp(ctx, i); err != nil {
			return "", o, err
		}
	}
	if err := r.waitIfSuspect(ctx, i); err != nil {
		return "", o, err
	}
	defer r.endSuspicion(i)
	if r.job.Record().Attempts > 0 { // the shown text stays until there is more
		shown, _, err := r.job.Page(r.HardStop, TextOf(i)+partialText)
		if err != nil {
			return "", o, err
		}
		r.set(i, post.TextChange, func(f *liveFile) { f.text = shown })
	}
	in, release, err := r.admit(ctx, i)
	if err != nil {
		return "", o, err
	}
	defer in.close()
	defer release()
	if err := r.updateFile(ctx, i, func(f *FileState) { f.Starts++ }); err != nil { // before the start
		return "", o, err
	}
	defer r.resetStarts(i) // in every case: the bot did not crash
	if in.content == nil {
		if err := r.download(ctx, i, in, false); err != nil {
			return "", o, err
		}
	}
	text, o, err = r.readFile(ctx, i, in, release)
	if page.TryThumbnail(err) && ask.Thumbnail(r.Files[i].Slack) != "" {
		release() // otherwise the smaller copy would wait for this turn
		in.close()
		return r.readSmallCopy(ctx, i, err)
	}
	return text, o, err
}

// admit waits until there are space for a file and a turn at the model. A web link is
// downloaded before, since the server may be slow, and no turn should wait for it.
func (r *run) admit(ctx context.Context, i int) (in *input, release func(), err error) {
	web := r.Files[i].Web != ""
	if web {
		r.live[i].enter()
		if in, err = r.fetch(ctx, i, r.Slack.MaxSize, false); err != nil {
			return nil, nil, err
		}
	}
	err = r.waitOrder(ctx, i)
	if err == nil && !web { // before a turn is taken, which the files that have space may wait for
		in, err = r.reserve(ctx, spaceFor(r.Files[i].Slack))
	}
	if err == nil {
		release, err = r.waitTurn(ctx, i, false, func() bool { return ask.PDF(r.Files[i].Slack) })
	}
	if err != nil && in != nil {
		in.close()
	}
	return in, release, err
}

// readSmallCopy reads the smaller copy that Slack made of a file that cannot
// be opened for the reason why.
func (r *run) readSmallCopy(ctx context.Context, i int, why error) (string, Outcome, error) {
	in, err := r.fetch(ctx, i, leastSpace, true)
	switch {
	case err == nil:
	case !EndsHere(err) && !FailureOf(err).Retry():
		return "", Outcome{}, why
	default:
		return "", Outcome{}, err
	}
	defer in.close()
	text, o, err := r.readFile(ctx, i, in, nil)
	o.SmallCopy = true
	return text, o, err
}

// readFile reads a downloaded file. The first piece uses turn, unless nil, and
// releases it.
func (r *run) readFile(ctx context.Context, i int, in *input, turn func()) (string, Outcome, error) {
	if turn != nil && !r.Decoder.Free(r.Person) {
		turn() // while the file waits for a decoder, others use the turn
		turn = nil
	}
	doc, err := r.decode(ctx, in)
	if err != nil {
		return "", Outcome{}, fmt.Errorf("opening: %w", err)
	}
	defer doc.Close()
	return r.readPages(ctx, i, doc, turn)
}

// requestsOf is the number of requests for a page that each attempt may make:
// eight in all.
var requestsOf = [...]int{2, 2, 2, 1, 1}

const (
	// maxStarts is the most crashes of the bot soon after the start of a file;
	// after that the file is given up. A crash is not a failed attempt, so a
	// file that crashes the bot would otherwise do so for ever.
	maxStarts = 4
	// suspectStarts is the number of such crashes from which on the file is a
	// suspect. Suspects are begun one by one, so that a crash counts only for
	// the file that causes it.
	suspectStarts = 2
	// suspectWait is the wait of a suspect for each such crash but the first. The
	// bot may be killed again and again for another reason soon after its own
	// start, which must not count for the file.
	suspectWait = 3 * time.Second
)

// waitIfSuspect waits, if a file may crash the bot, for some seconds, and then until
// each other such file of this process has text or has ended. The caller must call
// endSuspicion, and may hold nothing that other files wait for.
func (r *run) waitIfSuspect(ctx context.Context, i int) error {
	starts := r.file(i).Starts
	if starts >= maxStarts {
		return words.Failed(words.Crashes)
	}
	if starts < suspectStarts {
		return nil
	}
	r.live[i].enter()
	waiting, stop := r.untilDraining(ctx)
	defer stop()
	if err := sleep.For(waiting, time.Duration(starts-1)*suspectWait); err != nil {
		return err
	}
	select {
	case r.Suspect <- struct{}{}:
	case <-waiting.Done():
		return context.Cause(waiting)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live[i].cleared = sync.OnceFunc(func() { <-r.Suspect })
	return nil
}

// endSuspicion lets the next suspect begin, if this file is one. It may be called again.
func (r *run) endSuspicion(i int) {
	r.mu.Lock()
	cleared := r.live[i].cleared
	r.mu.Unlock()
	if cleared != nil {
		cleared()
	}
}

// resetStarts saves that the bot did not crash because of a file: there is text, or
// the attempt has ended.
func (r *run) resetStarts(i int) {
	r.mu.Lock()
	starts := r.state.Files[i].Starts
	r.mu.Unlock()
	if starts == 0 {
		return
	}
	defer r.endSuspicion(i)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.HardStop), settleTimeout)
	defer cancel()
	if err := r.updateFile(ctx, i, func(f *FileState) { f.Starts = 0 }); err != nil {
		r.log.Debug("could not record that a file crashed nothing", "error", err)
	}
}

// waitTurn waits until the endpoint is up and a turn is free. The reply shows the
// reason of the wait. back must be true for a file that released its turn to wait
// for a decoder. For a file or page that may be read without the endpoint, offline
// must return true: then only a turn is waited for.
func (r *run) waitTurn(ctx context.Context, i int, back bool, offline func() bool) (release func(), err error) {
	waiting, stop := r.untilDraining(ctx)
	defer stop()
	defer r.setAhead(i, inWork)
	for {
		goesDown := r.Model.WhenDown()
		if !r.Model.Down().IsZero() {
			if !offline() {
				r.live[i].enter()
				r.set(i, post.StatusChange, func(f *liveFile) { f.ahead = notInLine })
				if err := r.Model.WaitUp(waiting); err != nil {
					return nil, err
				}
				continue
			}
			goesDown = nil // the turn is worth the wait nevertheless
		}
		turn := r.Turns.enter(r.Person, back)
		r.live[i].enter()
		switch err := turn.Wait(waiting, goesDown, func(ahead int) { r.setAhead(i, ahead) }); {
		case errors.Is(err, share.ErrGivenUp):
			continue
		case err != nil:
			return nil, err
		case r.job.Record().StoppedBy != "": // perhaps with the turn of another file, which ended first
			turn.Done()
			return nil, jobs.ErrStopped
		case goesDown == nil, r.Model.Down().IsZero():
			return sync.OnceFunc(turn.Done), nil
		}
		turn.Done() // the endpoint went down meanwhile
	}
}

// waitOrder waits until all earlier files have entered the line, so that the files of
// an ask are read in the order of posting although all are worked on at once.
func (r *run) waitOrder(ctx context.Context, i int) error {
	for earlier := range i {
		select {
		case <-r.live[earlier].entered:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// longestText saves the longest text of a file that an attempt returned before it
// failed, and returns that text.
func (r *run) longestText(i int, text string) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.HardStop), settleTimeout)
	defer cancel()
	if kept, ok, err := r.job.Page(ctx, TextOf(i)+partialText); err == nil && ok && len(kept) >= len(text) {
		return kept
	}
	if text != "" {
		_ = r.saveText(ctx, i, partialText, text) // otherwise the text of the last attempt is shown
	}
	return text
}

// input is the space for a file, and the file itself when it is downloaded.
type input struct {
	room    *tempfile.Room
	content *os.File // without a name: it disappears when closed
}

// close may be called again.
func (in *input) close() {
	if in.content != nil {
		in.content.Close()
	}
	in.room.Release()
}

// leastSpace is the space for a file that claims to be smaller, in bytes. The
// copies that Slack makes are smaller.
const leastSpace = 4 << 20

// spaceFor returns the bytes to reserve for a file. The size in an event need not
// be exact. A file without a size may have any.
func spaceFor(f slack.File) int64 {
	if f.Size <= 0 {
		return math.MaxInt64
	}
	return max(2*int64(f.Size), leastSpace)
}

// reserve waits for space for a download. The caller must hold nothing that other
// files wait for.
func (r *run) reserve(ctx context.Context, bytes int64) (*input, error) {
	waiting, stop := r.untilDraining(ctx)
	defer stop()
	room, err := r.Space.Take(waiting, r.Person, min(bytes, r.Slack.MaxSize))
	if err != nil {
		return nil, err
	}
	return &input{room: room}, nil
}

// fetch reserves space and downloads a file.
func (r *run) fetch(ctx context.Context, i int, bytes int64, small bool) (*input, error) {
	in, err := r.reserve(ctx, bytes)
	if err != nil {
		return nil, err
	}
	if err := r.download(ctx, i, in, small); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

// download gets a file, or the smaller copy that Slack made. The file has at most
// the bytes of the reserved space, which then shrinks to its size.
func (r *run) download(ctx context.Context, i int, in *input, small bool) (err error) {
	f, source := r.Files[i], "slack"
	from := r.Slack.Within(in.room.Bytes())
	switch {
	case f.Web != "":
		source = "web"
		in.content, err = r.Web.Download(ctx, f.Web)
	case small:
		in.content, err = from.Download(ctx, ask.Thumbnail(f.Slack))
	default:
		in.content, err = from.Download(ctx, f.Slack.URLPrivateDownload, f.Slack.URLPrivate)
	}
	if r.Outside && (errors.Is(err, fetch.ErrLoginPage) || errors.Is(err, fetch.ErrGone)) {
		err = words.Failed(words.Outside)
	}
	if err != nil {
		return fmt.Errorf("downloading: %w", err)
	}
	if info, err := in.content.Stat(); err == nil {
		r.Metrics.Downloaded.WithLabelValues(source).Add(float64(info.Size()))
		in.room.Shrink(info.Size())
	}
	return nil
}

// decode opens a downloaded file.
func (r *run) decode(ctx context.Context, in *input) (*page.Document, error) {
	return r.Decoder.Open(ctx, in.content, page.Options{Person: r.Person, Canvas: r.Model.Canvas, MaxPages: r.MaxPages})
}
