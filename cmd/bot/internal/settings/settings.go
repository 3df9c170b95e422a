// Package settings reads the bot's settings from the environment and .env, and
// checks them.
package settings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"

	"slackocr/ocr"
)

// Config holds every setting. The environment takes precedence over .env, and
// an empty value counts as not set. The message about a wrong value shows the
// tag example.
type Config struct {
	// SlackBotToken and SlackAppToken are the two tokens of the Slack app.
	SlackBotToken string `env:"SLACK_BOT_TOKEN" example:"xoxb-1234-5678-abcd"`
	SlackAppToken string `env:"SLACK_APP_TOKEN" example:"xapp-1-A123-456-abcd"`
	// Each secret may be in a file instead, as with Docker and Kubernetes.
	// Spaces around the secret are ignored.
	SlackBotTokenFile string `env:"SLACK_BOT_TOKEN_FILE" example:"/run/secrets/slack-bot-token"`
	SlackAppTokenFile string `env:"SLACK_APP_TOKEN_FILE" example:"/run/secrets/slack-app-token"`
	// SlackAPIURL is the Web API's address, which differs for GovSlack.
	SlackAPIURL string `env:"SLACK_API_URL" envDefault:"https://slack.com/api/" example:"https://slack.com/api/"`

	// OCRBaseURL is the address of any OpenAI-compatible endpoint.
	OCRBaseURL string `env:"OCR_BASE_URL" envDefault:"https://api.modelverse.cn/v1" example:"http://localhost:8000/v1"`
	// ModelverseAPIKey is the endpoint's bearer key; OCRAPIKey takes
	// precedence. The hosted endpoint requires a key, a self-hosted endpoint
	// may not.
	ModelverseAPIKey string `env:"MODELVERSE_API_KEY" example:"the key from your ModelVerse console"`
	OCRAPIKey        string `env:"OCR_API_KEY" example:"your endpoint's key"`
	// Their files.
	ModelverseAPIKeyFile string `env:"MODELVERSE_API_KEY_FILE" example:"/run/secrets/modelverse-api-key"`
	OCRAPIKeyFile        string `env:"OCR_API_KEY_FILE" example:"/run/secrets/ocr-api-key"`

	OCRModel string `env:"OCR_MODEL" envDefault:"deepseek-ai/DeepSeek-OCR" example:"deepseek-ai/DeepSeek-OCR"`
	// OCRProfile names the requirements of the model and its server; empty
	// selects the profile by the model's name. OCRPrompt replaces the
	// profile's prompt for Markdown.
	OCRProfile string `env:"OCR_PROFILE" example:"deepseek-ocr-vllm"`
	OCRPrompt  string `env:"OCR_PROMPT" example:"convert to markdown"`
	// OCRStream must be false for an endpoint that cannot stream.
	OCRStream bool `env:"OCR_STREAM" envDefault:"true" example:"true or false"`
	// OCRMaxTokens bounds an answer; nil means the profile's bound, 0 the
	// endpoint's.
	OCRMaxTokens *int `env:"OCR_MAX_TOKENS" example:"8192"`
	// OCRExtraBody is a JSON object with fields to add to each request.
	OCRExtraBody string `env:"OCR_EXTRA_BODY" example:"{\"top_p\": 0.9}"`
	// OCRLanguages are the languages of the demo's local engine, separated by
	// commas or plus signs; empty means all installed languages.
	OCRLanguages string `env:"OCR_LANGUAGES" example:"eng,chi_sim"`
	// OCRConcurrency is the number of concurrent requests to the model; auto
	// finds the number by trying.
	OCRConcurrency concurrency `env:"OCR_CONCURRENCY" envDefault:"auto" example:"auto or 4"`
	// OCRIdleTimeout is the longest time without new text.
	OCRIdleTimeout time.Duration `env:"OCR_IDLE_TIMEOUT" envDefault:"60s" example:"60s"`

	// AutoRead says what is read unasked in channels without a choice of their own.
	AutoRead string `env:"AUTO_READ" envDefault:"all" example:"all, mention or off"`
	// AllowedChannels and DeniedChannels are ids, separated by commas.
	AllowedChannels string `env:"ALLOWED_CHANNELS" example:"C0123456789,C9876543210"`
	DeniedChannels  string `env:"DENIED_CHANNELS" example:"C0123456789,C9876543210"`
	// AllowExternal lets people of other workspaces ask (Slack Connect).
	AllowExternal bool `env:"ALLOW_EXTERNAL" envDefault:"false" example:"true or false"`
	// Reaction is the emoji that asks, or off.
	Reaction string `env:"REACTION" envDefault:"page_facing_up" example:"page_facing_up"`

	MaxFileSize ByteSize `env:"MAX_FILE_SIZE" envDefault:"50MB" example:"50MB"`
	// TempSize bounds all temporary files together.
	TempSize ByteSize `env:"TEMP_SIZE" envDefault:"1GB" example:"1GB"`

	// MaxPDFPages is the most pages of a PDF or TIFF that are read.
	MaxPDFPages int `env:"MAX_PDF_PAGES" envDefault:"50" example:"50"`

	// PDFText uses the text that a PDF carries: that text is shown at once,
	// compared with the model's text, and used in its place if the model
	// returns none.
	PDFText bool `env:"PDF_TEXT" envDefault:"true" example:"true or false"`

	// DataDir is the folder of the embedded job store. NATSURL is the address
	// of an external NATS cluster instead, for several replicas. NATSURLFile
	// is a file with that address, which may hold a password.
	DataDir     string `env:"DATA_DIR" envDefault:"data" example:"/var/lib/slack-ocr"`
	NATSURL     string `env:"NATS_URL" example:"nats://nats-1:4222,nats://nats-2:4222"`
	NATSURLFile string `env:"NATS_URL_FILE" example:"/run/secrets/nats-url"`
	// DataKey encrypts the contents of either store; empty means no
	// encryption. DataKeyFile is a file with the key.
	DataKey     string `env:"DATA_KEY" example:"what openssl rand -base64 32 prints"`
	DataKeyFile string `env:"DATA_KEY_FILE" example:"/run/secrets/data-key"`
	// Retention is the time for which the records of jobs, with their texts,
	// are kept; 0 keeps nothing.
	Retention time.Duration `env:"RETENTION" envDefault:"720h" example:"720h"`

	// ListenAddr is the address of /healthz, /readyz and /metrics; empty
	// disables them.
	ListenAddr string `env:"LISTEN_ADDR" example:"127.0.0.1:8080"`

	LogLevel string `env:"LOG_LEVEL" envDefault:"info" example:"debug, info, warn or error"`

	LogFormat string `env:"LOG_FORMAT" envDefault:"text" example:"text or json"`
}

// ByteSize is a number of bytes, in the form 50MB.
type ByteSize int64

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *ByteSize) UnmarshalText(text []byte) error {
	number, factor := strings.ToUpper(strings.TrimSpace(string(text))), int64(1)
	for i, unit := range []string{"KB", "MB", "GB"} {
		if rest, ok := strings.CutSuffix(number, unit); ok {
			number, factor = strings.TrimSpace(rest), 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(number, "B"), 10, 64)
	if err != nil || n < 0 || n > (1<<62)/factor {
		return errors.New("is not a size")
	}
	*s = ByteSize(n * factor)
	return nil
}

// concurrency is a number of requests in the OCR client's form: 0 for auto.
type concurrency int

func (c *concurrency) UnmarshalText(text []byte) error {
	*c = 0
	if string(text) == "auto" {
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		return errors.New("is neither auto nor a number")
	}
	if *c = concurrency(n); n == 0 {
		*c = -1 // an invalid setting
	}
	return nil
}

func (c concurrency) String() string {
	if c == 0 {
		return "auto"
	}
	return strconv.Itoa(int(c))
}

// Problems lists the problems of the settings, one on each line.
type Problems []string

func (p Problems) Error() string { return strings.Join(p, "\n") }

// add records a problem of a variable, unless the variable or the file with its
// value has one already.
func (p *Problems) add(variable, what string) {
	if p.About(variable) != "" {
		return
	}
	*p = append(*p, fmt.Sprintf("%s %s. Example: %s=%s", variable, what, variable, Example(variable)))
}

// check records a problem of a variable unless ok.
func (p *Problems) check(ok bool, variable, what string) {
	if !ok {
		p.add(variable, what)
	}
}

// About returns the first of these variables that has a problem, or "".
func (p Problems) About(variables ...string) string {
	for _, v := range variables {
		for _, line := range p {
			if strings.HasPrefix(line, v+" ") || strings.HasPrefix(line, v+fileSuffix+" ") {
				return v
			}
		}
	}
	return ""
}

// Load reads the settings and reports all problems. need checks the
// parts that the command uses.
func Load(environ []string, dotenv string, need ...func(*Config, *Problems)) (Config, error) {
	var c Config
	var wrong Problems
	variables, err := merge(environ, dotenv)
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	err = env.ParseWithOptions(&c, env.Options{Environment: variables})
	if all, ok := errors.AsType[env.AggregateError](err); ok {
		for _, err := range all.Errors {
			if parse, ok := errors.AsType[env.ParseError](err); ok {
				wrong.add(variableOf(parse.Name), isInvalid)
			} else {
				wrong = append(wrong, err.Error())
			}
		}
	}
	for _, check := range need {
		check(&c, &wrong)
	}
	if len(wrong) > 0 {
		return c, wrong
	}
	return c, nil
}

// merge returns the environment merged over the file.
func merge(environ []string, dotenv string) (map[string]string, error) {
	variables, err := godotenv.Read(dotenv)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		// The parser's own error quotes the line, and so a token.
		err = fmt.Errorf("%s can't be read. Each line must be NAME=value, with quotes around values that contain spaces. Example: OCR_STREAM=true", dotenv)
	}
	if variables == nil {
		variables = map[string]string{}
	}
	for name, value := range env.ToMap(environ) {
		if value != "" {
			variables[name] = value
		}
	}
	maps.DeleteFunc(variables, func(_, value string) bool { return value == "" })
	return variables, err
}

// Key returns the key of the endpoint, or "".
func (c *Config) Key() string {
	return cmp.Or(c.OCRAPIKey, c.ModelverseAPIKey)
}

// keyVariable returns the variable of the endpoint's key.
func (c *Config) keyVariable() string {
	if c.OCRAPIKey != "" {
		return "OCR_API_KEY"
	}
	return "MODELVERSE_API_KEY"
}

// HasEndpoint reports whether the settings name an endpoint.
func (c *Config) HasEndpoint() bool {
	return c.Key() != "" || c.OCRAPIKeyFile != "" || c.ModelverseAPIKeyFile != "" || c.OCRBaseURL != Default("OCR_BASE_URL")
}

// variableOf returns the variable for a field of config.
func variableOf(field string) string {
	f, _ := reflect.TypeFor[Config]().FieldByName(field)
	return f.Tag.Get("env")
}

// Example returns a variable's example.
func Example(variable string) string { return tagOf(variable, "example") }

// Default returns a variable's default.
func Default(variable string) string { return tagOf(variable, "envDefault") }

func tagOf(variable, tag string) string {
	for f := range reflect.TypeFor[Config]().Fields() {
		if f.Tag.Get("env") == variable {
			return f.Tag.Get(tag)
		}
	}
	return ""
}

// NewModel returns a client of the endpoint.
func (c *Config) NewModel() (*ocr.Client, error) {
	extra, err := ocr.ParseExtraBody(c.OCRExtraBody)
	if err != nil {
		return nil, err
	}
	maxTokens := 0 // the profile's
	if c.OCRMaxTokens != nil {
		maxTokens = cmp.Or(*c.OCRMaxTokens, ocr.NoLimit)
	}
	return ocr.NewClient(ocr.Config{
		BaseURL: c.OCRBaseURL, Key: c.Key(), Model: c.OCRModel, Profile: c.OCRProfile, Prompt: c.OCRPrompt,
		Stream: c.OCRStream, MaxTokens: maxTokens, ExtraBody: extra, IdleTimeout: c.OCRIdleTimeout,
		Concurrency: int(c.OCRConcurrency), StopLoops: true,
	})
}
