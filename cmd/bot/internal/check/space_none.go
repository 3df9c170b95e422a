//go:build !linux && !darwin

package check

import "errors"

func freeSpace(string) (int64, error) { return 0, errors.ErrUnsupported }
