package reading

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/fetch"
	"slackocr/bot/words"
	"slackocr/ocr/page"
	"slackocr/ocr/tempfile"
)

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
	return &input{room: room}, err
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
	return r.Decoder.Open(ctx, in.content, page.Options{Owner: r.Person, Canvas: r.Model.Canvas, MaxPages: r.MaxPages})
}
