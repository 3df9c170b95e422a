package kv

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/minio/highwayhash"
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
	complaint := strings.TrimSpace(fmt.Sprintf(format, v...))
	l.mu.Lock()
	l.last = complaint
	l.mu.Unlock()
	l.log.Log(context.Background(), level, "store of jobs", "message", complaint)
}

func (l *serverLog) Warnf(format string, v ...any)  { l.complain(slog.LevelWarn, format, v...) }
func (l *serverLog) Errorf(format string, v ...any) { l.complain(slog.LevelError, format, v...) }

// Fatalf does not end the process: only main does.
func (l *serverLog) Fatalf(format string, v ...any) { l.Errorf(format, v...) }

func (*serverLog) Noticef(string, ...any) {}
func (*serverLog) Debugf(string, ...any)  {}
func (*serverLog) Tracef(string, ...any)  {}

// setupError returns an error of Setup. If the server refuses the streams although
// the folder can be written, the reason is that their files are damaged; the
// server's complaint names the file.
func (e *embedded) setupError(err error) error {
	if _, refused := errors.AsType[*jetstream.APIError](err); !refused || !errors.Is(err, ErrUnavailable) {
		return err
	}
	probe := filepath.Join(e.dir, seenName+".new")
	if full := os.WriteFile(probe, []byte("{}"), 0o600); full != nil {
		return fmt.Errorf("%w: %w", ErrBroken, full)
	}
	_ = os.Remove(probe) // the next note replaces the file
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	return fmt.Errorf("%w (%s, %s): %v", ErrDamaged, e.dir, e.log.last, err)
}

// Loss counts missing parts of a store.
type Loss struct {
	Entries  int // a job has several
	Settings int
}

// seen describes the store at the last look. A file of its own holds the
// description for the next start. An earlier version wrote no Sum; its
// description is ignored once.
type seen struct {
	Entries, Settings seenStream
	// Floors has, for each queue, the revision up to which no entry will be
	// leased again.
	Floors map[string]uint64
	Sum    string // of all other fields
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

func (s seen) sum() string {
	s.Sum = ""
	content, _ := json.Marshal(s) // of such a struct it cannot fail
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

const seenName = "seen.json"

// loadSeen returns the description of an earlier process. At the first start, or
// if the file itself is damaged, the description is empty.
func loadSeen(dir string) seen {
	var s seen
	content, err := os.ReadFile(filepath.Join(dir, seenName))
	if err != nil || json.Unmarshal(content, &s) != nil || s.Sum != s.sum() {
		return seen{}
	}
	return s
}

// look returns a description of the store's present contents.
func (n *NATS) look(ctx context.Context) (seen, error) {
	now := seen{Floors: map[string]uint64{}}
	for queue, consumer := range n.consumers {
		info, err := consumer.Info(ctx)
		if err != nil {
			return seen{}, natsError(err)
		}
		now.Floors[queue] = info.AckFloor.Stream
	}
	for stream, to := range map[jetstream.Stream]*seenStream{n.stream: &now.Entries, n.settings: &now.Settings} {
		info, err := stream.Info(ctx, jetstream.WithSubjectFilter(prefix+"replica.*"))
		if err != nil {
			return seen{}, natsError(err)
		}
		*to = seenStream{info.State.FirstSeq, info.State.LastSeq, info.State.Msgs - uint64(len(info.State.Subjects))}
	}
	now.Sum = now.sum()
	return now, nil
}

// note saves a description of the store's present contents. If the folder cannot
// be written, note returns [ErrBroken].
func (n *NATS) note(ctx context.Context) error {
	now, err := n.look(ctx)
	if err != nil {
		return err
	}
	e := n.embedded
	e.mu.Lock()
	defer e.mu.Unlock()
	if now.Sum == e.noted {
		return nil
	}
	content, err := json.Marshal(now)
	if err != nil {
		return err
	}
	file := filepath.Join(e.dir, seenName)
	err = os.WriteFile(file+".new", content, 0o600)
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	e.noted = now.Sum
	return nil
}

// compare finds and logs, once, what was lost since the description of an
// earlier process.
func (n *NATS) compare(ctx context.Context) error {
	e := n.embedded
	if e.compared {
		return nil
	}
	now, err := n.look(ctx)
	if err != nil {
		return err
	}
	e.compared = true
	e.lost = Loss{Entries: e.before.Entries.lost(now.Entries), Settings: e.before.Settings.lost(now.Settings)}
	if e.lost != (Loss{}) {
		e.log.log.Warn("files in DATA_DIR were damaged and their contents are lost; a backup may have them",
			"entries", e.lost.Entries, "settings", e.lost.Settings)
	}
	return nil
}

// A record in a block of messages has a length, a sequence, a time, the length of
// its subject, the subject, perhaps a length and headers, the message, and a sum
// (https://github.com/nats-io/nats-server/blob/main/server/filestore.go).
const (
	recordHead = 22
	recordSum  = 8
	hasHeaders = 1 << 31 // in the length
)

// checkBlocks checks each record before the server starts. The server trusts a
// damaged sequence or header: it may take all memory for the sequences before,
// or hide the records after. A damaged record is taken out, and a copy of the
// damaged block is kept.
func (e *embedded) checkBlocks() error {
	names, err := fs.Glob(os.DirFS(e.dir), "jetstream/*/streams/*/msgs/*.blk")
	if err != nil {
		return err
	}
	for _, name := range names {
		file := filepath.Join(e.dir, filepath.FromSlash(name))
		block, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("a file of DATA_DIR cannot be read: %w", err)
		}
		stream := path.Base(path.Dir(path.Dir(name)))
		sound, lost, err := soundRecords(stream, path.Base(name), block)
		if err != nil {
			return err
		}
		if lost == 0 {
			continue
		}
		aside := filepath.Join(e.dir, "damaged-"+time.Now().UTC().Format("20060102T150405.000")+"-"+stream+"-"+path.Base(name))
		if err := os.WriteFile(aside, block, 0o600); err != nil {
			return fmt.Errorf("a damaged file of DATA_DIR cannot be put aside: %w", err)
		}
		// The server rebuilds its index from the remaining records.
		err = os.Remove(filepath.Join(filepath.Dir(file), "index.db"))
		if err == nil || os.IsNotExist(err) {
			err = os.WriteFile(file, sound, 0o600)
		}
		if err != nil {
			return fmt.Errorf("a damaged file of DATA_DIR cannot be mended: %w", err)
		}
		e.damaged = append(e.damaged, name)
		e.log.log.Warn("a file in DATA_DIR is damaged; records in it are lost", "file", file, "at_least", lost, "put_aside", aside)
	}
	return nil
}

// soundRecords returns the records of a stream's block that have the right
// checksum, and the number of others. After a wrong length it is not known where
// the next record begins.
func soundRecords(stream, name string, block []byte) (sound []byte, lost int, err error) {
	key := sha256.Sum256([]byte(stream + "-" + strings.TrimSuffix(name, ".blk")))
	sum, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		return nil, 0, err
	}
	for len(block) > 0 {
		if len(block) < recordHead {
			return sound, lost + 1, nil
		}
		raw := binary.LittleEndian.Uint32(block)
		length, subject := int(raw&^hasHeaders), int(binary.LittleEndian.Uint16(block[20:]))
		if length < recordHead+recordSum || length > len(block) {
			return sound, lost + 1, nil
		}
		record := block[:length]
		block = block[length:]
		text, ok := summed(record[recordHead:length-recordSum], subject, raw&hasHeaders != 0)
		sum.Reset()
		_, _ = sum.Write(record[4:20])
		_, _ = sum.Write(text)
		if ok && bytes.Equal(sum.Sum(nil), record[length-recordSum:]) {
			sound = append(sound, record...)
		} else {
			lost++
		}
	}
	return sound, lost, nil
}

// summed returns the bytes that a record's checksum covers, without the head.
// The checksum does not cover the lengths of subject and headers; if they
// cannot be right, ok is false.
func summed(body []byte, subject int, headers bool) (text []byte, ok bool) {
	if subject > len(body) || !subjectForm.Match(body[:subject]) {
		return nil, false
	}
	if !headers {
		return body, true
	}
	if subject+4 > len(body) {
		return nil, false
	}
	rest := body[subject+4:]
	length := int(binary.LittleEndian.Uint32(body[subject:]))
	if length > len(rest) || !bytes.HasPrefix(rest, []byte("NATS/1.0")) || !bytes.HasSuffix(rest[:length], []byte("\r\n\r\n")) {
		return nil, false
	}
	return slices.Concat(body[:subject], rest), true
}

// subjectForm matches all subjects, and the empty subject. The name of a setting
// is a hash, except for one; a part of a name would be another setting.
var subjectForm = regexp.MustCompile(`^(slackocr\.(entry\.[A-Za-z0-9._-]+|setting\.([A-Za-z0-9_-]{27}|[a-z]+-[a-z]+)))?$`)
