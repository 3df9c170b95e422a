package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/sync/errgroup"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/cmd/bot/internal/officetest"
	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr/page/pagetest"
)

// asBot in the environment makes this test binary the real program.
const asBot = "TEST_AS_BOT"

func TestMain(m *testing.M) {
	if os.Getenv(asBot) != "" || len(os.Args) > 1 && os.Args[1] == decodeCommand {
		main()
	}
	if err := flag.Set("test.parallel", "6"); err != nil { // unless the command line says otherwise
		panic(err)
	}
	os.Exit(m.Run())
}

// process is the program, started as a person would.
type process struct {
	*exec.Cmd
	stdout *bufio.Reader
	stderr *output // may be read while it runs
}

// start runs the program in an empty folder with these settings alone.
func start(t testing.TB, environ []string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(self, args...), stderr: &output{}}
	p.Dir = t.TempDir()
	p.Env = append([]string{asBot + "=1", "PATH=" + os.Getenv("PATH")}, environ...)
	p.Cmd.Stderr = p.stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.ProcessState == nil {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
	})
	return p
}

// stop sends SIGTERM and returns the exit status.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	return p.status(t)
}

// status waits for the end, for ten seconds at most: container runtimes kill then.
func (p *process) status(t *testing.T) int {
	t.Helper()
	kill := time.AfterFunc(10*time.Second, func() {
		t.Error("the program does not end")
		_ = p.Process.Kill()
	})
	defer kill.Stop()
	_ = p.Wait() // its status says the same
	return p.ExitCode()
}

func (p *process) ExitCode() int { return p.ProcessState.ExitCode() }

// missing returns what is said of a setting that is required.
func missing(variable string) string {
	_, err := settings.Load(nil, "", settings.NeedAll...)
	for line := range strings.Lines(err.Error()) {
		if strings.HasPrefix(line, variable+" ") {
			return line
		}
	}
	return "nothing about " + variable
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		name           string
		environ, args  []string
		status         int
		stdout, stderr string // what must be said
	}{
		{"no settings", nil, nil, 2, "", missing("SLACK_BOT_TOKEN")},
		{"run is the default", nil, []string{"run"}, 2, "", missing("SLACK_BOT_TOKEN")},
		{"run with an argument", nil, []string{"run", "fast"}, 2, "", `"bot run" takes no argument`},
		{"no such command", nil, []string{"dance"}, 2, "", `There is no command "bot dance"`},
		{"a mistyped command", nil, []string{"chek"}, 2, "", suggestion("chek", "", []string{"check"})},
		{"a mistyped flag", nil, []string{"check", "--jsn"}, 2, "", suggestion("jsn", "--", []string{"json"})},
		{"a flag with one dash", nil, []string{"check", "-json"}, 2, "", suggestion("jsn", "--", []string{"json"})},
		{"a flag without its value", nil, []string{"demo", "--addr"}, 2, "", "--addr"},
		{"help", nil, []string{"help"}, 0, "demo ", ""},
		{"-h", nil, []string{"-h"}, 0, "demo ", ""},
		{"help of a command", nil, []string{"run", "-h"}, 0, "SLACK_BOT_TOKEN", ""},
		{"help of no command", nil, []string{"help", "chek"}, 2, "", suggestion("chek", "", []string{"check"})},
		{"completion for no shell", nil, []string{"completion", "fsh"}, 2, "", suggestion("fsh", "", []string{"bash", "fish", "zsh"})},
		{"help in front of a wrong flag", nil, []string{"ocr", "--help", "--speed=9"}, 2, "", "has no flag --speed"},
		{"version", nil, []string{"version"}, 0, "go1.", ""},
		{"version as a flag", nil, []string{"--version"}, 0, "go1.", ""},
		{"completion", nil, []string{"completion", "fish"}, 0, "complete -c bot", ""},
		{"ocr without a file", nil, []string{"ocr"}, 2, "", "Which files?"},
		{"ocr without a key", nil, []string{"ocr", "a.png"}, 2, "", missing("MODELVERSE_API_KEY")},
		{"demo without tesseract", []string{"PATH=/nowhere"}, []string{"demo"}, 1, "", "apt install tesseract-ocr"},
		{"demo with a wrong flag", nil, []string{"demo", "--speed=9"}, 2, "", "has no flag --speed"},
		{"demo with an unknown mode", nil, []string{"demo", "--slack=octet-stream,kind"}, 2, "", "there is no mode"},
		{"a fault without the bare workspace", nil, []string{"demo", "--fault=chat.update,reset"}, 2, "", "--bare"},
		{"a fault that is none", nil, []string{"demo", "--bare", "--fault=chat.update,speed=9"}, 2, "", "status="},
		{"a manifest that is not there", nil, []string{"demo", "--bare", "--addr=127.0.0.1:0", "--manifest=none.yaml"}, 1, "", "none.yaml"},
		{"demo away from this machine", nil, []string{"demo", "--addr=0.0.0.0:0"}, 1, "", "loopback"},
		{"demo with limits that let nothing through", []string{"OCR_CONCURRENCY=0"}, []string{"demo"}, 2, "", "OCR_CONCURRENCY must be"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t, tt.environ, tt.args...)
			out, _ := io.ReadAll(p.stdout)
			if status := p.status(t); status != tt.status {
				t.Errorf("exit status %d, want %d", status, tt.status)
			}
			if !strings.Contains(string(out), tt.stdout) || !strings.Contains(p.stderr.String(), tt.stderr) {
				t.Errorf("it said\n%s\n%s\nwant %q and %q", out, p.stderr, tt.stdout, tt.stderr)
			}
			if strings.Contains(p.stderr.String(), "goroutine ") {
				t.Error("it panicked")
			}
		})
	}
}

// demoProcess starts the demo and returns its page's address.
func demoProcess(t *testing.T) (p *process, address string) {
	t.Helper()
	// Tokens of a real app must not matter.
	p = start(t, []string{"SLACK_BOT_TOKEN=xoxb-real", "SLACK_API_URL=https://slack.example/api/"}, "demo", "--addr=127.0.0.1:0", "--slack=enterprise")
	line, err := p.stdout.ReadString('\n')
	address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(line)
	if err != nil || address == "" {
		_ = p.Process.Kill()
		_ = p.Wait()
		t.Fatalf("the demo says %q: %s", line, p.stderr)
	}
	return p, address
}

// messages are the channels' messages as the page gets them, in order.
func messages(t *testing.T, address string) (all []localslack.Message) {
	t.Helper()
	response, err := http.Get(address + "/page/state")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var state struct {
		Channels []struct{ ID string }
		Messages map[string][]localslack.Message
	}
	if err := json.NewDecoder(response.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	for _, c := range state.Channels {
		all = append(all, state.Messages[c.ID]...)
	}
	return all
}

// TestDemo tries the demo one way after the other, since each keeps the processors
// busy. Tests that wait run beside it.
func TestDemo(t *testing.T) {
	t.Parallel()
	t.Run("in a browser", demoInABrowser)
	t.Run("every way to ask", everyWayToAskInTheDemo)
	t.Run("generated pages", demoReadsPages)
}

// demoInABrowser is a newcomer's first minute: a photo of a printed page is
// dropped into the page, its text grows, and the markdown ends in the thread.
func demoInABrowser(t *testing.T) {
	p, address := demoProcess(t)
	tab := newTab(t)
	text := strings.Repeat(pagetest.Article+"\n\n", 3)
	drop := fmt.Sprintf(`(() => {
		const bytes = Uint8Array.from(atob(%q), (c) => c.charCodeAt(0));
		const files = new DataTransfer();
		files.items.add(new File([bytes], "photo.jpg", {type: "image/jpeg"}));
		for (const type of ["dragenter", "dragover", "drop"])
			document.body.dispatchEvent(new DragEvent(type, {dataTransfer: files, clientX: 600, clientY: 300, bubbles: true, cancelable: true}));
	})()`, base64.StdEncoding.EncodeToString(pagetest.Photo(text, pagetest.Layout{})))
	if err := chromedp.Do(tab, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	until(t, tab, `document.querySelector("#messages").innerText.includes("The chairs are mended")`)
	evaluate(t, tab, drop+`; 1`)
	until(t, tab, `document.querySelectorAll("#composer .previews li").length === 1`)
	evaluate(t, tab, `document.querySelector("#composer").requestSubmit(); 1`)
	until(t, tab, includes("#replies", words.Reading("photo.jpg")))
	// The lengths that the thread's text went through, until it is read.
	seen := evaluate(t, tab, fmt.Sprintf(`new Promise((done) => {
		const lengths = [], end = Date.now() + 180000;
		const look = () => {
			const text = document.querySelector("#replies").innerText;
			if (lengths.at(-1) !== text.length) lengths.push(text.length);
			text.includes(%q) || Date.now() > end ? done(JSON.stringify(lengths)) : setTimeout(look, 20);
		};
		look();
	})`, wordstest.ReadAs("photo.jpg", "markdown")))
	var lengths []int
	if err := json.Unmarshal([]byte(seen.(string)), &lengths); err != nil {
		t.Fatal(err)
	}
	// The thread waits, shows a part, and has the whole text: without live edits it has
	// two lengths. The number of parts depends on the machine's speed.
	if len(lengths) < 3 || !slices.IsSorted(lengths[:3]) {
		t.Errorf("the text did not grow under the reader's eyes: %v characters", lengths)
	}
	final := evaluate(t, tab, `[...document.querySelectorAll("#replies .message, #replies article, #replies li")].at(-1).innerText`).(string)
	if share := pagetest.Words(final, text); share < 0.95 {
		t.Errorf("%.1f %% of the words stand in the page:\n%s", 100*share, final)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
}

// demoReadsPages reads generated pages with the real engine, and counts their
// words.
func demoReadsPages(t *testing.T) {
	p, address := demoProcess(t)
	invoice := ""
	for end := time.Now().Add(3 * time.Minute); invoice == ""; {
		if time.Now().After(end) {
			t.Fatalf("the colleague's invoice was not read: %s", p.stderr)
		}
		for _, m := range messages(t, address) {
			if strings.HasPrefix(m.Text, "invoice.png: ") {
				var blocks []struct {
					Type string
					Text json.RawMessage
				}
				if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
					t.Fatal(err)
				}
				for _, b := range blocks {
					if b.Type == "markdown" {
						_ = json.Unmarshal(b.Text, &invoice) // a string in blocks of this type
					}
				}
			}
		}
	}
	if share := pagetest.Words(invoice, pagetest.Invoice); share < 0.95 {
		t.Errorf("%.1f %% of the invoice's words were read: %s", 100*share, invoice)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	if s := p.stderr.String(); s != "" {
		t.Errorf("it complained: %s", s)
	}
}

func TestOCRCommand(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "page.png")
	if err := os.WriteFile(name, pagetest.PNG(pagetest.Letter, pagetest.Layout{}), 0o600); err != nil {
		t.Fatal(err)
	}
	engine := serveEngine(t)
	p := start(t, []string{"OCR_BASE_URL=" + engine, "OCR_MODEL=tesseract"}, "ocr", name, "missing.png")
	out, _ := io.ReadAll(p.stdout)
	if status := p.status(t); status != 1 {
		t.Errorf("exit status %d, want 1 for the missing file", status)
	}
	if share := pagetest.Words(string(out), pagetest.Letter); share < 0.95 {
		t.Errorf("%.1f %% of the words were read:\n%s", 100*share, out)
	}
	if s := p.stderr.String(); !strings.Contains(s, "missing.png: ") || strings.Contains(s, "\r") {
		t.Errorf("standard error, which is no terminal, says %q", s)
	}
}

// TestOCRCommandGoesOn after a page that cannot be opened.
func TestOCRCommandGoesOn(t *testing.T) {
	t.Parallel()
	o := officetest.Open(t, officetest.Writes("some text"))
	var b pagetest.PDFBuilder
	var kids []string
	for _, box := range []string{"[0 0 200 100]", "[0 0 5 5000]", "[0 0 200 100]"} { // the second is a line
		kids = append(kids, b.Object("<< /Type /Page /Parent "+pagetest.PagesRef+" /MediaBox "+box+" >>"))
	}
	name := filepath.Join(t.TempDir(), "three.pdf")
	if err := os.WriteFile(name, b.File(kids, len(kids), ""), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, o.Environ, "ocr", name)
	out, _ := io.ReadAll(p.stdout)
	if status := p.status(t); status != 1 || strings.Count(string(out), "some text") != 2 {
		t.Errorf("exit status %d:\n%s", status, out)
	}
	if s := p.stderr.String(); !strings.Contains(s, "three.pdf: page 2: ") {
		t.Errorf("standard error says %q", s)
	}
}

// serveEngine serves the local OCR engine until the test ends.
func serveEngine(t *testing.T) (base string) {
	t.Helper()
	var all errgroup.Group
	ctx, stop := context.WithCancel(context.Background())
	base, _, err := serveTesseract(ctx, &all, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = all.Wait()
	})
	return base
}

// newTab opens a tab in a headless Chromium.
func newTab(t *testing.T) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("this test needs Chromium, which is not installed: `make test` installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program),
		chromedp.Flag("disable-component-update", true),
		// As with a mouse: headless Chromium has neither mouse nor finger.
		chromedp.Flag("blink-settings", "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	limited, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	allocator, stopAllocator := chromedp.NewExecAllocator(limited, options...)
	tab, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		stop()
		stopAllocator()
		cancel()
	})
	return tab
}

func evaluate(t *testing.T, tab context.Context, expression string) any {
	t.Helper()
	v, err := chromedp.Run(tab, chromedp.Evaluate[any](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%.200s: %v", expression, err)
	}
	return v
}

// until waits in the page until an expression holds.
func until(t *testing.T, tab context.Context, expression string) {
	t.Helper()
	ok := evaluate(t, tab, `new Promise((done) => {
		const end = Date.now() + 120000;
		const look = () => { let v; try { v = (`+expression+`) } catch {} v ? done(true) : Date.now() > end ? done(false) : setTimeout(look, 20); };
		look();
	})`)
	if ok != true {
		t.Fatalf("never true: %s\nthe page says:\n%v", expression, evaluate(t, tab, `document.body.innerText`))
	}
}
