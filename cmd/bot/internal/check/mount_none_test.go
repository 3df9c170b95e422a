//go:build !linux

package check

import "testing"

func mountSmall(t *testing.T, _ string) {
	t.Helper()
	t.Skip("the small disk of this test is Linux's")
}
