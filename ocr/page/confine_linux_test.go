package page_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// A program of poppler that a page took over gets at nothing: not at the bot's
// environment and files, not at the network, not at other processes.
func TestHostileProgram(t *testing.T) {
	if _, err := exec.LookPath("perl"); err != nil {
		t.Skip("perl is not installed")
	}
	d := newDecoder(t, page.DecoderConfig{})
	folder, tools := t.TempDir(), t.TempDir()
	secret := filepath.Join(folder, "secret")
	if err := os.WriteFile(secret, []byte("a text"), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := func(network, address string) net.Listener {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	abstract := fmt.Sprintf("slackocr-%d", os.Getpid())
	listen("unix", "@"+abstract)
	unix := listen("unix", filepath.Join(folder, "socket"))
	tcp := listen("tcp", "127.0.0.1:0").Addr().(*net.TCPAddr).Port

	script, err := os.ReadFile("testdata/hostile.pl")
	if err != nil {
		t.Fatal(err)
	}
	given := fmt.Sprintf(`BEGIN { %%ENV = (bot => %d, secret => '%s', folder => '%s', tcp => %d, udp => %d, unix => '%s', abstract => '%s', PATH => '/usr/bin:/bin'); }`,
		os.Getpid(), secret, folder, tcp, udp.LocalAddr().(*net.UDPAddr).Port, unix.Addr(), abstract)
	_, rest, _ := strings.Cut(string(script), "\n")
	if err := os.WriteFile(filepath.Join(tools, "pdftoppm"), []byte("#!/usr/bin/perl\n"+given+rest), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
	doc := openDocument(t, d, pagetest.Scan(72, encodePNG(t, pagetest.Image("x", pagetest.Layout{}))), page.Options{})
	_, err = doc.Page(t.Context(), 0)
	broken, ok := errors.AsType[*page.BrokenError](err)
	if !ok {
		t.Fatalf("it ended with %v", err)
	}
	got := regexp.MustCompile(`got:.*`).FindString(broken.Error())
	if strings.TrimSpace(got) != "got:" {
		t.Errorf("it %s; said in whole: %v", got, broken)
	}
}
