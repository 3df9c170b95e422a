package input

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// Each error arrives on the other side as it was.
func TestErrorsCross(t *testing.T) {
	for _, err := range []error{
		ErrEmpty, ErrUnsupported, ErrNoDecoder, ErrPassword, ErrNoPages, ErrNoTool, ErrBlank,
		&TooLargeError{Width: 1, Height: 2, MaxPixels: 3}, &ShapeError{Width: 4, Height: 5}, Broken(PDF, errors.New("bad")), &KilledError{Kind: PDF, Limit: LimitTime},
	} {
		got := cross(t, err)
		if got.Error() != err.Error() || !Final(got) {
			t.Errorf("%v arrives as %v", err, got)
		}
	}
	if got := cross(t, errors.New(strings.Repeat("x", 9999))); Final(got) || len(got.Error()) > 400 {
		t.Errorf("another error arrives as %v", got)
	}
}

// cross returns an error as it arrives in another process.
func cross(t *testing.T, err error) error {
	t.Helper()
	b, marshalErr := json.Marshal(FailureOf(err))
	if marshalErr != nil {
		t.Fatal(marshalErr)
	}
	var f *Failure
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f.Err()
}
