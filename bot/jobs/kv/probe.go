package kv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats.go/jetstream"
)

// InUse reports whether a process uses the store in a folder. InUse creates
// nothing.
func InUse(dir string) (bool, error) {
	lock := flock.New(filepath.Join(dir, lockName), flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryLock()
	if errors.Is(err, fs.ErrNotExist) {
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
