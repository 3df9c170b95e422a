package localslack_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"slackocr/bot/localslack"
)

// shape is an event as Slack documents it, in testdata/events.
type shape struct {
	Source      string         `json:"source"`
	NotModelled []string       `json:"not_modelled"` // documented fields, by dotted path, that are not sent
	Read        []string       `json:"read"`         // fields that a reading bot needs
	Event       map[string]any `json:"event"`
}

func (s *world) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// joined is a new member of the channel, external one of another workspace.
func (s *world) joined(channel string) (user string) {
	user = s.w.AddUser("Bob")
	s.w.Join(channel, user)
	return user
}

func (s *world) external() (user string) { return s.from(localslack.HomePartner) }

// from is a new member of the channel who belongs elsewhere.
func (s *world) from(home localslack.Home) (user string) {
	user = s.w.AddPerson(localslack.Person{Name: "Bob", Home: home})
	s.w.Join(s.channel, user)
	return user
}

// says posts as somebody who belongs elsewhere.
func (s *world) says(home localslack.Home, text string) {
	_, err := s.w.Post(s.from(home), localslack.Post{Channel: s.channel, Text: text})
	s.must(err)
}

// said is a message of the app.
func (s *world) said(text string) (ts string) {
	return str(s.ok("chat.postMessage", "channel", s.channel, "text", text).body, "ts")
}

// shared is a file that the person shares, with a text or without.
func (s *world) shared(text string) (file string) {
	s.post(localslack.Post{Text: text, Files: []localslack.Upload{png}})
	ms := s.w.Messages(s.channel)
	return ms[len(ms)-1].Files[0].ID
}

// private is a new private channel that person and app are in.
func (s *world) private() string {
	return s.w.AddChannel("secret", true, s.user, s.cred.BotUserID)
}

// Every event has the fields of its documented shape, with their types, and no
// others. testdata/events has a shape for every event that an app can subscribe to.
func TestEventShapes(t *testing.T) {
	paths, err := filepath.Glob("testdata/events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var names, types []string
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		names = append(names, name)
		var sh shape
		readJSON(t, path, &sh)
		types = append(types, str(sh.Event, "type"))
		t.Run(name, func(t *testing.T) {
			if sh.Source == "" || provoke[name] == nil {
				t.Fatal("no source, or nothing provokes it")
			}
			synctest.Test(t, func(t *testing.T) {
				s := newWorld(t)
				conn := s.rawEvents()
				provoke[name](s)
				got := conn.find(str(sh.Event, "type"), str(sh.Event, "subtype"))
				sameShape(t, "event", sh.Event, got)
				notSent(t, got, sh.NotModelled)
				areThere(t, sh.Read, sh.Event, got)
			})
		})
	}
	if want := slices.Sorted(maps.Keys(provoke)); !slices.Equal(names, want) {
		t.Errorf("shapes %q, provoked %q", names, want)
	}
	for _, event := range allEvents {
		if kind, _, _ := strings.Cut(event, "."); !slices.Contains(types, kind) {
			t.Errorf("no shape of %s", event)
		}
	}
}

// The envelope and the payload round an event.
func TestCallbackShape(t *testing.T) {
	var sh struct {
		Envelope map[string]any `json:"envelope"`
	}
	readJSON(t, "testdata/callback.json", &sh)
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		conn := s.rawEvents()
		s.post(localslack.Post{Text: "Hello"})
		got := conn.next()
		got["payload"].(map[string]any)["event"] = map[string]any{}
		sameShape(t, "envelope", sh.Envelope, got)
	})
}

func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		t.Fatal(path, err)
	}
}

// exact are fields whose value is part of the shape.
var exact = []string{"type", "subtype", "channel_type", "mode", "hidden", "upload"}

// sameShape compares got with the documented example: the same fields, and values
// of the same JSON types. A list's elements are like the example's first.
func sameShape(t *testing.T, at string, want, got any) {
	t.Helper()
	if a, b := fmt.Sprintf("%T", want), fmt.Sprintf("%T", got); a != b {
		t.Errorf("%s is %v (%s), want %s as in %v", at, got, b, a, want)
		return
	}
	switch want := want.(type) {
	case map[string]any:
		got := got.(map[string]any)
		for name, v := range want {
			field := at + "." + name
			g, ok := got[name]
			if !ok {
				t.Errorf("%s is missing", field)
				continue
			}
			sameShape(t, field, v, g)
			if _, object := v.(map[string]any); !object && slices.Contains(exact, name) && g != v {
				t.Errorf("%s is %v, want %v", field, g, v)
			}
		}
		for name, v := range got {
			if _, ok := want[name]; !ok {
				t.Errorf("%s.%s = %v is not documented", at, name, v)
			}
		}
	case []any:
		got := got.([]any)
		if len(want) > 0 && len(got) == 0 {
			t.Errorf("%s is empty", at)
		}
		for i, g := range got {
			sameShape(t, fmt.Sprintf("%s[%d]", at, i), want[0], g)
		}
	}
}

// reach follows a path of field names, into the first element of a list.
func reach(v any, path []string) any {
	for _, name := range path {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// rawEvents is a Socket Mode connection that keeps every field.
type rawEvents struct {
	s     *world
	conn  *websocket.Conn
	in    chan map[string]any // events
	asked chan map[string]any // what a person did, not acked
}

func (s *world) rawEvents() *rawEvents {
	s.t.Helper()
	conn, _, err := s.dialer.DialContext(s.t.Context(), s.socketURL(), nil)
	s.must(err)
	var hello map[string]any // only then the connection gets events
	s.must(conn.ReadJSON(&hello))
	c := &rawEvents{s: s, conn: conn, in: make(chan map[string]any, 100), asked: make(chan map[string]any, 10)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			var e map[string]any
			if conn.ReadJSON(&e) != nil {
				return
			}
			switch e["type"] {
			case "events_api":
				c.in <- e // has room for all of a test's
			case "slash_commands", "interactive":
				c.asked <- e
			}
		}
	}()
	s.t.Cleanup(func() { conn.Close(); <-done })
	return c
}

func (c *rawEvents) next() map[string]any {
	c.s.t.Helper()
	select {
	case e := <-c.in:
		return e
	case <-time.After(2 * time.Second): // before anything is sent again
		c.s.t.Fatal("the event did not come")
		return nil
	}
}

// find is the last event of this type and subtype.
func (c *rawEvents) find(kind, subtype string) map[string]any {
	c.s.t.Helper()
	var found map[string]any
	for {
		synctest.Wait()
		select {
		case e := <-c.in:
			event := e["payload"].(map[string]any)["event"].(map[string]any)
			if event["type"] == kind && str(event, "subtype") == subtype {
				found = event
			}
		default:
			if found == nil {
				c.s.t.Fatalf("no %s %s came", kind, subtype)
			}
			return found
		}
	}
}
