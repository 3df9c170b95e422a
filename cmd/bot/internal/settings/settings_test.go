package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/joho/godotenv"

	"slackocr/bot"
)

// good is a whole set of settings.
var good = []string{
	"SLACK_BOT_TOKEN=xoxb-1", "SLACK_APP_TOKEN=xapp-1", "MODELVERSE_API_KEY=k",
}

func load(t *testing.T, environ []string, dotenv string) (Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), ".env")
	if dotenv != "" {
		if err := os.WriteFile(file, []byte(dotenv), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(environ, file, NeedAll...)
}

func TestConfigDefaults(t *testing.T) {
	c, err := load(t, good, "")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		SlackBotToken: "xoxb-1", SlackAppToken: "xapp-1", SlackAPIURL: "https://slack.com/api/",
		OCRBaseURL: "https://api.modelverse.cn/v1", ModelverseAPIKey: "k", OCRModel: "deepseek-ai/DeepSeek-OCR",
		OCRStream: true, OCRConcurrency: 0,
		OCRIdleTimeout: time.Minute, AutoRead: "all", Reaction: "page_facing_up", MaxFileSize: 50 << 20, TempSize: 1 << 30, MaxPDFPages: 50, PDFText: true, DataDir: "data", Retention: 720 * time.Hour, LogLevel: "info", LogFormat: "text",
	}
	if c != want {
		t.Errorf("got\n%+v, want\n%+v", c, want)
	}
}

func TestEnvironmentWinsOverFile(t *testing.T) {
	c, err := load(t, append(good, "OCR_CONCURRENCY=7", "OCR_MODEL="), "OCR_CONCURRENCY=2\nOCR_MODEL=other\nOCR_API_KEY=mine\nOCR_STREAM=\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.OCRConcurrency != 7 || c.OCRModel != "other" || c.Key() != "mine" || !c.OCRStream {
		t.Errorf("got %+v", c)
	}
}

func TestAllProblemsAreReported(t *testing.T) {
	for _, tt := range []struct {
		name    string
		environ []string
		dotenv  string
		want    []string // what each line starts with
	}{
		{"nothing is set", nil, "", []string{"SLACK_BOT_TOKEN " + isMissing, "SLACK_APP_TOKEN " + isMissing, "MODELVERSE_API_KEY " + isMissing}},
		{"tokens swapped", []string{"SLACK_BOT_TOKEN=xapp-1", "SLACK_APP_TOKEN=xoxb-1", "OCR_API_KEY=k"}, "", []string{
			"SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped", "SLACK_APP_TOKEN and SLACK_BOT_TOKEN are swapped",
		}},
		{"one token twice", []string{"SLACK_BOT_TOKEN=xapp-1", "SLACK_APP_TOKEN=xapp-1", "OCR_API_KEY=k"}, "", []string{"SLACK_BOT_TOKEN " + belongsIn("xapp-", "SLACK_APP_TOKEN")}},
		{"a person's token", []string{"SLACK_BOT_TOKEN=xoxp-1", "SLACK_APP_TOKEN=xapp-1", "OCR_API_KEY=k"}, "", []string{"SLACK_BOT_TOKEN doesn't start with xoxb-"}},
		{"quotes pasted along", append(good, `SLACK_BOT_TOKEN=xoxb-1"`), "", []string{"SLACK_BOT_TOKEN " + isQuoted}},
		{"numbers and words", append(good, "OCR_CONCURRENCY=many", "OCR_STREAM=perhaps", "OCR_IDLE_TIMEOUT=60", "MAX_FILE_SIZE=big", "LOG_LEVEL=loud", "LOG_FORMAT=xml"), "", []string{
			"OCR_STREAM " + isInvalid, "OCR_CONCURRENCY " + isInvalid, "OCR_IDLE_TIMEOUT " + isInvalid,
			"MAX_FILE_SIZE " + isInvalid, "LOG_LEVEL " + isInvalid, "LOG_FORMAT " + isInvalid,
		}},
		{"out of range", append(good, "OCR_CONCURRENCY=0", "OCR_MAX_TOKENS=900000", "OCR_IDLE_TIMEOUT=1ms", "MAX_FILE_SIZE=9GB", "TEMP_SIZE=50GB"), "", []string{
			"OCR_MAX_TOKENS must be", "OCR_IDLE_TIMEOUT must be", "MAX_FILE_SIZE must be", "TEMP_SIZE must be", "OCR_CONCURRENCY must be",
		}},
		{"the model's settings", append(good, "OCR_PROFILE=deepseek", "OCR_EXTRA_BODY=top_p=1", "OCR_MAX_TOKENS=-1"), "", []string{
			"OCR_MAX_TOKENS must be", "OCR_PROFILE must be one of deepseek-ocr, deepseek-ocr-vllm, ", "OCR_EXTRA_BODY is invalid",
		}},
		{"extra fields that are not free", append(good, `OCR_EXTRA_BODY={"model":"x"}`), "", []string{"OCR_EXTRA_BODY is invalid: the extra body may not set"}},
		{"addresses", append(good, "SLACK_API_URL=slack.com", "OCR_BASE_URL=ftp://x"), "", []string{"SLACK_API_URL isn't a web address", "OCR_BASE_URL isn't a web address"}},
		{"a password in an address", append(good, "OCR_BASE_URL=http://u:p@h/v1", "SLACK_API_URL=https://slack.com/api/?x=1"), "", []string{"SLACK_API_URL must not contain", "OCR_BASE_URL must not contain"}},
		{"a key with a space", append(good, "OCR_API_KEY=my key"), "", []string{"OCR_API_KEY contains"}},
		{"tokens over plain http", append(good, "SLACK_API_URL=http://slack.example/api/"), "", []string{"SLACK_API_URL must start with https"}},
		{"the file of the only key", append(good[:2:2], "OCR_API_KEY_FILE=/nowhere"), "", []string{"OCR_API_KEY_FILE " + noSecret}},
		{"names of channels", append(good, "ALLOWED_CHANNELS=#general,random", "DENIED_CHANNELS=#secret"), "", []string{"ALLOWED_CHANNELS contains", "DENIED_CHANNELS contains"}},
		{"a broken file", good, "what is this\n", []string{""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.environ, tt.dotenv)
			if err == nil {
				t.Fatal("no problem was found")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Fatalf("got\n%s\nwant %d lines", err, len(tt.want))
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, tt.want[i]) || !strings.Contains(line, "Example: ") {
					t.Errorf("got %q, want %q and an example", line, tt.want[i])
				}
			}
		})
	}
}

func TestBrokenFileIsNotQuoted(t *testing.T) {
	_, err := load(t, nil, "SLACK_BOT_TOKEN xoxb-secret\n")
	if err == nil || strings.Contains(err.Error(), "xoxb-secret") {
		t.Errorf("got %v", err)
	}
}

// TestTokenLimit: none set is the profile's, 0 is none.
func TestTokenLimit(t *testing.T) {
	for value, fits := range map[string]func(limit int) bool{
		"":    func(limit int) bool { return limit > 1000 },
		"0":   func(limit int) bool { return limit <= 0 },
		"700": func(limit int) bool { return limit == 700 },
	} {
		c, err := load(t, append(good, "OCR_MAX_TOKENS="+value), "")
		if err != nil {
			t.Fatal(err)
		}
		model, err := c.NewModel()
		if err != nil || !fits(model.MaxTokens()) {
			t.Errorf("%q is %d, %v", value, model.MaxTokens(), err)
		}
	}
}

func TestModelOfOnesOwnNeedsNoKey(t *testing.T) {
	if _, err := load(t, append(good[:2:2], "OCR_BASE_URL=http://localhost:8000/v1"), ""); err != nil {
		t.Error(err)
	}
}

// TestEnvExample holds .env.example and the code together.
func TestEnvExample(t *testing.T) {
	example, err := godotenv.Read("../../../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	for f := range reflect.TypeFor[Config]().Fields() {
		variable := f.Tag.Get("env")
		value, ok := example[variable]
		if !ok {
			t.Errorf("%s is not in .env.example", variable)
		}
		if value != f.Tag.Get("envDefault") {
			t.Errorf("%s is %q in .env.example and %q in the code", variable, value, f.Tag.Get("envDefault"))
		}
		if f.Tag.Get("example") == "" {
			t.Errorf("%s has no example", variable)
		}
		delete(example, variable)
	}
	for variable := range example {
		t.Errorf("%s is in .env.example, and the code does not know it", variable)
	}
}

func TestByteSize(t *testing.T) {
	for text, want := range map[string]ByteSize{"50MB": 50 << 20, "1 kb": 1 << 10, "2GB": 2 << 30, "77": 77, "77b": 77} {
		var got ByteSize
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "MB", "-1MB", "1.5MB", "99999999999GB", "5TB"} {
		var got ByteSize
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
}

// TestReadme holds the README's settings and manifest and the code together.
func TestReadme(t *testing.T) {
	content, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(content)
	for f := range reflect.TypeFor[Config]().Fields() {
		if variable := f.Tag.Get("env"); !strings.Contains(readme, "`"+variable+"`") {
			t.Errorf("%s is not in the README", variable)
		}
	}
	var shown strings.Builder
	_, block, _ := strings.Cut(readme, "```yaml\n")
	block, _, _ = strings.Cut(block, "   ```")
	for line := range strings.Lines(block) {
		shown.WriteString(strings.TrimPrefix(line, "   ")) // it stands in a list
	}
	if shown.String() != string(bot.Manifest) {
		t.Errorf("the README's manifest is not the one of bot/manifest.yaml:\n%s", shown.String())
	}
}
