package localslack_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/localslack/internal/nodetest"
)

const conformanceDir = "testdata/conformance"

// Slack's own clients for Node (Bolt, socket-mode and web-api) use the workspace
// as an app would. Each check of testdata/conformance is a subtest here.
func TestConformance(t *testing.T) {
	modules := nodetest.Modules(t, conformanceDir)
	files, err := filepath.Glob(conformanceDir + "/*.test.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no checks: %v", err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	args := append([]string{"--test", "--test-concurrency=" + strconv.Itoa(len(files)), "--test-reporter=./" + conformanceDir + "/reporter.js"}, files...)
	cmd := exec.CommandContext(ctx, "node", args...)
	// SIGTERM makes the runner stop the processes it started.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules, "LOCALSLACK_CONTROL="+startControl(t))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	logged := runChecks(t, bufio.NewScanner(out))
	if err := cmd.Wait(); err != nil {
		t.Errorf("node --test: %v\n%s", err, &stderr)
	}
	if t.Failed() {
		t.Logf("what the checks logged:\n%s", logged)
	}
}

// runChecks makes a subtest of every check that the reporter tells of.
func runChecks(t *testing.T, lines *bufio.Scanner) (logged string) {
	lines.Buffer(nil, 1<<20)
	var log strings.Builder
	n := 0
	for lines.Scan() {
		var c struct {
			Name            string
			Passed, Skipped bool
			Seconds         float64
			Error, Log      string
		}
		switch err := json.Unmarshal(lines.Bytes(), &c); {
		case err != nil:
			t.Errorf("the reporter wrote %q: %v", lines.Text(), err)
			continue
		case c.Name == "":
			log.WriteString(c.Log)
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			t.Logf("%.1f s", c.Seconds)
			if !c.Passed || c.Skipped {
				t.Errorf("passed %v, skipped %v: %s", c.Passed, c.Skipped, c.Error)
			}
		})
	}
	if err := lines.Err(); err != nil || n == 0 {
		t.Errorf("%d checks, %v", n, err)
	}
	return log.String()
}

// A lockfile with download addresses would send everybody to the registry of
// whoever wrote it.
func TestLockfileHasNoAddresses(t *testing.T) {
	lock, err := os.ReadFile(conformanceDir + "/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(lock, []byte(`"resolved"`)) || bytes.Contains(lock, []byte("registry")) {
		t.Error("package-lock.json names where packages were downloaded from")
	}
}

// control lets the Node checks make workspaces and act in them as people.
type control struct {
	t   *testing.T
	ctx context.Context
	run sync.WaitGroup

	mu     sync.Mutex
	worlds []*stage
}

// stage is the workspace of one check.
type stage struct {
	w    *localslack.Workspace
	cred localslack.Credentials
	made map[string]string // what the check is told of it
}

// act holds the arguments of all actions; each uses a few.
type act struct {
	User, Channel string // the stage's own unless given
	TS, Thread    string
	Text, Name    string
	Files         []localslack.Upload

	View   string
	Values map[string][]string            // of the view, by block_id
	Chosen []string                       // options of an element
	Picked map[string][]localslack.Upload // likewise

	File, Token, Reason string
	Users               []string
	Private             bool
	Home                localslack.Home
	Fault               localslack.Fault
	App                 localslack.App

	Connections, Pending, Messages, Views *int // what wait waits for
}

// startControl serves the control address until the test ends.
func startControl(t *testing.T) (address string) {
	ctx, stop := context.WithCancel(t.Context())
	c := &control{t: t, ctx: ctx}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /worlds", c.newWorld)
	mux.HandleFunc("POST /worlds/{id}/{action}", c.act)
	srv := &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return ctx }}
	l := c.listen()
	c.run.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("control: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		grace, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		if err := srv.Shutdown(grace); err != nil { // after it no handler starts anything
			t.Errorf("control: %v", err)
		}
		c.run.Wait()
	})
	return "http://" + l.Addr().String()
}

func (c *control) listen() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Error(err)
		panic(err)
	}
	return l
}

func answerControl(rw http.ResponseWriter, result any, err error) {
	out := map[string]any{"result": result}
	if err != nil {
		out = map[string]any{"error": slackCode(err)}
	}
	_ = json.NewEncoder(rw).Encode(out) // a check that has ended misses nothing
}

// newWorld makes a workspace on a listener of its own.
func (c *control) newWorld(rw http.ResponseWriter, r *http.Request) {
	in := struct {
		Scopes, Events []string
		Strict         bool // apps have Slack's 3 s, even on a busy machine
	}{Scopes: slices.Clone(allScopes), Events: slices.Clone(allEvents)} // decoding writes into them
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		answerControl(rw, nil, err)
		return
	}
	options := localslack.Options{AckTime: 30 * time.Second}
	if in.Strict {
		options.AckTime = 0
	}
	w := localslack.New(options)
	s := &stage{w: w, cred: w.Install(reader(in.Scopes, in.Events))}
	user, other := w.AddUser("Ada Lovelace"), w.AddUser("Grace Hopper")
	channel := w.AddChannel("general", false, user, other, s.cred.BotUserID)
	l := c.listen()
	c.run.Go(func() {
		if err := w.Serve(c.ctx, l); err != nil {
			c.t.Errorf("Serve: %v", err)
		}
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.worlds = append(c.worlds, s)
	base := "http://" + l.Addr().String()
	s.made = map[string]string{
		"id": strconv.Itoa(len(c.worlds) - 1), "base": base, "api": base + "/api/",
		"botToken": s.cred.BotToken, "appToken": s.cred.AppToken, "appId": s.cred.AppID,
		"botUserId": s.cred.BotUserID, "botId": s.cred.BotID, "user": user, "other": other, "channel": channel,
	}
	answerControl(rw, s.made, nil)
}

func (c *control) act(rw http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	i, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || i < 0 || i >= len(c.worlds) {
		c.mu.Unlock()
		http.NotFound(rw, r)
		return
	}
	s := c.worlds[i]
	c.mu.Unlock()
	do, ok := fromOutside[r.PathValue("action")]
	if !ok {
		answerControl(rw, nil, errors.New("no such action: "+r.PathValue("action")))
		return
	}
	in := act{User: s.made["user"], Channel: s.made["channel"]}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		answerControl(rw, nil, err)
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), 30*time.Second)
	defer stop()
	result, err := do(ctx, s, in)
	answerControl(rw, result, err)
}

// fromOutside is what a check can do from outside the app.
var fromOutside = map[string]func(context.Context, *stage, act) (any, error){
	"post": func(_ context.Context, s *stage, in act) (any, error) {
		return s.w.Post(in.User, localslack.Post{Channel: in.Channel, Thread: in.Thread, Text: in.Text, Files: in.Files})
	},
	"edit": func(_ context.Context, s *stage, in act) (any, error) {
		return nil, s.w.Edit(in.User, in.Channel, in.TS, in.Text)
	},
	"delete": func(_ context.Context, s *stage, in act) (any, error) {
		return nil, s.w.Delete(in.User, in.Channel, in.TS)
	},
	"react": func(_ context.Context, s *stage, in act) (any, error) {
		return nil, s.w.React(in.User, in.Channel, in.TS, in.Name)
	},
	"deleteFile": func(_ context.Context, s *stage, in act) (any, error) {
		return nil, s.w.DeleteFile(in.User, in.File)
	},
	"press": func(ctx context.Context, s *stage, in act) (any, error) {
		return nil, s.w.Press(ctx, in.User, in.Channel, in.TS, in.Name)
	},
	"choose": func(ctx context.Context, s *stage, in act) (any, error) {
		return nil, s.w.Press(ctx, in.User, in.Channel, in.TS, in.Name, in.Chosen...)
	},
	"pressView": func(ctx context.Context, s *stage, in act) (any, error) {
		return nil, s.w.PressView(ctx, in.User, in.View, in.Name, in.Values, in.Chosen...)
	},
	"invite": func(_ context.Context, s *stage, in act) (any, error) {
		return nil, s.w.Invite(s.made["user"], in.Channel, in.User)
	},
	"kick": func(_ context.Context, s *stage, in act) (any, error) {
		return nil, s.w.Kick(s.made["user"], in.Channel, in.User)
	},
	"forward": func(_ context.Context, s *stage, in act) (any, error) {
		return s.w.Forward(in.User, in.Channel, in.TS, localslack.Post{Channel: in.Channel, Text: in.Text})
	},
	"external": func(_ context.Context, s *stage, in act) (any, error) {
		user := s.w.AddPerson(localslack.Person{Name: in.Name, Home: localslack.HomePartner})
		s.w.Join(in.Channel, user)
		return user, nil
	},
	"person": func(_ context.Context, s *stage, in act) (any, error) {
		user := s.w.AddPerson(localslack.Person{Name: in.Name, Home: in.Home})
		s.w.Join(in.Channel, user)
		return user, nil
	},
	"openHome": func(_ context.Context, s *stage, in act) (any, error) {
		return s.w.OpenHome(in.User, s.cred.AppID, in.Name)
	},
	"command": func(ctx context.Context, s *stage, in act) (any, error) {
		return nil, s.w.Command(ctx, in.User, in.Channel, in.Name, in.Text)
	},
	"shortcut": func(ctx context.Context, s *stage, in act) (any, error) {
		return nil, s.w.Shortcut(ctx, in.User, in.Channel, in.TS, in.Name)
	},
	"submit": func(ctx context.Context, s *stage, in act) (any, error) {
		return s.w.Submit(ctx, in.User, in.View, in.Values, in.Picked)
	},
	"closeView": func(ctx context.Context, s *stage, in act) (any, error) {
		return nil, s.w.CloseView(ctx, in.User, in.View)
	},
	"archive": func(_ context.Context, s *stage, in act) (any, error) {
		return nil, s.w.Archive(in.User, in.Channel)
	},
	"join": func(_ context.Context, s *stage, in act) (any, error) {
		s.w.Join(in.Channel, in.User)
		return nil, nil
	},
	"channel": func(_ context.Context, s *stage, in act) (any, error) {
		return s.w.AddChannel(in.Name, in.Private, in.Users...), nil
	},
	"dm": func(_ context.Context, s *stage, in act) (any, error) {
		return s.w.AddDM(in.Users...), nil
	},
	"install": func(_ context.Context, s *stage, in act) (any, error) {
		cred := s.w.Install(in.App)
		return map[string]string{"botToken": cred.BotToken, "botUserId": cred.BotUserID, "botId": cred.BotID}, nil
	},
	"revoke": func(_ context.Context, s *stage, in act) (any, error) {
		s.w.RevokeToken(in.Token)
		return nil, nil
	},
	"fail": func(_ context.Context, s *stage, in act) (any, error) {
		s.w.Fail(in.Fault) // until its Times are over
		return nil, nil
	},
	"disconnect": func(_ context.Context, s *stage, in act) (any, error) {
		s.w.Disconnect(in.Reason)
		return nil, nil
	},
	"closeSockets": func(_ context.Context, s *stage, _ act) (any, error) {
		s.w.CloseSockets()
		return nil, nil
	},
	"messages": func(_ context.Context, s *stage, in act) (any, error) {
		return s.w.Messages(in.Channel), nil
	},
	"ephemerals": func(_ context.Context, s *stage, in act) (any, error) {
		return s.w.Ephemerals(in.User), nil
	},
	"views": func(_ context.Context, s *stage, in act) (any, error) {
		return s.w.Views(in.User), nil
	},
	"wait": func(ctx context.Context, s *stage, in act) (any, error) {
		return nil, s.w.Wait(ctx, func() bool {
			return (in.Connections == nil || s.w.Connections() == *in.Connections) &&
				(in.Pending == nil || s.w.Pending(s.cred.AppID) == *in.Pending) &&
				(in.Messages == nil || len(s.w.Messages(in.Channel)) >= *in.Messages) &&
				(in.Views == nil || len(s.w.Views(in.User)) == *in.Views)
		})
	},
}
