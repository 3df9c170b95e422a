package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr"
)

// texts are what people read before they run anything.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/deploy/*", "docs/deploy/kubernetes/*", "Dockerfile", ".env.example"} {
		files, err := filepath.Glob("../../" + pattern)
		if err != nil || len(files) == 0 {
			t.Errorf("no %s: %v", pattern, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err == nil { // else it is a folder
				all[file] = string(content)
			}
		}
	}
	return all
}

// TestCommandsInTexts are commands of the program.
func TestCommandsInTexts(t *testing.T) {
	call := regexp.MustCompile("(?:`|`\\./bin/|run --rm |-- |\\[\")bot(?:\", \"| )([a-z]+)")
	known := map[string]bool{}
	for _, command := range newCommandLine(system{}).Commands() {
		known[command.Name()] = true
	}
	seen := 0
	for file, content := range texts(t) {
		for _, found := range call.FindAllStringSubmatch(content, -1) {
			if seen++; !known[found[1]] {
				t.Errorf("%s: there is no `bot %s`", file, found[1])
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d commands were seen", seen)
	}
}

// TestLinksInTexts lead to files that are there.
func TestLinksInTexts(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	for file, content := range texts(t) {
		if filepath.Ext(file) != ".md" {
			continue
		}
		for _, found := range link.FindAllStringSubmatch(content, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), found[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// TestNamesInTexts are settings that the program has, and paths that are there.
func TestNamesInTexts(t *testing.T) {
	setting := regexp.MustCompile("`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`")
	path := regexp.MustCompile("`((?:bot|cmd|ocr|docs)/[A-Za-z0-9_./-]+)`")
	// Variables of the system, of a Dockerfile and of the tests.
	known := map[string]bool{"HTTPS_PROXY": true, "NO_PROXY": true, "SSL_CERT_FILE": true, "SSL_CERT_DIR": true, "NO_COLOR": true, "MORE_FONTS": true, "CGO_ENABLED": true}
	for f := range reflect.TypeFor[settings.Config]().Fields() {
		known[f.Tag.Get("env")] = true
	}
	settings, paths := 0, 0
	for file, content := range texts(t) {
		if filepath.Base(file) == "BENCHMARKS.md" { // its settings are those of tests
			continue
		}
		for _, found := range setting.FindAllStringSubmatch(content, -1) {
			if settings++; !known[found[1]] {
				t.Errorf("%s: there is no setting %s", file, found[1])
			}
		}
		for _, found := range path.FindAllStringSubmatch(content, -1) {
			paths++
			if _, err := os.Stat(filepath.Join("../..", found[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	if settings < 50 || paths < 30 {
		t.Errorf("only %d settings and %d paths were seen", settings, paths)
	}
}

// TestTestsInTexts are tests and benchmarks of the packages that the texts name.
func TestTestsInTexts(t *testing.T) {
	command := regexp.MustCompile("go test \\./([a-z/]+)([^`]*)`")
	pattern := regexp.MustCompile(`-(?:run|bench) '?([A-Za-z]+(?:\|[A-Za-z]+)*)`)
	seen := 0
	for file, content := range texts(t) {
		content = strings.Join(strings.Fields(content), " ") // a command may be on two lines
		for _, found := range command.FindAllStringSubmatch(content, -1) {
			tests := testsOf(t, filepath.Join("../..", found[1]))
			for _, names := range pattern.FindAllStringSubmatch(found[2], -1) {
				for name := range strings.SplitSeq(names[1], "|") {
					if seen++; !strings.Contains(tests, name) {
						t.Errorf("%s: %s has no test or benchmark %s", file, found[1], name)
					}
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d tests and benchmarks were seen", seen)
	}
}

// testsOf returns the names of a package's tests and benchmarks.
func testsOf(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Errorf("no tests in %s: %v", folder, err)
	}
	var names strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^func ((?:Test|Benchmark)\w+)`).FindAllStringSubmatch(string(content), -1) {
			names.WriteString(found[1] + "\n")
		}
	}
	return names.String()
}

// TestModesInTexts: the README and the help of `bot ocr` name all ways to read.
func TestModesInTexts(t *testing.T) {
	command, _, err := newCommandLine(system{}).Find([]string{"ocr"})
	if err != nil {
		t.Fatal(err)
	}
	inThread := regexp.MustCompile(`(?m)^\| the thread of a picture \|.*$`).FindString(texts(t)["../../README.md"])
	for _, kind := range ocr.Kinds() {
		if !kind.Usual() && !strings.Contains(inThread, "`"+string(kind)) {
			t.Errorf("the README does not name %s", kind)
		}
		if usage := command.Flags().Lookup("mode").Usage; !strings.Contains(usage, string(kind)) {
			t.Errorf("--mode does not name %s: %s", kind, usage)
		}
	}
}

// TestReadmeIsShort enough to be read.
func TestReadmeIsShort(t *testing.T) {
	if n := strings.Count(texts(t)["../../README.md"], "\n"); n > 250 {
		t.Errorf("the README has %d lines, more than 250", n)
	}
}

// TestDependencies: each direct one has its reason in docs/DEPENDENCIES.md, and no
// other has.
func TestDependencies(t *testing.T) {
	content, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var needed, explained []string
	for line := range strings.Lines(string(content)) {
		if module, ok := strings.CutPrefix(line, "\t"); ok && !strings.Contains(line, "// indirect") {
			needed = append(needed, strings.Fields(module)[0])
		}
	}
	row := regexp.MustCompile("(?m)^\\| `([^`]+/[^`]+)` \\| \\S")
	for _, found := range row.FindAllStringSubmatch(texts(t)["../../docs/DEPENDENCIES.md"], -1) {
		explained = append(explained, found[1])
	}
	slices.Sort(needed)
	slices.Sort(explained)
	if len(needed) < 10 || !slices.Equal(needed, explained) {
		t.Errorf("go.mod needs\n%s\nand docs/DEPENDENCIES.md explains\n%s", strings.Join(needed, "\n"), strings.Join(explained, "\n"))
	}
}
