package filehost

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCleanName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := CleanName(strings.Join(rapid.SliceOf(rapid.OneOf(rapid.SampledFrom([]string{"/", `\`, "..", "\x00", "."}), rapid.String())).Draw(t, "name"), ""))
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00\n") || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName {
			t.Fatalf("%q", name)
		}
	})
}
