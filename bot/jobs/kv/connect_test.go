package kv_test

import (
	"errors"
	"strings"
	"testing"

	"slackocr/bot/jobs/kv"
)

// No error quotes an address, which may hold a password.
func TestAddressIsNotQuoted(t *testing.T) {
	for _, address := range []string{
		"nats://user:sec/ret@127.0.0.1:1", "nats://user:secret#x@127.0.0.1:1", "nats://user:secret@127.0.0.1:1",
		"nats://user:secret@%zz", "nats://user:secret@127.0.0.1:port",
	} {
		if _, err := kv.Connect(address, 0); !errors.Is(err, kv.ErrUnavailable) || strings.Contains(err.Error(), "sec") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
