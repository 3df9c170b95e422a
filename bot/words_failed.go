package bot

import (
	"errors"
	"fmt"

	"slackocr/bot/post"
	"slackocr/bot/words"
)

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
func wordsLink(why *words.Failure) string { return wordsFailedLink + why.Cause() }

const wordsFailedLink = "I cannot follow that link: "

// Why a command, a press or a wish came to nothing, in mrkdwn.
const (
	wordsOff          = "I do not read pictures in this channel unasked, not even when I am mentioned: use `/ocr last` or *Extract text*, or change it with `/ocr auto mention`."
	wordsNotHere      = "I may not work in this channel. Send me the picture in a direct message."
	wordsStranger     = "I only work for people of the workspace I am installed in. Ask one of them to read it for you."
	wordsNoWindow     = "I could not open the window in time. Try again, please."
	wordsNotTaken     = "I could not take that just now, and nothing was started. Try again in a minute, please."
	wordsLater        = "I could not look that up just now. Try again in a minute, please."
	wordsNotAnnounced = "Changed, but I could not announce it in the channel."
	wordsCrowd        = "That conversation has too many members for me to look through. Use *Extract text* in the message's menu instead."
	wordsScope        = "I lack a permission for that. Ask an admin to reinstall me with the scopes of my manifest."
	wordsNotFound     = "I could not get at that in Slack. Try again in a few minutes, please."
	wordsHidden       = "I cannot read that for you: it is not there, or you or I are not in its conversation. Post the picture here instead."
	wordsNoFiles      = "There is no picture in that message that I could read."
	wordsNoneHere     = "I found no picture among the newest messages here. Post one, or point at one with *Extract text*."
	wordsForgotten    = "I no longer remember this file. Post it again, please, and I read it anew."
	wordsNotSent      = "Slack did not take the file. Try again in a few minutes, please."
	wordsNotMember    = "Only people who are in that conversation can do this."
)

func wordsInviteFirst(self string) string {
	return "I am not in this channel, or you are not. Add me first: `/invite` " + mentionOf(self)
}

// wordsFull is for a store of jobs that took nothing.
const wordsFull = "I have more to do than I can keep. Try again in an hour, please, or tell whoever runs me."

// wordsTooMany says how many of so many files were taken, where too many wait already.
func wordsTooMany(taken, of int) string {
	if taken == 0 {
		return "Too many files are waiting already, so I took none. Ask again when some are done, please."
	}
	return fmt.Sprintf("Too many files are waiting already, so I took the first %d of %d. Ask for the others when some are done, please.", taken, of)
}
