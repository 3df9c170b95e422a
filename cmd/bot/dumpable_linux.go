package main

import "golang.org/x/sys/unix"

// hideMemory keeps this process's memory, its environment and its open files from
// other processes of the same user, and from core dumps: tokens and keys are in them.
// No sandbox of a container refuses it.
func hideMemory() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
