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
	"slackocr/bot/slackmd"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// Every sentence that a person in Slack reads stands in this file.
//
// The rules: one plain sentence says what happened, and then what to do next.
// No error texts, no numbers of errors, no names of programs. Nobody is
// blamed. All of it is plain text; whoever posts it escapes it.

func wordsReading(name string) string {
	return fmt.Sprintf("Reading %s…", slackmd.Name(name))
}

func wordsProgress(name string, words int, since time.Duration) string {
	return fmt.Sprintf("%s %s · %s", wordsReading(name), count(words, "word"), seconds(since))
}

func wordsWaiting(name string, ahead int) string {
	if ahead == 0 {
		return fmt.Sprintf("%s is next.", slackmd.Name(name))
	}
	return fmt.Sprintf("%s is waiting, %d ahead.", slackmd.Name(name), ahead)
}

func wordsRead(name string, words int, took time.Duration) string {
	return fmt.Sprintf("Read %s · %s · %s", slackmd.Name(name), count(words, "word"), seconds(took))
}

func wordsNothing(name string) string {
	return fmt.Sprintf("I found no text in %s.", slackmd.Name(name))
}

// wordsInFile follows wordsRead where the whole text is also in a file.
func wordsInFile(file string) string {
	return " · the whole text is in " + file
}

// wordsPart is what a notification says of one part of a result.
func wordsPart(name string, part, of int) string {
	if of == 1 {
		return fmt.Sprintf("The text of %s", slackmd.Name(name))
	}
	return fmt.Sprintf("The text of %s, part %d of %d", slackmd.Name(name), part, of)
}

// wordsFailed says why a file could not be read, or not to its end.
func wordsFailed(name string, words int, err error) string {
	if words > 0 {
		return fmt.Sprintf("I read %s of %s, then had to stop: %s", count(words, "word"), slackmd.Name(name), wordsCause(err))
	}
	return fmt.Sprintf("I could not read %s: %s", slackmd.Name(name), wordsCause(err))
}

// wordsAgain is for a failure that may pass.
func wordsAgain(name string, err error, in time.Duration) string {
	what, _, _ := strings.Cut(wordsCause(err), ". ")
	return fmt.Sprintf("Not yet: %s. I try %s again in %s.", what, slackmd.Name(name), seconds(in))
}

// wordsLost is for a result that Slack did not take.
func wordsLost(name string) string {
	return fmt.Sprintf("I read %s, but Slack did not take the text: post it again, please.", slackmd.Name(name))
}

// errCut is the cause of a text that ends at the model's limit.
var errCut = errors.New("the model's answer reached its limit")

// toldError is a failure of which only the words for people are left.
type toldError string

func (e toldError) Error() string { return string(e) }

// wordsCause is the second half of a sentence: what happened and what to do.
func wordsCause(err error) string {
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
	if _, ok := errors.AsType[*page.BrokenError](err); ok {
		return "the file is damaged or was not uploaded whole. Post it again, please."
	}
	switch {
	case errors.Is(err, jobs.ErrStopped):
		return "somebody stopped me."
	case errors.Is(err, errAsked):
		return "something goes wrong with this file each time. Ask whoever runs me to look at my log."
	case errors.Is(err, errCut):
		return "the model ended before the page did. Post the rest as a second picture, please."
	case errors.Is(err, fetch.ErrLoginPage):
		return "I may not read files here: ask an admin to add files:read and reinstall me."
	case errors.Is(err, fetch.ErrTooLarge):
		return "the file is larger than I can take. Post a smaller copy, please."
	case errors.Is(err, fetch.ErrGone):
		return "the file is no longer there. Post it again, please."
	case errors.Is(err, fetch.ErrForeign):
		return "it is not kept in Slack. Upload it here, please."
	case errors.Is(err, page.ErrEmpty):
		return "the file is empty. Post it again, please."
	case errors.Is(err, page.ErrUnsupported):
		return "I do not know this kind of file. Post it as a PNG or JPEG, please."
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

// TokenError is a token that Slack refuses. Its text is for the operator.
type TokenError struct {
	Variable string // the setting that holds the token
	Code     string // Slack's name for the problem
}

func (e *TokenError) Error() string {
	where := "Basic Information → App-Level Tokens"
	if e.Variable == "SLACK_BOT_TOKEN" {
		where = "OAuth & Permissions"
	}
	switch e.Code {
	case "not_allowed_token_type":
		return fmt.Sprintf("Slack does not take %s for this (%s): bot tokens begin with xoxb-, app-level tokens with xapp-. Copy it again from your app's page, under %s.", e.Variable, e.Code, where)
	case "missing_scope":
		if e.Variable == "SLACK_APP_TOKEN" {
			return fmt.Sprintf("%s lacks the scope connections:write (%s): generate a new app-level token with it on your app's page, under %s.", e.Variable, e.Code, where)
		}
		return fmt.Sprintf("%s lacks a scope that the bot needs (%s): compare your app with the manifest in the README, add what is missing and reinstall it.", e.Variable, e.Code)
	}
	return fmt.Sprintf("Slack refused %s (%s): copy the token again from your app's page, under %s.", e.Variable, e.Code, where)
}
