package kv

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// An embedded server that answers no write for half a minute will not any more.
func TestSilentServerIsBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e embedded
		for range 6 { // half a minute
			if err := e.wrote(ErrUnavailable); errors.Is(err, ErrBroken) {
				t.Fatal("broken too early")
			}
			time.Sleep(5 * time.Second)
		}
		if err := e.wrote(ErrFull); errors.Is(err, ErrBroken) {
			t.Error("a full store answers")
		}
		for range 7 {
			_ = e.wrote(ErrUnavailable)
			time.Sleep(5 * time.Second)
		}
		if err := e.wrote(ErrUnavailable); !errors.Is(err, ErrBroken) {
			t.Errorf("got %v", err)
		}
	})
}
