package kv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
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
	i.Damaged = store.embedded.damaged
	if i.Lost, err = store.Verify(ctx); err != nil {
		return Inspection{}, err
	}
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
	copies, _ := filepath.Glob(filepath.Join(dir, copyPattern)) // the pattern is valid
	for _, path := range copies {
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
