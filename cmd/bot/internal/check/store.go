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

// store checks the store beside a running bot, which alone can open it, or
// looks through a copy.
func (k *Checker) store(ctx context.Context) []Finding {
	if k.NATSURL != "" {
		return k.nats(ctx)
	}
	dir := existing(k.DataDir)
	free, err := room(dir)
	if err != nil {
		return ofDisk("store", "DATA_DIR", err)
	}
	if dir != k.DataDir {
		return ofSpace("DATA_DIR doesn't exist yet, but can be created", free)
	}
	const facts, inUse = "DATA_DIR is writable", " and in use by a running bot, which checked the store when it started"
	used, err := kv.InUse(dir)
	size, sizeErr := kv.Stored(dir)
	switch err := errors.Join(err, sizeErr); {
	case err != nil:
		return failed("store", "DATA_DIR can't be read: "+err.Error(), "Let the user that runs the bot own that folder and everything in it.")
	case used:
		return ofSpace(facts+inUse, free)
	case size == 0:
		return ofSpace(facts+" and still empty", free)
	case free < size+leastSpace:
		return ofSpace(facts+", and the store wasn't checked, since there's no room for a copy of it", free)
	}
	found, err := kv.Inspect(ctx, dir)
	switch {
	case errors.Is(err, kv.ErrInUse): // it started in the meantime
		return ofSpace(facts+inUse, free)
	case errors.Is(err, kv.ErrDamaged):
		return failed("store", "the files in "+dir+" are so damaged that the bot can't start", "Restore a backup of that folder, or move it away to start with an empty store.")
	case err != nil:
		return failed("store", "the store in DATA_DIR can't be checked: "+err.Error(), "Start the bot: it mends what it can and says what is lost.")
	case !found.Whole():
		return failed("store", fmt.Sprintf("the store in DATA_DIR is damaged: %d entries and %d settings are lost (damaged: %s)",
			found.Lost.Entries, found.Lost.Settings, strings.Join(found.Damaged, ", ")),
			"Check the disk. The bot can start and will go on with what is left; if that isn't enough, restore a backup first.")
	}
	return ofSpace(fmt.Sprintf("%s, and all %d entries of the store can be read", facts, found.Messages), free)
}

// ofSpace adds the free space, in bytes, to a finding of the store.
func ofSpace(facts string, free int64) []Finding {
	switch {
	case free < leastSpace:
		return failed("store", fmt.Sprintf("%s, with only %d MB free", facts, free>>20), "Make room: at least 100 MB, better 2 GB.")
	case free < storeSize:
		return passed("store", "%s, %.1f GB free; it may come to use 2 GB", facts, float64(free)/(1<<30))
	}
	return passed("store", "%s, %.1f GB free", facts, float64(free)/(1<<30))
}

// nats writes to the external store and reads the message again.
func (k *Checker) nats(ctx context.Context) []Finding {
	store, err := kv.Connect(k.NATSURL, 0)
	if err != nil {
		return failed("store", err.Error(), "Is NATS_URL right, including the user and password, and is the server running?")
	}
	defer store.Close(context.WithoutCancel(ctx))
	state, err := store.Probe(ctx)
	facts := fmt.Sprintf("NATS %s, written and read", state.Version)
	switch {
	case err != nil:
		return failed("store", err.Error(), "The server must be version 2.11 or later, with JetStream on and room for 1.1 GiB in the account.")
	case state.Full:
		return failed("store", "NATS "+state.Version+" has no room for more jobs", "Wait until some jobs are done, or lower RETENTION.")
	case !state.Exists:
		return passed("store", "%s; the first start makes the stream", facts)
	case state.Replicas < 3:
		return passed("store", "%s; the jobs are on %d server: a cluster of three survives the loss of one", facts, state.Replicas)
	}
	return passed("store", "%s; the jobs are on %d servers", facts, state.Replicas)
}

// temporaryFiles checks the folder for downloads and pages.
func (k *Checker) temporaryFiles(context.Context) []Finding {
	const check = "temporary files"
	free, err := room(os.TempDir())
	if err != nil {
		return ofDisk(check, "TMPDIR", err)
	}
	if need := int64(k.TempSize); free < need {
		return failed(check, fmt.Sprintf("they can be created, but only %d MB are free", free>>20),
			fmt.Sprintf("Make room in the folder of TMPDIR, at least %d MB, or set a smaller TEMP_SIZE.", need>>20))
	}
	return passed(check, "they can be created; %.1f GB free", float64(free)/(1<<30))
}

// existing returns dir, or the nearest folder above it that exists.
func existing(dir string) string {
	for above := filepath.Dir(dir); above != dir; above = filepath.Dir(dir) {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		dir = above
	}
	return dir
}

// room writes a small file to a folder's disk, removes the file, and returns
// the space that is free there for this user, in bytes.
func room(dir string) (free int64, err error) {
	f, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		return 0, err
	}
	_, err = f.Write(make([]byte, 4096))
	var disk syscall.Statfs_t
	err = errors.Join(err, f.Sync(), syscall.Statfs(dir, &disk), f.Close(), os.Remove(f.Name()))
	return int64(disk.Bavail) * int64(disk.Bsize), err
}

// ofDisk returns the finding for a folder that is not writable.
func ofDisk(check, variable string, err error) []Finding {
	remedy := "Let the user that runs the bot write there, or set another " + variable + "."
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		remedy = "Make room on its disk."
	}
	return failed(check, variable+" isn't writable: "+err.Error(), remedy)
}
