// Package ask turns events, commands, presses and links of Slack into asks:
// the files to read, the mode, the person, and the place of the result. The
// package is pure: no calls, no clocks.
package ask

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"slackocr/bot/words"
	"slackocr/ocr"
)

// Ask is a request to read files of one conversation in one mode, with one
// live reply. Asks are stored in records.
type Ask struct {
	// Key identifies the ask in its workspace. Redeliveries and duplicates of
	// an event lead to the same key. The key also finds the ask's messages
	// again.
	Key      string
	Channel  string
	Origin   string // the asking message, press or window: a timestamp or a token
	Root     string // timestamp of the thread for the results, or "" for the channel itself
	Since    string `json:",omitempty"` // a time on Slack's clock before the reply, if the origin is not a timestamp
	Person   string
	Files    []File // in the order of posting; at most MaxFiles
	Mode     ocr.Mode
	Explicit bool   // somebody asked for these very files, of whatever kind
	Outside  bool   `json:",omitempty"` // the bot is not a member of the conversation with the files
	Respond  string `json:",omitempty"` // response_url for the person, if all else fails
}

// MaxFiles is the most files of an ask. A window takes as many; a message with
// more becomes several asks, and a search with more results is not read whole.
const MaxFiles = 10

// File is a file in Slack or on the web.
type File struct {
	Slack  slack.File // the fields in use, see [Slim]
	Web    string     `json:",omitempty"` // address of a file on the web
	Source MessageRef `json:",omitzero"`  // the message with the file
	// Number tells files of the same name apart: 2 for the second file; 0 for
	// the first, and for a unique name.
	Number int `json:",omitempty"`
}

// MessageRef is a message in a conversation.
type MessageRef struct {
	Channel string
	TS      string
}

// KeyOf returns the key of an ask that starts with a message, press or window.
func KeyOf(channel, origin string, m ocr.Mode) string {
	return channel + "/" + origin + "/read/" + ModeKey(m)
}

// ModeKey returns a name of at most 40 bytes for a mode with any argument.
func ModeKey(m ocr.Mode) string {
	if m.Argument != "" {
		return string(m.Kind) + "-" + Digest(m.Argument)
	}
	return m.String()
}

// Digest returns a short name for any string, and "" for "".
func Digest(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// Number numbers the files with the same name, if it is known: pasted screenshots are
// all called image.png.
func Number(files []File) []File {
	seen := map[string]int{}
	for i := range files {
		name := strings.ToLower(files[i].Slack.Name)
		files[i].Number = 0
		if seen[name]++; seen[name] > 1 && name != "" {
			files[i].Number = seen[name]
		}
	}
	return files
}

// SetInfo replaces the information about a file by Slack's answer about the file. A name
// that was not known before, as in a channel that is shared with another workspace, may
// change the numbers of all files.
func (a Ask) SetInfo(file int, info slack.File) {
	known := a.Files[file].Slack.Name != ""
	a.Files[file].Slack = info
	if !known {
		Number(a.Files)
	}
}

// Name returns the file's name for people: "image.png", "image.png (2)".
func (f File) Name() string {
	if f.Number > 1 {
		return fmt.Sprintf("%s (%d)", f.Slack.Name, f.Number)
	}
	return f.Slack.Name
}

// Label returns the name of a file of the ask and its mode, for sentences.
func (a Ask) Label(file int) string { return words.FileAndMode(a.Files[file].Name(), a.Mode) }

// Title returns the name of the ask for sentences: its file, or the number of
// files.
func (a Ask) Title() string {
	if len(a.Files) == 1 {
		return a.Label(0)
	}
	return words.Files(len(a.Files), a.Mode)
}

// FileName returns the name on which names of result files are based.
func (a Ask) FileName(file int) string {
	name := a.Files[file].Slack.Name
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	if n := a.Files[file].Number; n > 1 {
		stem = fmt.Sprintf("%s-%d", stem, n)
	}
	if !a.Mode.Kind.Usual() {
		stem += "-" + string(a.Mode.Kind)
	}
	return stem + ext
}

// After returns the timestamp of a message that is older than the ask's reply,
// or "" if Slack gave none.
func (a Ask) After() string {
	return cmp.Or(a.Since, Timestamp(a.Origin), a.Root)
}

// Timestamp returns s if s is a message's timestamp, else "".
func Timestamp(s string) string {
	if timestamp.MatchString(s) {
		return s
	}
	return ""
}

// Direct reports whether a conversation is a direct message with the bot.
func Direct(channel string) bool { return strings.HasPrefix(channel, "D") }

// Workspace is the workspace that the bot serves, with its organization, if any
// (Enterprise Grid).
type Workspace struct {
	Team       string // T…
	Enterprise string // E…, or ""
}

// Membership says whether a person belongs to the workspace, as far as known.
type Membership int

// The answers.
const (
	Unknown Membership = iota // only users.info can tell
	Member
	External
)

// OfTeam decides by the team in an event or a press. On Enterprise Grid that may
// be the organization, or another workspace of the organization, so there an
// unknown team proves nothing.
func (w Workspace) OfTeam(team string) Membership {
	switch {
	case team == "":
		return Unknown
	case team == w.Team, team == w.Enterprise:
		return Member
	case w.Enterprise == "":
		return External
	}
	return Unknown
}

// OfUser decides by users.info. Guests belong to the workspace, since a member
// invited them. https://docs.slack.dev/reference/objects/user-object
func (w Workspace) OfUser(u *slack.User) Membership {
	grid := u.Enterprise
	switch {
	case w.Enterprise != "" && (grid.EnterpriseID == w.Enterprise || u.TeamID == w.Enterprise),
		slices.Contains(grid.Teams, w.Team), u.TeamID == w.Team && !u.IsStranger:
		return Member
	}
	return External
}

// Request is an ask of an earlier version, for one file. Such records are
// still read.
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

// Upgrade returns the request as an ask with the key of its posted messages.
func (r Request) Upgrade() Ask {
	a := Ask{
		Channel: r.Channel, Origin: r.Ask, Root: r.Root, Person: r.Person, Mode: r.Mode,
		Files:    []File{{Slack: r.File, Web: r.Web, Source: r.Source}},
		Explicit: r.Meant, Outside: r.Outside, Respond: r.Respond,
	}
	a.Key = a.RequestKey(0)
	return a
}

// RequestKey returns the key of the [Request] that an earlier version made for
// a file of the ask.
func (a Ask) RequestKey(file int) string {
	f := a.Files[file]
	return a.Channel + "/" + a.Origin + "/" + f.Slack.ID + Digest(f.Web) + "/" + ModeKey(a.Mode)
}

// Distinct returns files without duplicates.
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

// Permalink returns the address of a message without a call to Slack. home is
// the workspace's own address with a final slash; root is the timestamp of the
// message's thread, or "".
// https://docs.slack.dev/reference/methods/chat.getPermalink
func Permalink(home string, m MessageRef, root string) string {
	address := home + "archives/" + m.Channel + "/p" + strings.ReplaceAll(m.TS, ".", "")
	if root = cmp.Or(root, m.TS); root != m.TS {
		address += "?thread_ts=" + root + "&cid=" + m.Channel
	}
	return address
}
