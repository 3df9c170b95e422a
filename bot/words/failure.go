package words

import (
	"fmt"

	"slackocr/ocr"
)

// Kind is the kind of a failure. Records hold the kind, so its value must
// never change.
type Kind string

// The kinds of failures. Each has a row in failures.
const (
	// The file itself.
	Empty         Kind = "empty file"
	Damaged       Kind = "damaged file" // its end is missing
	BrokenPDF     Kind = "broken PDF"
	BrokenFile    Kind = "broken file"
	Blank         Kind = "blank page"
	Unsupported   Kind = "unsupported file"
	NoDecoder     Kind = "no decoder"
	Password      Kind = "password"
	NoPages       Kind = "no pages"
	TooManyPixels Kind = "too many pixels"
	TooNarrow     Kind = "too narrow"
	TooComplex    Kind = "too complex"
	TooLargeFile  Kind = "file too large"
	Gone          Kind = "file gone"
	NotInSlack    Kind = "not kept in Slack"
	Outside       Kind = "outside the bot's conversations"

	// The download.
	NoPermission  Kind = "no permission"
	NotFile       Kind = "page instead of the file"
	NotReady      Kind = "file not ready"
	SlackSlow     Kind = "slack too slow"
	SlackRefused  Kind = "slack refused"
	BadLink       Kind = "bad link"
	PrivateLink   Kind = "private link"
	LinkForbidden Kind = "link forbidden"
	LinkNotImage  Kind = "link to no image"
	LinkRedirects Kind = "too many redirects"
	LinkSlow      Kind = "link too slow"
	Connection    Kind = "connection failed" // also any unknown error

	// The model. Those of the endpoint's failures have a class in their row.
	KeyRefused      Kind = "key refused"
	Unpaid          Kind = "account unpaid"
	ModelBusy       Kind = "model busy"
	ModelDown       Kind = "model down"
	ModelRefused    Kind = "refused by the model"
	TooLargeImage   Kind = "too large for the model"
	ModelBadRequest Kind = "bad request"
	ModelNotFound   Kind = "model not found"
	ModelCutOff     Kind = "model cut off"
	ModelIdle       Kind = "model idle"
	ModelProtocol   Kind = "model answer unreadable"
	Truncated       Kind = "text truncated"
	Looped          Kind = "text repeats"
	SameText        Kind = "same text in another mode"

	// The bot.
	Stopped     Kind = "stopped"
	TextTooLong Kind = "text too long"
	Crashes     Kind = "crashes"
	NoTool      Kind = "no tool for PDFs"
	NoRoom      Kind = "no room on disk"
	Unreadable  Kind = "record unreadable"
	NotPosted   Kind = "result not posted"

	// OldSentence is a failure in a record of an earlier version, which has a
	// sentence.
	OldSentence Kind = "told"
)

// Owner is the person who can do something about a failure.
type Owner int

// The owners.
const (
	Person   Owner = iota // the person who posted the file
	Operator              // the person who runs the bot
	Nobody
)

// Failure is the reason why a file could not be read, or not to its end, in
// terms for people. Records hold failures. As an error a Failure has its kind.
type Failure struct {
	Kind          Kind
	Width, Height int    `json:",omitempty"`         // pixels, of TooManyPixels
	Request       string `json:",omitempty"`         // name of the request in the log, for the operator
	OldText       string `json:"Sentence,omitempty"` // of OldSentence
}

// row describes a kind of failure: the sentences, and the actions that may
// help.
type row struct {
	class         ocr.Class // of the endpoint's failures that are told so, if any
	cause, cure   string    // half a sentence, and a sentence, both plain text
	retry         bool      // the same file is read again later, and people are offered Try again
	tryAgain      bool      // people are offered Try again, since somebody may mend the cause
	owner         Owner     // names the request in the log, if it is the operator
	namesOperator bool      // the cure names the operator already
	otherMode     bool      // reading the file another way may help
}

var failures = map[Kind]row{
	Empty:         {cause: "the file is empty", cure: "Please post it again."},
	Damaged:       {cause: "the file is damaged: its end is missing", cure: "Please post it again."},
	BrokenPDF:     {cause: "I can't open this PDF", cure: "Print it to a new PDF and post that, or post its pages as PNG or JPEG images."},
	BrokenFile:    {cause: "I can't open this file", cure: "Please save it as a new PNG or JPEG and post that."},
	Blank:         {cause: "it came out as a single plain colour", cure: "If there's more to see, please post it as a PNG or JPEG."},
	Unsupported:   {cause: "I don't know this kind of file", cure: "Please post it as a PNG or JPEG."},
	NoDecoder:     {cause: "I can't open this kind of picture", cure: "Please post it as a PNG or JPEG."},
	Password:      {cause: "it's locked with a password", cure: "Please post a copy without one."},
	NoPages:       {cause: "it has no pages", cure: "Please post it again."},
	TooManyPixels: {cause: "it has %d × %d pixels, which is more than I can handle", cure: "Please post a smaller copy."},
	TooNarrow:     {cause: "it's too long and narrow for me", cure: "Please post it in parts."},
	TooComplex:    {cause: "it's too complex for me to open", cure: "Please post a smaller or simpler copy."},
	TooLargeFile:  {cause: "the file is too large for me", cure: "Please post a smaller copy."},
	Gone:          {cause: "the file is no longer there", cure: "Please post it again."},
	NotInSlack:    {cause: "it isn't stored in Slack", cure: "Please upload it here."},
	Outside:       {cause: "it's in a conversation I'm not in", cure: "Invite me there, or upload it here."},

	NoPermission:  {cause: "I'm not allowed to read files here: ask an admin to add the files:read scope and reinstall me", owner: Nobody},
	NotFile:       {cause: "Slack gave me a web page instead of the file", cure: "Please download it and post it again."},
	NotReady:      {cause: "Slack is still processing the file", cure: "Please post it again in a minute.", retry: true},
	SlackSlow:     {cause: "Slack is sending it too slowly", cure: "Please post it again in a few minutes.", retry: true},
	SlackRefused:  {cause: "Slack wouldn't give me the file", cure: "Please post it again in a minute."},
	BadLink:       {cause: "it isn't a web address that I can open", cure: "Post the picture here instead."},
	PrivateLink:   {cause: "it doesn't lead to the public internet", cure: "Post the picture here instead."},
	LinkForbidden: {cause: "its server won't let me download it", cure: "Post the picture here instead."},
	LinkNotImage:  {cause: "it leads to a web page, not to a picture", cure: "Copy the picture's own address, or post the picture here."},
	LinkRedirects: {cause: "there are too many redirects", cure: "Post the picture here instead."},
	LinkSlow:      {cause: "it was too slow to download", cure: "Post the picture here instead."},
	Connection:    {cause: "the connection failed", cure: "Please post it again in a minute.", retry: true, owner: Operator},

	KeyRefused:      {class: ocr.KeyRefused, cause: "the OCR service didn't accept my key", cure: "Ask whoever runs me to check it.", tryAgain: true, owner: Operator, namesOperator: true},
	Unpaid:          {class: ocr.Unpaid, cause: "my account at the OCR service has no credit left", cure: "Ask whoever runs me to top it up.", tryAgain: true, owner: Operator, namesOperator: true},
	ModelBusy:       {class: ocr.Busy, cause: "the OCR service is too busy", cure: "Please post it again in a few minutes.", retry: true, owner: Operator},
	ModelDown:       {class: ocr.Down, cause: "I can't reach the OCR service", cure: "Please post it again in a few minutes.", retry: true, owner: Operator},
	ModelRefused:    {class: ocr.Refused, cause: "the OCR service refuses its content", cure: "I can't change that.", owner: Nobody, otherMode: true},
	TooLargeImage:   {class: ocr.TooLarge, cause: "it's too much for the OCR service at once", cure: "Please post it in parts.", otherMode: true},
	ModelBadRequest: {class: ocr.BadRequest, cause: "the OCR service didn't understand my request", cure: "Ask whoever runs me to check its settings.", tryAgain: true, owner: Operator, namesOperator: true},
	ModelNotFound:   {class: ocr.NotFound, cause: "the OCR service doesn't know my model", cure: "Ask whoever runs me to check its name and address.", tryAgain: true, owner: Operator, namesOperator: true},
	ModelCutOff:     {class: ocr.CutOff, cause: "the OCR service broke off", cure: "Please post it again.", retry: true, owner: Operator, otherMode: true},
	ModelIdle:       {class: ocr.Idle, cause: "the OCR service stopped writing", cure: "Please post it again.", retry: true, owner: Operator, otherMode: true},
	ModelProtocol:   {class: ocr.Protocol, cause: "the OCR service sent an answer that I can't read", cure: "Ask whoever runs me to check its address.", tryAgain: true, owner: Operator, namesOperator: true},
	Truncated:       {cause: "the model stopped before the end of the page", cure: "Please post the rest as a second picture.", otherMode: true},
	Looped:          {cause: "from there on, the model only repeated itself", cure: "Please post the rest as a second picture.", otherMode: true},
	SameText:        {cause: "I got the same text as before, which is already above", cure: "Reading it another way may not change that.", owner: Nobody, otherMode: true},

	Stopped:     {cause: "somebody stopped me", owner: Nobody, otherMode: true},
	TextTooLong: {cause: "its text is longer than I can keep", cure: "Please post it in parts.", otherMode: true},
	Crashes:     {cause: "something goes wrong with this file every time", cure: "Ask whoever runs me to look at my log.", tryAgain: true, owner: Operator, namesOperator: true},
	NoTool:      {cause: "I'm not set up to open this kind of file", cure: "Ask whoever runs me, or post it as a PNG or JPEG.", tryAgain: true, owner: Operator, namesOperator: true},
	NoRoom:      {cause: "I've run out of disk space", cure: "Ask whoever runs me to free some, then post it again.", retry: true, owner: Operator, namesOperator: true},
	Unreadable:  {cause: "I can't read my record of it", cure: "Please post it again."},
	NotPosted:   {cause: "Slack didn't accept the text", cure: "Please post it again.", tryAgain: true, owner: Operator},
}

// Failed returns a failure of the given kind.
func Failed(kind Kind) *Failure { return &Failure{Kind: kind} }

// FailedAtModel returns the failure for a class of the endpoint's failures.
func FailedAtModel(class ocr.Class) *Failure {
	for kind, r := range failures {
		if r.class == class && class != 0 {
			return Failed(kind)
		}
	}
	return Failed(Connection)
}

func (f *Failure) Error() string { return string(f.Kind) }

func (f *Failure) row() row {
	if f.Kind == OldSentence {
		return row{cause: f.OldText}
	}
	if r, ok := failures[f.Kind]; ok {
		return r
	}
	return failures[Connection] // a kind of a later version
}

// Retry reports whether the same file may be read later without anybody's help.
func (f *Failure) Retry() bool { return f != nil && f.row().retry }

// Owner returns the person who can do something about the failure.
func (f *Failure) Owner() Owner { return f.row().owner }

// OfferTryAgain reports whether another try of the same file may succeed.
func (f *Failure) OfferTryAgain() bool {
	r := f.row()
	return r.retry || r.tryAgain
}

// OtherMode reports whether another mode may help. If the file cannot be
// opened, no mode helps.
func (f *Failure) OtherMode() bool { return f.row().otherMode }

// cause returns the cause as half a sentence, without a full stop.
func (f *Failure) cause() string {
	r := f.row()
	if f.Kind == TooManyPixels {
		return fmt.Sprintf(r.cause, f.Width, f.Height)
	}
	return r.cause
}

// Sentence returns the cause as half a sentence, and then the cure, in plain
// text.
func (f *Failure) Sentence() string {
	r := f.row()
	if f.Kind == OldSentence {
		return f.OldText
	}
	sentence := f.cause() + "."
	if r.cure != "" {
		sentence += " " + r.cure
	}
	switch {
	case f.Request == "" || r.owner != Operator:
		return sentence
	case r.namesOperator:
		return sentence + " Tell them it's about " + f.Request + "."
	}
	return sentence + " If this keeps happening, ask whoever runs me about " + f.Request + "."
}
