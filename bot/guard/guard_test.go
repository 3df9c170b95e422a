package guard

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	failed := errors.New("failed")
	if err := Run(log, "the work on a file panicked", func() error { return failed }); err != failed || out.Len() > 0 {
		t.Errorf("returned %v, logged %s", err, &out)
	}
	err := Run(log, "the work on a file panicked", func() error { panic("a secret") })
	if !errors.Is(err, ErrPanicked) {
		t.Errorf("returned %v", err)
	}
	logged := out.String()
	for _, part := range []string{"the work on a file panicked", "fault=string", "guard_test.go"} {
		if !strings.Contains(logged, part) {
			t.Errorf("%q is not logged: %s", part, logged)
		}
	}
	if strings.Contains(logged, "a secret") {
		t.Errorf("the panic's value is logged: %s", logged)
	}
}
