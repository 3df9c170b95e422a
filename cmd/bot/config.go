package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"

	"slackocr/ocr"
)

// config is every setting. The environment wins over .env, and an empty value
// counts as not set. The tag example stands in the message about a wrong value.
type config struct {
	// SlackBotToken and SlackAppToken are the two tokens of the Slack app.
	SlackBotToken string `env:"SLACK_BOT_TOKEN" example:"xoxb-1234-5678-abcd"`
	SlackAppToken string `env:"SLACK_APP_TOKEN" example:"xapp-1-A123-456-abcd"`
	// Each secret may stand in a file instead, as Docker and Kubernetes hand them
	// out; the spaces around it do not count.
	SlackBotTokenFile string `env:"SLACK_BOT_TOKEN_FILE" example:"/run/secrets/slack-bot-token"`
	SlackAppTokenFile string `env:"SLACK_APP_TOKEN_FILE" example:"/run/secrets/slack-app-token"`
	// SlackAPIURL is the Web API's address: another for GovSlack.
	SlackAPIURL string `env:"SLACK_API_URL" envDefault:"https://slack.com/api/" example:"https://slack.com/api/"`

	// OCRBaseURL is any OpenAI-compatible endpoint.
	OCRBaseURL string `env:"OCR_BASE_URL" envDefault:"https://api.modelverse.cn/v1" example:"http://localhost:8000/v1"`
	// ModelverseAPIKey is the endpoint's bearer key; OCRAPIKey wins over it. The
	// hosted endpoint requires one, an endpoint of one's own may have none.
	ModelverseAPIKey string `env:"MODELVERSE_API_KEY" example:"the key from your ModelVerse console"`
	OCRAPIKey        string `env:"OCR_API_KEY" example:"your endpoint's key"`
	// Their files.
	ModelverseAPIKeyFile string `env:"MODELVERSE_API_KEY_FILE" example:"/run/secrets/modelverse-api-key"`
	OCRAPIKeyFile        string `env:"OCR_API_KEY_FILE" example:"/run/secrets/ocr-api-key"`

	OCRModel string `env:"OCR_MODEL" envDefault:"deepseek-ai/DeepSeek-OCR" example:"deepseek-ai/DeepSeek-OCR"`
	// OCRProfile names what the model and its server want; empty means what fits
	// the model's name. OCRPrompt is instead of the profile's for markdown.
	OCRProfile string `env:"OCR_PROFILE" example:"deepseek-ocr-vllm"`
	OCRPrompt  string `env:"OCR_PROMPT" example:"convert to markdown"`
	// OCRStream is false for an endpoint that cannot stream.
	OCRStream bool `env:"OCR_STREAM" envDefault:"true" example:"true or false"`
	// OCRMaxTokens bounds an answer; empty means the profile's bound, 0 the
	// endpoint's.
	OCRMaxTokens maxTokens `env:"OCR_MAX_TOKENS" example:"8192"`
	// OCRExtraBody is a JSON object whose fields join each request.
	OCRExtraBody string `env:"OCR_EXTRA_BODY" example:"{\"top_p\": 0.9}"`
	// OCRLanguages are those in which the demo's local engine reads, with commas or
	// plus signs between; empty means all that are installed.
	OCRLanguages string `env:"OCR_LANGUAGES" example:"eng,chi_sim"`
	// OCRConcurrency is the number of requests to the model at once; auto has it
	// found by trying.
	OCRConcurrency concurrency `env:"OCR_CONCURRENCY" envDefault:"auto" example:"auto or 4"`
	// OCRIdleTimeout is how long the model may write no new text.
	OCRIdleTimeout time.Duration `env:"OCR_IDLE_TIMEOUT" envDefault:"60s" example:"60s"`

	// AutoRead is the habit of a channel that has chosen none.
	AutoRead string `env:"AUTO_READ" envDefault:"all" example:"all, mention or off"`
	// AllowedChannels and DeniedChannels are ids with commas between.
	AllowedChannels string `env:"ALLOWED_CHANNELS" example:"C0123456789,C9876543210"`
	DeniedChannels  string `env:"DENIED_CHANNELS" example:"C0123456789,C9876543210"`
	// AllowExternal lets people of other workspaces ask (Slack Connect).
	AllowExternal bool `env:"ALLOW_EXTERNAL" envDefault:"false" example:"true or false"`
	// Reaction is the emoji that asks; off for none.
	Reaction string `env:"REACTION" envDefault:"page_facing_up" example:"page_facing_up"`

	MaxFileSize byteSize `env:"MAX_FILE_SIZE" envDefault:"50MB" example:"50MB"`

	// MaxPDFPages is how many pages of a PDF, or of a TIFF, are read.
	MaxPDFPages int `env:"MAX_PDF_PAGES" envDefault:"50" example:"50"`

	// PDFText uses the text that a PDF carries: it is shown at once, the model's is
	// held against it, and it stands where the model gives none.
	PDFText bool `env:"PDF_TEXT" envDefault:"true" example:"true or false"`

	// DataDir is where the embedded job store is; NATSURL is an external NATS
	// cluster instead, for several replicas. NATSURLFile is its file, since it may
	// hold a password.
	DataDir     string `env:"DATA_DIR" envDefault:"data" example:"/var/lib/slack-ocr"`
	NATSURL     string `env:"NATS_URL" example:"nats://nats-1:4222,nats://nats-2:4222"`
	NATSURLFile string `env:"NATS_URL_FILE" example:"/run/secrets/nats-url"`
	// DataKey encrypts what is in either store; empty means that it is not
	// encrypted. DataKeyFile is the file that holds the key.
	DataKey     string `env:"DATA_KEY" example:"what openssl rand -base64 32 prints"`
	DataKeyFile string `env:"DATA_KEY_FILE" example:"/run/secrets/data-key"`
	// Retention is how long records of jobs, with the texts that were read, are
	// kept; 0 for not at all.
	Retention time.Duration `env:"RETENTION" envDefault:"720h" example:"720h"`

	// ListenAddr is where /healthz, /readyz and /metrics are served; empty for
	// nowhere.
	ListenAddr string `env:"LISTEN_ADDR" example:"127.0.0.1:8080"`

	LogLevel  string `env:"LOG_LEVEL" envDefault:"info" example:"debug, info, warn or error"`
	LogFormat string `env:"LOG_FORMAT" envDefault:"text" example:"text or json"`
}

// byteSize is a number of bytes, written like 50MB.
type byteSize int64

func (s *byteSize) UnmarshalText(text []byte) error {
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
	*s = byteSize(n * factor)
	return nil
}

// maxTokens is a number of tokens as the OCR client takes it: 0 where none is
// set, and ocr.NoLimit where 0 is.
type maxTokens int

func (m *maxTokens) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 0 {
		return errors.New("is no number of tokens")
	}
	*m = maxTokens(n)
	if n == 0 {
		*m = ocr.NoLimit
	}
	return nil
}

// concurrency is a number of requests as the OCR client takes it: 0 for auto.
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
		*c = -1 // which no setting may be
	}
	return nil
}

func (c concurrency) String() string {
	if c == 0 {
		return "auto"
	}
	return strconv.Itoa(int(c))
}

// problems are all that is wrong with the settings, a line each.
type problems []string

func (p problems) Error() string { return strings.Join(p, "\n") }

// add notes what is wrong with a variable, unless something is already.
func (p *problems) add(variable, what string) {
	if slices.ContainsFunc(*p, func(line string) bool { return strings.HasPrefix(line, variable+" ") }) {
		return
	}
	*p = append(*p, fmt.Sprintf("%s %s. Example: %s=%s", variable, what, variable, example(variable)))
}

// loadConfig reads the settings and finds all that is wrong with them. need says
// which parts the command uses.
func loadConfig(environ []string, dotenv string, need ...func(*config, *problems)) (config, error) {
	var c config
	var wrong problems
	variables, err := merge(environ, dotenv)
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	err = env.ParseWithOptions(&c, env.Options{Environment: variables})
	if all, ok := errors.AsType[env.AggregateError](err); ok {
		for _, err := range all.Errors {
			if parse, ok := errors.AsType[env.ParseError](err); ok {
				wrong.add(variableOf(parse.Name), "is not understood")
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

// merge returns the environment over the file.
func merge(environ []string, dotenv string) (map[string]string, error) {
	variables, err := godotenv.Read(dotenv)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		// The parser's own words quote the line, and with it a token.
		err = fmt.Errorf("%s cannot be read. Each line is NAME=value, quoted where the value holds spaces. Example: OCR_STREAM=true", dotenv)
	}
	if variables == nil {
		variables = map[string]string{}
	}
	set := env.ToMap(environ)
	maps.DeleteFunc(set, func(_, value string) bool { return value == "" })
	maps.Copy(variables, set)
	maps.DeleteFunc(variables, func(_, value string) bool { return value == "" })
	return variables, err
}

func (c *config) key() string {
	if c.OCRAPIKey != "" {
		return c.OCRAPIKey
	}
	return c.ModelverseAPIKey
}

// variableOf is the variable of a field of config.
func variableOf(field string) string {
	f, _ := reflect.TypeFor[config]().FieldByName(field)
	return f.Tag.Get("env")
}

func example(variable string) string { return tagOf(variable, "example") }

func defaultOf(variable string) string { return tagOf(variable, "envDefault") }

func tagOf(variable, tag string) string {
	for f := range reflect.TypeFor[config]().Fields() {
		if f.Tag.Get("env") == variable {
			return f.Tag.Get(tag)
		}
	}
	return ""
}
