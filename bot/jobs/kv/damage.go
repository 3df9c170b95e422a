package kv

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrDamaged means that damaged files make the embedded store unusable.
var ErrDamaged = errors.New("the store of jobs in DATA_DIR is damaged: restore a backup of that folder, or move it away to begin with an empty one")

// serverLog passes the server's complaints to the log.
type serverLog struct {
	log *slog.Logger

	mu   sync.Mutex // guards last
	last string     // complaint
}

func (l *serverLog) complain(level slog.Level, format string, v ...any) {
	l.mu.Lock()
	l.last = strings.TrimSpace(fmt.Sprintf(format, v...))
	l.mu.Unlock()
	l.log.Log(context.Background(), level, "store of jobs", "message", strings.TrimSpace(fmt.Sprintf(format, v...)))
}

// complaint returns the last complaint of the server, or "".
func (l *serverLog) complaint() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

func (l *serverLog) Warnf(format string, v ...any)  { l.complain(slog.LevelWarn, format, v...) }
func (l *serverLog) Errorf(format string, v ...any) { l.complain(slog.LevelError, format, v...) }

// Fatalf does not end the process: only main does.
func (l *serverLog) Fatalf(format string, v ...any) { l.Errorf(format, v...) }

func (*serverLog) Noticef(string, ...any) {}
func (*serverLog) Debugf(string, ...any)  {}
func (*serverLog) Tracef(string, ...any)  {}

// consumersPath is the folder of the consumers, relative to the store.
var consumersPath = filepath.Join("jetstream", "$G", "streams", streamName, "obs")

// damagedBy reports whether an error of configure comes from damaged files:
// the server complained, or it refuses the configuration, which the files
// contradict.
func (e *embedded) damagedBy(err error) bool {
	_, refused := errors.AsType[*jetstream.APIError](err)
	return e.log.complaint() != "" || refused && errors.Is(err, ErrUnavailable)
}

// repair creates the consumers anew if their files are damaged: the jobs
// themselves say which are finished. The damaged files are kept aside. cause is
// the error that led to the repair.
func (n *NATS) repair(ctx context.Context, s Setup, cause error) error {
	e := n.embedded
	complaint := cmp.Or(e.log.complaint(), cause.Error())
	n.conn.Close()
	e.shutdown()
	e.putAside()
	if err := n.start(); err != nil {
		return err
	}
	if err := n.configure(ctx, s); err != nil {
		return fmt.Errorf("%w (%s): %w", ErrDamaged, complaint, err)
	}
	return nil
}

// Loss counts missing parts of a store.
type Loss struct {
	Jobs     int // jobs with missing entries
	Entries  int // missing entries, of which a job has several
	Settings int
}

// Verify implements [Store]. It reads all entries and settings.
func (n *NATS) Verify(ctx context.Context) (Loss, error) {
	var lost Loss
	if n.embedded != nil {
		lost = n.embedded.lost
	}
	for stream, missing := range map[jetstream.Stream]*int{n.stream: &lost.Entries, n.settings: &lost.Settings} {
		unread, err := n.unreadable(ctx, stream)
		if err != nil {
			return Loss{}, err
		}
		*missing += unread
	}
	jobs, err := n.torn(ctx)
	lost.Jobs = jobs
	return lost, err
}

// unreadable counts the messages that are in the stream's index but cannot be
// read.
func (n *NATS) unreadable(ctx context.Context, stream jetstream.Stream) (count int, err error) {
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(">"))
	if err != nil {
		return 0, natsError(err)
	}
	for subject := range info.State.Subjects {
		if _, err := stream.GetLastMsgForSubject(ctx, subject); err == nil {
			continue
		} else if ctx.Err() != nil {
			return 0, natsError(err)
		}
		// The message may have expired in the meantime.
		again, err := stream.Info(ctx, jetstream.WithSubjectFilter(subject))
		if err != nil {
			return 0, natsError(err)
		}
		count += len(again.State.Subjects)
	}
	return count, nil
}

// torn counts the jobs that lack an entry which every job has.
func (n *NATS) torn(ctx context.Context) (count int, err error) {
	keys, err := n.keys(ctx, []string{">"})
	if err != nil {
		return 0, err
	}
	specs, others := map[string]bool{}, map[string]bool{} // the ids of the jobs that have such entries
	for _, key := range keys {
		kind, rest, _ := strings.Cut(key, ".")
		id, _, _ := strings.Cut(rest, ".")
		switch kind {
		case Jobs:
			specs[id] = true
		case "state", "page":
			others[id] = true
		}
	}
	for id := range others {
		if !specs[id] {
			count++
		}
	}
	return count, nil
}

// seen describes the store at the last look, to find losses after a start. A
// file of its own holds the description.
type seen struct {
	Entries, Settings seenStream
	// Consumers is the checksum of the consumers' states, which have no checksum
	// of their own. Consumers is set only after a clean end.
	Consumers string `json:",omitempty"`
}

type seenStream struct {
	First, Last uint64 // sequences
	Messages    uint64 // without those that announce replicas
}

// lost returns the number of messages that disappeared since. Messages expire
// from the first on, and new messages may have replaced others; such messages
// are not lost.
func (then seenStream) lost(now seenStream) int {
	expired, replaced := now.First > then.First && now.Messages > 0, now.Last > then.Last
	if expired || replaced || now.Messages >= then.Messages {
		return 0
	}
	return int(then.Messages - now.Messages)
}

const seenName = "seen.json"

// look returns a description of the store's present contents.
func (n *NATS) look(ctx context.Context) (now seen, err error) {
	for stream, to := range map[jetstream.Stream]*seenStream{n.stream: &now.Entries, n.settings: &now.Settings} {
		info, err := stream.Info(ctx, jetstream.WithSubjectFilter(prefix+"replica.*"))
		if err != nil {
			return seen{}, natsError(err)
		}
		*to = seenStream{info.State.FirstSeq, info.State.LastSeq, info.State.Msgs - uint64(len(info.State.Subjects))}
	}
	return now, nil
}

// note saves a description of the store's present contents.
func (n *NATS) note(ctx context.Context) error {
	now, err := n.look(ctx)
	if err != nil {
		return err
	}
	e := n.embedded
	e.mu.Lock()
	defer e.mu.Unlock()
	if now == e.seen {
		return nil
	}
	e.seen = now
	return e.save(now)
}

func (e *embedded) save(s seen) error {
	content, err := json.Marshal(s)
	if err != nil {
		return err
	}
	path := filepath.Join(e.dir, seenName)
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// load returns the last description. At the first start, or if the file itself
// is damaged, ok is false.
func (e *embedded) load() (s seen, ok bool) {
	content, err := os.ReadFile(filepath.Join(e.dir, seenName))
	return s, err == nil && json.Unmarshal(content, &s) == nil
}

// checkConsumers moves the consumers' files aside, before the server starts, if
// they changed since a clean end. From here on the checksum is unknown.
func (e *embedded) checkConsumers() error {
	s, ok := e.load()
	if !ok || s.Consumers == "" {
		return nil
	}
	if s.Consumers != e.sumOfConsumers() {
		e.putAside()
	}
	s.Consumers = ""
	return e.save(s)
}

// sumOfConsumers returns a checksum of the states of all consumers.
func (e *embedded) sumOfConsumers() string {
	sum := sha256.New()
	states, _ := filepath.Glob(filepath.Join(e.dir, consumersPath, "*", "o.dat")) // sorted; the pattern is valid
	for _, path := range states {
		content, err := os.ReadFile(path)
		if err != nil {
			return err.Error()
		}
		fmt.Fprintf(sum, "%s %x\n", filepath.Base(filepath.Dir(path)), sha256.Sum256(content))
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// putAside moves the consumers' files aside.
func (e *embedded) putAside() {
	aside := filepath.Join(e.dir, "damaged-"+time.Now().UTC().Format("20060102T150405.000"))
	if os.Rename(filepath.Join(e.dir, consumersPath), aside) == nil {
		e.damaged = append(e.damaged, consumersPath)
		e.log.log.Warn("the files that track running jobs were damaged and have been rebuilt; all jobs will be scanned once", "put_aside", aside)
	}
}

// compare finds losses since the last description.
func (n *NATS) compare(ctx context.Context) error {
	then, ok := n.embedded.load()
	if !ok {
		return nil
	}
	now, err := n.look(ctx)
	if err != nil {
		return err
	}
	n.embedded.lost = Loss{Entries: then.Entries.lost(now.Entries), Settings: then.Settings.lost(now.Settings)}
	return nil
}
