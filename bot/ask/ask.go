// Package ask turns what people do in Slack into asks: who wants which files read,
// how, and where the text goes. It is pure: no calls, no clocks.
package ask

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"path"
	"strings"

	"github.com/slack-go/slack"

	"slackocr/bot/words"
	"slackocr/ocr"
)

// Ask is what somebody wants: files of one conversation to be read in one way, with
// one live reply. It is kept in records.
type Ask struct {
	// Key tells the ask from all others of its workspace. Redeliveries and doubles
	// of an event lead to the same key. It is also how its messages are found again.
	Key      string
	Channel  string
	Origin   string // the message, press or window that asked: a timestamp or a token
	Root     string // timestamp of the thread it is answered in; "" for the channel itself
	Since    string `json:",omitempty"` // a time by Slack's clock, before the reply, where the origin is none
	Person   string
	Files    []File // in the order in which they were posted; MaxFiles at most
	Mode     ocr.Mode
	Explicit bool   // somebody asked for these very files, whatever they are
	Outside  bool   `json:",omitempty"` // the bot is not in the conversation that has the files
	Respond  string `json:",omitempty"` // where to answer the person, if all else fails
}

// MaxFiles is how many files one ask has. A window takes as many; a message with
// more becomes several asks.
const MaxFiles = 10

// File is one of Slack's files, or one on the web.
type File struct {
	Slack  slack.File // what is needed of it, see [Slim]
	Web    string     `json:",omitempty"` // address of a file that is not kept in Slack
	Source MessageRef `json:",omitzero"`  // the message that has the file
	// Number tells files of the same name apart: 2 for the second one; 0 for the
	// first, and for a name that no other has.
	Number int `json:",omitempty"`
}

// MessageRef is a message in a conversation.
type MessageRef struct {
	Channel string
	TS      string
}

// KeyOf returns the key of an ask that begins with a message, press or window.
func KeyOf(channel, origin string, m ocr.Mode) string {
	return channel + "/" + origin + "/read/" + ModeKey(m)
}

// ModeKey names a mode, in 40 bytes at most, whatever somebody wrote.
func ModeKey(m ocr.Mode) string {
	if m.Argument != "" {
		return string(m.Kind) + "-" + Digest(m.Argument)
	}
	return m.String()
}

// Digest makes a short name of anything; nothing stays nothing.
func Digest(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// Number numbers the files that have the same name: pasted screenshots are all
// called image.png.
func Number(files []File) []File {
	seen := map[string]int{}
	for i := range files {
		name := strings.ToLower(files[i].Slack.Name)
		if seen[name]++; seen[name] > 1 {
			files[i].Number = seen[name]
		}
	}
	return files
}

// Name is the file's name as it is shown: "image.png", "image.png (2)".
func (f File) Name() string {
	if f.Number > 1 {
		return fmt.Sprintf("%s (%d)", f.Slack.Name, f.Number)
	}
	return f.Slack.Name
}

// What names a file of the ask and its mode in sentences.
func (a Ask) What(file int) string { return words.What(a.Files[file].Name(), a.Mode) }

// Title names the ask in sentences: its file, or how many there are.
func (a Ask) Title() string {
	if len(a.Files) == 1 {
		return a.What(0)
	}
	return words.Files(len(a.Files), a.Mode)
}

// FileName is what files made of a result are called after.
func (a Ask) FileName(file int) string {
	name := a.Files[file].Slack.Name
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	if n := a.Files[file].Number; n > 1 {
		stem = fmt.Sprintf("%s-%d", stem, n)
	}
	if a.Mode.Kind != "" && a.Mode.Kind != ocr.Markdown {
		stem += "-" + string(a.Mode.Kind)
	}
	return stem + ext
}

// After is the timestamp of a message that was there before the ask's reply, or ""
// where Slack gave none.
func (a Ask) After() string {
	return cmp.Or(a.Since, Timestamp(a.Origin), a.Root)
}

// Timestamp returns s where it is a message's timestamp, else "".
func Timestamp(s string) string {
	var seconds, rest int
	if n, _ := fmt.Sscanf(s, "%d.%d", &seconds, &rest); n == 2 && !strings.Contains(s, "-") {
		return s
	}
	return ""
}

// Direct reports whether a conversation is the bot's direct messages with one person.
func Direct(channel string) bool { return strings.HasPrefix(channel, "D") }

// Request is an ask of an earlier version: one file. Its records are still read.
type Request struct {
	Channel string
	Ask     string
	Root    string
	Person  string
	File    slack.File
	Web     string     `json:",omitempty"`
	Outside bool       `json:",omitempty"`
	Source  MessageRef `json:",omitzero"`
	Mode    ocr.Mode
	First   bool
	Meant   bool
	Respond string `json:",omitempty"`
}

// Upgrade returns the request as an ask, which has the key that its messages were
// posted under.
func (r Request) Upgrade() Ask {
	return Ask{
		Key:     r.Channel + "/" + r.Ask + "/" + r.File.ID + Digest(r.Web) + "/" + ModeKey(r.Mode),
		Channel: r.Channel, Origin: r.Ask, Root: r.Root, Person: r.Person, Mode: r.Mode,
		Files:    []File{{Slack: r.File, Web: r.Web, Source: r.Source}},
		Explicit: r.Meant, Outside: r.Outside, Respond: r.Respond,
	}
}

// Distinct drops files that come twice.
func Distinct(files []slack.File) (all []slack.File) {
	seen := map[string]bool{}
	for _, f := range files {
		if !seen[f.ID] {
			seen[f.ID] = true
			all = append(all, f)
		}
	}
	return all
}

// Permalink is the address of a message, without asking Slack. home is the
// workspace's own address and ends in a slash; root is the timestamp of the thread
// that has the message, or "".
// https://docs.slack.dev/reference/methods/chat.getPermalink
func Permalink(home string, m MessageRef, root string) string {
	address := home + "archives/" + m.Channel + "/p" + strings.ReplaceAll(m.TS, ".", "")
	if root = cmp.Or(root, m.TS); root != m.TS {
		address += "?thread_ts=" + root + "&cid=" + m.Channel
	}
	return address
}
