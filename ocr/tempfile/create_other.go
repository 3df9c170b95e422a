//go:build !linux

package tempfile

import (
	"fmt"
	"os"
)

// Create returns a file without a name in the folder for temporary files. The
// file disappears when it is closed, even if this process is killed.
func Create() (*os.File, error) {
	f, err := createNamed()
	if err != nil {
		return nil, fmt.Errorf("making a temporary file: %w", err)
	}
	return f, nil
}
