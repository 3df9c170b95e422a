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

// shape is an event, an answer or a payload as Slack documents it, in testdata.
type shape struct {
	Source      string         `json:"source"`
	NotModelled []string       `json:"not_modelled"` // documented fields, by dotted path, that are not sent
	Read        []string       `json:"read"`         // fields that a reading bot needs
	Event       map[string]any `json:"event"`
	Answer      map[string]any `json:"answer"`
	Payload     map[string]any `json:"payload"`
}

// eachShape compares the shapes of a folder of testdata with what is sent: the
// same fields, with their types, and no others, and what a reading bot needs. The
// folder has a shape for each of the names.
func eachShape(t *testing.T, folder string, names []string, sent func(s *world, name string, sh shape) (want, got map[string]any)) (shapes []shape) {
	paths, err := filepath.Glob("testdata/" + folder + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		there = append(there, name)
		var sh shape
		readJSON(t, path, &sh)
		shapes = append(shapes, sh)
		t.Run(name, func(t *testing.T) {
			if sh.Source == "" || !slices.Contains(names, name) {
				t.Fatal("no source, or nothing provokes it")
			}
			synctest.Test(t, func(t *testing.T) {
				want, got := sent(newWorld(t), name, sh)
				sameShape(t, folder, want, got)
				for _, field := range sh.NotModelled {
					if v := reach(got, strings.Split(field, ".")); v != nil {
						t.Errorf("%s is sent (%v) but called not modelled", field, v)
					}
				}
				for _, field := range sh.Read {
					if path := strings.Split(field, "."); reach(want, path) == nil || reach(got, path) == nil {
						t.Errorf("%s is read, and not documented or not sent", field)
					}
				}
			})
		})
	}
	if slices.Sort(there); !slices.Equal(there, names) {
		t.Errorf("shapes %q, provoked %q", there, names)
	}
	return shapes
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

// testdata/events has a shape for every event that an app can subscribe to.
func TestEventShapes(t *testing.T) {
	shapes := eachShape(t, "events", slices.Sorted(maps.Keys(provoke)), func(s *world, name string, sh shape) (want, got map[string]any) {
		conn := s.rawEvents()
		provoke[name](s)
		return sh.Event, conn.find(str(sh.Event, "type"), str(sh.Event, "subtype"))
	})
	for _, event := range allEvents {
		kind, _, _ := strings.Cut(event, ".")
		if !slices.ContainsFunc(shapes, func(sh shape) bool { return str(sh.Event, "type") == kind }) {
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

// provoke does what makes an app get each event; png is a file to share.
var (
	png     = localslack.Upload{Name: "a.png", Data: []byte("x")}
	provoke = map[string]func(s *world){
		"message": func(s *world) { s.post(localslack.Post{Text: "Hello"}) },
		"message_reply": func(s *world) {
			parent := s.post(localslack.Post{Text: "Hello"})
			s.post(localslack.Post{Text: "reply", Thread: parent})
		},
		"message_bot":        func(s *world) { s.said("Hello") },
		"message_file_share": func(s *world) { s.post(localslack.Post{Text: "look", Files: []localslack.Upload{png}}) },
		"message_thread_broadcast": func(s *world) {
			parent := s.post(localslack.Post{Text: "Hello"})
			s.ok("chat.postMessage", "channel", s.channel, "text", "x", "thread_ts", parent, "reply_broadcast", "true")
		},
		"message_changed": func(s *world) {
			s.must(s.w.Edit(s.user, s.channel, s.post(localslack.Post{Text: "Hello"}), "Hi"))
		},
		"message_changed_by_app": func(s *world) {
			s.ok("chat.update", "channel", s.channel, "ts", s.said("Hello"), "text", "Hi")
		},
		"message_changed_tombstone": func(s *world) {
			parent := s.post(localslack.Post{Text: "Hello"})
			s.post(localslack.Post{Text: "reply", Thread: parent})
			s.must(s.w.Delete(s.user, s.channel, parent))
		},
		"message_changed_file_gone": func(s *world) { s.must(s.w.DeleteFile(s.user, s.shared("look"))) },
		"message_deleted": func(s *world) {
			s.must(s.w.Delete(s.user, s.channel, s.post(localslack.Post{Text: "Hello"})))
		},
		"message_channel_join":  func(s *world) { s.w.Join(s.channel, s.w.AddUser("Bob")) },
		"message_group_join":    func(s *world) { s.w.Join(s.private(), s.w.AddUser("Bob")) },
		"message_channel_leave": func(s *world) { s.must(s.w.Kick(s.user, s.channel, s.joined(s.channel))) },
		"message_group_leave":   func(s *world) { c := s.private(); s.must(s.w.Kick(s.user, c, s.joined(c))) },
		"message_external":      func(s *world) { s.says(localslack.HomePartner, "Hello") },
		"message_external_file": func(s *world) {
			_, err := s.w.Post(s.external(), localslack.Post{Channel: s.channel, Text: "look", Files: []localslack.Upload{png}})
			s.must(err)
		},
		"app_home_opened": func(s *world) {
			_, err := s.w.OpenHome(s.user, s.cred.AppID, "messages")
			s.must(err)
		},
		"app_mention_external":      func(s *world) { s.says(localslack.HomePartner, "@Reader hi") },
		"app_mention_external_grid": func(s *world) { s.says(localslack.HomePartnerGrid, "@Reader hi") },
		"message_colleague":         func(s *world) { s.says(localslack.HomeSister, "Hello") },
		"message_forwarded": func(s *world) {
			ts := s.post(localslack.Post{Text: "look", Files: []localslack.Upload{png}})
			_, err := s.w.Forward(s.user, s.channel, ts, localslack.Post{Channel: s.channel, Text: "see"})
			s.must(err)
		},
		"message_channel_archive": func(s *world) { s.must(s.w.Archive(s.user, s.channel)) },
		"message_group_archive":   func(s *world) { s.must(s.w.Archive(s.user, s.private())) },
		"app_mention":             func(s *world) { s.post(localslack.Post{Text: "@Reader hi"}) },
		"reaction_added": func(s *world) {
			s.must(s.w.React(s.user, s.channel, s.post(localslack.Post{Text: "Hello"}), "eyes"))
		},
		"reaction_removed": func(s *world) {
			ts := s.post(localslack.Post{Text: "Hello"})
			s.ok("reactions.add", "channel", s.channel, "timestamp", ts, "name", "eyes")
			s.ok("reactions.remove", "channel", s.channel, "timestamp", ts, "name", "eyes")
		},
		"file_shared":           func(s *world) { s.shared("") },
		"file_deleted":          func(s *world) { s.must(s.w.DeleteFile(s.user, s.shared(""))) },
		"member_joined_channel": func(s *world) { s.w.Join(s.channel, s.w.AddUser("Bob")) },
		"message_removed":       func(s *world) { s.must(s.w.Kick(s.user, s.channel, s.cred.BotUserID)) },
		"member_left_channel":   func(s *world) { s.must(s.w.Kick(s.user, s.channel, s.joined(s.channel))) },
		"channel_left":          func(s *world) { s.must(s.w.Kick(s.user, s.channel, s.cred.BotUserID)) },
		"group_left":            func(s *world) { s.must(s.w.Kick(s.user, s.private(), s.cred.BotUserID)) },
		"channel_archive":       func(s *world) { s.must(s.w.Archive(s.user, s.channel)) },
		"group_archive":         func(s *world) { s.must(s.w.Archive(s.user, s.private())) },
	}
)
