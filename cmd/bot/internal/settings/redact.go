package settings

import (
	"errors"
	"io"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"slackocr/ocr"
)

// Logger returns a logger that writes to w, without confidential parts of errors.
func (c *Config) Logger(w io.Writer) *slog.Logger {
	var level slog.LevelVar
	_ = level.UnmarshalText([]byte(c.LogLevel)) // checked with the settings
	options := &slog.HandlerOptions{Level: &level, ReplaceAttr: redactAttr}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// redactAttr removes confidential parts of logged errors: addresses, and an
// endpoint's message if that message may quote the picture.
func redactAttr(_ []string, a slog.Attr) slog.Attr {
	err, ok := a.Value.Any().(error)
	if !ok {
		return a
	}
	text := WithoutAddresses(err)
	if e, ok := errors.AsType[*ocr.Error](err); ok {
		text = strings.ReplaceAll(text, e.Error(), e.Public().Error())
	}
	return slog.String(a.Key, text)
}

// WithoutAddresses returns an error's text without the addresses that Go's
// HTTP client quotes: addresses of files contain names, and others are as good
// as a password. The host stays.
func WithoutAddresses(err error) string {
	text := err.Error()
	for _, address := range addresses(err) {
		host := "an address"
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			host = u.Host
		}
		text = strings.ReplaceAll(text, strconv.Quote(address), host)
		text = strings.ReplaceAll(text, address, host)
	}
	return text
}

// addresses returns the addresses that an error and its causes quote.
func addresses(err error) (all []string) {
	if e, ok := err.(*url.Error); ok && e.URL != "" {
		all = append(all, e.URL)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if cause := e.Unwrap(); cause != nil {
			all = append(all, addresses(cause)...)
		}
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			all = append(all, addresses(cause)...)
		}
	}
	return all
}
