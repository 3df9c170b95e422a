package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"slackocr/bot/jobs/kv"
)

const (
	// storeSize is the largest size of the embedded store, in bytes. The least
	// free space that passes holds the jobs of a quiet team.
	storeSize  = 2 << 30
	leastSpace = 100 << 20
)

// store checks the store beside a running bot, which alone can open it,
// or looks through a copy.
func (k *Checker) store(ctx context.Context) Finding {
	if k.NATSURL != "" {
		return k.nats(ctx)
	}
	dir, exists := k.DataDir, true
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		dir, exists = existing(dir), false
	}
	if err := tryWriting(dir); err != nil {
		return ofDisk("store", "DATA_DIR", err)
	}
	used, err := kv.InUse(k.DataDir)
	if err != nil {
		return ofDisk("store", "DATA_DIR", err)
	}
	free, err := freeSpace(dir)
	if err != nil {
		free = -1
	}
	switch {
	case !exists:
		return ofSpace("DATA_DIR doesn't exist yet, but can be created", free)
	case used:
		return ofSpace("DATA_DIR is writable and in use by a running bot, which checked the store when it started", free)
	}
	return ofContents(ctx, k.DataDir, free)
}

// ofContents returns the finding for a store that no bot uses.
func ofContents(ctx context.Context, dir string, free int64) Finding {
	const facts = "DATA_DIR is writable"
	size, err := kv.Stored(dir)
	switch {
	case err != nil:
		return failed("store", "DATA_DIR can't be read: "+err.Error(), "Let the user that runs the bot own that folder and everything in it.")
	case size == 0:
		return ofSpace(facts+" and still empty", free)
	case free >= 0 && free < size+leastSpace:
		return ofSpace(facts+", and the store wasn't checked, since there's no room for a copy of it", free)
	}
	found, err := kv.Inspect(ctx, dir)
	switch {
	case errors.Is(err, kv.ErrInUse): // it started in the meantime
		return ofSpace(facts+" and in use by a running bot, which checked the store when it started", free)
	case errors.Is(err, kv.ErrDamaged):
		return failed("store", "the files in "+dir+" are so damaged that the bot can't start", "Restore a backup of that folder, or move it away to start with an empty store.")
	case err != nil:
		return failed("store", "the store in DATA_DIR can't be checked: "+err.Error(), "Start the bot: it mends what it can and says what is lost.")
	case !found.Whole():
		return ofLoss(found)
	}
	return ofSpace(fmt.Sprintf("%s, and all %d entries of the store can be read", facts, found.Messages), free)
}

// ofLoss returns the finding for a damaged store.
func ofLoss(found kv.Inspection) Finding {
	what := fmt.Sprintf("the store in DATA_DIR is damaged: %d entries and %d settings are lost",
		found.Lost.Entries, found.Lost.Settings)
	if len(found.Damaged) > 0 {
		what += " (damaged: " + strings.Join(found.Damaged, ", ") + ")"
	}
	return failed("store", what, "Check the disk. The bot can start and will go on with what is left; if that isn't enough, restore a backup first.")
}

// ofSpace adds the free space in bytes to a finding; a negative number means
// that it is unknown.
func ofSpace(facts string, free int64) Finding {
	if free < 0 {
		return passed("store", "%s; its free space is unknown", facts)
	}
	if free < leastSpace {
		return failed("store", fmt.Sprintf("%s, with only %d MB free", facts, free>>20), "Make room: at least 100 MB, better 2 GB.")
	}
	facts += fmt.Sprintf(", %.1f GB free", float64(free)/(1<<30))
	if free < storeSize {
		facts += "; it may come to use 2 GB"
	}
	return passed("store", "%s", facts)
}

// nats writes to the external store and reads the message again.
func (k *Checker) nats(ctx context.Context) Finding {
	store, err := kv.Connect(k.NATSURL, 0)
	if err != nil {
		return failed("store", err.Error(), "Is NATS_URL right, including the user and password, and is the server running?")
	}
	defer store.Close(context.WithoutCancel(ctx))
	state, err := store.Probe(ctx)
	if err != nil {
		return failed("store", err.Error(), "The server must be version 2.11 or later, with JetStream on and room for 1.1 GiB in the account.")
	}
	if state.Full {
		return failed("store", "NATS "+state.Version+" has no room for more jobs", "Wait until some jobs are done, or lower RETENTION.")
	}
	facts := fmt.Sprintf("NATS %s, written and read", state.Version)
	switch {
	case !state.Exists:
		facts += "; the first start makes the stream"
	case state.Replicas < 3:
		facts += fmt.Sprintf("; the jobs are on %d server: a cluster of three survives the loss of one", state.Replicas)
	default:
		facts += fmt.Sprintf("; the jobs are on %d servers", state.Replicas)
	}
	return passed("store", "%s", facts)
}

// temporaryFiles checks the folder for downloads and pages.
func (k *Checker) temporaryFiles(context.Context) Finding {
	dir := os.TempDir()
	if err := tryWriting(dir); err != nil {
		return ofDisk("temporary files", "TMPDIR", err)
	}
	free, err := freeSpace(dir)
	if err != nil {
		return passed("temporary files", "they can be created; the free space is unknown")
	}
	if need := int64(k.TempSize); free < need {
		return failed("temporary files", fmt.Sprintf("they can be created, but only %d MB are free", free>>20),
			fmt.Sprintf("Make room in the folder of TMPDIR, at least %d MB, or set a smaller TEMP_SIZE.", need>>20))
	}
	return passed("temporary files", "they can be created; %.1f GB free", float64(free)/(1<<30))
}

// existing returns the nearest existing folder above dir.
func existing(dir string) string {
	for {
		above := filepath.Dir(dir)
		if _, err := os.Stat(above); err == nil || above == dir {
			return above
		}
		dir = above
	}
}

// tryWriting writes a small file to the disk of a folder, and removes the
// file.
func tryWriting(dir string) error {
	f, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 4096))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

// ofDisk returns the finding for a folder that is not writable.
func ofDisk(check, variable string, err error) Finding {
	remedy := "Let the user that runs the bot write there, or set another " + variable + "."
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		remedy = "Make room on its disk."
	}
	return failed(check, variable+" isn't writable: "+err.Error(), remedy)
}
