package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"slackocr/bot/jobs"
)

const (
	// storeSize is the largest size of the embedded store, in bytes. The least
	// free space that passes holds the jobs of a quiet team.
	storeSize  = 2 << 30
	leastSpace = 100 << 20
)

// checkStore checks the store without opening it, because only one process can
// open it.
func checkStore(ctx context.Context, c config) finding {
	if c.NATSURL != "" {
		return checkNATS(ctx, c)
	}
	dir, exists := c.DataDir, true
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		dir, exists = existing(dir), false
	}
	if err := tryWriting(dir); err != nil {
		return ofDisk("store", "DATA_DIR", err)
	}
	used, err := jobs.InUse(c.DataDir)
	if err != nil {
		return ofDisk("store", "DATA_DIR", err)
	}
	facts := "DATA_DIR is writable"
	switch {
	case !exists:
		facts = "DATA_DIR does not exist yet and can be made"
	case used:
		facts += " and held by a running bot"
	}
	free, err := freeSpace(dir)
	if err != nil {
		return passed("store", "%s; its free space is not known", facts)
	}
	return ofSpace(facts, free)
}

func ofSpace(facts string, free int64) finding {
	if free < leastSpace {
		return failed("store", fmt.Sprintf("%s, with only %d MB free", facts, free>>20), "Make room: at least 100 MB, better 2 GB.")
	}
	facts += fmt.Sprintf(", %.1f GB free", float64(free)/(1<<30))
	if free < storeSize {
		facts += "; it may come to use 2 GB"
	}
	return passed("store", "%s", facts)
}

// checkNATS writes to the external store and reads the message again.
func checkNATS(ctx context.Context, c config) finding {
	store, err := jobs.Connect(c.NATSURL, 0)
	if err != nil {
		return failed("store", err.Error(), "Is NATS_URL right, with its user and password, and the server running?")
	}
	defer store.Close(context.WithoutCancel(ctx))
	state, err := store.Probe(ctx)
	if err != nil {
		return failed("store", err.Error(), "The server has to be 2.11 or later, with JetStream on and room for 1.1 GiB in the account.")
	}
	if state.Full {
		return failed("store", "NATS "+state.Version+" has no room for further jobs", "Wait until jobs are done, or lower RETENTION.")
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

// checkTemp checks the folder for downloads and pages.
func checkTemp(c config) finding {
	dir := os.TempDir()
	if err := tryWriting(dir); err != nil {
		return ofDisk("temporary files", "TMPDIR", err)
	}
	free, err := freeSpace(dir)
	if err != nil {
		return passed("temporary files", "can be made; the free space is not known")
	}
	if need := int64(c.TempSize); free < need {
		return failed("temporary files", fmt.Sprintf("can be made, with only %d MB free", free>>20),
			fmt.Sprintf("Make room in the folder of TMPDIR, %d MB at least, or set a smaller TEMP_SIZE.", need>>20))
	}
	return passed("temporary files", "can be made, %.1f GB free", float64(free)/(1<<30))
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
func ofDisk(check, variable string, err error) finding {
	remedy := "Give the user that runs the bot the right to write there, or set another " + variable + "."
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		remedy = "Make room on its disk."
	}
	return failed(check, variable+" cannot be written: "+err.Error(), remedy)
}
