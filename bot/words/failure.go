package words

import "fmt"

// Kind tells failures apart. It is kept in records, so a name never changes.
type Kind string

// The kinds of failures. Each has a row in failures.
const (
	// The file.
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
	Elsewhere     Kind = "not kept in Slack"
	Outside       Kind = "outside the bot's conversations"

	// The way to it.
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
	Connection    Kind = "connection failed" // also whatever nobody knows

	// The model.
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

	// Told is a failure of which an earlier version kept only the sentence.
	Told Kind = "told"
)

// Mender says whose a failure is to mend.
type Mender int

// The menders.
const (
	Person   Mender = iota // whoever posted the file
	Operator               // whoever runs the bot
	Nobody
)

// Failure is why a file could not be read, or not to its end, as far as people are
// told. It is kept in records.
type Failure struct {
	Kind          Kind
	Width, Height int    `json:",omitempty"` // pixels, of TooManyPixels
	Request       string `json:",omitempty"` // name under which the operator finds it in the log
	Sentence      string `json:",omitempty"` // of Told
}

// row is what is said and done about a kind of failure.
type row struct {
	cause, cure string // the second half of a sentence, and a sentence; plain text
	retry       bool   // the same may succeed later
	mend        Mender
	askOperator bool // the cure names the operator already
	otherMode   bool // reading the file another way may help
}

var failures = map[Kind]row{
	Empty:         {cause: "the file is empty", cure: "Post it again, please."},
	Damaged:       {cause: "the file is damaged: its end is missing", cure: "Post it again, please."},
	BrokenPDF:     {cause: "I cannot open this PDF", cure: "Print it to a new PDF, or post its pages as PNG or JPEG, please."},
	BrokenFile:    {cause: "I cannot open this file", cure: "Save it as a new PNG or JPEG and post that, please."},
	Blank:         {cause: "it comes out as one plain colour here", cure: "If there is more to see, post it as a PNG or JPEG, please."},
	Unsupported:   {cause: "I do not know this kind of file", cure: "Post it as a PNG or JPEG, please."},
	NoDecoder:     {cause: "I know this kind of picture but cannot open it", cure: "Post it as a PNG or JPEG, please."},
	Password:      {cause: "it is locked with a password", cure: "Post a copy without one, please."},
	NoPages:       {cause: "there are no pages in it", cure: "Post it again, please."},
	TooManyPixels: {cause: "it has %d × %d pixels, more than I can take", cure: "Post a smaller copy, please."},
	TooNarrow:     {cause: "it is too long and narrow for me", cure: "Post it in parts, please."},
	TooComplex:    {cause: "it is too much work for me to open", cure: "Post a smaller or simpler copy, please."},
	TooLargeFile:  {cause: "the file is larger than I can take", cure: "Post a smaller copy, please."},
	Gone:          {cause: "the file is no longer there", cure: "Post it again, please."},
	Elsewhere:     {cause: "it is not kept in Slack", cure: "Upload it here, please."},
	Outside:       {cause: "it is in a conversation that I am not in", cure: "Invite me there, or upload it here."},

	NoPermission:  {cause: "I may not read files here: ask an admin to add files:read and reinstall me", mend: Nobody},
	NotFile:       {cause: "Slack gives me a web page instead of the file", cure: "Download it and post it again, please."},
	NotReady:      {cause: "Slack is still taking the file in", cure: "Post it again in a minute, please.", retry: true},
	SlackSlow:     {cause: "it comes too slowly from Slack", cure: "Post it again in a few minutes, please.", retry: true},
	SlackRefused:  {cause: "Slack did not let me have it", cure: "Post it again in a minute, please."},
	BadLink:       {cause: "it is not an address on the web that I can follow", cure: "Post the picture here instead."},
	PrivateLink:   {cause: "it does not lead to the public internet", cure: "Post the picture here instead."},
	LinkForbidden: {cause: "its server does not let me have it", cure: "Post the picture here instead."},
	LinkNotImage:  {cause: "the link leads to a page, not to a picture", cure: "Copy the picture's own address, or post it here."},
	LinkRedirects: {cause: "the link leads on and on", cure: "Post the picture here instead."},
	LinkSlow:      {cause: "it came too slowly", cure: "Post the picture here instead."},
	Connection:    {cause: "the connection failed", cure: "Post it again in a minute, please.", retry: true, mend: Operator},

	KeyRefused:      {cause: "the OCR service refused my key", cure: "Ask whoever runs me to check it.", mend: Operator, askOperator: true},
	Unpaid:          {cause: "my account at the OCR service has no credit left", cure: "Ask whoever runs me to top it up.", mend: Operator, askOperator: true},
	ModelBusy:       {cause: "the OCR service has too much to do", cure: "Post it again in a few minutes, please.", retry: true, mend: Operator},
	ModelDown:       {cause: "the OCR service cannot be reached", cure: "Post it again in a few minutes, please.", retry: true, mend: Operator},
	ModelRefused:    {cause: "the OCR service does not accept what it shows", cure: "I cannot change that.", mend: Nobody, otherMode: true},
	TooLargeImage:   {cause: "it is too much for the OCR service at once", cure: "Post it in parts, please.", otherMode: true},
	ModelBadRequest: {cause: "the OCR service did not understand me", cure: "Ask whoever runs me to check its settings.", mend: Operator, askOperator: true},
	ModelNotFound:   {cause: "the OCR service does not know my model", cure: "Ask whoever runs me to check its name and address.", mend: Operator, askOperator: true},
	ModelCutOff:     {cause: "the OCR service broke off", cure: "Post it again, please.", retry: true, mend: Operator, otherMode: true},
	ModelIdle:       {cause: "the OCR service stopped writing", cure: "Post it again, please.", retry: true, mend: Operator, otherMode: true},
	ModelProtocol:   {cause: "the OCR service gave an answer I cannot read", cure: "Ask whoever runs me to check its address.", mend: Operator, askOperator: true},
	Truncated:       {cause: "the model ended before the page did", cure: "Post the rest as a second picture, please.", otherMode: true},
	Looped:          {cause: "from there on the model only repeated itself", cure: "Post the rest as a second picture, please.", otherMode: true},
	SameText:        {cause: "the model gives the same text as before, so it stands above already", cure: "It may know no other way to read.", mend: Nobody, otherMode: true},

	Stopped:     {cause: "somebody stopped me", mend: Nobody, otherMode: true},
	TextTooLong: {cause: "its text is longer than I can keep", cure: "Post it in parts, please.", otherMode: true},
	Crashes:     {cause: "something goes wrong with this file each time", cure: "Ask whoever runs me to look at my log.", mend: Operator, askOperator: true},
	NoTool:      {cause: "I was not set up to open this kind of file", cure: "Ask whoever runs me, or post it as a PNG or JPEG.", mend: Operator, askOperator: true},
	NoRoom:      {cause: "I have no room to work on it", cure: "Ask whoever runs me to look at the disk, then post it again.", retry: true, mend: Operator, askOperator: true},
	Unreadable:  {cause: "my record of it cannot be read", cure: "Post it again, please."},
	NotPosted:   {cause: "Slack did not take the text", cure: "Post it again, please.", mend: Operator},
}

// Failed returns a failure of a kind.
func Failed(kind Kind) *Failure { return &Failure{Kind: kind} }

func (f *Failure) row() row {
	if f.Kind == Told {
		return row{cause: f.Sentence}
	}
	if r, ok := failures[f.Kind]; ok {
		return r
	}
	return failures[Connection] // a kind of a later version
}

// Retry reports whether the same file may be read later without anybody's help.
func (f *Failure) Retry() bool { return f != nil && f.row().retry }

// Mender tells whose the failure is to mend.
func (f *Failure) Mender() Mender { return f.row().mend }

// Again reports whether a person may ask for the same file again in the hope of a
// better end.
func (f *Failure) Again() bool {
	r := f.row()
	return r.retry || r.mend == Operator
}

// OtherMode reports whether reading the file another way may help. It cannot where the
// file itself cannot be opened.
func (f *Failure) OtherMode() bool { return f.row().otherMode }

// Why is the cause in half a sentence, without a full stop.
func (f *Failure) Why() string {
	r := f.row()
	if f.Kind == TooManyPixels {
		return fmt.Sprintf(r.cause, f.Width, f.Height)
	}
	return r.cause
}

// Cause is the second half of a sentence, and what to do: plain text.
func (f *Failure) Cause() string {
	r := f.row()
	if f.Kind == Told {
		return f.Sentence
	}
	sentence := f.Why() + "."
	if r.cure != "" {
		sentence += " " + r.cure
	}
	switch {
	case f.Request == "" || r.mend != Operator:
		return sentence
	case r.askOperator:
		return sentence + " Tell them that it is about " + f.Request + "."
	}
	return sentence + " If it goes on like this, ask whoever runs me about " + f.Request + "."
}
