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

// What can be wrong with a web address.
var (
	// ErrLink: it cannot be read, is none of http and https, has another port
	// than 80 and 443 or a user in it, or leads from https back to http.
	ErrLink = errors.New("not a plain web address")
	// ErrPrivate: it is not on the public internet: an address of this machine,
	// its network or its cloud, or a name that leads to one or to nothing. Which
	// of them is not told: an asker could learn the names inside.
	ErrPrivate = errors.New("the address is not on the public internet")
)

const (
	maxLink = 4 << 10 // bytes of an address
	maxName = 100     // runes of a name
)

// CheckLink looks at a web address that somebody typed, before anything is
// asked of the network. It fails with [ErrLink] or [ErrPrivate]; the latter may
// come from [Web.Download] too, since a name says nothing of where it leads.
// name is what to call the file: the last part of the path or else the host, of
// 100 runes at most, with nothing in it that is not printed. It is not escaped.
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
		return nil, ErrLink // that of the parser quotes the address, which may hold a secret
	}
	return u, checkURL(u)
}

// checkURL refuses what can be refused without the network.
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
	if ip, err := netip.ParseAddr(host); err == nil {
		return checkIP(ip)
	}
	if strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		// The client would bring it into this form, in which ① is 1.
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

// newGuard allows the ports of the web, and public addresses: not those of the
// registries for special purposes, which hold the private, local, mapped and
// translated ones, nor multicast.
func newGuard() *ssrf.Guardian {
	return ssrf.New(ssrf.WithDeniedV4Prefixes(
		// The platform service of Azure, on a public address:
		// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
		netip.MustParsePrefix("168.63.129.16/32"),
	))
}

// innerDomains are never on the public internet:
// https://www.iana.org/assignments/special-use-domain-names and, for internal,
// https://www.icann.org/en/public-comment/proceeding/proposed-top-level-domain-string-for-private-use-24-01-2024
func innerDomains() []string { return []string{"localhost", "local", "internal", "home.arpa"} }

// numeric reports whether the last part of a host makes it an IPv4 address in
// one of the older notations, decimal, octal or hexadecimal, whole or in part:
// https://url.spec.whatwg.org/#ends-in-a-number-checker. Nobody needs them, and
// some resolvers read them.
func numeric(last string) bool {
	digits, hex := strings.CutPrefix(last, "0x")
	return strings.Trim(digits, "0123456789") == "" || hex && strings.Trim(digits, "0123456789abcdef") == ""
}

func linkName(u *url.URL) string {
	name := printed(path.Base(u.Path)) // the path is unescaped
	if name == "" || name == "." || name == "/" {
		name = printed(u.Hostname())
	}
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName-1]) + "…"
	}
	return name
}

// printed leaves out what is not printed, such as the controls that turn the
// direction of writing and so hide what a name ends in.
func printed(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s))
}
