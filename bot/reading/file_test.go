package reading

import "testing"

// TestRequestsOfAllAttempts: a page may cost the endpoint eight requests in all.
func TestRequestsOfAllAttempts(t *testing.T) {
	all := 0
	for _, n := range requestsOf {
		all += n
	}
	if all != 8 {
		t.Errorf("%d requests in all, want 8", all)
	}
}
