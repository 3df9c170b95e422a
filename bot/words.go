package bot

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"slackocr/bot/fetch"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// Every sentence that a person in Slack reads stands in this file.
//
// The rules: one plain sentence says what happened, and then what to do next.
// No error texts, no numbers of errors, no names of programs. Nobody is
// blamed. All of it is plain text; whoever posts it escapes it.

// wordsWhat names a file, and how it is read where that is not the usual way. It
// is what the sentences below are about.
func wordsWhat(name string, m ocr.Mode) string {
	name = slackmd.Name(name)
	switch m.Kind {
	case ocr.Plain:
		return name + " as plain text"
	case ocr.Figure:
		return name + " as a figure"
	case ocr.Describe:
		return name + " to describe it"
	case ocr.Locate:
		return fmt.Sprintf("%s to find “%s”", name, slackmd.Name(m.Argument))
	case ocr.Prompt:
		return name + " with a prompt"
	}
	return name
}

func wordsReading(what string) string {
	return fmt.Sprintf("Reading %s…", what)
}

// wordsProgress is under a text that grows. Of several pages it says which one.
func wordsProgress(what string, words, page, of int, since time.Duration) string {
	where := ""
	if of > 1 {
		where = fmt.Sprintf("page %d of %d · ", page, of)
	}
	return fmt.Sprintf("%s %s%s · %s", wordsReading(what), where, count(words, "word"), seconds(since))
}

// wordsToCome stands in the text that grows, where a page is tried again later. It
// is markdown.
func wordsToCome(page int) string { return fmt.Sprintf("*Page %d is still to be read.*", page) }

// wordsGap stands in the text for what is missing of a page, from some text on,
// or of one part of a page that was cut. It is markdown.
func wordsGap(page int, begun, cut bool, err error) string {
	missing := "Page %d is missing: %s"
	switch {
	case cut:
		missing = "Some of page %d is missing here: %s"
	case begun:
		missing = "The rest of page %d is missing: %s"
	}
	return fmt.Sprintf("*"+missing+"*", page, wordsCause(err))
}

func wordsWaiting(what string, ahead int) string {
	if ahead == 0 {
		return fmt.Sprintf("%s is next.", what)
	}
	return fmt.Sprintf("%s is waiting, %d ahead.", what, ahead)
}

func wordsRead(what string, words, pages int, took time.Duration) string {
	if pages > 1 {
		return fmt.Sprintf("Read %s · %s · %s · %s", what, count(pages, "page"), count(words, "word"), seconds(took))
	}
	return fmt.Sprintf("Read %s · %s · %s", what, count(words, "word"), seconds(took))
}

// wordsLeft follows wordsRead where not all pages were read.
func wordsLeft(pages int) string {
	if pages == 0 {
		return ""
	}
	return fmt.Sprintf(" · the last %s left out, which is more than I read at once", count(pages, "page"))
}

// wordsSmall follows wordsRead where the file itself was too much.
func wordsSmall(small bool) string {
	if !small {
		return ""
	}
	return " · from the smaller copy that Slack made, since I could not open the file itself"
}

// wordsNothing is for a file without text. more is wordsLeft or wordsSmall.
func wordsNothing(what, more string) string {
	return fmt.Sprintf("I found no text in %s%s.", what, more)
}

// wordsInFile follows wordsRead where the whole text is also in a file.
func wordsInFile(file string) string {
	return " · the whole text is in " + file
}

// wordsPart is what a notification says of one part of a result, and of which
// pages that is; 0 where there is one page only.
func wordsPart(what string, part, of, first, last int) string {
	line := "The text of " + what
	if of > 1 {
		line += fmt.Sprintf(", part %d of %d", part, of)
	}
	switch {
	case first == 0:
		return line
	case first == last:
		return line + fmt.Sprintf(", page %d", first)
	}
	return line + fmt.Sprintf(", pages %d to %d", first, last)
}

// wordsFailed says why a file could not be read, or not to its end.
func wordsFailed(what string, words int, err error) string {
	if words > 0 {
		return fmt.Sprintf("I read %s of %s, then had to stop: %s", count(words, "word"), what, wordsCause(err))
	}
	return fmt.Sprintf("I could not read %s: %s", what, wordsCause(err))
}

// wordsAgain is for a failure that may pass.
func wordsAgain(what string, err error, in time.Duration) string {
	why, _, _ := strings.Cut(wordsCause(err), ". ")
	return fmt.Sprintf("Not yet: %s. I try %s again in %s.", why, what, seconds(in))
}

// wordsHere is over a text that could not be posted where it was asked for.
func wordsHere(what string) string {
	return fmt.Sprintf("Slack takes nothing more from me where you asked, so here is %s.", what)
}

// wordsLost is for a result that Slack did not take.
func wordsLost(what, id string) string {
	return fmt.Sprintf("I read %s, but Slack did not take the text: post it again, please.", what) + wordsRefer("", id)
}

// wordsRefer follows a sentence about something that whoever runs the bot can
// look up in its log under that name.
func wordsRefer(sentence, id string) string {
	if strings.Contains(sentence, "whoever runs me") {
		return " Tell them that it is about " + id + "."
	}
	return " If it goes on like this, ask whoever runs me about " + id + "."
}

// wordsLocated is for words that were looked for.
func wordsLocated(name, sought string, n int) string {
	name, sought = slackmd.Name(name), slackmd.Name(sought)
	if n == 0 {
		return fmt.Sprintf("I did not find “%s” in %s.", sought, name)
	}
	return fmt.Sprintf("Found “%s” in %s %s.", sought, name, count(n, "time"))
}

const wordsNotMarked = " Slack did not take the picture that shows where: ask again, please."

// wordsDown is for who waits for the OCR service itself.
func wordsDown(what string) string {
	return fmt.Sprintf("The OCR service does not answer now. I read %s as soon as it is back.", what)
}

// errCut is the cause of a text that ends at the model's limit.
var errCut = errors.New("the model's answer reached its limit")

// errOutside is the cause where the file's conversation is closed to the bot.
var errOutside = errors.New("the bot is not in the file's conversation")

// errLooped is the cause of a text after which the model only repeated itself.
var errLooped = errors.New("the model repeated itself")

// toldError is a failure of which only the words for people are left.
type toldError string

func (e toldError) Error() string { return string(e) }

// wordsCause is the second half of a sentence: what happened and what to do.
func wordsCause(err error) string {
	if r, ok := errors.AsType[referred](err); ok {
		words := wordsCause(r.error)
		return words + wordsRefer(words, r.id)
	}
	if told, ok := errors.AsType[toldError](err); ok {
		return string(told)
	}
	if failure, ok := errors.AsType[*ocr.Error](err); ok {
		return wordsClass(failure.Class)
	}
	if large, ok := errors.AsType[*page.TooLargeError](err); ok {
		return fmt.Sprintf("it has %d × %d pixels, more than I can take. Post a smaller copy, please.", large.Width, large.Height)
	}
	if _, ok := errors.AsType[*page.ShapeError](err); ok {
		return "it is too long and narrow for me. Post it in parts, please."
	}
	if _, ok := errors.AsType[*page.KilledError](err); ok {
		return "it is too much work for me to open. Post a smaller or simpler copy, please."
	}
	if _, ok := errors.AsType[*page.BrokenError](err); ok {
		return "the file is damaged or was not uploaded whole. Post it again, please."
	}
	switch {
	case errors.Is(err, jobs.ErrStopped):
		return "somebody stopped me."
	case errors.Is(err, jobs.ErrTooLarge):
		return "its text is longer than I can keep. Post it in parts, please."
	case errors.Is(err, errAsked):
		return "something goes wrong with this file each time. Ask whoever runs me to look at my log."
	case errors.Is(err, errCut):
		return "the model ended before the page did. Post the rest as a second picture, please."
	case errors.Is(err, errOutside):
		return "it is in a conversation that I am not in. Invite me there, or upload it here."
	case errors.Is(err, errLooped):
		return "from there on the model only repeated itself. Post the rest as a second picture, please."
	case errors.Is(err, errSame):
		return "the model gives the same text as before, so it stands above already. It may know no other way to read."
	case errors.Is(err, fetch.ErrLoginPage):
		return "I may not read files here: ask an admin to add files:read and reinstall me."
	case errors.Is(err, fetch.ErrTooLarge):
		return "the file is larger than I can take. Post a smaller copy, please."
	case errors.Is(err, fetch.ErrGone):
		return "the file is no longer there. Post it again, please."
	case errors.Is(err, fetch.ErrForeign):
		return "it is not kept in Slack. Upload it here, please."
	case errors.Is(err, fetch.ErrLink):
		return "it is not an address on the web that I can follow. Post the picture here instead."
	case errors.Is(err, fetch.ErrPrivate):
		return "it does not lead to the public internet. Post the picture here instead."
	case errors.Is(err, fetch.ErrForbidden):
		return "its server does not let me have it. Post the picture here instead."
	case errors.Is(err, fetch.ErrNotImage):
		return "the link leads to a page, not to a picture. Copy the picture's own address, or post it here."
	case errors.Is(err, fetch.ErrRedirects):
		return "the link leads on and on. Post the picture here instead."
	case errors.Is(err, fetch.ErrSlackSlow):
		return "it comes too slowly from Slack. Post it again in a few minutes, please."
	case errors.Is(err, fetch.ErrSlow):
		return "it came too slowly. Post the picture here instead."
	case errors.Is(err, page.ErrEmpty):
		return "the file is empty. Post it again, please."
	case errors.Is(err, page.ErrUnsupported):
		return "I do not know this kind of file. Post it as a PNG or JPEG, please."
	case errors.Is(err, page.ErrNoDecoder):
		return "I know this kind of picture but cannot open it. Post it as a PNG or JPEG, please."
	case errors.Is(err, page.ErrPassword):
		return "it is locked with a password. Post a copy without one, please."
	case errors.Is(err, page.ErrNoPages):
		return "there are no pages in it. Post it again, please."
	case errors.Is(err, page.ErrNoTool):
		return "I was not set up to open PDFs. Ask whoever runs me, or post its pages as pictures."
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		return "I have no room to work on it. Ask whoever runs me to look at the disk, then post it again."
	}
	return "the connection failed. Post it again in a minute, please."
}

func wordsClass(class ocr.Class) string {
	switch class {
	case ocr.KeyRefused:
		return "the OCR service refused my key. Ask whoever runs me to check it."
	case ocr.Busy:
		return "the OCR service has too much to do. Post it again in a few minutes, please."
	case ocr.Refused:
		return "the OCR service does not accept what it shows. I cannot change that."
	case ocr.TooLarge:
		return "it is too much for the OCR service at once. Post it in parts, please."
	case ocr.BadRequest:
		return "the OCR service did not understand me. Ask whoever runs me to check its settings."
	case ocr.NotFound:
		return "the OCR service does not know my model. Ask whoever runs me to check its name and address."
	case ocr.CutOff:
		return "the OCR service broke off. Post it again, please."
	case ocr.Idle:
		return "the OCR service stopped writing. Post it again, please."
	case ocr.Protocol:
		return "the OCR service gave an answer I cannot read. Ask whoever runs me to check its address."
	}
	return "the OCR service cannot be reached. Post it again in a few minutes, please." // ocr.Down
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// seconds is a time that people waited, of at least a second.
func seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// wordsAsked is over a reply that stands in the channel.
func wordsAsked(person, what string) post.Note {
	return post.Note{Person: person, After: "asked me to read " + what}
}

func wordsStopped(what string, words int, by string) post.Note {
	if words == 0 {
		return post.Note{Before: "Stopped by", Person: by, After: "before I had read anything of " + what + "."}
	}
	return post.Note{Before: "Stopped by", Person: by, After: fmt.Sprintf("after %s of %s.", count(words, "word"), what)}
}

// What buttons and windows say.
const (
	wordsStopButton    = "Stop"
	wordsAgainMenu     = "Read again as…"
	wordsSendButton    = "Download"
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

func wordsMode(kind ocr.Kind) string {
	switch kind {
	case ocr.Plain:
		return "Plain text"
	case ocr.Figure:
		return "A chart or figure"
	case ocr.Describe:
		return "A description"
	case ocr.Locate:
		return "Where words stand…"
	case ocr.Prompt:
		return "My own prompt…"
	}
	return "Markdown"
}

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
	wordsDone          = "Done."
	wordsAutoDirect    = "In direct messages I read every picture you send. `/ocr auto` is for channels."
	wordsOff           = "I do not read pictures in this channel unasked, not even when I am mentioned: use `/ocr last` or *Extract text*, or change it with `/ocr auto mention`."
	wordsNotHere       = "I may not work in this channel. Send me the picture in a direct message."
	wordsStranger      = "I only work for people of the workspace I am installed in. Ask one of them to read it for you."
	wordsNoWindow      = "I could not open the window in time. Try again, please."
	wordsNotTaken      = "I could not take that just now, and nothing was started. Try again in a minute, please."
	wordsLater         = "I could not look that up just now. Try again in a minute, please."
	wordsManyOfPerson  = "You have too many files waiting already. Ask again when some are done, please."
	wordsManyOfChannel = "Too many files are waiting in this channel already. Ask again when some are done, please."
	wordsNotAnnounced  = "Changed, but I could not announce it in the channel."
	wordsCrowd         = "That conversation has too many members for me to look through. Use *Extract text* in the message's menu instead."
	wordsScope         = "I lack a permission for that. Ask an admin to reinstall me with the scopes of my manifest."
	wordsNotFound      = "I could not get at that in Slack. Try again in a few minutes, please."
	wordsHidden        = "I cannot read that for you: it is not there, or you or I are not in its conversation. Post the picture here instead."
	wordsNoFiles       = "There is no picture in that message that I could read."
	wordsNoneHere      = "I found no picture among the newest messages here. Post one, or point at one with *Extract text*."
	wordsElsewhere     = "The picture comes from another conversation, so I answer you in a direct message."
	wordsDirect        = "I answer you in a direct message."
	wordsForgotten     = "I no longer remember this file. Post it again, please, and I read it anew."
	wordsEnded         = "I had finished with it already."
	wordsStopping      = "Stopped."
	wordsSentBefore    = "The file is in this thread already."
	wordsNotSent       = "Slack did not take the file. Try again in a few minutes, please."
	wordsNotMember     = "Only people who are in that conversation can do this."
)

// wordsInvite goes with an answer by direct message.
func wordsInvite(self string) string {
	return "I am not in this channel, so I answer you in a direct message. To have me here: `/invite` " + mentionOf(self)
}

func wordsInviteFirst(self string) string {
	return "I am not in this channel, or you are not. Add me first: `/invite` " + mentionOf(self)
}

func wordsFirstOnly(n int) string {
	return fmt.Sprintf("There are more than %d pictures: I read the first %d.", n, n)
}

// wordsFull is for a store of jobs that took only some files, or none.
func wordsFull(taken int) string {
	if taken == 0 {
		return "I have more to do than I can keep. Try again in an hour, please, or tell whoever runs me."
	}
	return fmt.Sprintf("I have more to do than I can keep, and took only %s. Try the others again in an hour, please.", count(taken, "file"))
}

func wordsStatus(n int) string {
	switch {
	case n == 0:
		return "Nothing of yours is being read or waiting."
	case n > maxStatus:
		return fmt.Sprintf("%s of yours are being read or waiting. The first %d:", count(n, "file"), maxStatus)
	case n == 1:
		return "1 file of yours is being read or waiting:"
	}
	return fmt.Sprintf("%s of yours are being read or waiting:", count(n, "file"))
}

func wordsStatusLine(name string, since time.Duration) string {
	return fmt.Sprintf("%s, for %s", slackmd.Name(name), seconds(since))
}

func wordsErased(n int) string {
	return fmt.Sprintf("I erased my records of %s that you asked me to read. What I posted stays in Slack until you delete it there.", count(n, "file"))
}

// wordsPressError is why a button did nothing.
func wordsPressError(err error) string {
	if why, ok := errors.AsType[refusal](err); ok {
		return string(why)
	}
	switch {
	case errors.Is(err, errForgotten):
		return wordsForgotten
	case errors.Is(err, errNotMember), errors.Is(err, post.ErrCrowd):
		return wordsNotMember
	}
	return wordsNotTaken
}

// wordsLink is why an address is not followed.
func wordsLink(err error) string {
	return wordsFailedLink + wordsCause(err)
}

const wordsFailedLink = "I cannot follow that link: "
