package localslack_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
)

// answers calls each method so that its answer has all that it can have.
var answers = map[string]func(s *world) reply{
	"auth.test": func(s *world) reply { return s.ok("auth.test") },
	"auth.test.enterprise": func(s *world) reply {
		app := reader(allScopes, allEvents)
		app.OrgInstall = true
		s.cred = s.w.Install(app)
		return s.ok("auth.test")
	},
	"apps.connections.open": func(s *world) reply { return s.call("apps.connections.open", s.cred.AppToken) },
	"blocks.validate":       func(s *world) reply { return s.ok("blocks.validate", "blocks", `[{"type":"divider"}]`) },
	"chat.postMessage": func(s *world) reply {
		return s.ok("chat.postMessage", append(metadata(`{"event_type":"x","event_payload":{"file":"F1"}}`), "channel", s.channel, "text", "x", "blocks", markdownBlocks("# A"))...)
	},
	"chat.postEphemeral": func(s *world) reply {
		return s.ok("chat.postEphemeral", "channel", s.channel, "user", s.user, "text", "x")
	},
	"chat.update": func(s *world) reply { return s.ok("chat.update", "channel", s.channel, "ts", s.said("x"), "text", "y") },
	"chat.delete": func(s *world) reply { return s.ok("chat.delete", "channel", s.channel, "ts", s.said("x")) },
	"chat.getPermalink": func(s *world) reply {
		return s.ok("chat.getPermalink", "channel", s.channel, "message_ts", s.said("x"))
	},
	"conversations.info": func(s *world) reply {
		return s.ok("conversations.info", "channel", s.channel, "include_num_members", "true")
	},
	"conversations.info.external": func(s *world) reply {
		s.external()
		return s.ok("conversations.info", "channel", s.channel)
	},
	"conversations.members": func(s *world) reply { return s.ok("conversations.members", "channel", s.channel) },
	"conversations.open":    func(s *world) reply { return s.ok("conversations.open", "users", s.user) },
	"conversations.history": func(s *world) reply {
		s.ok("chat.postMessage", append(metadata(`{"event_type":"x","event_payload":{"file":"F1"}}`), "channel", s.channel, "text", "x")...)
		return s.ok("conversations.history", "channel", s.channel, "include_all_metadata", "true")
	},
	"conversations.replies": func(s *world) reply {
		parent := s.post(localslack.Post{Text: "parent"})
		s.post(localslack.Post{Text: "x", Thread: parent})
		return s.ok("conversations.replies", "channel", s.channel, "ts", parent, "limit", "1")
	},
	"files.getUploadURLExternal": func(s *world) reply {
		return s.ok("files.getUploadURLExternal", "filename", "a.png", "length", "1")
	},
	"files.completeUploadExternal": func(s *world) reply {
		return s.upload("files.completeUploadExternal", "channel_id", s.channel)
	},
	"files.info": func(s *world) reply {
		r := s.upload("files.completeUploadExternal", "channel_id", s.channel)
		return s.ok("files.info", "file", reach(r.body, []string{"files", "id"}).(string))
	},
	"files.info.scanned": func(s *world) reply {
		s.w.SetBehaviour(localslack.Behaviour{ScanTime: time.Second})
		return s.ok("files.info", "file", s.shared(""))
	},
	"files.delete": func(s *world) reply {
		r := s.upload("files.completeUploadExternal")
		return s.ok("files.delete", "file", reach(r.body, []string{"files", "id"}).(string))
	},
	"users.info": func(s *world) reply { return s.ok("users.info", "user", s.user) },
	"users.info.enterprise": func(s *world) reply {
		return s.ok("users.info", "user", s.from(localslack.HomeOrganization))
	},
	"users.info.external": func(s *world) reply { return s.ok("users.info", "user", s.external()) },
	"views.open": func(s *world) reply {
		command := s.rawEvents().ask(func() error { return s.w.Command(s.t.Context(), s.user, s.channel, "/ocr", "") })
		return s.ok("views.open", "trigger_id", str(command, "trigger_id"), "view", askWindow)
	},
}

// upload uploads a picture and completes that.
func (s *world) upload(method string, kv ...string) reply {
	s.t.Helper()
	r := s.ok("files.getUploadURLExternal", "filename", "a.png", "length", "1", "alt_txt", "A receipt")
	resp, err := s.http.Post(str(r.body, "upload_url"), "", strings.NewReader("x"))
	s.must(err)
	s.must(resp.Body.Close())
	return s.ok(method, append([]string{"files", `[{"id":"` + str(r.body, "file_id") + `"}]`}, kv...)...)
}

// Every answer has the fields of its documented shape, with their types, and no
// others; and what a reading bot needs of it is there.
func TestAnswerShapes(t *testing.T) {
	paths, err := filepath.Glob("testdata/answers/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		names = append(names, name)
		var sh struct {
			Source      string         `json:"source"`
			NotModelled []string       `json:"not_modelled"`
			Read        []string       `json:"read"`
			Answer      map[string]any `json:"answer"`
		}
		readJSON(t, path, &sh)
		t.Run(name, func(t *testing.T) {
			if sh.Source == "" || answers[name] == nil {
				t.Fatal("no source, or nothing calls it")
			}
			synctest.Test(t, func(t *testing.T) {
				s := newWorld(t)
				// Shares are by the channel's id, which the example calls C1.
				var got map[string]any
				s.must(json.Unmarshal([]byte(strings.ReplaceAll(string(mustMarshal(answers[name](s).body)), s.channel, "C1")), &got))
				if view, ok := got["view"].(map[string]any); ok {
					view["blocks"] = []any{}
				}
				sameShape(t, "answer", sh.Answer, got)
				notSent(t, got, sh.NotModelled)
				areThere(t, sh.Read, sh.Answer, got)
			})
		})
	}
	slices.Sort(names)
	if want := slices.Sorted(maps.Keys(answers)); !slices.Equal(names, want) {
		t.Errorf("shapes %q, called %q", names, want)
	}
}

// areThere checks that the fields which a bot reads are documented and sent.
func areThere(t *testing.T, read []string, shapes ...map[string]any) {
	t.Helper()
	for _, field := range read {
		for i, v := range shapes {
			if reach(v, strings.Split(field, ".")) == nil {
				t.Errorf("%s is read and %s", field, []string{"not documented", "not sent"}[i])
			}
		}
	}
}

// notSent checks that documented fields that are called not modelled are not sent.
func notSent(t *testing.T, got map[string]any, fields []string) {
	t.Helper()
	for _, field := range fields {
		if v := reach(got, strings.Split(field, ".")); v != nil {
			t.Errorf("%s is sent (%v) but called not modelled", field, v)
		}
	}
}
