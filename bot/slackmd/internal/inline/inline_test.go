package inline

import (
	"encoding/json"
	"os"
	"testing"
)

// TestNoCodeSpanIsEmpty: an empty span would be written as two backticks, which
// start another span.
func TestNoCodeSpanIsEmpty(t *testing.T) {
	list, err := os.ReadFile("../../testdata/disguises.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	if err := json.Unmarshal(list, &texts); err != nil {
		t.Fatal(err)
	}
	for _, in := range texts {
		for i := range in {
			for _, span := range append(read(Clean(in[:i]), Text, false).spans, read(Clean(in[i:]), Text, false).spans...) {
				if span.from >= span.to {
					t.Errorf("a code span of %q, cut at %d, is empty", in, i)
				}
			}
		}
	}
}

// TestFindersRemember: a finder that looked again each time would make the
// whole quadratic. The second text shows that it did not.
func TestFindersRemember(t *testing.T) {
	f := Finder{What: "x"}
	if at := f.Next("..x.x", 1); at != 2 {
		t.Errorf("found at %d, want 2", at)
	}
	if at := f.Next(".....", 2); at != 2 {
		t.Errorf("found at %d the second time, want 2", at)
	}
	if at := f.Next("..x.x", 3); at != 4 {
		t.Errorf("the next is at %d, want 4", at)
	}
	if at := f.Next("..x..", 5); at != 5 {
		t.Errorf("without another it is at %d, want the end", at)
	}
}
