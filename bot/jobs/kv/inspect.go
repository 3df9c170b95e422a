package kv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats.go/jetstream"
)

// Inspection is what is known about the embedded store in a folder.
type Inspection struct {
	Messages int      // entries and settings that can be read
	Damaged  []string // damaged files, relative to the folder
	Lost     Loss
}

// Whole reports whether nothing is damaged or lost.
func (i Inspection) Whole() bool { return len(i.Damaged) == 0 && i.Lost == Loss{} }

// copyPattern names the folders of copies. A copy that a killed process left
// is removed after staleCopy.
const (
	copyPattern = ".check-*"
	staleCopy   = time.Hour
)

// Inspect looks through the embedded store in a folder and changes nothing: it
// starts a server on a copy, which is made in the same folder and removed
// again. The error is [ErrInUse] if a process uses the store, [ErrDamaged], or
// one of the disk.
func Inspect(ctx context.Context, dir string) (Inspection, error) {
	removeStaleCopies(dir)
	copied, err := os.MkdirTemp(dir, copyPattern)
	if err != nil {
		return Inspection{}, err
	}
	i, err := inspectCopy(ctx, dir, copied)
	return i, errors.Join(err, os.RemoveAll(copied))
}

func inspectCopy(ctx context.Context, dir, copied string) (i Inspection, err error) {
	if err := copyStore(dir, copied); err != nil {
		return Inspection{}, err
	}
	store, err := OpenEmbedded(copied, 0, slog.New(slog.DiscardHandler))
	if err != nil {
		return Inspection{}, err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	if err := store.Setup(ctx, Setup{Retention: 10 * 365 * 24 * time.Hour, LeaseFor: time.Minute}); err != nil {
		return Inspection{}, err
	}
	i.Damaged, i.Lost = store.embedded.damaged, store.embedded.lost
	now, err := store.look(ctx)
	i.Messages = int(now.Entries.Messages + now.Settings.Messages)
	return i, err
}

// copyStore copies the files of the store, while no other process can open it.
func copyStore(dir, to string) error {
	lock, err := lockFolder(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := os.CopyFS(filepath.Join(to, "jetstream"), os.DirFS(filepath.Join(dir, "jetstream"))); err != nil {
		return fmt.Errorf("the store cannot be copied: %w", err)
	}
	seen, err := os.ReadFile(filepath.Join(dir, seenName))
	if errors.Is(err, os.ErrNotExist) {
		return nil // nothing was noted yet
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, seenName), seen, 0o600)
}

func removeStaleCopies(dir string) {
	copies, _ := fs.Glob(os.DirFS(dir), copyPattern) // the pattern is valid
	for _, name := range copies {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > staleCopy {
			_ = os.RemoveAll(path) // the next check tries again
		}
	}
}

// Stored returns the size of the embedded store in a folder, in bytes, and 0
// if there is none.
func Stored(dir string) (size int64, err error) {
	err = filepath.WalkDir(filepath.Join(dir, "jetstream"), func(_ string, d os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

// InUse reports whether a process uses the store in a folder. InUse creates
// nothing.
func InUse(dir string) (bool, error) {
	lock := flock.New(filepath.Join(dir, lockName), flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryLock()
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking at the data folder's lock: %w", err)
	}
	return !free, lock.Close()
}

// A Condition is the result of a probe of an external store.
type Condition struct {
	Version  string // of the server
	Exists   bool   // the stream of entries exists
	Full     bool   // the store accepts no more jobs
	Replicas int    // servers that hold the stream, if it exists
}

// Probe checks whether the store is usable, before Setup and while others use
// it: Probe creates a small stream, writes to it, reads the message and
// removes the stream. The store must come from Connect.
func (n *NATS) Probe(ctx context.Context) (Condition, error) {
	c := Condition{Version: n.conn.ConnectedServerVersion()}
	var major, minor int
	if _, err := fmt.Sscanf(c.Version, "%d.%d", &major, &minor); err == nil && (major < 2 || major == 2 && minor < 11) {
		return c, fmt.Errorf("%w: the server's version is %s", ErrUnavailable, c.Version)
	}
	old, err := n.js.Stream(ctx, streamName)
	switch {
	case err == nil:
		info := old.CachedInfo()
		c.Exists, c.Replicas = true, info.Config.Replicas
		c.Full = int64(info.State.Bytes) > info.Config.MaxBytes-info.Config.MaxBytes/reserved
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return c, natsError(err)
	}
	return c, natsError(n.writeAndRead(ctx))
}

func (n *NATS) writeAndRead(ctx context.Context) error {
	// Two probes at once use different names.
	name, key := "slackocr-probe-"+rand.Text(), "slackocr.probe."+rand.Text()
	stream, err := n.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: name, Subjects: []string{key}, Storage: jetstream.FileStorage,
		MaxBytes: 4096, MaxMsgs: 1, MaxAge: time.Minute,
	})
	if err != nil {
		return err
	}
	_, err = n.js.Publish(ctx, key, []byte("written"))
	if err == nil {
		_, err = stream.GetLastMsgForSubject(ctx, key)
	}
	return errors.Join(err, n.js.DeleteStream(ctx, name))
}
