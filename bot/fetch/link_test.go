package fetch

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCheckLinkNames(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.com/scans/invoice.png":           "invoice.png",
		"HTTP://EXAMPLE.com:80/a/b.PDF?sig=secret#page":   "b.PDF",
		"https://example.com:443/my%20scan%2Fb.png":       "b.png",
		"https://example.com/%E2%82%AC.png":               "€.png",
		"https://example.com/gnp.%E2%80%AEexe":            "gnp.exe",
		"https://example.com/a%00%0Ab.png":                "ab.png",
		"https://example.com/%ff.png":                     ".png",
		"https://example.com":                             "example.com",
		"https://example.com/":                            "example.com",
		"https://example.com/?x=y":                        "example.com",
		"https://my_bucket.example.com/a/":                "a",
		"https://bücher.example/":                         "bücher.example",
		"http://8.8.8.8/a.png":                            "a.png",
		"http://[2001:4860:4860::8888]/":                  "2001:4860:4860::8888",
		"http://example.com./a.png":                       "a.png",
		"https://example.com/" + strings.Repeat("ä", 200): strings.Repeat("ä", maxName-1) + "…",
	} {
		if name, err := CheckLink(address); name != want || err != nil {
			t.Errorf("%q is %q, %v, want %q", address, name, err, want)
		}
	}
}

func TestCheckLinkRefuses(t *testing.T) {
	for _, address := range []string{
		"", "example.com/a.png", "//example.com/a.png", "/etc/passwd", "ftp://example.com/a.png", "file:///etc/passwd",
		"gopher://example.com/", "javascript:alert(1)", "data:image/png;base64,AAAA", "http:example.com", "https:///a.png",
		"http://example.com:8080/", "http://example.com:0/", "http://example.com:22/", "http://example.com:65616/", "http://example.com:+80/",
		"http://ann@example.com/", "http://ann:secret@example.com/", "http://@example.com/", "http://8.8.8.8@127.0.0.1/",
		"http://exa mple.com/", "http://example.com\n/", "http://[::1", "http://%31%32%37.0.0.1/", "http://ex\u00adample.com\uffff/",
		"https://example.com/" + strings.Repeat("a", maxLink),
	} {
		if name, err := CheckLink(address); !errors.Is(err, ErrLink) || name != "" {
			t.Errorf("%.100q: %q, %v", address, name, err)
		}
	}
	for _, host := range inside() {
		for _, address := range []string{"http://" + host + "/a.png", "https://" + strings.ToUpper(host) + ":443"} {
			if name, err := CheckLink(address); !errors.Is(err, ErrPrivate) || name != "" {
				t.Errorf("%q: %q, %v", address, name, err)
			}
		}
	}
}

// inside are hosts that must not be reached, in any notation.
func inside() []string {
	hosts := []string{
		// one address in the notations that some resolvers read
		"127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.1.", "127.0.0.1..",
		"0", "0x", "127.0.0.0x1", "①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1", "00000127.0.0.1", "256.256.256.256", "1.2.3.4.5",
		// names
		"localhost", "localhost.", "a.localhost", "printer.local", "metadata.google.internal", "nas.home.arpa", "metadata", "intranet",
		"[fe80::1%25eth0]", "[2001:4860:4860::8888%25eth0]",
	}
	for _, ip := range insideAddresses() {
		host := ip.String()
		if ip.Is6() {
			host = "[" + host + "]"
		}
		hosts = append(hosts, host)
	}
	return hosts
}

func insideAddresses() (addresses []netip.Addr) {
	for _, s := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "169.254.170.2", "100.100.100.200", "100.64.0.1", "100.127.255.255", "192.0.0.192", "168.63.129.16",
		"198.18.0.1", "192.0.2.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1",
		"::", "::1", "::2", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "ff02::1", "2001:db8::1", "100::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "::127.0.0.1", "::10.0.0.1",
		"64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::127.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::",
		"2001:0:4136:e378:8000:63bf:80ff:fffe", "3fff::1", "5f00::1",
	} {
		addresses = append(addresses, netip.MustParseAddr(s))
	}
	return addresses
}

func FuzzCheckLink(f *testing.F) {
	f.Add("https://example.com/scans/invoice.png?x=y#z")
	f.Add("http://ann:secret@example.com:8080/")
	f.Add("http://gnp.\u202eexe/\u202e")
	for _, host := range inside() {
		f.Add("http://" + host + "/")
	}
	f.Fuzz(func(t *testing.T, address string) {
		name, err := CheckLink(address)
		if err != nil {
			if name != "" || !errors.Is(err, ErrLink) && !errors.Is(err, ErrPrivate) {
				t.Errorf("%q, %v", name, err)
			}
			return
		}
		if n := utf8.RuneCountInString(name); n == 0 || n > maxName || !utf8.ValidString(name) ||
			strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is called %q", address, name)
		}
		u, err := url.Parse(address)
		if err != nil || u.User != nil || u.Hostname() == "" || u.Port() != "" && u.Port() != "80" && u.Port() != "443" {
			t.Errorf("%q was let through, %v", address, err)
			return
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && (ip.IsPrivate() || ip.IsLoopback() || !ip.IsGlobalUnicast()) {
			t.Errorf("%q was let through", address)
		}
	})
}
