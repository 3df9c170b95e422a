package words

import (
	"fmt"
	"strings"
	"time"

	"slackocr/bot/slackmd"
)

// This file has the sentences about asking: windows, answers to commands and
// presses, and the bot's own announcements.

// The labels of buttons and windows.
const (
	UploadTitle     = "Read a file"
	AgainTitle      = "Read it again"
	SubmitButton    = "Read"
	CancelButton    = "Cancel"
	FilesLabel      = "Images or PDFs"
	FilesHint       = "Up to ten files, 10 MB each."
	ModeLabel       = "Read as"
	ArgumentLabel   = "What to look for, or your prompt"
	LocateLabel     = "Which words should I look for?"
	PromptLabel     = "What should I ask the model?"
	PrivateLabel    = "Who sees it"
	PrivateOption   = "Send it to me only"
	ArgumentMissing = "Enter what to look for, or what to ask."
	NoFileChosen    = "Choose at least one file."
)

// The texts below are mrkdwn. All words are the bot's own, except those that
// quote and mentionOf return.

// quote returns a person's words as code, unchanged.
func quote(s string) string {
	s = strings.ReplaceAll(slackmd.Name(s), "`", "'")
	return "`" + slackmd.Line(s) + "`"
}

// Somebody stands for a person without a name.
const Somebody = "somebody"

// mentionOf returns the mention of a person or the bot.
func mentionOf(id string) string {
	if strings.ContainsFunc(id, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }) || id == "" {
		return Somebody
	}
	return "<@" + id + ">"
}

// ways lists all ways to ask.
const ways = "• Post a picture in a channel that I'm in, or send me one directly.\n" +
	"• `/ocr` opens a window for files; `/ocr LINK` reads a message, a Slack file or a picture on the web; `/ocr last` reads the newest picture here.\n" +
	"• *Extract text* in a message's menu reads its pictures.\n" +
	"• In a picture's thread, write " + waysToRead + " to have it read that way.\n" +
	"• `/ocr auto all`, `mention` or `off` sets what I read on my own in a channel; `/ocr status` shows what I'm doing for you; `/ocr forget` erases my records about you."

// Help returns an explanation of the bot, in mrkdwn. If unclear is not "",
// Help first says that these words were not understood.
func Help(unclear string) string {
	if unclear == "" {
		return "I read the text in pictures and put it in the thread.\n" + ways
	}
	return "I didn't understand " + quote(unclear) + ". Here's what I can do:\n" + ways
}

// HowToUse answers a message to the bot that has no picture, in a
// direct message or in a channel. The text is mrkdwn.
func HowToUse(direct bool) string {
	if direct {
		return "Send me a picture of a document, a whiteboard or a receipt, and I'll put its text below it.\n" + ways
	}
	return "There's no picture here that I can read.\n" + ways
}

// Greeting introduces the bot in a channel. autoRead names the pictures that are
// read unasked (all, mention or off), and readBy is the sentence of [SentTo] or
// [ReadBy]. The text is mrkdwn.
func Greeting(autoRead, readBy string) string {
	reads := "I read every picture that is posted here and put its text in the thread."
	switch autoRead {
	case "mention":
		reads = "I read the pictures of messages that mention me and put their text in the thread."
	case "off":
		reads = "I read a picture when somebody asks me to, with `/ocr` or *Extract text*, and put its text in the thread."
	}
	return "Hello! " + reads + " " + readBy + " " +
		"`/ocr auto all`, `mention` or `off` changes what I do here, and `/ocr help` explains the rest."
}

// SentTo names the host that gets the pictures, in mrkdwn.
func SentTo(host string) string { return "Pictures are sent to " + quote(host) + " to be read." }

// ReadBy names the engine that reads the pictures, in mrkdwn.
func ReadBy(engine string) string { return "Pictures are read by " + engine + "." }

// GreetingNotHere is [Greeting] for a channel in which the bot must not work.
const GreetingNotHere = "Hello! I'm not set up to work in this channel: ask whoever runs me, or send me a picture directly."

// GreetingDirect greets a person who opens the bot's messages for the first
// time, in mrkdwn. For readBy see [Greeting].
func GreetingDirect(readBy string) string {
	return "Hello! Send me a picture or a PDF here, and I'll put its text below it. " +
		readBy + " `/ocr help` shows what else I can do."
}

// AutoRead describes the pictures in a channel that are read unasked: all,
// mention or off. The text is mrkdwn.
func AutoRead(autoRead string) string {
	switch autoRead {
	case "all":
		return "I read every picture that is posted here."
	case "mention":
		return "I read a picture here only if its message mentions me."
	}
	return "I don't read anything here on my own; `/ocr` and *Extract text* still work."
}

// AutoReadNow is [AutoRead] with the way to change the setting.
func AutoReadNow(autoRead string) string {
	return AutoRead(autoRead) + " `/ocr auto all`, `mention` or `off` changes that."
}

// AutoReadSet announces in a channel that a person changed the setting. The
// text is mrkdwn.
func AutoReadSet(person, autoRead string) string {
	return mentionOf(person) + " changed what I do in this channel. From now on: " + AutoRead(autoRead)
}

// The results of a command or a press.
const (
	Done              = "Done."
	AutoDirect        = "In direct messages I read every picture you send. `/ocr auto` is for channels."
	AnsweredElsewhere = "The picture comes from another conversation, so I'll answer you in a direct message."
	AnsweredDirectly  = "I'll answer you in a direct message."
	FinishedAlready   = "I'd already finished with it."
	StoppedNow        = "Stopped."
	SentAlready       = "The file is already in this thread."
)

// InviteMe goes with an answer by direct message.
func InviteMe(self string) string {
	return "I'm not in this channel, so I'll answer you in a direct message. To add me: `/invite` " + mentionOf(self)
}

// FirstFilesOnly says that an ask takes only the first n pictures.
func FirstFilesOnly(n int) string {
	return fmt.Sprintf("That's more than %d pictures, so I'll read the first %d.", n, n)
}

// Status is the line above a person's list of n requests, of which shown are
// listed.
func Status(n, shown int) string {
	switch {
	case n == 0:
		return "Nothing of yours is being read or waiting right now."
	case n > shown:
		return fmt.Sprintf("%s of yours are being read or waiting. The first %d:", count(n, "request"), shown)
	case n == 1:
		return "1 request of yours is being read or waiting:"
	}
	return fmt.Sprintf("%s of yours are being read or waiting:", count(n, "request"))
}

// StatusLine is a line of the list of [Status].
func StatusLine(name string, since time.Duration) string {
	return fmt.Sprintf("%s, for %s", slackmd.Name(name), Seconds(since))
}

// RecordsErased answers /ocr forget.
func RecordsErased(n int) string {
	return fmt.Sprintf("I erased my records of %s you asked me to read. What I've posted stays in Slack until you delete it there.", count(n, "file"))
}

// WhereText links to the thread of a text that is ready, or under way.
func WhereText(link string, underWay bool) string {
	if !underWay {
		return "I've already read that: <" + link + "|here's its text>."
	}
	return "I'm reading it. The text will appear in <" + link + "|this thread>."
}

// The question of /ocr forget.
const (
	ForgetQuestion = "Should I erase my records of everything you asked me to read? Anything waiting or being read will stop. What I've posted stays in Slack until you delete it there."
	ForgetButton   = "Erase my records"
)

// CannotFollow says why an address is refused.
func CannotFollow(why *Failure) string { return "I can't follow that link: " + why.Sentence() }

// The reasons why a command, a press or a request failed, in mrkdwn.
const (
	ChannelOff     = "I don't read pictures in this channel on my own, not even when I'm mentioned: use `/ocr last` or *Extract text*, or change it with `/ocr auto mention`."
	NotHere        = "I'm not allowed to work in this channel. Send me the picture in a direct message."
	OtherWorkspace = "I only work for people in the workspace I'm installed in. Ask one of them to read it for you."
	NoWindow       = "I couldn't open the window in time. Please try again."
	NotTaken       = "I couldn't take that just now, so nothing was started. Please try again in a minute."
	TooManyAsks    = "I'm still busy with what you or others here asked for before. Please try again in a minute."
	TryLater       = "I couldn't look that up just now. Please try again in a minute."
	NotAnnounced   = "Changed, but I couldn't announce it in the channel."
	TooManyMembers = "That conversation has too many members for me to look through. Use *Extract text* in the message's menu instead."
	MissingScope   = "I'm missing a permission for that. Ask an admin to reinstall me with the scopes of my manifest."
	NotFound       = "I couldn't get that from Slack. Please try again in a few minutes."
	NotForYou      = "I can't read that for you: it isn't there, or one of us isn't in its conversation. Post the picture here instead."
	NoPictureThere = "There's no picture in that message that I can read."
	NoPictureHere  = "I found no picture among the newest messages here. Post one, or point at one with *Extract text*."
	NotRemembered  = "I no longer remember this file. Please post it again, and I'll read it."
	NotSent        = "Slack didn't accept the file. Please try again in a few minutes."
	NotMember      = "Only people who are in that conversation can do this."

	// MembersUnchecked is for a press in a conversation with too many members.
	MembersUnchecked = "That conversation has too many members for me to check that you're in it, so only whoever asked for this can do it."
)

// AddMeFirst is for a channel that the bot or the person is not a member of,
// in mrkdwn.
func AddMeFirst(self string) string {
	return "One of us isn't in this channel. Add me first: `/invite` " + mentionOf(self)
}

// StoreFull says that the store of jobs is full.
const StoreFull = "I have more to do than I can store. Please try again in an hour, or tell whoever runs me."

// TooManyWaiting says how many of the files were taken, if too many files are
// waiting.
func TooManyWaiting(taken, of int) string {
	if taken == 0 {
		return "Too many files are waiting already, so I took none. Please ask again when some are done."
	}
	return fmt.Sprintf("Too many files are waiting already, so I took the first %d of %d. Please ask for the others when some are done.", taken, of)
}

// The answers to an ask with an unknown mode or none, in mrkdwn.
const (
	waysToRead = "`text`, `figure`, `describe`, `again`, `locate: total` or `prompt: …`"

	UnknownMode = "I don't know that way to read. You can ask for " + waysToRead + "."
	OnlyTalk    = "I didn't read anything. To have the pictures in a thread read again, mention me there with " + waysToRead + "."
)

// NewestFilesOnly says that only the newest n pictures of a thread are read.
func NewestFilesOnly(n int) string {
	return fmt.Sprintf("There are more than %d pictures in this thread, so I'll read the newest %d.", n, n)
}

// Unconfirmed says that Slack never confirmed a post about a file, in mrkdwn.
func Unconfirmed(name string) string {
	return "Slack doesn't confirm what I post about " + quote(name) + ", so I gave up. Please post it again in a few minutes."
}
