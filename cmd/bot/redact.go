package main

import (
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"slackocr/ocr"
)

// redactAttr removes confidential parts of logged errors: addresses, and an
// endpoint's words about refused content, which may quote that content.
func redactAttr(_ []string, a slog.Attr) slog.Attr {
	err, ok := a.Value.Any().(error)
	if !ok {
		return a
	}
	text := withoutAddresses(err)
	if e, ok := errors.AsType[*ocr.Error](err); ok && e.Class == ocr.Refused {
		short := ocr.Error{Class: e.Class, Status: e.Status, Host: e.Host}
		text = strings.ReplaceAll(text, e.Error(), short.Error())
	}
	return slog.String(a.Key, text)
}

// withoutAddresses returns an error's text without the addresses that Go's
// HTTP client quotes: addresses of files contain names, and others are as good
// as a password. The host stays.
func withoutAddresses(err error) string {
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
