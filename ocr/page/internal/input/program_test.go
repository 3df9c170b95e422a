package input

import "testing"

// A program may complain about each byte of a hostile file.
func TestKeepsTheStartOfTheComplaints(t *testing.T) {
	tools := Tools{Paths: map[string]string{"sh": "/bin/sh"}}
	p := tools.Program(t.Context(), PDF, "sh", "-c", "{ echo first; head -c 1000000 /dev/zero; } >&2")
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if n := p.stderr.start.Len(); n == 0 || n > 10_000 {
		t.Errorf("%d bytes are kept", n)
	}
	if p.Complaint() != "first" {
		t.Errorf("the first line is %q", p.Complaint())
	}
}
