package jobs

import (
	"errors"
	"strings"
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
			time.Sleep(announcing)
		}
		if err := e.wrote(ErrFull); errors.Is(err, ErrBroken) {
			t.Error("a full store answers")
		}
		for range 7 {
			_ = e.wrote(ErrUnavailable)
			time.Sleep(announcing)
		}
		if err := e.wrote(ErrUnavailable); !errors.Is(err, ErrBroken) {
			t.Errorf("got %v", err)
		}
	})
}

// No error quotes an address, which may hold a password.
func TestAddressIsNotQuoted(t *testing.T) {
	for _, address := range []string{"nats://user:sec/ret@127.0.0.1:1", "nats://user:secret#x@127.0.0.1:1", "nats://user:secret@127.0.0.1:1"} {
		if _, err := Connect(address, 0); err == nil || strings.Contains(err.Error(), "sec") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
