package main

import (
	"io"
	"testing"
)

// The command that the program calls itself with does nothing for a person, and
// is not shown to one.
func TestDecodeIsForTheProgramItself(t *testing.T) {
	sys := system{stdout: io.Discard, stderr: io.Discard}
	for _, args := range [][]string{nil, {"photo.jpg"}, {"{}", "{}"}} {
		if status := run(t.Context(), append([]string{decodeCommand}, args...), sys); status != statusFailed {
			t.Errorf("decode %v ended with %d", args, status)
		}
	}
	for _, command := range newCommandLine(sys).Commands() {
		if command.Name() == decodeCommand {
			t.Error("the command line shows it")
		}
	}
}
