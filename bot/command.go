package bot

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// parsedCommand is a parsed slash command.
type parsedCommand struct {
	verb     string // "", "help", "last", "auto", "status", "forget", "link", or "other": a link to something else in Slack
	mode     ocr.Mode
	autoRead AutoRead // of auto; "" asks for the present value
	target   Target   // of last and link
	unclear  string   // the words that were not understood; the verb is "help" then
}

// parseCommand parses the text after /ocr. home is the workspace's own
// address.
func parseCommand(text, home string) parsedCommand {
	text = strings.TrimSpace(text)
	first, rest, _ := strings.Cut(text, " ")
	if end := strings.IndexByte(text, '>'); strings.HasPrefix(text, "<") && end > 0 { // a link, whose label may have spaces
		first, rest = text[:end+1], text[end+1:]
	}
	rest = strings.TrimSpace(rest)
	unclear := parsedCommand{verb: "help", unclear: ask.Decode(text)}
	if l, ok := ask.ParseLink(first, home); ok {
		if mode, ok := modeAfter(rest); ok {
			c := parsedCommand{verb: "link", mode: mode, target: Target{URL: l.Web, File: l.File}}
			if l.Other {
				c.verb = "other"
			}
			if l.Message != (ask.MessageRef{}) {
				c.target.Linked = &l.Message
			}
			return c
		}
		return unclear
	}
	switch verb := strings.ToLower(first); verb {
	case "", "help", "status", "forget":
		if rest == "" {
			return parsedCommand{verb: verb}
		}
	case "last":
		if mode, ok := modeAfter(rest); ok {
			return parsedCommand{verb: verb, mode: mode, target: Target{Last: true}}
		}
	case "auto":
		if auto := AutoRead(strings.ToLower(rest)); auto == "" || auto.Known() {
			return parsedCommand{verb: verb, autoRead: auto}
		}
	}
	return unclear
}

// modeAfter parses an optional mode.
func modeAfter(s string) (ocr.Mode, bool) {
	if s == "" {
		return ocr.Mode{}, true
	}
	talk, mode := ask.Understand(ask.Decode(s))
	return mode, talk == ask.Read
}

// answerTimeout bounds the work on a command or press, without the final word to
// the person, see respond.
const answerTimeout = 25 * time.Second

// ackFunc acknowledges a command or an interaction, which must happen within 3
// s. The payload may be nil.
type ackFunc func(payload any)

// ephemeralAnswer returns an immediate answer that only the person sees, or nil
// for "".
func ephemeralAnswer(sentence string, blocks ...slack.Block) any {
	if sentence == "" {
		return nil
	}
	answer := map[string]any{"response_type": "ephemeral", "text": sentence}
	if len(blocks) > 0 {
		answer["blocks"] = blocks
	}
	return answer
}

// command handles a slash command. A request to read or to forget is stored
// before the ack, because Slack does not send commands again.
func (b *Bot) command(ctx context.Context, c slack.SlashCommand, ack ackFunc) {
	working, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	parsed := parseCommand(c.Text, b.intake.home)
	token := "command-" + ask.Digest(c.TriggerID)
	respond := func(m post.Message) { b.respond(ctx, c.ResponseURL, "", m) }
	err := b.refuseExternal(working, c.UserID, "") // a command's team is that of the conversation
	switch {
	case err != nil:
		ack(ephemeralAnswer(b.explain(err)))
	case !b.config.allows(c.ChannelID) && parsed.verb != "help" && parsed.verb != "status" && parsed.verb != "forget":
		ack(ephemeralAnswer(words.NotHere))
	case parsed.verb == "":
		ack(nil) // the window's trigger lasts 3 s: no other call may precede
		err := b.openWindow(working, c.TriggerID, uploadWindow(privateMetadata{Channel: c.ChannelID, Respond: c.ResponseURL}))
		respond(ownMessage(b.explain(err)))
	case parsed.verb == "help":
		ack(ephemeralAnswer(words.Help(parsed.unclear)))
	case parsed.verb == "status":
		ack(nil)
		respond(b.status(working, c.UserID))
	case parsed.verb == "auto":
		ack(nil)
		sentence, err := b.setAutoRead(working, c, token, parsed.autoRead)
		respond(ownMessage(cmp.Or(b.explain(err), sentence)))
	case parsed.verb == "forget":
		ack(forgetQuestion())
	case parsed.verb == "other":
		ack(ephemeralAnswer(words.NotForYou))
	default:
		ack(ephemeralAnswer(b.explain(b.request(working, task{Search: &Search{
			Channel: c.ChannelID, Origin: token, Person: c.UserID, Mode: parsed.mode, Respond: c.ResponseURL, Target: parsed.target,
		}}))))
	}
}

// userError is the reason for which a request is refused, in words for the
// person.
type userError string

func (e userError) Error() string { return string(e) }

// explain returns the sentence for a person whose command or press failed, or
// "" for nil.
func (b *Bot) explain(err error) (sentence string) {
	why, refused := errors.AsType[userError](err)
	switch {
	case err == nil:
		return ""
	case refused:
		return string(why)
	case errors.Is(err, post.ErrTooManyMembers):
		return words.TooManyMembers
	}
	b.log.Error("could not carry out a request", "error", err)
	if errors.Is(err, jobs.ErrFull) {
		return words.StoreFull
	}
	return words.NotTaken
}

// refuseExternal returns a userError for a person who may not ask. team is the
// person's workspace, or "" if it is not known.
func (b *Bot) refuseExternal(ctx context.Context, person, team string) error {
	ctx, cancel := context.WithTimeout(ctx, ackWithin-time.Second)
	defer cancel()
	external, err := b.external(ctx, person, team)
	if external {
		return userError(words.OtherWorkspace)
	}
	return err
}

// respond answers a person through a response URL, unless that or the message
// is empty, in a thread unless thread is "". It returns false if that failed.
func (b *Bot) respond(ctx context.Context, url, thread string, m post.Message) bool {
	if url == "" || m.Fallback == "" {
		return false
	}
	ctx, cancel := answerContext(ctx)
	defer cancel()
	err := b.client.Respond(ctx, url, thread, m)
	if err != nil {
		b.log.Warn("could not answer a person", "code", post.Code(err)) // the error could hold the address
	}
	return err == nil
}

// answerContext returns a context for the answer to a person: 15 s, or after the
// end of ctx still a moment.
func answerContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() != nil {
		return context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	}
	return context.WithTimeout(ctx, 15*time.Second)
}

// setAutoRead changes what is read unasked in a channel, and returns a sentence about
// that. If auto is "", the sentence says what is read at present.
func (b *Bot) setAutoRead(ctx context.Context, c slack.SlashCommand, origin string, auto AutoRead) (sentence string, err error) {
	if ask.Direct(c.ChannelID) {
		return words.AutoDirect, nil
	}
	notJoined := words.AddMeFirst(b.intake.self)
	if joined, err := b.client.CanPost(ctx, c.ChannelID); err != nil || !joined {
		return notJoined, err
	}
	if err := b.requireMember(ctx, c.ChannelID, c.UserID, notJoined); err != nil {
		return "", err
	}
	if auto == "" {
		auto, err := b.autoRead(ctx, c.ChannelID)
		return words.AutoReadNow(string(auto)), err
	}
	announcement := task{Notice: &Notice{
		Channel: c.ChannelID, Origin: origin, Person: c.UserID, Topic: "habit", Text: words.AutoReadSet(c.UserID, string(auto)),
	}}
	if b.tooManyTasks(announcement) {
		return words.TooManyAsks, nil
	}
	if err := b.jobs.SetSetting(ctx, autoReadKey(b.intake.workspace.Team, c.ChannelID), string(auto)); err != nil {
		return "", err
	}
	b.log.Info("a person changed what is read unasked in a channel", "person", c.UserID, "channel", c.ChannelID)
	if _, err := b.enqueue(ctx, announcement); err != nil {
		b.log.Error("could not announce what is read unasked in a channel", "channel", c.ChannelID, "error", err)
		return words.NotAnnounced, nil
	}
	return words.Done, nil
}

// maxStatus is the most jobs in a status, each with a button.
const maxStatus = 10

// status returns the list of a person's running and waiting jobs.
func (b *Bot) status(ctx context.Context, person string) (m post.Message) {
	records, err := b.jobs.ByPerson(ctx, person)
	if err != nil {
		b.log.Error("could not look up a person's jobs", "error", err)
		return ownMessage(words.TryLater)
	}
	n := 0
	var lines []slack.Block
	for _, r := range records {
		a, ok := reading.AskOf(r)
		if !ok || !unfinished(r) {
			continue
		}
		if n++; n <= maxStatus {
			line := plain(words.StatusLine(a.Title(), time.Since(r.Created)))
			lines = append(lines, slack.NewSectionBlock(line, nil, slack.NewAccessory(reading.StopButton()), slack.SectionBlockOptionBlockID(reading.BlockID(r.Key, 0))))
		}
	}
	m = ownMessage(words.Status(n, maxStatus))
	m.Blocks = append(m.Blocks, lines...)
	return m
}

// forgetQuestion asks a person for confirmation, with a button.
func forgetQuestion() any {
	button := slack.NewButtonBlockElement(forgetID, "", plain(words.ForgetButton)).WithStyle(slack.StyleDanger)
	return ephemeralAnswer(words.ForgetQuestion, append(ownMessage(words.ForgetQuestion).Blocks, slack.NewActionBlock(forgetID, button))...)
}
