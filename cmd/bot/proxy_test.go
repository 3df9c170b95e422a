package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/bot/words/wordstest"
	"slackocr/cmd/bot/internal/officetest"
	"slackocr/ocr/page/pagetest"
)

// authority makes a certificate for two names that only the proxy knows, and the
// file of the authority that signed it.
func authority(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	sign := func(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	caKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "A private authority"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER := sign(ca, ca, caKey, caKey)
	leaf := sign(&x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{"slack.test", "ocr.test"}}, ca, key, caKey)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{leaf}, PrivateKey: key}, file
}

// tunnels is a CONNECT proxy that asks for a password and knows some hosts.
type tunnels struct {
	hosts map[string]string // name and port → address
	open  sync.WaitGroup
}

func (p *tunnels) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target, known := p.hosts[r.Host]
	_, password, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth()
	switch {
	case password != "planted-password":
		http.Error(w, "who are you?", http.StatusProxyAuthRequired)
		return
	case r.Method != http.MethodConnect || !known:
		http.Error(w, "not through here", http.StatusForbidden)
		return
	}
	out, err := net.Dial("tcp", target)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusOK)
	in, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		out.Close()
		return
	}
	for _, way := range []struct {
		to   net.Conn
		from io.Reader
	}{{out, buffered}, {in, out}} {
		p.open.Go(func() {
			_, _ = io.Copy(way.to, way.from)
			in.Close()
			out.Close()
		})
	}
}

// openBehindProxy is an office that can be reached through a proxy alone, and
// shows a certificate that only the file's authority vouches for.
func openBehindProxy(t *testing.T, model http.HandlerFunc) (o *officetest.Office, file string) {
	t.Helper()
	certificate, file := authority(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o = &officetest.Office{Workspace: localslack.New(localslack.Options{URL: "https://slack.test"})}
	app, err := localslack.ParseManifest(bot.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	o.App, o.Ann = o.Workspace.Install(app), o.Workspace.AddUser("ann")
	o.Channel = o.Workspace.AddChannel("general", false, o.Ann, o.App.BotUserID)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	endpoint := httptest.NewUnstartedServer(model)
	endpoint.TLS = config
	endpoint.StartTLS()
	ways := &tunnels{hosts: map[string]string{"slack.test:443": l.Addr().String(), "ocr.test:443": endpoint.Listener.Addr().String()}}
	proxy := httptest.NewServer(ways)
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = o.Workspace.Serve(ctx, tls.NewListener(l, config)) })
	t.Cleanup(func() {
		stop()
		serving.Wait()
		endpoint.CloseClientConnections()
		endpoint.Close()
		proxy.Close()
		ways.open.Wait()
	})
	o.Environ = []string{
		"SLACK_BOT_TOKEN=" + o.App.BotToken, "SLACK_APP_TOKEN=" + o.App.AppToken, "SLACK_API_URL=https://slack.test/api/",
		"OCR_BASE_URL=https://ocr.test/v1", "HTTPS_PROXY=http://bob:planted-password@" + strings.TrimPrefix(proxy.URL, "http://"),
	}
	return o, file
}

// manyWords is a text that no guard takes for a loop, and too long for messages.
func manyWords(n int) string {
	words := strings.Fields(pagetest.Article)
	random := mathrand.New(mathrand.NewPCG(1, 2))
	var b strings.Builder
	for i := range n {
		b.WriteString(words[random.IntN(len(words))])
		b.WriteString(map[bool]string{true: ".\n\n", false: " "}[i%15 == 14])
	}
	return b.String()
}

// TestBehindAProxy runs the real program where only a proxy leads out and
// certificates are the company's own: the Web API, the WebSocket, a download, an
// upload and the model.
func TestBehindAProxy(t *testing.T) {
	t.Parallel()
	long := manyWords(4000)
	o, file := openBehindProxy(t, func(w http.ResponseWriter, _ *http.Request) { officetest.WriteAll(w, "# Marmalade\n\n", long) })
	o.Environ = append(o.Environ, "SSL_CERT_FILE="+file)
	p := start(t, append(o.Environ, "LOG_LEVEL=debug"))
	o.Wait(t, "it listens", func() bool { return o.Workspace.Connections() > 0 })
	ts := o.Post(t, o.Channel, officetest.PagePicture("a.png"))
	o.Wait(t, "it is read", func() bool {
		return o.Said(wordstest.ReadAs("a.png", "markdown"), officetest.Asked{Channel: o.Channel, TS: ts}) == 1
	})
	uploaded := false
	for _, m := range o.Workspace.Thread(o.Channel, ts)[1:] {
		uploaded = uploaded || len(m.Files) > 0
	}
	if !uploaded {
		t.Errorf("the text did not come as a file: %q", o.Thread(ts))
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	if strings.Contains(p.stderr.String(), "planted") {
		t.Errorf("the proxy's password is in the log:\n%s", p.stderr)
	}
}

// TestCheckBehindAProxy: the same for bot check, which says what is missing.
func TestCheckBehindAProxy(t *testing.T) {
	t.Parallel()
	o, file := openBehindProxy(t, officetest.Reading)
	for _, tt := range []struct {
		name, setting string
		status        int
		says          string // of each part that goes out
	}{
		{"a file", "SSL_CERT_FILE=" + file, 0, ""},
		{"a folder", "SSL_CERT_DIR=" + filepath.Dir(file), 0, ""},
		{"an unknown authority", "", 1, "certificate signed by unknown authority"},
		{"a wrong password", "HTTPS_PROXY=" + strings.Replace(o.Environ[4][len("HTTPS_PROXY="):], ":planted-password", ":planted-wrong", 1), 1, "Proxy Authentication Required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t, append(o.Environ[:len(o.Environ):len(o.Environ)], tt.setting), "check")
			text, _ := io.ReadAll(p.stdout)
			out := string(text)
			if status := p.status(t); status != tt.status || strings.Contains(out+p.stderr.String(), "planted") {
				t.Errorf("exit status %d:\n%s%s", status, out, p.stderr)
			}
			for _, check := range []string{"bot token", "app token", "endpoint"} {
				if tt.says == "" {
					officetest.ExpectFinding(t, out, check, "✓")
				} else {
					officetest.ExpectFinding(t, out, check, "✗", tt.says, "SSL_CERT_FILE")
				}
			}
		})
	}
}
