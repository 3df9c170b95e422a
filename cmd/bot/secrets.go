package main

import (
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
)

const (
	// fileSuffix makes a secret's variable that of the file that holds it.
	fileSuffix = "_FILE"
	// maxSecret bounds such a file, in bytes.
	maxSecret = 64 << 10
)

// fromFile fills a secret from the file that is named for it. It reports false
// where that has a problem, which is then noted.
func fromFile(variable string, value *string, file string, wrong *problems) bool {
	name := variable + fileSuffix
	switch {
	case file == "":
		return true
	case *value != "":
		wrong.add(name, "and "+variable+" are both set: keep one of them")
		return false
	}
	text, err := readSecret(file)
	if err == nil && text == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		wrong.add(name, "names a file that is of no use: "+err.Error())
	}
	*value = text
	return err == nil
}

// readSecret reads a file without the spaces around it. An error does not say
// which file, since that may be a secret put into the wrong variable.
func readSecret(name string) (string, error) {
	f, err := os.Open(name)
	if err == nil {
		defer f.Close()
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(f, maxSecret+1)); len(text) > maxSecret {
			return "", errors.New("it is too large for a secret")
		} else if err == nil {
			return strings.TrimSpace(string(text)), nil
		}
	}
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		err = wrapped.Err
	}
	return "", err
}

// hider returns what takes the secrets of the settings out of a text. Errors of
// this program hold none; those of libraries and answers of servers might.
func hider(c config, environ []string) func(string) string {
	secrets := []string{c.SlackBotToken, c.SlackAppToken, c.ModelverseAPIKey, c.OCRAPIKey, c.NATSURL, c.DataKey}
	addresses := strings.Split(c.NATSURL, ",")
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if strings.HasSuffix(strings.ToLower(name), "_proxy") {
			addresses = append(addresses, value)
		}
	}
	for _, address := range addresses {
		secrets = append(secrets, passwords(address)...)
	}
	var pairs []string
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // whole ones first
	for _, s := range secrets {
		if len(s) > 3 { // a shorter one would be found in everything
			pairs = append(pairs, s, "…")
		}
	}
	return strings.NewReplacer(pairs...).Replace
}

// passwords are what stands before the @ of an address, in all its ways to be
// written. The address need not be well formed.
func passwords(address string) []string {
	i := strings.LastIndex(address, "@")
	if i < 0 {
		return nil
	}
	login := address[:i]
	if _, rest, ok := strings.Cut(login, "://"); ok {
		login = rest
	}
	all := []string{login}
	_, password, _ := strings.Cut(login, ":")
	all = append(all, password)
	if plain, err := url.PathUnescape(password); err == nil {
		all = append(all, plain)
	}
	return all
}
