package kv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	defaultMaxBytes = 1 << 30
	maxMemory       = 64 << 20
	lockWait        = 3 * time.Second
	startWait       = 30 * time.Second
	lockName        = "lock"
)

// ErrInUse means that another process uses the folder.
var ErrInUse = errors.New("another process uses this data folder; stop it first, or set another DATA_DIR")

// embedded is a server inside the process, without a port.
type embedded struct {
	dir     string
	log     *serverLog
	server  *server.Server
	lock    *flock.Flock
	session string // see Store.Session

	before   seen     // the store as an earlier process described it; leases begin after its floors
	damaged  []string // damaged files that were mended at the start, relative to dir
	lost     Loss     // what was lost since before
	compared bool     // lost is known

	mu     sync.Mutex // guards the fields below
	silent time.Time  // start of the time without an answered write
	noted  string     // sum of the last saved description
}

// maxSilence is the longest time without an answered write. After a write error,
// such as a full disk, the server never answers again.
const maxSilence = 30 * time.Second

// wrote takes the result of a write that is tried every few seconds, and
// returns ErrBroken after a long silence.
func (e *embedded) wrote(err error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case !errors.Is(err, ErrUnavailable):
		e.silent = time.Time{}
	case e.silent.IsZero():
		e.silent = time.Now()
	case time.Since(e.silent) > maxSilence:
		return ErrBroken
	}
	return err
}

// OpenEmbedded stores the entries in a folder, which is created if needed.
// Only one process can use the folder: OpenEmbedded waits 3 s for another
// process to end, then fails with [ErrInUse]. Every entry is on the disk when
// it is acknowledged. maxBytes bounds the entries; 0 means 1 GiB. Replaced and
// deleted entries take room until the server compacts its files, so the folder
// may grow to about twice that size.
func OpenEmbedded(dir string, maxBytes int64, log *slog.Logger) (*NATS, error) {
	if maxBytes <= 0 {
		maxBytes = defaultMaxBytes
	}
	lock, err := lockFolder(dir, log)
	if err != nil {
		return nil, err
	}
	e := &embedded{dir: dir, log: &serverLog{log: log}, lock: lock, session: rand.Text(), before: loadSeen(dir)}
	n := &NATS{maxBytes: maxBytes, embedded: e}
	err = e.checkBlocks()
	if err == nil {
		// The leases of an earlier process are void, and the files of the consumers
		// have no checksum. Setup makes the consumers anew.
		err = os.RemoveAll(filepath.Join(dir, "jetstream", "$G", "streams", streamName, "obs"))
	}
	if err == nil {
		err = n.start()
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return n, nil
}

// start starts the server and connects to it.
func (n *NATS) start() error {
	e := n.embedded
	s, err := server.NewServer(&server.Options{
		ServerName: "slackocr", DontListen: true, NoSigs: true,
		JetStream: true, StoreDir: e.dir, SyncAlways: true, DisableJetStreamBanner: true,
		JetStreamMaxMemory: maxMemory, JetStreamMaxStore: n.maxBytes + maxSettings,
	})
	if err != nil {
		return fmt.Errorf("starting the store of jobs: %w", err)
	}
	e.server = s
	s.SetLoggerV2(e.log, false, false, false)
	s.Start()
	if !s.ReadyForConnections(startWait) {
		e.shutdown()
		return fmt.Errorf("%w: it did not start within %s", ErrUnavailable, startWait)
	}
	conn, err := nats.Connect("", options(nats.InProcessServer(s))...)
	if err == nil {
		n.conn = conn
		n.js, err = jetstream.New(conn)
	}
	if err != nil {
		e.shutdown()
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

func (e *embedded) shutdown() {
	e.server.Shutdown()
	e.server.WaitForShutdown()
}

// lockFolder locks the folder. The server itself takes no lock, and two
// servers would lose each other's entries silently.
func lockFolder(dir string, log *slog.Logger) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of DATA_DIR cannot be made: %w", err)
	}
	tighten(dir, log)
	lock := flock.New(filepath.Join(dir, lockName))
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	locked, err := lock.TryLockContext(ctx, 50*time.Millisecond)
	if locked {
		return lock, nil
	}
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("the folder of DATA_DIR cannot be written: %w", err)
	}
	return nil, ErrInUse
}

// tighten removes the permissions of other users from a folder, or logs a
// warning if that fails.
func tighten(dir string, log *slog.Logger) {
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return
	}
	if err := os.Chmod(dir, 0o700); err != nil && info.Mode().Perm()&0o007 != 0 {
		log.Warn("other users of this machine can read DATA_DIR: run chmod 700 on it", "mode", info.Mode().String(), "error", err)
	}
}
