package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// TestNATSFiles: the three servers are a cluster whose writes are on the disk when
// they are acknowledged, with an account for the bot, and the same in Kubernetes.
func TestNATSFiles(t *testing.T) {
	conf := deployFile(t, "nats.conf")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "nats.conf"), conf)
	write(t, filepath.Join(dir, "users.conf"), deployFile(t, "users.conf.example"))
	t.Setenv("SERVER_NAME", "nats-0")
	o, err := server.ProcessConfigFile(filepath.Join(dir, "nats.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if !o.JetStream || !o.SyncAlways || o.Cluster.Name == "" || len(o.Routes) != 3 || o.ServerName != "nats-0" {
		t.Errorf("JetStream %t, sync always %t, cluster %q of %d", o.JetStream, o.SyncAlways, o.Cluster.Name, len(o.Routes))
	}
	if len(o.Accounts) != 1 || len(o.Users) != 1 {
		t.Errorf("%d accounts, %d users", len(o.Accounts), len(o.Users))
	}
	type object struct {
		Kind string
		Data map[string]string
		Text map[string]string `yaml:"stringData"`
	}
	same := 0
	compare := func(what, got, want string) {
		if same++; got != want {
			t.Errorf("%s of Kubernetes is\n%s\nwant\n%s", what, got, want)
		}
	}
	for _, f := range documents[object](t, "kubernetes/cluster.yaml") {
		if f.Kind == "ConfigMap" {
			compare("nats.conf", f.Data["nats.conf"], regexp.MustCompile(`(nats-\d):`).ReplaceAllString(conf, "$1.nats:"))
		}
	}
	for _, f := range documents[object](t, "kubernetes/secrets.example.yaml") {
		if users := f.Text["users.conf"]; users != "" {
			_, want, _ := strings.Cut(deployFile(t, "users.conf.example"), "accounts {")
			compare("users.conf", users, "accounts {"+want)
		}
	}
	if same != 2 {
		t.Errorf("%d of 2 parts are there", same)
	}
}
