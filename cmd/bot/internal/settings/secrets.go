package settings

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
	// fileSuffix turns a secret's variable into the variable of a file with
	// the secret.
	fileSuffix = "_FILE"
	// maxSecret bounds such a file, in bytes.
	maxSecret = 64 << 10
)

// The errors of such files.
var (
	errEmptySecret = errors.New("it is empty")
	errLargeSecret = errors.New("it is too large for a secret")
)

// The problems of the variable of such a file, after its name. The error follows
// noSecret.
const (
	keepOne  = "are both set: keep one of them"
	noSecret = "names a file that can't be used: "
)

// fromFile reads a secret from its file, if it has one.
func fromFile(variable string, value *string, file string, wrong *Problems) {
	if file == "" {
		return
	}
	name := variable + fileSuffix
	if *value != "" {
		wrong.add(name, "and "+variable+" "+keepOne)
		return
	}
	text, err := readSecret(file)
	if err == nil && text == "" {
		err = errEmptySecret
	}
	if err != nil {
		wrong.add(name, noSecret+err.Error())
	}
	*value = text
}

// readSecret reads a file without the spaces around its contents. An error
// does not name the file, because its name may be a secret in the wrong
// variable.
func readSecret(name string) (string, error) {
	f, err := os.Open(name)
	if err == nil {
		defer f.Close()
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(f, maxSecret+1)); len(text) > maxSecret {
			return "", errLargeSecret
		} else if err == nil {
			return strings.TrimSpace(string(text)), nil
		}
	}
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		err = wrapped.Err
	}
	return "", err
}

// NewRedactor returns a function that removes the secrets of the settings from a
// text. Errors of this program contain none; errors of libraries and answers
// of servers might.
func NewRedactor(c Config, environ []string) func(string) string {
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
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // longer secrets first
	for _, s := range secrets {
		if len(s) > 3 { // a shorter one would be found everywhere
			pairs = append(pairs, s, "…")
		}
	}
	return strings.NewReplacer(pairs...).Replace
}

// passwords returns the text before the @ of an address, in all encodings. The
// address need not be valid.
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
