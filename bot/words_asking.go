package bot

import (
	"fmt"
	"strings"
	"time"

	"slackocr/bot/slackmd"
	"slackocr/bot/words"
)

// What buttons and windows say.
const (
	wordsUploadTitle   = "Read a file"
	wordsAgainTitle    = "Read it again"
	wordsSubmit        = "Read"
	wordsCancel        = "Cancel"
	wordsFilesLabel    = "Images or PDFs"
	wordsFilesHint     = "Up to ten files, 10 MB each."
	wordsModeLabel     = "Read as"
	wordsWordsLabel    = "What to look for, or your prompt"
	wordsLocateLabel   = "Which words shall I look for?"
	wordsPromptLabel   = "What shall I ask the model?"
	wordsPrivateLabel  = "Who sees it"
	wordsPrivateOption = "Send it to me only"
	wordsMissing       = "Say here what to look for, or what to ask."
	wordsNoneChosen    = "Choose at least one file."
)

// What follows is mrkdwn: our own words, with nothing from elsewhere in them but
// what quote and mentionOf make.

// quote shows what somebody wrote as it is.
func quote(s string) string {
	s = strings.ReplaceAll(slackmd.Name(s), "`", "'")
	return "`" + slackmd.Line(s) + "`"
}

// mentionOf shows a person's or the bot's name.
func mentionOf(id string) string {
	if strings.ContainsFunc(id, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }) || id == "" {
		return "somebody"
	}
	return "<@" + id + ">"
}

const wordsWays = "• Post a picture where I am, or send me one directly.\n" +
	"• `/ocr` opens a window for files; `/ocr LINK` reads a message, a Slack file or a picture on the web; `/ocr last` the newest picture here.\n" +
	"• *Extract text* in a message's menu reads its pictures.\n" +
	"• In the thread of a picture write `text`, `figure`, `describe`, `again`, `locate: total` or `prompt: …` to have it read that way.\n" +
	"• `/ocr auto all`, `mention` or `off` says what I read unasked in a channel; `/ocr status` what I am doing for you; `/ocr forget` erases my records of you."

func wordsHelp(unclear string) string {
	if unclear == "" {
		return "I read the text in pictures and put it in the thread.\n" + wordsWays
	}
	return "I did not understand " + quote(unclear) + ". This is what I know:\n" + wordsWays
}

func wordsUse(direct bool) string {
	if direct {
		return "Send me a picture of a document, a whiteboard or a receipt, and I put its text under it.\n" + wordsWays
	}
	return "There is no picture here that I could read.\n" + wordsWays
}

func wordsHello(h Habit, host string) string {
	what := "I read every picture that is posted here and put its text in the thread."
	switch h {
	case ReadMention:
		what = "I read the pictures of messages that mention me and put their text in the thread."
	case ReadOff:
		what = "I read a picture when somebody asks me to, with `/ocr` or *Extract text*, and put its text in the thread."
	}
	return "Hello! " + what + " Pictures are sent to " + quote(host) + " for that. " +
		"`/ocr auto all`, `mention` or `off` changes what I do here, and `/ocr help` tells the rest."
}

// wordsHelloDirect is for whoever opens the bot's messages for the first time.
func wordsHelloDirect(host string) string {
	return "Hello! Send me a picture or a PDF here, and I put its text under it. " +
		"Pictures are sent to " + quote(host) + " for that. `/ocr help` tells what else I can do."
}

const wordsHelloNot = "Hello! I was not set up to work in this channel: ask whoever runs me, or send me a picture directly."

func wordsHabit(h Habit) string {
	switch h {
	case ReadAll:
		return "I read every picture that is posted here."
	case ReadMention:
		return "I read a picture here only if its message mentions me."
	}
	return "I read nothing here unasked; `/ocr` and *Extract text* still work."
}

func wordsHabitNow(h Habit) string {
	return wordsHabit(h) + " `/ocr auto all`, `mention` or `off` changes that."
}

func wordsHabitSet(person string, h Habit) string {
	return mentionOf(person) + " changed what I do in this channel. From now on: " + wordsHabit(h)
}

const (
	wordsDone       = "Done."
	wordsAutoDirect = "In direct messages I read every picture you send. `/ocr auto` is for channels."
	wordsElsewhere  = "The picture comes from another conversation, so I answer you in a direct message."
	wordsDirect     = "I answer you in a direct message."
	wordsEnded      = "I had finished with it already."
	wordsStopping   = "Stopped."
	wordsSentBefore = "The file is in this thread already."
)

// wordsInvite goes with an answer by direct message.
func wordsInvite(self string) string {
	return "I am not in this channel, so I answer you in a direct message. To have me here: `/invite` " + mentionOf(self)
}

func wordsFirstOnly(n int) string {
	return fmt.Sprintf("There are more than %d pictures: I read the first %d.", n, n)
}

func wordsStatus(n int) string {
	switch {
	case n == 0:
		return "Nothing of yours is being read or waiting."
	case n > maxStatus:
		return fmt.Sprintf("%s of yours are being read or waiting. The first %d:", words.Count(n, "ask"), maxStatus)
	case n == 1:
		return "1 ask of yours is being read or waiting:"
	}
	return fmt.Sprintf("%s of yours are being read or waiting:", words.Count(n, "ask"))
}

func wordsStatusLine(name string, since time.Duration) string {
	return fmt.Sprintf("%s, for %s", slackmd.Name(name), words.Seconds(since))
}

func wordsErased(n int) string {
	return fmt.Sprintf("I erased my records of %s that you asked me to read. What I posted stays in Slack until you delete it there.", words.Count(n, "file"))
}

// wordsWhere says where a text will stand, or stands already.
func wordsWhere(link string, underWay bool) string {
	if !underWay {
		return "I have read that already: " + "<" + link + "|here is its text>."
	}
	return "I am reading it. The text will stand in <" + link + "|this thread>."
}

const (
	wordsForgetQuestion = "Shall I erase my records of everything that you asked me to read? What is waiting or being read stops. What I posted stays in Slack until you delete it there."
	wordsForgetButton   = "Erase my records"
)
