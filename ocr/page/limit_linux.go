package page

import (
	"os"
	"strconv"
	"strings"
)

// dataNow is how much data this process has, in bytes, as RLIMIT_DATA counts
// it: proc_pid_statm(5). It is little, but for a program that was built with
// the race detector.
func dataNow() int64 {
	statm, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(statm))
	if err != nil || len(fields) < 6 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[5], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
