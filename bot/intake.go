package bot

import (
	"slices"
	"strings"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
)

// Request is what somebody asked: one file to be read.
type Request struct {
	Channel string
	Ask     string // timestamp of the message that asked
	Root    string // timestamp of the thread it is answered in
	Person  string
	File    slack.File
	First   bool // of its message's files
}

// key names a request in its workspace. Redeliveries and doubles of an event
// lead to the same key.
func (r Request) key() string { return r.Channel + "/" + r.Ask + "/" + r.File.ID + "/markdown" }

// requests reads off an event what it asks for. self is the bot's own user.
func requests(event slackevents.EventsAPIEvent, self string) []Request {
	switch e := event.InnerEvent.Data.(type) {
	case *slackevents.MessageEvent:
		if !posted(e.SubType) || e.Message == nil || e.Message.Hidden || e.BotID != "" || e.Message.BotID != "" {
			return nil
		}
		return asked(e.Channel, e.TimeStamp, e.ThreadTimeStamp, e.User, self, e.Message.Files)
	case *slackevents.AppMentionEvent:
		if e.BotID != "" || e.Edited != nil {
			return nil
		}
		// The message event of the same post asks for the same keys.
		return asked(e.Channel, e.TimeStamp, e.ThreadTimeStamp, e.User, self, e.Files)
	}
	return nil
}

// posted tells a person's new message from edits, deletions, joins, bots'
// posts and the like.
// https://docs.slack.dev/reference/events/message#subtypes
func posted(subtype string) bool {
	return subtype == "" || subtype == "file_share" || subtype == "thread_broadcast"
}

func asked(channel, ts, thread, person, self string, files []slack.File) (all []Request) {
	if channel == "" || ts == "" || person == "" || person == self {
		return nil
	}
	root := ts
	if thread != "" {
		root = thread
	}
	for _, file := range files {
		known := slices.ContainsFunc(all, func(r Request) bool { return r.File.ID == file.ID })
		if !known && picture(file) {
			all = append(all, Request{Channel: channel, Ask: ts, Root: root, Person: person, File: file, First: len(all) == 0})
		}
	}
	return all
}

// picture reports whether a file is an image that Slack keeps. What it says of
// itself decides only whether to look; its content decides what it is.
// https://docs.slack.dev/reference/objects/file-object
func picture(f slack.File) bool {
	if f.ID == "" || f.IsExternal {
		return false
	}
	switch f.Mode {
	case "external", "tombstone", "hidden_by_limit":
		return false
	}
	switch f.FileAccess {
	case "access_denied", "file_not_found":
		return false
	case "check_file_info":
		return true // shared by another workspace: files.info tells the rest
	}
	return strings.HasPrefix(f.Mimetype, "image/") && !strings.HasPrefix(f.Mimetype, "image/svg")
}
