package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr/page"
)

// deployment is how a file of docs/deploy runs the bot.
type deployment struct {
	environ map[string]string
	secrets []string // paths at which they stand
	memory  int64    // bytes
	grace   time.Duration
}

// planted are contents of secrets that the settings accept.
var planted = map[string]string{
	"slack_bot_token": "xoxb-1-planted", "slack_app_token": "xapp-1-planted",
	"ocr_api_key": "planted-key", "nats_url": "nats://planted:4222",
}

func deployments(t *testing.T) map[string]deployment {
	return map[string]deployment{
		"compose.yml":              composed(t, "compose.yml"),
		"compose.cluster.yml":      composed(t, "compose.cluster.yml"),
		"kubernetes/embedded.yaml": orchestrated(t, "kubernetes/embedded.yaml"),
		"kubernetes/cluster.yaml":  orchestrated(t, "kubernetes/cluster.yaml"),
		"slack-ocr.service":        supervised(t, "slack-ocr.service"),
	}
}

// TestDeployments: every setting that they make is a real one with a good value,
// every secret stands where the bot looks for it, processes that decode meet their
// own bound of memory before the container's, and nobody kills a bot that is
// still handing back its jobs.
func TestDeployments(t *testing.T) {
	for file, d := range deployments(t) {
		t.Run(file, func(t *testing.T) {
			known := settingNames()
			dir := t.TempDir()
			var environ []string
			for name, value := range d.environ {
				if !slices.Contains(known, name) {
					t.Errorf("%s is no setting", name)
				}
				if strings.HasSuffix(name, "_FILE") {
					if !slices.Contains(d.secrets, value) {
						t.Errorf("%s: nothing stands at %s, only %q", name, value, d.secrets)
					}
					content := planted[path.Base(value)]
					value = filepath.Join(dir, path.Base(value))
					write(t, value, content+"\n")
				}
				environ = append(environ, name+"="+value)
			}
			c, err := settings.Load(environ, filepath.Join(dir, ".env"), settings.NeedAll...)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{c.SlackBotToken, c.SlackAppToken, c.Key()}
			want := []string{planted["slack_bot_token"], planted["slack_app_token"], planted["ocr_api_key"]}
			if !slices.Equal(got, want) {
				t.Errorf("the secrets are read as %q", got)
			}
			if strings.Contains(file, "cluster") != (c.NATSURL == planted["nats_url"]) {
				t.Errorf("NATS_URL is %q", c.NATSURL)
			}
			if c.ListenAddr == "" {
				t.Error("nobody can ask for its health")
			}
			if least := int64(page.DefaultProcesses*page.DefaultMemory + 512<<20); d.memory < least {
				t.Errorf("%d MB of memory, want at least %d", d.memory>>20, least>>20)
			}
			if d.grace < 10*time.Second {
				t.Errorf("it is killed after %s", d.grace)
			}
		})
	}
}

// settingNames are the variables of the settings.
func settingNames() (names []string) {
	for f := range reflect.TypeFor[settings.Config]().Fields() {
		names = append(names, f.Tag.Get("env"))
	}
	return names
}

// composed reads a file for docker compose.
func composed(t *testing.T, file string) (d deployment) {
	t.Helper()
	type compose struct {
		Services map[string]struct {
			Environment     map[string]string
			Secrets         []any
			MemLimit        settings.ByteSize `yaml:"mem_limit"`
			StopGracePeriod string            `yaml:"stop_grace_period"`
			ReadOnly        bool              `yaml:"read_only"`
			CapDrop         []string          `yaml:"cap_drop"`
		}
		Secrets map[string]any
	}
	f := documents[compose](t, file)[0]
	bot := f.Services["bot"]
	d = deployment{environ: bot.Environment, memory: int64(bot.MemLimit)}
	for _, s := range bot.Secrets {
		name, _ := s.(string)
		if _, ok := f.Secrets[name]; !ok {
			t.Errorf("there is no secret %q", name)
		}
		d.secrets = append(d.secrets, "/run/secrets/"+name)
	}
	var err error
	if d.grace, err = time.ParseDuration(bot.StopGracePeriod); err != nil {
		t.Error(err)
	}
	for name, s := range f.Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || s.MemLimit == 0 {
			t.Errorf("%s of %s may do more than it has to", name, file)
		}
	}
	return d
}

// orchestrated reads a file for Kubernetes.
func orchestrated(t *testing.T, file string) (d deployment) {
	t.Helper()
	type object struct {
		Kind string
		Spec struct {
			Replicas int
			Strategy struct{ Type string }
			Template struct {
				Spec struct {
					Grace      int `yaml:"terminationGracePeriodSeconds"`
					Containers []struct {
						Name            string
						Env             []struct{ Name, Value string }
						Resources       struct{ Limits struct{ Memory string } }
						SecurityContext struct {
							ReadOnly bool `yaml:"readOnlyRootFilesystem"`
						} `yaml:"securityContext"`
						Mounts []struct {
							Name string
							Path string `yaml:"mountPath"`
						} `yaml:"volumeMounts"`
					}
					Volumes []struct {
						Name   string
						Secret struct{ Items []struct{ Path string } }
					}
				}
			}
		}
	}
	for _, f := range documents[object](t, file) {
		pod := f.Spec.Template.Spec
		if f.Kind != "Deployment" || len(pod.Containers) != 1 {
			continue
		}
		bot := pod.Containers[0]
		want := "1 Recreate"
		if strings.Contains(file, "cluster") {
			want = "3 RollingUpdate"
		}
		if got := fmt.Sprint(f.Spec.Replicas, " ", f.Spec.Strategy.Type); got != want {
			t.Errorf("%s is %s, want %s", file, got, want)
		}
		if !bot.SecurityContext.ReadOnly {
			t.Errorf("%s: the root can be written to", file)
		}
		d.environ, d.grace = map[string]string{}, time.Duration(pod.Grace)*time.Second
		for _, v := range bot.Env {
			d.environ[v.Name] = v.Value
		}
		var size settings.ByteSize
		if err := size.UnmarshalText([]byte(strings.Replace(bot.Resources.Limits.Memory, "Mi", "MB", 1))); err != nil {
			t.Error(err)
		}
		d.memory = int64(size)
		for _, m := range bot.Mounts {
			for _, v := range pod.Volumes {
				for _, item := range v.Secret.Items {
					if v.Name == m.Name {
						d.secrets = append(d.secrets, path.Join(m.Path, item.Path))
					}
				}
			}
		}
	}
	return d
}

// supervised reads a unit of systemd.
func supervised(t *testing.T, file string) deployment {
	t.Helper()
	d := deployment{environ: map[string]string{}}
	for line := range strings.Lines(deployFile(t, file)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "Environment":
			for word := range strings.FieldsSeq(value) {
				name, value, _ := strings.Cut(word, "=")
				d.environ[name] = value
			}
		case "LoadCredential":
			credential, _, _ := strings.Cut(value, ":")
			d.secrets = append(d.secrets, "%d/"+credential)
		case "MemoryMax":
			var size settings.ByteSize
			if err := size.UnmarshalText([]byte(value + "B")); err != nil {
				t.Error(err)
			}
			d.memory = int64(size)
		case "TimeoutStopSec":
			d.grace, _ = time.ParseDuration(value)
		}
	}
	return d
}

// TestKubernetesBoundsThePod: its temporary files have a limit, and a policy says whom
// it may talk to.
func TestKubernetesBoundsThePod(t *testing.T) {
	type object struct {
		Kind string
		Spec struct {
			PolicyTypes []string `yaml:"policyTypes"`
			Template    struct {
				Spec struct {
					Volumes []struct {
						Name     string
						EmptyDir *struct {
							SizeLimit string `yaml:"sizeLimit"`
						} `yaml:"emptyDir"`
					}
				}
			}
		}
	}
	for _, file := range []string{"kubernetes/embedded.yaml", "kubernetes/cluster.yaml"} {
		policies := 0
		for _, o := range documents[object](t, file) {
			if o.Kind == "NetworkPolicy" && slices.Equal(o.Spec.PolicyTypes, []string{"Ingress", "Egress"}) {
				policies++
			}
			for _, v := range o.Spec.Template.Spec.Volumes {
				if v.EmptyDir == nil {
					continue
				}
				var limit settings.ByteSize
				if err := limit.UnmarshalText([]byte(strings.Replace(v.EmptyDir.SizeLimit, "Gi", "GB", 1))); err != nil {
					t.Errorf("%s: the limit of the volume %s: %v", file, v.Name, err)
				}
				if c, err := settings.Load(nil, ""); err != nil || limit < 2*c.TempSize {
					t.Errorf("%s: the volume %s has %d bytes for a TEMP_SIZE of %d, %v", file, v.Name, limit, c.TempSize, err)
				}
			}
		}
		if policies != 1 {
			t.Errorf("%s has %d network policies", file, policies)
		}
	}
}

// TestNotice names the libraries of the program, and no others.
func TestNotice(t *testing.T) {
	notice := deployFile(t, "../../NOTICE")
	modules := deployFile(t, "../../go.mod")
	inProgram, _, _ := strings.Cut(texts(t)["../../docs/DEPENDENCIES.md"], "## In tests only")
	for _, found := range regexp.MustCompile("(?m)^\\| `([^`]+/[^`]+)` \\|").FindAllStringSubmatch(inProgram, -1) {
		if !strings.Contains(notice, "  "+found[1]) {
			t.Errorf("NOTICE does not name %s", found[1])
		}
	}
	named := regexp.MustCompile(`(?m)^  ([a-z0-9]+\.[a-z.]+/\S+)`).FindAllStringSubmatch(notice, -1)
	for _, found := range named {
		if !strings.Contains(modules, "\t"+found[1]+" ") {
			t.Errorf("NOTICE names %s, which go.mod does not need", found[1])
		}
	}
	if len(named) < 30 {
		t.Errorf("only %d modules were seen", len(named))
	}
}

// TestImage: what the Dockerfile sets and calls is there.
func TestImage(t *testing.T) {
	content := deployFile(t, "../../Dockerfile")
	_, env, _ := strings.Cut(content, "\nENV ")
	env, _, _ = strings.Cut(env, "\n")
	for word := range strings.FieldsSeq(env) {
		if name, _, _ := strings.Cut(word, "="); !slices.Contains(settingNames(), name) {
			t.Errorf("%s is no setting", name)
		}
	}
	for _, line := range []string{`CMD ["bot", "health"]`, "USER 10001:10001", "make build", "golang:1.26.8-trixie@sha256:", "debian:trixie-slim@sha256:"} {
		if !strings.Contains(content, line) {
			t.Errorf("no %s", line)
		}
	}
}

// documents decodes the documents of a YAML file of docs/deploy, one by one.
func documents[T any](t *testing.T, file string) (all []T) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(deployFile(t, file)))
	for {
		var next T
		err := decoder.Decode(&next)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, next)
	}
}

// deployFile reads a file of docs/deploy.
func deployFile(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../../docs/deploy", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
