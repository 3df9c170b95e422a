package ask

import "testing"

const home = "https://acme.slack.com/"

func TestParseLink(t *testing.T) {
	message := Link{Message: MessageRef{Channel: "C0123ABCD", TS: "1700000000.123456"}}
	file := Link{File: "F0123ABCD"}
	for in, want := range map[string]Link{
		"https://acme.slack.com/archives/C0123ABCD/p1700000000123456":                                               message,
		"<https://acme.slack.com/archives/C0123ABCD/p1700000000123456|a message>":                                   message,
		"https://acme.slack.com/archives/C0123ABCD/p1700000000123456?thread_ts=1600000000.000001&amp;cid=C0123ABCD": message,
		"https://ACME.enterprise.slack.com/archives/C0123ABCD/p1700000000123456/":                                   message,
		"https://partner.slack.com/archives/C0123ABCD/p1700000000123456":                                            message,
		"https://agency.slack-gov.com/archives/C0123ABCD/p1700000000123456":                                         message,
		"https://acme.slack.com/x-p123-456/archives/C0123ABCD/p1700000000123456":                                    message,
		"https://app.slack.com/client/T0123/C0123ABCD/p1700000000123456":                                            message,
		"https://app.slack.com/client/E0123/C0123ABCD/p1700000000123456":                                            message,
		"https://app.slack.com/client/T0123/C0123ABCD/thread/C0123ABCD-1700000000.123456":                           message,
		"https://app.slack.com/client/T0123/threads/thread/C0123ABCD-1700000000.123456":                             message,
		"slack://channel?team=T0123&id=C0123ABCD&message=1700000000.123456":                                         message,
		"https://acme.slack.com/files/U0123/F0123ABCD/a.png":                                                        file,
		"https://partner.slack.com/files/W0123/F0123ABCD":                                                           file,
		"https://files.slack.com/files-pri/T0123-F0123ABCD/a.png":                                                   file,
		"https://files-origin.slack.com/files-pri/T0123-F0123ABCD/download/a.png":                                   file,
		"https://files.slack.com/files-tmb/T0123-F0123ABCD-0a1b2c/a_720.png":                                        file,
		"https://slack-files.com/T0123-F0123ABCD-0a1b2c3d":                                                          file,
		"slack://file?team=T0123&id=F0123ABCD":                                                                      file,
		"https://acme.slack.com/archives/C0123ABCD":                                                                 {Other: true},
		"https://app.slack.com/client/T0123/C0123ABCD":                                                              {Other: true},
		"slack://open":           {Other: true},
		"https://slack.com/help": {Other: true},
		"https://slack.com.evil.example/archives/C0123ABCD/p1700000000123456": {Web: "https://slack.com.evil.example/archives/C0123ABCD/p1700000000123456"},
		"https://pictures.example/a.png?x=1&amp;y=2":                          {Web: "https://pictures.example/a.png?x=1&y=2"},
		"http://pictures.example/files-pri/T0123-F0123ABCD/a.png":             {Web: "http://pictures.example/files-pri/T0123-F0123ABCD/a.png"},
	} {
		if got, ok := ParseLink(in, home); !ok || got != want {
			t.Errorf("ParseLink(%q) = %+v, %v, want %+v", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "text", "last", "ftp://acme.slack.com/archives/C0123ABCD/p1700000000123456", "https://", "a b", "mailto:a@b.c", "<@U1|ann>"} {
		if got, ok := ParseLink(in, home); ok {
			t.Errorf("ParseLink(%q) = %+v, want none", in, got)
		}
	}
}

// TestHomeMayBeAnyHost, such as that of a workspace on this machine.
func TestHomeMayBeAnyHost(t *testing.T) {
	got, ok := ParseLink("http://localhost:8080/archives/C0123ABCD/p1700000000123456", "http://localhost:8080/")
	if want := (MessageRef{"C0123ABCD", "1700000000.123456"}); !ok || got.Message != want {
		t.Errorf("got %+v, %v", got, ok)
	}
}

func FuzzParseLink(f *testing.F) {
	f.Add("https://acme.slack.com/archives/C0123ABCD/p1700000000123456")
	f.Add("<https://app.slack.com/client/T0123/C0123ABCD/thread/C0123ABCD-1700000000.123456|x>")
	f.Add("slack://file?id=F0123ABCD")
	f.Fuzz(func(t *testing.T, in string) {
		l, ok := ParseLink(in, home)
		kinds := 0
		if l.Message != (MessageRef{}) {
			kinds++
			if !channelID.MatchString(l.Message.Channel) || !timestamp.MatchString(l.Message.TS) {
				t.Errorf("%q names no message: %+v", in, l)
			}
		}
		if l.File != "" {
			kinds++
			if !fileID.MatchString(l.File) {
				t.Errorf("%q names no file: %+v", in, l)
			}
		}
		if l.Web != "" {
			kinds++
		}
		if l.Other {
			kinds++
		}
		if ok != (kinds == 1) {
			t.Errorf("%q is %d things: %+v, %v", in, kinds, l, ok)
		}
	})
}
