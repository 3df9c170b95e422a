package bot

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"slackocr/ocr"
)

// TestTriesOfAllAttempts: a page may cost the endpoint eight requests in all.
func TestTriesOfAllAttempts(t *testing.T) {
	all := 0
	for failed, want := range []int{2, 2, 2, 1, 1} {
		got := tries(failed)
		if got != want {
			t.Errorf("%d tries after %d failures, want %d", got, failed, want)
		}
		all += got
	}
	if all != 8 {
		t.Errorf("%d requests in all", all)
	}
	if got := tries(50); got != 1 {
		t.Errorf("%d tries in the end", got)
	}
}

func TestPauseGrowsAndKeepsWhatWasAsked(t *testing.T) {
	plain := errors.New("reset")
	asked := func(d time.Duration) error {
		return fmt.Errorf("wrapped: %w", &ocr.Error{Class: ocr.Busy, RetryAfter: d})
	}
	for _, tt := range []struct {
		failure error
		failed  int
		want    time.Duration
	}{
		{plain, 0, 5 * time.Second},
		{plain, 1, 15 * time.Second},
		{plain, 2, 45 * time.Second},
		{plain, 3, 135 * time.Second},
		{plain, 4, 405 * time.Second},
		{plain, 30, time.Hour},
		{asked(0), 0, 5 * time.Second},
		{asked(3 * time.Second), 0, 5 * time.Second},
		{asked(2 * time.Minute), 0, 2 * time.Minute},
		{asked(2 * time.Minute), 4, 405 * time.Second},
		{asked(24 * time.Hour), 0, time.Hour},
	} {
		if got := pause(tt.failure, tt.failed); got != tt.want {
			t.Errorf("%v after %d failures: %s, want %s", tt.failure, tt.failed, got, tt.want)
		}
	}
}
