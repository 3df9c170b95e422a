package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.yaml.in/yaml/v3"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/cmd/bot/internal/officetest"
	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr"
)

// output takes what a program writes, to be read while it runs too.
type output struct {
	mu  sync.Mutex // guards all
	all bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// eventually waits for a condition, for some minutes at most.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(3 * time.Minute)
	for !cond() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("never: %s", what)
		}
	}
}

var watchedAt = regexp.MustCompile(`msg="serving /healthz, /readyz and /metrics" address=(\S+)`)

// monitored starts the bot with its monitor on a free port, and returns its
// address when the bot is ready.
func monitored(t *testing.T, o *officetest.Office, environ ...string) (p *process, address string) {
	t.Helper()
	p = start(t, slices.Concat(o.Environ, []string{"LISTEN_ADDR=127.0.0.1:0"}, environ))
	eventually(t, "it listens", func() bool { return watchedAt.MatchString(p.stderr.String()) })
	address = watchedAt.FindStringSubmatch(p.stderr.String())[1]
	eventually(t, "it is ready", func() bool { status, _ := ask(t, address, "/readyz"); return status == http.StatusOK })
	return p, address
}

func ask(t *testing.T, address, path string) (status int, body string) {
	t.Helper()
	response, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

// value is that of one line of the metrics.
func value(t *testing.T, metrics, series string) float64 {
	t.Helper()
	for line := range strings.Lines(metrics) {
		if number, ok := strings.CutPrefix(line, series+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			return v
		}
	}
	t.Errorf("there is no %s", series)
	return 0
}

// TestMetricsOfARealImage reads a picture with the real program, and then its
// metrics: that they count what was done, keep to Prometheus' conventions, name
// nobody and nothing, and have what the alarms look at.
func TestMetricsOfARealImage(t *testing.T) {
	t.Parallel()
	o := officetest.Open(t, officetest.Writes("first words ", "and more"))
	p, address := monitored(t, o)
	picture := officetest.PagePicture("plan-b.png")
	ts := o.Post(t, o.Channel, picture)
	o.Wait(t, "it is read", func() bool {
		texts := o.Thread(ts)
		return len(texts) == 2 && strings.HasPrefix(texts[0], wordstest.ReadAs(picture.Name, "markdown"))
	})
	const read = `slackocr_requests_total{mode="markdown",outcome="read"}`
	var metrics string
	eventually(t, "it is counted", func() bool {
		_, metrics = ask(t, address, "/metrics")
		return strings.Contains(metrics, read+" 1\n") && strings.Contains(metrics, "slackocr_queue_oldest_seconds 0\n")
	})
	for series, want := range map[string]float64{
		`slackocr_requests_total{mode="text",outcome="read"}`:      0,
		`slackocr_requests_total{mode="markdown",outcome="empty"}`: 0,
		`slackocr_pages_total{outcome="read"}`:                     1,
		`slackocr_first_text_seconds_count`:                        1,
		`slackocr_whole_text_seconds_count`:                        1,
		`slackocr_download_bytes_total{source="slack"}`:            float64(len(picture.Data)),
		`slackocr_model_errors_total{class="key_refused"}`:         0,
		`slackocr_model_retries_total`:                             0,
		`slackocr_model_received_bytes_total`:                      float64(len("first words and more")),
		`slackocr_model_first_text_seconds_count`:                  1,
		`slackocr_model_request_seconds_count`:                     1,
		`slackocr_socket_connects_total`:                           1,
		`slackocr_decode_kills_total`:                              0,
		`slackocr_slack_calls_total{method="chat.postMessage"}`:    2,
		`slackocr_slack_limited_total{method="chat.postMessage"}`:  0,
		`slackocr_ready{part="slack"}`:                             1,
		`slackocr_ready{part="store"}`:                             1,
		`slackocr_ready{part="endpoint"}`:                          1,
		`slackocr_replicas`:                                        1,
		`slackocr_queue_oldest_seconds`:                            0,
	} {
		if got := value(t, metrics, series); got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	for _, series := range []string{"slackocr_model_sent_bytes_total", `slackocr_slack_calls_total{method="chat.update"}`, "slackocr_model_request_seconds_sum", "go_goroutines", "process_resident_memory_bytes"} {
		if value(t, metrics, series) <= 0 {
			t.Errorf("%s counts nothing", series)
		}
	}
	flaws, err := promlint.New(strings.NewReader(metrics)).Lint()
	if err != nil || len(flaws) > 0 {
		t.Errorf("promlint finds %v, %v", flaws, err)
	}
	namesNobody(t, metrics, o.Ann, o.Channel, o.App.BotUserID, ts, "plan-b", "first words")
	alarmsLookAt(t, metrics)
	dashboardLooksAt(t, metrics)
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	if _, err := http.Get("http://" + address + "/healthz"); err == nil {
		t.Error("the monitor outlived the bot")
	}
}

// namesNobody checks the labels: few, and of few values.
func namesNobody(t *testing.T, metrics string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(metrics, secret) {
			t.Errorf("the metrics hold %q", secret)
		}
	}
	values := map[string]map[string]bool{}
	for line := range strings.Lines(metrics) {
		series, labels, _ := strings.Cut(line, "{")
		if !strings.HasPrefix(series, "slackocr_") {
			continue
		}
		for _, label := range regexp.MustCompile(`(\w+)="([^"]*)"`).FindAllStringSubmatch(labels, -1) {
			name, value := label[1], label[2]
			if !slices.Contains([]string{"class", "le", "method", "mode", "outcome", "part", "reason", "source"}, name) {
				t.Errorf("a label that nobody looked at: %s", line)
			}
			if !regexp.MustCompile(`^([a-zA-Z_.]+|[0-9.e+]+|\+Inf)$`).MatchString(value) {
				t.Errorf("the value of a label may be an id: %s", line)
			}
			if values[name] == nil {
				values[name] = map[string]bool{}
			}
			values[name][value] = true
		}
	}
	for name, of := range values {
		if len(of) > 40 {
			t.Errorf("the label %s has %d values", name, len(of))
		}
	}
	if len(values) != 8 {
		t.Errorf("%d labels were seen", len(values))
	}
}

// An alarm is a rule of docs/alerts.yml.
type alarm struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

// alarms returns the rules of docs/alerts.yml.
func alarms(t *testing.T) (all []alarm) {
	t.Helper()
	data, err := os.ReadFile("../../docs/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []alarm
		}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatalf("docs/alerts.yml: %v", err)
	}
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) < 4 {
		t.Errorf("%d alarms were seen", len(all))
	}
	return all
}

// alarmsLookAt checks docs/alerts.yml: its form, and that what it looks at is
// there.
func alarmsLookAt(t *testing.T, metrics string) {
	t.Helper()
	for _, rule := range alarms(t) {
		if _, err := time.ParseDuration(rule.For); rule.For != "" && err != nil {
			t.Errorf("%s: %v", rule.Alert, err)
		}
		if rule.Alert == "" || !slices.Contains([]string{"page", "ticket"}, rule.Labels["severity"]) || rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
			t.Errorf("the alarm %+v lacks a name, a severity, a summary or a description", rule)
		}
		if strings.Count(rule.Expr, "(") != strings.Count(rule.Expr, ")") {
			t.Errorf("%s: %q has brackets left", rule.Alert, rule.Expr)
		}
		looksAt(t, rule.Alert, rule.Expr, metrics)
	}
}

// TestAlarmOfRefusedRequests names each class that no retry mends and that is not about
// one page alone.
func TestAlarmOfRefusedRequests(t *testing.T) {
	var want []string
	for _, class := range ocr.Classes() {
		if failure := (ocr.Error{Class: class}); !failure.Temporary() && class.Scope() > ocr.OnePage {
			want = append(want, strings.ReplaceAll(class.String(), " ", "_"))
		}
	}
	for _, rule := range alarms(t) {
		if rule.Alert != "SlackOCREndpointRefuses" {
			continue
		}
		named := regexp.MustCompile(`class=~"(.*?)"`).FindStringSubmatch(rule.Expr)
		if len(named) == 0 || !slices.Equal(slices.Sorted(strings.SplitSeq(named[1], "|")), slices.Sorted(slices.Values(want))) {
			t.Errorf("it looks at %q, want %q", rule.Expr, want)
		}
		return
	}
	t.Error("docs/alerts.yml has no such alarm")
}

// looksAt checks that the bot has the series that an expression names.
func looksAt(t *testing.T, what, expr, metrics string) {
	t.Helper()
	for _, selector := range regexp.MustCompile(`(slackocr_\w+)(?:\{(\w+)=~?"([^"]*)")?`).FindAllStringSubmatch(expr, -1) {
		for value := range strings.SplitSeq(selector[3], "|") {
			series := selector[1] + "[ {]"
			if selector[2] != "" {
				series = selector[1] + `\{.*` + selector[2] + `="` + value + `"`
			}
			if !regexp.MustCompile(`(?m)^` + series).MatchString(metrics) {
				t.Errorf("%s looks at %s, which the bot does not have", what, selector[0])
			}
		}
	}
}

// dashboardLooksAt checks docs/dashboard.json: each panel has a title and shows what is
// there.
func dashboardLooksAt(t *testing.T, metrics string) {
	t.Helper()
	data, err := os.ReadFile("../../docs/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatalf("docs/dashboard.json: %v", err)
	}
	if len(file.Panels) < 10 {
		t.Errorf("%d panels were seen", len(file.Panels))
	}
	for _, panel := range file.Panels {
		if panel.Title == "" || len(panel.Targets) == 0 {
			t.Errorf("the panel %+v lacks a title or a target", panel)
		}
		for _, target := range panel.Targets {
			if !strings.Contains(target.Expr, "slackocr_") {
				t.Errorf("%s looks at nothing of the bot: %q", panel.Title, target.Expr)
			}
			looksAt(t, panel.Title, target.Expr, metrics)
		}
	}
}

// TestReadyAndHealth takes away what the bot rests on: /readyz says what is
// missing in a line each, and when it is back; /healthz does not mind.
func TestReadyAndHealth(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	o := officetest.Open(t, func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			http.Error(w, `{"error":{"message":"oops"}}`, http.StatusInternalServerError)
			return
		}
		officetest.Writes("some text")(w, r)
	})
	p, address := monitored(t, o)
	want := func(what string, status int, body string) {
		t.Helper()
		eventually(t, what, func() bool {
			got, said := ask(t, address, "/readyz")
			return got == status && wordstest.Normalize(said) == wordstest.Normalize(body)
		})
		if status, said := ask(t, address, "/healthz"); status != http.StatusOK || said != "ok\n" {
			t.Errorf("%s: /healthz says %d %q", what, status, said)
		}
	}
	want("all is well", http.StatusOK, "slack: ok\nstore: ok\nendpoint: ok\n")
	health := func(args ...string) (status int, said string) {
		p := start(t, []string{"LISTEN_ADDR=" + address}, append([]string{"health"}, args...)...)
		out, _ := io.ReadAll(p.stdout)
		status = p.status(t)
		return status, string(out) + p.stderr.String()
	}
	for _, args := range [][]string{nil, {address}, {"http://" + address}, {"http://" + address + "/readyz"}} {
		if status, said := health(args...); status != 0 || !strings.Contains(said, "ok\n") {
			t.Errorf("health %q: status %d, %q", args, status, said)
		}
	}
	if status, _ := ask(t, address, "/"); status != http.StatusNotFound {
		t.Errorf("/ is answered %d", status)
	}

	broken.Store(true)
	o.Post(t, o.Channel, officetest.PagePicture("a.png"))
	want("the endpoint is known to be down", http.StatusServiceUnavailable, "slack: ok\nstore: ok\nendpoint: "+bot.EndpointDown+words.Seconds(time.Minute)+"\n")
	if status, said := health("http://" + address + "/readyz"); status != 1 || !strings.Contains(said, "503") {
		t.Errorf("health of a bot that is not ready: status %d, %q", status, said)
	}
	if status, said := health(); status != 0 {
		t.Errorf("health of a bot that waits: status %d, %q", status, said)
	}
	broken.Store(false)
	want("the endpoint is back", http.StatusOK, "slack: ok\nstore: ok\nendpoint: ok\n")

	clear := o.Workspace.Fail(localslack.Fault{Method: "apps.connections.open", Status: http.StatusInternalServerError})
	o.Workspace.CloseSockets()
	want("the connection is lost", http.StatusServiceUnavailable, "slack: "+bot.NotConnected+"\nstore: ok\nendpoint: ok\n")
	clear()
	want("the connection is back", http.StatusOK, "slack: ok\nstore: ok\nendpoint: ok\n")
	if _, metrics := ask(t, address, "/metrics"); value(t, metrics, "slackocr_socket_connects_total") < 2 ||
		value(t, metrics, `slackocr_model_errors_total{class="down"}`) < 2 || value(t, metrics, "slackocr_model_retries_total") < 1 ||
		value(t, metrics, "slackocr_request_retries_total") < 1 {
		t.Errorf("the troubles are not counted:\n%s", metrics)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	if status, said := health(); status != 1 || !strings.Contains(said, "doesn't answer") {
		t.Errorf("health of a bot that has ended: status %d, %q", status, said)
	}
}

// TestMonitorThatCannotListen ends the start with a sentence.
func TestMonitorThatCannotListen(t *testing.T) {
	t.Parallel()
	o := officetest.Open(t, http.NotFound)
	_, address := monitored(t, o)
	p := start(t, append(o.Environ, "LISTEN_ADDR="+address, "LOG_LEVEL=error"))
	if status := p.status(t); status != 1 || !strings.HasPrefix(p.stderr.String(), "LISTEN_ADDR: ") || strings.Count(p.stderr.String(), "\n") != 1 {
		t.Errorf("status %d, it says %q", status, p.stderr)
	}
}

func TestHealthURL(t *testing.T) {
	for where, want := range map[string]string{
		":8080":                      "http://127.0.0.1:8080/healthz",
		"0.0.0.0:8080":               "http://127.0.0.1:8080/healthz",
		"[::]:8080":                  "http://[::1]:8080/healthz",
		"10.1.2.3:8080":              "http://10.1.2.3:8080/healthz",
		"localhost:8080":             "http://localhost:8080/healthz",
		"http://10.1.2.3:1":          "http://10.1.2.3:1/healthz",
		"https://a.example/x/readyz": "https://a.example/x/readyz",
		"8080":                       "",
		"ftp://a.example/":           "",
		"http://":                    "",
	} {
		if got, err := healthURL(where); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is asked at %q, %v", where, got, err)
		}
	}
}

func TestListenAddr(t *testing.T) {
	for addr, ok := range map[string]bool{
		":8080": true, "127.0.0.1:0": true, "[::1]:9": true, "my.host:80": true, "localhost:80": true, "0.0.0.0:80": true,
		"8080": false, "127.0.0.1": false, "127.0.0.1:http": false, "a b:": false, ":70000": false,
	} {
		_, err := settings.Load([]string{"LISTEN_ADDR=" + addr}, "", settings.NeedMonitor)
		if ok != (err == nil) {
			t.Errorf("%q: %v", addr, err)
		}
	}
}
