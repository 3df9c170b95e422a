package input

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"
)

// crossing has each typed error.
var crossing = map[string]error{
	"TooLargeError": &TooLargeError{Width: 1, Height: 2, MaxPixels: 3},
	"ShapeError":    &ShapeError{Width: 4, Height: 5},
	"BrokenError":   Broken(PDF, errors.New("bad")),
	"KilledError":   &KilledError{Kind: PDF, Limit: LimitTime},
}

// Each error arrives on the other side as it was.
func TestErrorsCross(t *testing.T) {
	all := slices.Collect(maps.Values(codes))
	for _, name := range namesOfErrors(t) {
		if err := crossing[name]; err != nil {
			all = append(all, err)
		} else if !strings.HasPrefix(name, "Err") {
			t.Errorf("%s has no example", name)
		}
	}
	if names := namesOfErrors(t); len(all) != len(names) {
		t.Errorf("%d errors cross of %v: is a code missing?", len(all), names)
	}
	for _, err := range all {
		got := cross(t, err)
		if got.Error() != err.Error() || !Final(got) {
			t.Errorf("%v arrives as %v", err, got)
		}
	}
	if got := cross(t, errors.New(strings.Repeat("x", 9999))); Final(got) || len(got.Error()) > 400 {
		t.Errorf("another error arrives as %v", got)
	}
}

// namesOfErrors returns the names of the exported errors of this package, and of its
// types of errors.
func namesOfErrors(t *testing.T) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name := range file.Scope.Objects { // the package's declarations
		if ast.IsExported(name) && (strings.HasPrefix(name, "Err") || strings.HasSuffix(name, "Error")) {
			names = append(names, name)
		}
	}
	return names
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
