package tempfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// Create returns a file without a name in the folder for temporary files. The
// file disappears when it is closed, even if this process is killed.
func Create() (*os.File, error) {
	fd, err := unix.Open(os.TempDir(), unix.O_TMPFILE|unix.O_EXCL|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil { // the file system may have no such files
		return createNamed()
	}
	return os.NewFile(uintptr(fd), "a temporary file"), nil
}
