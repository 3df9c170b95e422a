// Package tempfile makes temporary files that never have a name, bounds the bytes of
// all of them together, and removes the temporary folders of killed processes.
package tempfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// createNamed returns a file whose name is removed at once. A process that is
// killed in between leaves an empty file.
func createNamed() (*os.File, error) {
	f, err := os.CreateTemp("", "slackocr-*")
	if err != nil {
		return nil, fmt.Errorf("making a temporary file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, fmt.Errorf("making a temporary file: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}

// RemoveLeftovers removes folders that killed processes left in the folder for temporary
// files: those of a pattern of [os.MkdirTemp] that nobody has changed for some time.
func RemoveLeftovers(pattern string, unchanged time.Duration) {
	dir := os.TempDir()
	entries, _ := os.ReadDir(dir) // what cannot be listed stays
	for _, entry := range entries {
		if ours, _ := filepath.Match(pattern, entry.Name()); !ours || !entry.IsDir() { // the patterns are well-formed
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > unchanged {
			_ = os.RemoveAll(filepath.Join(dir, entry.Name())) // the folder may be another user's
		}
	}
}

// Space bounds the bytes of temporary files. A person has at most half of the
// bytes, so that one person's files never keep everybody else waiting. A Space is
// safe for use by several goroutines.
type Space struct {
	each int64 // the most bytes of a person
	all  *semaphore.Weighted
	used atomic.Int64

	mu     sync.Mutex // guards people and the counters of users
	people map[string]*share
}

// share is the part of the Space that a person may have. The users are the Rooms
// and the waiting calls of Take.
type share struct {
	free  *semaphore.Weighted
	users int
}

// NewSpace returns a Space of so many bytes.
func NewSpace(bytes int64) *Space {
	each := max(bytes/2, 1)
	return &Space{each: each, all: semaphore.NewWeighted(max(bytes, each)), people: map[string]*share{}}
}

// Used returns the number of bytes that are taken.
func (s *Space) Used() int64 { return s.used.Load() }

// Room is a part of a Space. The zero value has no bytes.
type Room struct {
	space  *Space
	person string
	share  *share

	mu    sync.Mutex // guards bytes
	bytes int64
}

// Take waits until a person can have so many bytes, and takes them. If that is
// more than a person may have at all, the Room is smaller, see [Room.Bytes]. The
// error is the cause of the context's end.
//
// A caller must not hold a Room of the same Space while it waits, and nothing that
// the holder of a Room may wait for.
func (s *Space) Take(ctx context.Context, person string, bytes int64) (*Room, error) {
	return s.take(person, bytes, func(free *semaphore.Weighted, bytes int64) error {
		if free.Acquire(ctx, bytes) != nil {
			return context.Cause(ctx)
		}
		return nil
	})
}

// TryTake is Take without waiting. If the bytes are not free, TryTake returns
// nil.
func (s *Space) TryTake(person string, bytes int64) *Room {
	room, _ := s.take(person, bytes, func(free *semaphore.Weighted, bytes int64) error {
		if !free.TryAcquire(bytes) {
			return errors.New("too few bytes are free")
		}
		return nil
	})
	return room
}

// take takes bytes of the person's share, and then of all.
func (s *Space) take(person string, bytes int64, acquire func(*semaphore.Weighted, int64) error) (*Room, error) {
	bytes = max(1, min(bytes, s.each))
	own := s.enter(person)
	err := acquire(own.free, bytes)
	if err == nil {
		if err = acquire(s.all, bytes); err != nil {
			own.free.Release(bytes)
		}
	}
	if err != nil {
		s.leave(person, own)
		return nil, err
	}
	s.used.Add(bytes)
	return &Room{space: s, person: person, share: own, bytes: bytes}, nil
}

func (s *Space) enter(person string) *share {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.people[person]
	if own == nil {
		own = &share{free: semaphore.NewWeighted(s.each)}
		s.people[person] = own
	}
	own.users++
	return own
}

func (s *Space) leave(person string, own *share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if own.users--; own.users == 0 {
		delete(s.people, person)
	}
}

// Bytes returns the most bytes that the files in the Room may have.
func (r *Room) Bytes() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bytes
}

// Shrink gives bytes back that the files do not need. A Room never grows.
func (r *Room) Shrink(bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if freed := r.bytes - max(bytes, 1); freed > 0 {
		r.bytes -= freed
		r.free(freed)
	}
}

// Release gives the Room back. Further calls do nothing.
func (r *Room) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bytes == 0 {
		return
	}
	r.free(r.bytes)
	r.bytes = 0
	r.space.leave(r.person, r.share)
}

func (r *Room) free(bytes int64) {
	r.space.used.Add(-bytes) // first, so that Used is never more than there is
	r.space.all.Release(bytes)
	r.share.free.Release(bytes)
}
