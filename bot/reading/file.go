package reading

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/fetch"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/share"
	"slackocr/bot/sleep"
	"slackocr/ocr"
	"slackocr/ocr/page"
	"slackocr/ocr/tempfile"
)

// complete looks up missing fields of the files, and drops files that nobody
// asked for and that are no pictures. If no file is left, wanted is false.
// https://docs.slack.dev/apis/slack-connect#files
func (r *run) complete(ctx context.Context) (wanted bool, err error) {
	errs := make([]error, len(r.Files))
	var all sync.WaitGroup
	for i := range r.Files {
		if phase := r.file(i).Phase; phase != Finished && phase != Delivered && r.Files[i].Web == "" {
			all.Go(func() { errs[i] = r.lookUp(ctx, i) })
		}
	}
	all.Wait()
	for i, err := range errs {
		if HandsOff(err) {
			return false, err
		}
		r.live.missing(i, err)
		wanted = wanted || r.Explicit || !errors.Is(err, page.ErrUnsupported)
	}
	return wanted, nil
}

// lookUp completes a file with missing fields and saves the result, or returns
// the reason why the file is unreadable.
func (r *run) lookUp(ctx context.Context, i int) error {
	f := &r.Files[i].Slack
	if ask.Unready(*f) {
		waiting, stop := either(ctx, r.draining)
		info, err := r.ready(waiting, f.ID)
		stop()
		if err != nil {
			return err
		}
		*f = ask.Slim(*info)
		if err := r.updateFile(ctx, i, func(s *FileState) { s.File = new(*f) }); err != nil {
			return err
		}
		if !r.Explicit && !ask.Usual(*f) {
			return page.ErrUnsupported
		}
	}
	switch {
	case !ask.Picture(*f):
		return page.ErrUnsupported
	case f.URLPrivate == "" && f.URLPrivateDownload == "":
		return errNotReady
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
		if !ask.Unready(*info) || left <= 0 {
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
	if err := r.live.missed(i); err != nil {
		return "", o, err
	}
	if r.job.Record().Attempts > 0 { // the shown text stays until there is more
		shown, _, err := r.job.Page(r.hardStop, i*fileStride+partialText)
		if err != nil {
			return "", o, err
		}
		r.live.before(i, shown)
	}
	var content *os.File
	var room *tempfile.Room
	if r.Files[i].Web != "" { // the server may be slow, and no turn should wait for it
		r.places.take(i)
		if room, err = r.space(ctx, r.Slack.MaxSize); err != nil {
			return "", o, err
		}
		defer room.Release()
		if content, err = r.download(ctx, i, room, false); err != nil {
			return "", o, err
		}
		defer content.Close()
	}
	if err := r.waitIfSuspect(ctx, i); err != nil {
		return "", o, err
	}
	if err := r.places.wait(ctx, i); err != nil {
		return "", o, err
	}
	if room == nil { // before a turn is taken, which the files that have space may wait for
		if room, err = r.space(ctx, spaceFor(r.Files[i].Slack)); err != nil {
			return "", o, err
		}
		defer room.Release()
	}
	release, err := r.turn(ctx, i, false, func() bool { return ask.PDF(r.Files[i].Slack) })
	if err != nil {
		return "", o, err
	}
	defer release()
	if err := r.start(ctx, i); err != nil {
		return "", o, err
	}
	defer r.lives(i) // in every case: the bot did not crash
	r.live.reading(i)
	if content == nil {
		if content, err = r.download(ctx, i, room, false); err != nil {
			return "", o, err
		}
		defer content.Close()
	}
	text, o, err = r.readFile(ctx, i, content, release)
	if page.TryThumbnail(err) && ask.Thumbnail(r.Files[i].Slack) != "" {
		release() // otherwise the smaller copy would wait for this turn
		content.Close()
		room.Release()
		return r.readSmallCopy(ctx, i, err)
	}
	return text, o, err
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

// space waits for space for a download. The caller must hold nothing that other
// files wait for.
func (r *run) space(ctx context.Context, bytes int64) (*tempfile.Room, error) {
	waiting, stop := either(ctx, r.draining)
	defer stop()
	return r.Space.Take(waiting, r.Person, min(bytes, r.Slack.MaxSize))
}

// readSmallCopy reads the smaller copy that Slack made of a file that cannot
// be opened for the reason why.
func (r *run) readSmallCopy(ctx context.Context, i int, why error) (string, Outcome, error) {
	room, err := r.space(ctx, leastSpace)
	if err != nil {
		return "", Outcome{}, err
	}
	defer room.Release()
	content, err := r.download(ctx, i, room, true)
	if err != nil && !EndsHere(err) && !FailureOf(err).Retry() {
		return "", Outcome{}, why
	}
	if err != nil {
		return "", Outcome{}, err
	}
	defer content.Close()
	text, o, err := r.readFile(ctx, i, content, nil)
	o.SmallCopy = true
	return text, o, err
}

// readFile reads a downloaded file. The first piece uses turn, unless nil, and
// releases it.
func (r *run) readFile(ctx context.Context, i int, content *os.File, turn func()) (string, Outcome, error) {
	if turn != nil && !r.Decoder.Free(r.Person) {
		turn() // while the file waits for a decoder, others use the turn
		turn = nil
	}
	doc, err := r.Decoder.Open(ctx, content, page.Options{Owner: r.Person, Canvas: r.Model.Canvas, MaxPages: r.MaxPages})
	if err != nil {
		return "", Outcome{}, fmt.Errorf("opening: %w", err)
	}
	defer doc.Close()
	return r.readPages(ctx, i, doc, turn)
}

// download gets a file, or the smaller copy that Slack made, as a file without
// a name, which disappears when closed. The file has at most the bytes of room,
// which then shrinks to its size.
func (r *run) download(ctx context.Context, i int, room *tempfile.Room, small bool) (content *os.File, err error) {
	f, source := r.Files[i], "slack"
	from := r.Slack.Within(room.Bytes())
	switch {
	case f.Web != "":
		source = "web"
		content, err = r.Web.Download(ctx, f.Web)
	case small:
		content, err = from.Download(ctx, ask.Thumbnail(f.Slack))
	default:
		content, err = from.Download(ctx, f.Slack.URLPrivateDownload, f.Slack.URLPrivate)
	}
	if r.Outside && (errors.Is(err, fetch.ErrLoginPage) || errors.Is(err, fetch.ErrGone)) {
		err = errOutside
	}
	if err != nil {
		return nil, fmt.Errorf("downloading: %w", err)
	}
	if info, err := content.Stat(); err == nil {
		r.Metrics.Downloaded.WithLabelValues(source).Add(float64(info.Size()))
		room.Shrink(info.Size())
	}
	return content, nil
}

// requestsOf is the number of requests for a page that each attempt may make:
// eight in all.
var requestsOf = [...]int{2, 2, 2, 1, 1}

// requests returns the number of requests for a page that this attempt may
// make.
func (r *run) requests() int {
	return requestsOf[min(r.job.Record().Attempts, len(requestsOf)-1)]
}

const (
	// maxStarts is the most crashes of the bot soon after the start of a file;
	// after that the file is given up. A crash is not a failed attempt, so a
	// file that crashes the bot would otherwise do so for ever.
	maxStarts = 4
	// suspectWait is the wait of a file for each such crash but the first.
	// Other files are read meanwhile, so that the file that causes the crash
	// is found.
	suspectWait = 3 * time.Second
)

// waitIfSuspect waits before the start of a file that may crash the bot.
func (r *run) waitIfSuspect(ctx context.Context, i int) error {
	starts := r.file(i).Starts
	if starts >= maxStarts {
		return errCrashes
	}
	if starts < 2 {
		return nil
	}
	r.places.take(i)
	waiting, stop := either(ctx, r.draining)
	defer stop()
	return sleep.For(waiting, time.Duration(starts-1)*suspectWait)
}

// start saves that a file is started, before its start.
func (r *run) start(ctx context.Context, i int) error {
	return r.updateFile(ctx, i, func(f *FileState) {
		f.Phase = Reading
		f.Starts++
	})
}

// lives saves that the bot did not crash because of a file: there is text, or
// the attempt has ended.
func (r *run) lives(i int) {
	r.mu.Lock()
	starts := r.state.Files[i].Starts
	r.mu.Unlock()
	if starts == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.hardStop), settling)
	defer cancel()
	if err := r.updateFile(ctx, i, func(f *FileState) { f.Starts = 0 }); err != nil {
		r.log.Debug("could not record that a file crashed nothing", "error", err)
	}
}

// turn waits until the endpoint is up and a turn is free. The reply shows the
// reason of the wait. A file, or a page, that may be read without the endpoint
// only waits for a turn. back must be true for a file that released its turn
// to wait for a decoder.
func (r *run) turn(ctx context.Context, i int, back bool, without func() bool) (release func(), err error) {
	waiting, stop := either(ctx, r.draining)
	defer stop()
	defer r.live.turn(i)
	take := func(giveUp <-chan struct{}) (release func(), err error) {
		turn := r.Turns.enter(r.Person, back)
		r.places.take(i)
		err = turn.Wait(waiting, giveUp, func(ahead int) { r.live.ahead(i, ahead) })
		return sync.OnceFunc(turn.Done), err
	}
	for {
		down := r.Model.WhenDown()
		if !r.Model.Down().IsZero() && without() {
			return take(nil)
		}
		if !r.Model.Down().IsZero() {
			r.places.take(i)
			r.live.down(i)
			if err := r.Model.WaitUp(waiting); err != nil {
				return nil, err
			}
			continue
		}
		release, err := take(down)
		switch {
		case errors.Is(err, share.ErrGivenUp):
		case err != nil, r.Model.Down().IsZero():
			return release, err
		default:
			release() // the endpoint went down meanwhile
		}
	}
}

// best saves the longest text of a file that an attempt returned before it
// failed, and returns that text.
func (r *run) best(i int, text string) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.hardStop), settling)
	defer cancel()
	if kept, ok, err := r.job.Page(ctx, i*fileStride+partialText); err == nil && ok && len(kept) >= len(text) {
		return kept
	}
	if text != "" {
		_ = r.saveText(ctx, i, partialText, text) // otherwise the text of the last attempt is shown
	}
	return text
}

// maxBefore is the number of earlier readings of a file that are compared with
// a new one.
const maxBefore = 5

// sameText reports whether a reading in another mode returned the text of an
// earlier reading in the same thread, since an endpoint may ignore its prompt.
// If that is unknown, the text counts as new.
func (r *run) sameText(ctx context.Context, i int, text string) bool {
	id := r.Files[i].Slack.ID
	if r.Mode.Kind == "" || r.Mode.Kind == ocr.Markdown || id == "" || r.Root == "" || strings.TrimSpace(text) == "" {
		return false
	}
	records, err := r.Jobs.ByFile(ctx, id)
	if err != nil {
		r.log.Warn("could not look for earlier readings", "error", err)
	}
	for _, record := range records[max(0, len(records)-maxBefore):] {
		before, ok := AskOf(record)
		if !ok || ask.ModeKey(before.Mode) == ask.ModeKey(r.Mode) || before.Channel != r.Channel {
			continue
		}
		s, err := DecodeState(record, &before, true)
		if err != nil || r.Root != cmp.Or(before.Root, s.Reply.TS) {
			continue
		}
		for n, f := range before.Files {
			if f.Slack.ID != id {
				continue
			}
			// A plain text has the same words as the markdown.
			old, _, err := r.Jobs.Page(ctx, record.Key, TextOf(n))
			if err == nil && (old == text || r.Mode.Kind != ocr.Plain && ocr.SameWords(old, text)) {
				return true
			}
		}
	}
	return false
}

// AskOf returns the ask of a record. For other jobs ok is false.
func AskOf(r jobs.Record) (a ask.Ask, ok bool) {
	var t struct {
		Ask  *ask.Ask
		Read *ask.Request // of an earlier version
	}
	switch err := json.Unmarshal(r.Request, &t); {
	case err != nil:
		return ask.Ask{}, false
	case t.Ask != nil:
		return *t.Ask, true
	case t.Read != nil:
		return t.Read.Upgrade(), true
	}
	return ask.Ask{}, false
}
