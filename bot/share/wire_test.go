package share

import (
	"encoding/json"
	"testing"
	"time"
)

// TestNamesOfEarlierVersions: during an update replicas of two versions share.
func TestNamesOfEarlierVersions(t *testing.T) {
	for want, v := range map[string]any{
		`{"Keeper":"a","Members":{"b":1}}`: record{Leader: "a", Followers: map[string]time.Duration{"b": 1}},
		`{"From":"a","Beat":1,"Members":{"b":2},"Wants":[{"i":1,"s":"slack","c":2}]}`: message{
			From: "a", Beat: 1, Followers: map[string]uint64{"b": 2}, Requests: []Request{{ID: 1, Source: "slack", Priority: 2}},
		},
	} {
		if got, err := json.Marshal(v); err != nil || string(got) != want {
			t.Errorf("%s, want %s, %v", got, want, err)
		}
	}
}
