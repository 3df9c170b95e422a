package settings

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"slackocr/bot"
	"slackocr/ocr"
)

// leastKey is the least length of a key of the store, in characters.
const leastKey = 20

// The problems of a setting, after the name of its variable.
const (
	isMissing = "is missing"
	isInvalid = "has an invalid value"
	isQuoted  = "contains spaces or quotes"
)

// belongsIn is the problem of a token in the variable of the other token.
func belongsIn(prefix, other string) string {
	return "starts with " + prefix + ", so it belongs in " + other
}

// NeedAll are the checks for the bot itself.
var NeedAll = []func(*Config, *Problems){NeedLog, NeedSlack, NeedPlaces, NeedModel, NeedLimits, NeedStore, NeedMonitor}

// NeedSlack checks the tokens and the address of Slack.
func NeedSlack(c *Config, wrong *Problems) {
	const bot, app = "xoxb-", "xapp-"
	fromFile("SLACK_BOT_TOKEN", &c.SlackBotToken, c.SlackBotTokenFile, wrong)
	fromFile("SLACK_APP_TOKEN", &c.SlackAppToken, c.SlackAppTokenFile, wrong)
	swapped := strings.HasPrefix(c.SlackBotToken, app) && strings.HasPrefix(c.SlackAppToken, bot)
	token := func(variable, value, prefix, other, otherPrefix string) {
		switch {
		case value == "":
			wrong.add(variable, isMissing)
		case swapped:
			wrong.add(variable, "and "+other+" are swapped")
		case strings.HasPrefix(value, otherPrefix):
			wrong.add(variable, belongsIn(otherPrefix, other))
		case !strings.HasPrefix(value, prefix):
			wrong.add(variable, "doesn't start with "+prefix)
		case strings.ContainsAny(value, " \t\r\n\"'"):
			wrong.add(variable, isQuoted)
		}
	}
	token("SLACK_BOT_TOKEN", c.SlackBotToken, bot, "SLACK_APP_TOKEN", app)
	token("SLACK_APP_TOKEN", c.SlackAppToken, app, "SLACK_BOT_TOKEN", bot)
	checkURL("SLACK_API_URL", c.SlackAPIURL, wrong)
	if u, err := url.Parse(c.SlackAPIURL); err == nil && u.Scheme == "http" && !Loopback(u.Hostname()) {
		wrong.add("SLACK_API_URL", "must start with https, so that nobody on the way can read the tokens")
	}
	if !strings.HasSuffix(c.SlackAPIURL, "/") {
		c.SlackAPIURL += "/"
	}
}

// channelID matches Slack's ids of channels, and emojiName its names of emoji.
var (
	channelID = regexp.MustCompile(`^[CG][A-Z0-9]{2,30}$`)
	emojiName = regexp.MustCompile(`^[a-z0-9_+'-]{1,100}$`)
)

// NeedPlaces checks the settings of channels and people.
func NeedPlaces(c *Config, wrong *Problems) {
	wrong.check(bot.AutoRead(c.AutoRead).Known(), "AUTO_READ", isInvalid)
	channels := func(variable, list string) {
		for _, id := range Channels(list) {
			wrong.check(channelID.MatchString(id), variable, "contains something that isn't a channel ID (Slack shows the ID at the bottom of the channel's details)")
		}
	}
	channels("ALLOWED_CHANNELS", c.AllowedChannels)
	channels("DENIED_CHANNELS", c.DeniedChannels)
	name := c.ReactionName()
	wrong.check(name == "" || emojiName.MatchString(name), "REACTION", "isn't the name of an emoji")
}

// Channels splits a list of ids.
func Channels(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// ReactionName returns the emoji that asks, or "".
func (c *Config) ReactionName() string {
	if name := strings.Trim(c.Reaction, ":"); name != "off" {
		return name
	}
	return ""
}

// NeedLimits checks the limits that reading and writing need.
func NeedLimits(c *Config, wrong *Problems) {
	wrong.check(within(c.MaxFileSize, 1<<10, 1<<30), "MAX_FILE_SIZE", "must be from 1KB to 1GB")
	wrong.check(within(c.TempSize, 8*c.MaxFileSize, 1<<40), "TEMP_SIZE", "must be at least eight times MAX_FILE_SIZE, and at most 1024GB")
	wrong.check(within(c.MaxPDFPages, 1, 1000), "MAX_PDF_PAGES", "must be from 1 to 1000")
	wrong.check(within(c.OCRConcurrency, 0, 256), "OCR_CONCURRENCY", "must be auto, or from 1 to 256")
	wrong.check(within(c.Retention, 0, 10*365*24*time.Hour), "RETENTION", "must be from 0 to 87600h")
}

// within reports whether a value lies between two others, or is one of them.
func within[T cmp.Ordered](value, least, most T) bool { return least <= value && value <= most }

// NeedModel checks the settings of the endpoint.
func NeedModel(c *Config, wrong *Problems) {
	checkURL("OCR_BASE_URL", c.OCRBaseURL, wrong)
	fromFile("MODELVERSE_API_KEY", &c.ModelverseAPIKey, c.ModelverseAPIKeyFile, wrong)
	fromFile("OCR_API_KEY", &c.OCRAPIKey, c.OCRAPIKeyFile, wrong)
	u, err := url.Parse(c.OCRBaseURL)
	hosted := err == nil && u.Hostname() == "api.modelverse.cn"
	wrong.check(c.Key() != "" || !hosted || wrong.About("OCR_API_KEY") != "", "MODELVERSE_API_KEY", isMissing+", and the hosted endpoint requires it (or set OCR_BASE_URL to an endpoint of your own)")
	wrong.check(c.OCRMaxTokens == nil || within(*c.OCRMaxTokens, 0, 128<<10), "OCR_MAX_TOKENS", "must be from 0 to 131072")
	wrong.check(c.OCRProfile == "" || slices.Contains(ocr.Profiles(), c.OCRProfile), "OCR_PROFILE", "must be one of "+strings.Join(ocr.Profiles(), ", "))
	if _, err := ocr.ParseExtraBody(c.OCRExtraBody); err != nil {
		wrong.add("OCR_EXTRA_BODY", "is invalid: "+err.Error())
	}
	odd := strings.ContainsFunc(c.Key(), func(r rune) bool { return r <= ' ' || r > '~' })
	wrong.check(!odd, c.keyVariable(), "contains spaces or other characters that a key can't have")
	wrong.check(within(c.OCRIdleTimeout, time.Second, time.Hour), "OCR_IDLE_TIMEOUT", "must be from 1s to 1h")
}

// NeedStore checks the settings of the store.
func NeedStore(c *Config, wrong *Problems) {
	fromFile("NATS_URL", &c.NATSURL, c.NATSURLFile, wrong)
	fromFile("DATA_KEY", &c.DataKey, c.DataKeyFile, wrong)
	wrong.check(c.DataKey == "" || len(c.DataKey) >= leastKey, "DATA_KEY", fmt.Sprintf("has fewer than %d characters", leastKey))
}

// NeedLog checks the settings of the log.
func NeedLog(c *Config, wrong *Problems) {
	wrong.check(new(slog.LevelVar).UnmarshalText([]byte(c.LogLevel)) == nil, "LOG_LEVEL", isInvalid)
	wrong.check(c.LogFormat == "text" || c.LogFormat == "json", "LOG_FORMAT", isInvalid)
}

// NeedMonitor checks the setting of the monitor's address.
func NeedMonitor(c *Config, wrong *Problems) {
	_, port, err := net.SplitHostPort(c.ListenAddr)
	_, notNumber := strconv.ParseUint(port, 10, 16)
	wrong.check(c.ListenAddr == "" || err == nil && notNumber == nil, "LISTEN_ADDR", "isn't an address with a port")
}

func checkURL(variable, value string, wrong *Problems) {
	u, err := url.Parse(value)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		wrong.add(variable, "isn't a web address")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		wrong.add(variable, "must not contain a password, ? or #")
	}
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
