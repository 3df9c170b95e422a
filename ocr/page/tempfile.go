package page

import (
	"errors"
	"fmt"
	"os"
)

// temporary makes a file that nobody can find, and that is gone when it is
// closed, whatever happens to this process.
func temporary() (*os.File, error) {
	f, err := os.CreateTemp("", "slackocr-*")
	if err != nil {
		return nil, fmt.Errorf("making room for a page: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, fmt.Errorf("making room for a page: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}
