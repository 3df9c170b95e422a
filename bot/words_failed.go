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
	"slackocr/ocr"
	"slackocr/ocr/page"
)

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
	if broken, ok := errors.AsType[*page.BrokenError](err); ok {
		return wordsBroken(broken)
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
		return "I was not set up to open this kind of file. Ask whoever runs me, or post it as a PNG or JPEG."
	case errors.Is(err, page.ErrBlank):
		return "it comes out as one plain colour here. If there is more to see, post it as a PNG or JPEG, please."
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		return "I have no room to work on it. Ask whoever runs me to look at the disk, then post it again."
	}
	return "the connection failed. Post it again in a minute, please."
}

// wordsBroken names what helps: to post a file again helps only where its end is
// missing.
func wordsBroken(err *page.BrokenError) string {
	switch {
	case err.Cut():
		return "the file is damaged: its end is missing. Post it again, please."
	case err.Kind == page.PDF:
		return "I cannot open this PDF. Print it to a new PDF, or post its pages as PNG or JPEG, please."
	}
	return "I cannot open this file. Save it as a new PNG or JPEG and post that, please."
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

// Why a command, a press or a wish came to nothing, in mrkdwn.
const (
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
	wordsForgotten     = "I no longer remember this file. Post it again, please, and I read it anew."
	wordsNotSent       = "Slack did not take the file. Try again in a few minutes, please."
	wordsNotMember     = "Only people who are in that conversation can do this."
)

func wordsInviteFirst(self string) string {
	return "I am not in this channel, or you are not. Add me first: `/invite` " + mentionOf(self)
}

// wordsFull is for a store of jobs that took only some files, or none.
func wordsFull(taken int) string {
	if taken == 0 {
		return "I have more to do than I can keep. Try again in an hour, please, or tell whoever runs me."
	}
	return fmt.Sprintf("I have more to do than I can keep, and took only %s. Try the others again in an hour, please.", count(taken, "file"))
}
