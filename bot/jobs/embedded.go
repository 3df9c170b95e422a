package jobs

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

// embedded is a server within the process, with no port.
type embedded struct {
	server  *server.Server
	lock    *flock.Flock
	session string    // see Store.Session
	silent  time.Time // since when no write was answered; of the announcer's goroutine

	mu    sync.Mutex // guards what follows
	begun bool       // the session
}

// begin does what comes first in a session, once.
func (e *embedded) begin(first func() error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.begun {
		return nil
	}
	err := first()
	e.begun = err == nil
	return err
}

// silence is how long the server may leave writes without an answer. After a
// write error, such as a full disk, it does so for good.
const silence = 30 * time.Second

// wrote takes the outcome of a write that is tried every few seconds, and makes
// ErrBroken of a long silence.
func (e *embedded) wrote(err error) error {
	switch {
	case !errors.Is(err, ErrUnavailable):
		e.silent = time.Time{}
	case e.silent.IsZero():
		e.silent = time.Now()
	case time.Since(e.silent) > silence:
		return ErrBroken
	}
	return err
}

// OpenEmbedded keeps the entries in a folder, which it makes, and is the only
// process that does: it waits 3 s for another one to end, then fails with
// [ErrInUse]. Every entry is on the disk when it is acknowledged. maxBytes
// bounds the entries; 0 means 1 GiB. What was replaced or deleted takes room
// until the server clears it up, so the folder may grow to about twice that.
func OpenEmbedded(dir string, maxBytes int64, log *slog.Logger) (*NATS, error) {
	if maxBytes <= 0 {
		maxBytes = defaultMaxBytes
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "slackocr", DontListen: true, NoSigs: true,
		JetStream: true, StoreDir: dir, SyncAlways: true, DisableJetStreamBanner: true,
		JetStreamMaxMemory: maxMemory, JetStreamMaxStore: maxBytes + maxSettings,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the store of jobs: %w", err), lock.Close())
	}
	e := &embedded{server: s, lock: lock, session: rand.Text()}
	s.SetLoggerV2(serverLog{log}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(startWait) {
		return nil, errors.Join(fmt.Errorf("%w: it did not start within %s", ErrUnavailable, startWait), e.close())
	}
	conn, err := nats.Connect("", options(nats.InProcessServer(s))...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrUnavailable, err), e.close())
	}
	n, err := newNATS(conn, maxBytes, e)
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	return n, nil
}

// lockFolder takes the folder: the server itself takes no lock, and two of them
// would lose each other's entries without a word.
func lockFolder(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	lock := flock.New(filepath.Join(dir, lockName))
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	locked, err := lock.TryLockContext(ctx, 50*time.Millisecond)
	if locked {
		return lock, nil
	}
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("locking the data folder: %w", err)
	}
	return nil, ErrInUse
}

func (e *embedded) close() error {
	e.server.Shutdown()
	e.server.WaitForShutdown()
	return e.lock.Close()
}

// serverLog passes on what the server has to complain about.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Warnf(format string, v ...any) {
	l.log.Warn("store of jobs", "message", fmt.Sprintf(format, v...))
}

func (l serverLog) Errorf(format string, v ...any) {
	l.log.Error("store of jobs", "message", fmt.Sprintf(format, v...))
}

// Fatalf does not end the process: only main does.
func (l serverLog) Fatalf(format string, v ...any) { l.Errorf(format, v...) }

func (serverLog) Noticef(string, ...any) {}
func (serverLog) Debugf(string, ...any)  {}
func (serverLog) Tracef(string, ...any)  {}
