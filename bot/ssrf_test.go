package bot_test

import (
	"net"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
)

// TestLinksThatLeadInside are refused in words, and nothing inside sees even a
// connection. How an address is judged is held in the package fetch; here it is
// what the person sees.
func TestLinksThatLeadInside(t *testing.T) {
	address, seen := trap(t)
	_, port, _ := net.SplitHostPort(address)
	inside, plain := words.CannotFollow(words.Failed(words.PrivateLink)), words.CannotFollow(words.Failed(words.BadLink))
	links := map[string]string{
		"http://" + address + "/a.png":                plain, // its port
		"http://localhost:" + port + "/a.png":         plain,
		"http://user:pass@pictures.example/a.png":     plain,
		"https://pictures.example:8443/a.png":         plain,
		"https://pictures.example:6379/":              plain,
		"http://127.0.0.1/a.png":                      inside,
		"http://127.1/a.png":                          inside,
		"http://2130706433/a.png":                     inside,
		"http://0x7f000001/a.png":                     inside,
		"http://0177.0.0.1/a.png":                     inside,
		"http://0/a.png":                              inside,
		"http://0.0.0.0/a.png":                        inside,
		"http://[::1]/a.png":                          inside,
		"http://[::]/a.png":                           inside,
		"http://[::ffff:127.0.0.1]/a.png":             inside,
		"http://[::ffff:7f00:1]/a.png":                inside,
		"http://[64:ff9b::7f00:1]/a.png":              inside,
		"http://[fe80::1]/a.png":                      inside,
		"http://[fd00:ec2::254]/latest/meta-data":     inside,
		"http://169.254.169.254/latest/meta-data":     inside,
		"http://168.63.129.16/a.png":                  inside,
		"http://metadata.google.internal/a.png":       inside,
		"http://10.0.0.1/a.png":                       inside,
		"http://172.16.0.1/a.png":                     inside,
		"http://192.168.1.1/a.png":                    inside,
		"http://100.64.0.1/a.png":                     inside,
		"http://224.0.0.1/a.png":                      inside,
		"http://localhost/a.png":                      inside,
		"http://LOCALHOST./a.png":                     inside,
		"http://router/a.png":                         inside,
		"http://printer.local/a.png":                  inside,
		"http://①②⑦.⓪.⓪.①/a.png":                      inside,
		"<http://127.0.0.1/a.png|http://example.com>": inside,
	}
	inFakeTime(t, func(h *house) {
		before := len(h.ws.Messages(h.channel))
		for link, want := range links {
			said := len(h.whispers(h.ann))
			h.linkTo(h.channel, link)
			h.wait("a word about "+link, func() bool { return len(h.whispers(h.ann)) > said })
			if w := h.whispers(h.ann)[said]; w != want {
				t.Errorf("%s: it says %q", link, w)
			}
		}
		h.pass(5 * time.Minute)
		if n := len(h.ws.Messages(h.channel)); n != before || h.requests() != 0 {
			t.Errorf("%d messages, want %d, %d requests", n, before, h.requests())
		}
	})
	if seen() {
		t.Error("the server inside saw a connection")
	}
}

// TestLinkOfAnotherSchemeIsNoAddress at all.
func TestLinkOfAnotherSchemeIsNoAddress(t *testing.T) {
	inFakeTime(t, func(h *house) {
		for i, link := range []string{"file:///etc/passwd", "gopher://127.0.0.1/", "ftp://a.example/a.png", "javascript:alert(1)", "//127.0.0.1/a.png", "data:image/png;base64,AA"} {
			h.linkTo(h.channel, link)
			if w := h.whispers(h.ann); len(w) != i+1 || w[i] != words.Help(link) {
				t.Errorf("%s: %q", link, w)
			}
		}
		h.idle(0, "no address")
	})
}

// TestPictureThatAnAppShowsFromInside: addresses in messages are as hostile as
// those that are typed.
func TestPictureThatAnAppShowsFromInside(t *testing.T) {
	address, seen := trap(t)
	inFakeTime(t, func(h *house) {
		other := h.ws.Install(localslack.App{Name: "Other", Scopes: []string{"chat:write"}})
		h.ws.Join(h.channel, other.BotUserID)
		for _, link := range []string{"http://" + address + "/a.png", "http://127.0.0.1/a.png", "http://169.254.169.254/a.png"} {
			h.shows(other.BotToken, h.channel, link)
			all := h.ws.Messages(h.channel)
			said := len(h.whispers(h.ann))
			if err := h.ws.Shortcut(h.Context(), h.ann, h.channel, all[len(all)-1].TS, "extract"); err != nil {
				t.Fatal(err)
			}
			h.wait("a word", func() bool { return len(h.whispers(h.ann)) > said })
			if w := h.whispers(h.ann)[said]; w != words.NoPictureThere {
				t.Errorf("%s: it says %q", link, w)
			}
		}
		h.idle(0, "nothing from inside")
	})
	if seen() {
		t.Error("the server inside saw a connection")
	}
}
