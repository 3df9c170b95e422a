package localslack_test

import (
	"slackocr/bot/localslack"
)

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
