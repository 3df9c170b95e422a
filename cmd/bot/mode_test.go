package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slackocr/cmd/bot/internal/settings"
)

// TestModeOfDotenv: a file with tokens that others can read is warned of.
func TestModeOfDotenv(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		warnOfMode(file, new(settings.Config).Logger(&said))
		if got := strings.Contains(said.String(), "chmod 600"); got != warned {
			t.Errorf("with the mode %v it says %q", mode, said.String())
		}
	}
}
