package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"slackocr/bot/slackmd"
	"slackocr/cmd/bot/internal/ocrcmd"
	"slackocr/cmd/bot/internal/officetest"
	"slackocr/ocr"
	"slackocr/ocr/page/pagetest"
)

// A shell is a folder with files to read and an endpoint that reads them.
type shell struct {
	system
	out, complaints bytes.Buffer
}

// newShell changes into a folder with letter.png and a PDF of three pages.
func newShell(t *testing.T, model http.HandlerFunc) *shell {
	t.Helper()
	t.Chdir(t.TempDir())
	var b pagetest.PDFBuilder
	var kids []string
	for range 3 {
		kids = append(kids, b.Object("<< /Type /Page /Parent "+pagetest.PagesRef+" /MediaBox [0 0 200 100] >>"))
	}
	for name, content := range map[string][]byte{
		"letter.png": pagetest.PNG("Hello", pagetest.Layout{Width: 2, Height: 1}),
		"three.pdf":  b.File(kids, len(kids), ""),
		"empty.png":  {},
	} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	o := officetest.Open(t, model)
	s := &shell{}
	s.system = system{environ: o.Environ, stdin: strings.NewReader(""), stdout: &s.out, stderr: &s.complaints, columns: 80}
	return s
}

// ocr runs bot ocr and returns the exit status.
func (s *shell) ocr(t *testing.T, args ...string) int {
	t.Helper()
	s.out.Reset()
	s.complaints.Reset()
	return run(t.Context(), append([]string{"ocr"}, args...), s.system)
}

func hello(w http.ResponseWriter, _ *http.Request) { officetest.WriteAll(w, "Hello ", "there") }

// TestOCRJSON has one object for each file, also for those that cannot be read.
func TestOCRJSON(t *testing.T) {
	s := newShell(t, hello)
	s.stdin = bytes.NewReader(pagetest.PNG("Hello", pagetest.Layout{Width: 2, Height: 1}))
	if status := s.ocr(t, "--json", "letter.png", "missing.png", "folder", "empty.png", "-", "three.pdf"); status != statusFailed {
		t.Errorf("exit status %d", status)
	}
	var got []ocrcmd.Result
	for lines := json.NewDecoder(&s.out); ; {
		var r ocrcmd.Result
		err := lines.Decode(&r)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Error != "" {
			if !strings.Contains(s.complaints.String(), r.Name+": "+r.Error+"\n") {
				t.Errorf("%q is not said of %s:\n%s", r.Error, r.Name, &s.complaints)
			}
			r.Error = "not read"
		}
		got = append(got, r)
	}
	want := []ocrcmd.Result{
		{Name: "letter.png", Pages: 1, Words: 2, Text: "Hello there\n"},
		{Name: "missing.png", Error: "not read"},
		{Name: "folder", Error: "not read"},
		{Name: "empty.png", Error: "not read"},
		{Name: "-", Pages: 1, Words: 2, Text: "Hello there\n"},
		{Name: "three.pdf", Pages: 3, Words: 6, Text: "Hello there\n" + slackmd.PageBreak(2, 3) + "Hello there\n" + slackmd.PageBreak(3, 3) + "Hello there\n"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if n := strings.Count(s.complaints.String(), "\n"); n != 3 {
		t.Errorf("%d complaints, want 3:\n%s", n, &s.complaints)
	}
}

// TestOCRHeadings tell files apart, a failed one included.
func TestOCRHeadings(t *testing.T) {
	s := newShell(t, hello)
	s.ocr(t, "letter.png", "missing.png")
	if want := "==> letter.png <==\nHello there\n\n==> missing.png: not read <==\n"; s.out.String() != want {
		t.Errorf("it prints\n%s\nwant\n%s", &s.out, want)
	}
	if status := s.ocr(t, "letter.png"); status != statusOK || s.out.String() != "Hello there\n" {
		t.Errorf("one file: exit status %d and\n%s", status, &s.out)
	}
}

// TestOCRColours come on terminals alone, and not where NO_COLOR is set.
func TestOCRColours(t *testing.T) {
	s := newShell(t, hello)
	for _, tt := range []struct{ terminal, plain, bold bool }{{false, false, false}, {true, true, false}, {true, false, true}} {
		s.stdoutTerminal, s.plain = tt.terminal, tt.plain
		s.ocr(t, "letter.png", "letter.png")
		if bold := strings.Contains(s.out.String(), "\x1b["); bold != tt.bold {
			t.Errorf("%+v: it prints %q", tt, &s.out)
		}
	}
}

// TestOCROutput writes to one file, or to one for each in a folder.
func TestOCROutput(t *testing.T) {
	s := newShell(t, hello)
	if err := os.WriteFile("folder/letter.jpg", pagetest.PNG("Hello", pagetest.Layout{Width: 2, Height: 1}), 0o600); err != nil {
		t.Fatal(err)
	}
	s.ocr(t, "-o", "all.md", "letter.png", "missing.png")
	if got, err := os.ReadFile("all.md"); err != nil || !strings.HasPrefix(string(got), "==> letter.png <==\nHello there\n") {
		t.Errorf("all.md has %q, %v", got, err)
	}
	if status := s.ocr(t, "--output", "new/texts/", "letter.png", "folder/letter.jpg"); status != statusOK {
		t.Errorf("exit status %d: %s", status, &s.complaints)
	}
	for _, name := range []string{"new/texts/letter.md", "new/texts/letter-2.md"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != "Hello there\n" {
			t.Errorf("%s has %q, %v", name, got, err)
		}
	}
	s.ocr(t, "--json", "-o", "folder", "missing.png")
	if got, err := os.ReadFile("folder/missing.json"); err != nil || !strings.Contains(string(got), `"error":`) {
		t.Errorf("missing.json has %q, %v", got, err)
	}
	if s.out.Len() > 0 {
		t.Errorf("standard output has %q", &s.out)
	}
}

// TestOCRKeepsItsInput where it is named as the output too.
func TestOCRKeepsItsInput(t *testing.T) {
	s := newShell(t, hello)
	if status := s.ocr(t, "-o", "letter.png", "letter.png"); status != statusFailed {
		t.Errorf("exit status %d", status)
	}
	if info, err := os.Stat("letter.png"); err != nil || info.Size() == 0 {
		t.Errorf("the picture is gone: %v", err)
	}
}

func TestOCRPages(t *testing.T) {
	s := newShell(t, hello)
	s.environ = append(s.environ, "MAX_PDF_PAGES=1")
	for _, tt := range []struct {
		pages       string
		status      int
		texts, said string
	}{
		{"", statusFailed, "1", "only the first 1 page of 3"},
		{"3", statusOK, "1", ""},
		{"1,3-", statusOK, "2", ""},
		{"-2", statusOK, "2", ""},
		{"4-9", statusFailed, "0", "--pages names none"},
		{"0", statusUsage, "0", "range of pages"},
		{"2-1", statusUsage, "0", "range of pages"},
		{"two", statusUsage, "0", "page number"},
		{"1001", statusUsage, "0", "range of pages"},
		{"1,,2", statusUsage, "0", "page number"},
	} {
		status := s.ocr(t, "--pages="+tt.pages, "three.pdf")
		if n := fmt.Sprint(strings.Count(s.out.String(), "Hello")); status != tt.status || n != tt.texts || !strings.Contains(s.complaints.String(), tt.said) {
			t.Errorf("--pages %q: exit status %d, %s texts\n%s", tt.pages, status, n, &s.complaints)
		}
	}
}

// TestOCRKeepsTheRestOfATallPicture whose first part the endpoint refuses.
func TestOCRKeepsTheRestOfATallPicture(t *testing.T) {
	asked := 0
	s := newShell(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			http.Error(w, `{"error":{"message":"no","code":"sensitive_check_error"}}`, http.StatusBadRequest)
			return
		}
		hello(w, r)
	})
	if err := os.WriteFile("tall.png", pagetest.PNG("Hello", pagetest.Layout{Width: 2, Height: 30}), 0o600); err != nil {
		t.Fatal(err)
	}
	status := s.ocr(t, "--json", "tall.png")
	var got ocrcmd.Result
	if err := json.Unmarshal(s.out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if asked < 2 || status != statusFailed || got.Pages != 1 || got.Error != "" || !strings.Contains(got.Cut, ocr.Refused.String()) ||
		strings.Count(got.Text, "Hello") != asked-1 {
		t.Errorf("exit status %d after %d requests: %+v", status, asked, got)
	}
}

// TestOCRMode asks the model in that mode.
func TestOCRMode(t *testing.T) {
	s := newShell(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		officetest.WriteAll(w, fmt.Sprint(bytes.Contains(body, []byte("List the prices."))))
	})
	if status := s.ocr(t, "--mode", "prompt: List the prices.", "letter.png"); status != statusOK || s.out.String() != "true\n" {
		t.Errorf("exit status %d, %s", status, &s.out)
	}
	if status := s.ocr(t, "--mode", "shout", "letter.png"); status != statusUsage {
		t.Errorf("an unknown mode: exit status %d", status)
	}
}

// TestOCRProgress is on a terminal from the first instant, and nowhere else.
func TestOCRProgress(t *testing.T) {
	lines := &watched{first: make(chan struct{})}
	s := newShell(t, func(w http.ResponseWriter, r *http.Request) {
		select { // the model answers only once there is progress to be seen
		case <-lines.first:
			hello(w, r)
		case <-r.Context().Done():
		}
	})
	s.stderr, s.stderrTerminal = lines, true
	if status := s.ocr(t, "letter.png", "missing.png"); status != statusFailed {
		t.Errorf("exit status %d", status)
	}
	for _, want := range []string{"Reading letter.png · 0 s", "Reading letter.png · page 1 of 1 · 0 words", "Read letter.png · 2 words · ", "\r\x1b[Kmissing.png: "} {
		if !strings.Contains(lines.String(), want) {
			t.Errorf("there is no %q in %q", want, lines)
		}
	}
	s.stderr, s.stderrTerminal = &s.complaints, false
	if s.ocr(t, "letter.png"); s.complaints.Len() > 0 {
		t.Errorf("without a terminal it says %q", &s.complaints)
	}
}

// A watched buffer says when something was written to it.
type watched struct {
	mu    sync.Mutex
	text  bytes.Buffer
	once  sync.Once
	first chan struct{}
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.once.Do(func() { close(w.first) })
	return w.text.Write(b)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// TestOCRWithoutAnEndpoint does not try each file.
func TestOCRWithoutAnEndpoint(t *testing.T) {
	asked := 0
	s := newShell(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		http.Error(w, "no", http.StatusUnauthorized)
	})
	if status := s.ocr(t, "letter.png", "missing.png", "three.pdf"); status != statusFailed || asked != 1 {
		t.Errorf("exit status %d, %d requests", status, asked)
	}
	if n := strings.Count(s.complaints.String(), "\n"); n != 3 {
		t.Errorf("%d complaints, want one for each file:\n%s", n, &s.complaints)
	}
}

// TestOCRStopsWaitingForAPipe that brings nothing.
func TestOCRStopsWaitingForAPipe(t *testing.T) {
	s := newShell(t, hello)
	silent, end := io.Pipe()
	defer end.Close()
	ctx, stop := context.WithCancel(t.Context())
	s.stdin = readerFunc(func(b []byte) (int, error) {
		stop() // while it is read
		return silent.Read(b)
	})
	if status := run(ctx, []string{"ocr", "-"}, s.system); status != statusFailed {
		t.Errorf("exit status %d", status)
	}
}

// TestOCRStopsWithItsOutput: without a place for the texts, no further file is read.
func TestOCRStopsWithItsOutput(t *testing.T) {
	asked := 0
	s := newShell(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		hello(w, r)
	})
	broken := errors.New("nobody reads this")
	s.stdout = writerFunc(func([]byte) (int, error) { return 0, broken })
	if status := s.ocr(t, "letter.png", "three.pdf"); status != statusFailed || asked != 1 || s.complaints.String() != broken.Error()+"\n" {
		t.Errorf("exit status %d after %d requests: %s", status, asked, &s.complaints)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// TestOCRPipeHasALimit, since its bytes are kept on the disk.
func TestOCRPipeHasALimit(t *testing.T) {
	s := newShell(t, hello)
	s.environ = append(s.environ, "MAX_FILE_SIZE=1KB")
	s.stdin = strings.NewReader(strings.Repeat("x", 1025))
	if status := s.ocr(t, "-"); status != statusFailed || !strings.Contains(s.complaints.String(), "MAX_FILE_SIZE") {
		t.Errorf("exit status %d: %s", status, &s.complaints)
	}
}

// TestOCRLocal needs no setting.
func TestOCRLocal(t *testing.T) {
	s := newShell(t, hello)
	s.environ = nil
	if err := os.WriteFile("page.png", pagetest.PNG(pagetest.Letter, pagetest.Layout{}), 0o600); err != nil {
		t.Fatal(err)
	}
	if status := s.ocr(t, "--local", "page.png"); status != statusOK {
		t.Errorf("exit status %d: %s", status, &s.complaints)
	}
	if share := pagetest.Words(s.out.String(), pagetest.Letter); share < 0.95 {
		t.Errorf("%.1f %% of the words were read:\n%s", 100*share, &s.out)
	}
}
