package localslack_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"slackocr/bot/localslack"
)

// TestDocumentedErrors brings about every error that the package documentation
// lists for a method, by its condition.
func TestDocumentedErrors(t *testing.T) {
	for _, tc := range errorCases {
		t.Run(tc.method+" "+tc.code, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				if got := code(tc.call(s)); got != tc.code {
					t.Fatalf("%q, want %q", got, tc.code)
				}
				calls := s.w.Calls()
				if last := calls[len(calls)-1]; tc.method != everyMethod && (last.Method != tc.method || last.Error != tc.code) {
					t.Errorf("the last call was %s: %s", last.Method, last.Error)
				}
			})
		})
	}
}

// Every error that the documentation calls switched on comes by Fault.Error.
func TestSwitchedOnErrors(t *testing.T) {
	entries := documented(t)
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		for method, entry := range entries {
			for _, want := range entry["switch on"] {
				name := method
				if method == everyMethod {
					name = "users.info"
				}
				clear := s.w.Fail(localslack.Fault{Method: name, Times: 1, Error: want})
				if got := s.bot(name).code(); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
				clear()
			}
		}
	})
}

// A fault of the documentation itself: an error that no test brings about, or one
// that is brought about and not documented.
func TestErrorsMatchTheDocumentation(t *testing.T) {
	entries := documented(t)
	tested := map[string]bool{}
	for _, tc := range errorCases {
		tested[tc.method+" "+tc.code] = true
		if e := entries[tc.method]; !slices.Contains(e["errors"], tc.code) && !slices.Contains(e["also"], tc.code) {
			t.Errorf("%s: %s is tested and not documented", tc.method, tc.code)
		}
	}
	for method, e := range entries {
		for _, c := range append(e["errors"], e["also"]...) {
			if !tested[method+" "+c] {
				t.Errorf("%s: %s is documented and not tested", method, c)
			}
			if slices.Contains(e["switch on"], c) {
				t.Errorf("%s: %s is documented twice", method, c)
			}
		}
	}
}

func TestEphemeralInAThread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.must(s.whisper(s.channel, s.user, hello, thread(s.theirs)))
		if n := len(s.w.Ephemerals(s.user)); n != 0 {
			t.Errorf("%d shown in a thread that nobody has replied in", n)
		}
		s.must(s.say(s.channel, hello, thread(s.theirs)))
		s.must(s.whisper(s.channel, s.user, hello, thread(s.theirs)))
		if n := len(s.w.Ephemerals(s.user)); n != 1 {
			t.Errorf("%d shown in a thread with replies, want 1", n)
		}
	})
}

// A file can be shared with a person, and opening a direct message again says so.
func TestDirectMessagesByUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		first := s.ok("conversations.open", "users", s.user)
		again := s.ok("conversations.open", "users", s.user)
		if str(first.body, "already_open") != "" || str(again.body, "already_open") != "true" || str(again.body, "no_op") != "true" {
			t.Errorf("opened: %v, again: %v", first.body, again.body)
		}
		if err := s.complete("channels", s.user+","+s.channel); code(err) != "" {
			t.Fatal(err)
		}
		for _, channel := range []string{str(first.body, "channel", "id"), s.channel} {
			ms := s.w.Messages(channel)
			if len(ms) == 0 || len(ms[len(ms)-1].Files) != 1 {
				t.Errorf("%s: %+v", channel, ms)
			}
		}
	})
}

// Methods that only read ignore a JSON body.
func TestReadingTakesNoJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		for method, argument := range map[string]string{
			"conversations.info": "channel", "conversations.history": "channel", "conversations.members": "channel",
		} {
			r := s.send(method, s.cred.BotToken, "application/json", `{"channel":"`+s.channel+`"}`)
			if want := "[ERROR] missing required field: " + argument; r.code() != "invalid_arguments" || !strings.Contains(strings.Join(messages(r), ""), want) {
				t.Errorf("%s: %v", method, r.body)
			}
		}
		if r := s.send("conversations.join", s.cred.BotToken, "application/json", `{"channel":"`+s.channel+`"}`); r.code() != "" {
			t.Errorf("conversations.join: %v", r.body)
		}
		if r := s.send("auth.test", s.cred.BotToken, "text/plain", "anything"); r.code() != "" {
			t.Errorf("a text: %v", r.body)
		}
	})
}

func messages(r reply) (out []string) {
	meta, _ := r.body["response_metadata"].(map[string]any)
	list, _ := meta["messages"].([]any)
	for _, m := range list {
		out = append(out, m.(string))
	}
	return out
}

// documented reads the entries of methods_doc.go: for each method what stands in
// each of its fields, without notes in brackets.
func documented(t *testing.T) map[string]map[string][]string {
	t.Helper()
	data, err := os.ReadFile("methods_doc.go")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`^//\t(every method|[a-z]+(?:\.[a-zA-Z]+)+)$`)
	field := regexp.MustCompile(`^//\t    ([a-z]+(?: [a-z]+)?):\s+(.*)$`)
	entries, method, at := map[string]map[string]string{}, "", ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\n")
		switch m, f := name.FindStringSubmatch(line), field.FindStringSubmatch(line); {
		case m != nil:
			method = m[1]
			entries[method] = map[string]string{}
		case method == "" || !strings.HasPrefix(line, "//\t    "):
			method = ""
		case f != nil:
			at = f[1]
			entries[method][at] = f[2]
		default:
			entries[method][at] += " " + strings.TrimSpace(strings.TrimPrefix(line, "//"))
		}
	}
	notes := regexp.MustCompile(`\s*\([^)]*\)`)
	out := map[string]map[string][]string{}
	for method, fields := range entries {
		out[method] = map[string][]string{}
		for name, text := range fields {
			out[method][name] = strings.Split(notes.ReplaceAllString(text, ""), ", ")
		}
	}
	return out
}

// Every method has an entry, every entry is a method, and every error that the
// methods' files name stands in the documentation.
func TestDocumentationIsWhole(t *testing.T) {
	entries := documented(t)
	table, err := os.ReadFile("api.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"([a-zA-Z.]+)": +\{run:`).FindAllStringSubmatch(string(table), -1) {
		if len(entries[m[1]]["takes"]) == 0 || len(entries[m[1]]["limits"]) == 0 {
			t.Errorf("%s has no whole entry", m[1])
		}
	}
	doc, err := os.ReadFile("methods_doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		"api.go", "people.go", "chat.go", "content.go", "conversations.go",
		"filesapi.go", "reactions.go", "views.go", "internal/blockkit/blocks.go", "internal/blockkit/elements.go", "internal/webapi/args.go",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\bErr\("([a-z_]+)"`).FindAllStringSubmatch(string(text), -1) {
			if !regexp.MustCompile(`\b`+m[1]+`\b`).Match(doc) && m[1] != "invalid_ts_" { // built: invalid_ts_oldest, invalid_ts_latest
				t.Errorf("%s: %s is not documented", file, m[1])
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		for method := range entries {
			if method != everyMethod && s.bot(method).code() == "unknown_method" {
				t.Errorf("%s is documented and does not exist", method)
			}
		}
	})
}
