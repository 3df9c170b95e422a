package bot

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"slackocr/bot/jobs"
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

func TestPauseKeepsWhatWasAsked(t *testing.T) {
	plain := errors.New("reset")
	asked := func(d time.Duration) error {
		return fmt.Errorf("wrapped: %w", &ocr.Error{Class: ocr.Busy, RetryAfter: d})
	}
	for _, tt := range []struct {
		failure error
		want    time.Duration
	}{
		{plain, 5 * time.Second},
		{asked(0), 5 * time.Second},
		{asked(3 * time.Second), 5 * time.Second},
		{asked(2 * time.Minute), 2 * time.Minute},
		{asked(24 * time.Hour), time.Hour},
	} {
		if got := pause(tt.failure, &jobs.Job{}); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.failure, got, tt.want)
		}
	}
}
