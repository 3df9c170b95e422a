package bot

import (
	"time"

	"slackocr/bot/words"
)

// Component is a part of the system that the bot needs.
type Component struct {
	Name    string // slack, store or endpoint
	Problem string // one plain line, or ""
}

// The problems of components, in words for the operator. A duration follows
// StoreSilent and EndpointDown.
const (
	NotConnected = "there is no connection to Slack"
	StoreUnused  = "the store of jobs was not written to yet"
	StoreSilent  = "the store of jobs has taken no write for "
	EndpointDown = "the OCR endpoint has not answered for "
)

// storeSilence is the longest time without an answer of a healthy store. The
// bot writes every 5 s, and the store has 5 s to answer.
const storeSilence = 20 * time.Second

// Components returns the states of the connection to Slack, the store of jobs and
// the OCR endpoint. Components may be called from any goroutine and waits for
// nothing.
func (b *Bot) Components() []Component {
	all := []Component{{Name: "slack"}, {Name: "store"}, {Name: "endpoint"}}
	if !b.connected.Load() {
		all[0].Problem = NotConnected
	}
	switch answered := b.jobs.Answered(); {
	case answered.IsZero():
		all[1].Problem = StoreUnused
	case time.Since(answered) > storeSilence:
		all[1].Problem = StoreSilent + words.Seconds(time.Since(answered))
	}
	if down := b.reader.Model.Down(); !down.IsZero() {
		all[2].Problem = EndpointDown + words.Seconds(time.Since(down))
	}
	return all
}
