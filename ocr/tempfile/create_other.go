//go:build !linux

package tempfile

import "os"

// Create returns a file without a name in the folder for temporary files. The
// file disappears when it is closed, even if this process is killed.
func Create() (*os.File, error) { return createNamed() }
