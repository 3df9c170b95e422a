package fetch

import (
	"errors"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"code.dny.dev/ssrf"
	"golang.org/x/net/idna"
)

// The errors of a web address.
var (
	// ErrLink means that the address cannot be parsed, is neither http nor
	// https, has a user or a port other than 80 and 443, or leads from https
	// back to http.
	ErrLink = errors.New("not a plain web address")
	// ErrPrivate means that the address is not on the public internet: it
	// belongs to this machine, its network or its cloud, or its name resolves
	// to such an address or to nothing. The error does not say which: an asker
	// could learn internal names.
	ErrPrivate = errors.New("the address is not on the public internet")
)

const (
	maxLink = 4 << 10 // bytes of an address
	maxName = 100     // runes of a name
)

// CheckLink checks a web address that somebody typed, before any request. The
// error is [ErrLink] or [ErrPrivate]. [Web.Download] may still return
// ErrPrivate, since only the resolved name shows the destination. name is a
// name for the file: the last part of the path, or else the host, at most 100
// printable runes, not escaped.
func CheckLink(address string) (name string, err error) {
	u, err := parseLink(address)
	if err != nil {
		return "", err
	}
	return linkName(u), nil
}

func parseLink(address string) (*url.URL, error) {
	if len(address) > maxLink {
		return nil, ErrLink
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, ErrLink // the parser's error quotes the address, which may hold a secret
	}
	return u, checkURL(u)
}

// checkURL returns the error for an address that is refused without a request.
func checkURL(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Opaque != "" {
		return ErrLink
	}
	if !slices.Contains([]string{"", "80", "443"}, u.Port()) {
		return ErrLink
	}
	return checkHost(u.Hostname())
}

func checkHost(host string) error {
	if strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		// The client would convert the host to this form, in which ① is 1.
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return ErrLink
		}
		host = ascii
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return checkIP(ip)
	}
	dot := strings.LastIndexByte(host, '.')
	if dot < 0 || numeric(host[dot+1:]) || slices.ContainsFunc(innerDomains(), func(domain string) bool {
		return strings.HasSuffix(host, "."+domain)
	}) {
		return ErrPrivate
	}
	return nil
}

func checkIP(ip netip.Addr) error {
	if newGuard().SafeAddr(ip) != nil {
		return ErrPrivate
	}
	return nil
}

// newGuard returns a guard that allows the ports of the web and public
// addresses. The special-purpose registries (private, local, mapped and
// translated addresses) and multicast are refused.
func newGuard() *ssrf.Guardian {
	return ssrf.New(ssrf.WithDeniedV4Prefixes(
		// Azure's platform service has a public address:
		// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
		netip.MustParsePrefix("168.63.129.16/32"),
	))
}

// innerDomains returns the domains that are never on the public internet:
// https://www.iana.org/assignments/special-use-domain-names and, for internal,
// https://www.icann.org/en/public-comment/proceeding/proposed-top-level-domain-string-for-private-use-24-01-2024
func innerDomains() []string { return []string{"localhost", "local", "internal", "home.arpa"} }

// numeric reports whether the last label of a host makes the host an IPv4
// address in an older notation, decimal, octal or hexadecimal, in whole or in
// part: https://url.spec.whatwg.org/#ends-in-a-number-checker. Nobody needs
// these notations, and some resolvers accept them.
func numeric(last string) bool {
	digits, hex := strings.CutPrefix(last, "0x")
	return strings.Trim(digits, "0123456789") == "" || hex && strings.Trim(digits, "0123456789abcdef") == ""
}

func linkName(u *url.URL) string {
	name := printed(path.Base(u.Path)) // u.Path is unescaped
	if name == "" || name == "." || name == "/" {
		name = printed(u.Hostname())
	}
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName-1]) + "…"
	}
	return name
}

// printed returns s without unprintable runes, such as the direction marks
// that hide a name's extension.
func printed(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s))
}
