package bot

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// parsedCommand is a parsed slash command.
type parsedCommand struct {
	verb        string // "", "help", "last", "auto", "status", "forget", "link", or "other": a link to something else in Slack
	mode        ocr.Mode
	channelMode ChannelMode // of auto; "" asks for the present mode
	target      Target      // of last and link
	unclear     string      // the words that were not understood; the verb is "help" then
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
		if m := ChannelMode(strings.ToLower(rest)); m == "" || m.Known() {
			return parsedCommand{verb: verb, channelMode: m}
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
	w := parseCommand(c.Text, b.intake.home)
	token := "command-" + ask.Digest(c.TriggerID)
	respond := func(sentence string) { b.respond(ctx, c.ResponseURL, "", sentence) }
	refusal := b.refusal(working, c.UserID, "") // a command's team is that of the conversation
	switch {
	case refusal != "":
		ack(ephemeralAnswer(refusal))
	case !b.config.allows(c.ChannelID) && w.verb != "help" && w.verb != "status" && w.verb != "forget":
		ack(ephemeralAnswer(words.NotHere))
	case w.verb == "":
		ack(nil) // the window's trigger lasts 3 s: no other call may precede
		respond(b.openWindow(working, c.TriggerID, uploadWindow(privateMetadata{Channel: c.ChannelID, Respond: c.ResponseURL})))
	case w.verb == "help":
		ack(ephemeralAnswer(words.Help(w.unclear)))
	case w.verb == "status":
		ack(nil)
		m, err := b.status(working, c.UserID)
		if err != nil {
			b.log.Error("could not look up a person's jobs", "error", err)
			m = ownMessage(words.TryLater)
		}
		b.respondWith(ctx, c.ResponseURL, "", m)
	case w.verb == "auto":
		ack(nil)
		respond(b.setChannelMode(working, c, token, w.channelMode))
	case w.verb == "forget":
		ack(forgetQuestion())
	case w.verb == "other":
		ack(ephemeralAnswer(words.NotForYou))
	default:
		ack(ephemeralAnswer(b.request(working, task{Search: &Search{
			Channel: c.ChannelID, Origin: token, Person: c.UserID, Mode: w.mode, Respond: c.ResponseURL, Target: w.target,
		}})))
	}
}

// refusal returns a sentence for a person who may not ask, or "". team is the
// person's workspace, or "" if it is not known.
func (b *Bot) refusal(ctx context.Context, person, team string) (sentence string) {
	ctx, cancel := context.WithTimeout(ctx, ackWithin-time.Second)
	defer cancel()
	external, err := b.external(ctx, person, team)
	switch {
	case err != nil:
		b.log.Error("could not look up a person", "error", err)
		return words.NotTaken
	case external:
		return words.OtherWorkspace
	}
	return ""
}

// respond answers a person with a sentence, unless it is "". See respondWith.
func (b *Bot) respond(ctx context.Context, url, thread, sentence string) {
	if sentence != "" {
		b.respondWith(ctx, url, thread, ownMessage(sentence))
	}
}

// respondWith answers a person through a response URL, in a thread unless thread
// is "".
func (b *Bot) respondWith(ctx context.Context, url, thread string, m post.Message) {
	if url == "" {
		return
	}
	ctx, cancel := answerContext(ctx)
	defer cancel()
	if err := b.client.Respond(ctx, url, thread, m); err != nil {
		b.log.Warn("could not answer a person", "code", post.Code(err)) // the error could hold the address
	}
}

// answerContext returns a context for the answer to a person: 15 s, or after the
// end of ctx still a moment.
func answerContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() != nil {
		return context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	}
	return context.WithTimeout(ctx, 15*time.Second)
}

// setChannelMode changes a channel's mode. If mode is "", it returns a sentence
// about the present one.
func (b *Bot) setChannelMode(ctx context.Context, c slack.SlashCommand, origin string, mode ChannelMode) (sentence string) {
	if ask.Direct(c.ChannelID) {
		return words.AutoDirect
	}
	joined, err := b.client.CanPost(ctx, c.ChannelID)
	if err == nil && joined {
		joined, err = b.client.IsMember(ctx, c.ChannelID, c.UserID)
	}
	if err == nil && !joined {
		return words.AddMeFirst(b.intake.self)
	}
	if err == nil && mode == "" {
		if mode, err = b.channelMode(ctx, c.ChannelID); err == nil {
			return words.AutoReadNow(string(mode))
		}
	}
	announcement := task{Notice: &Notice{
		Channel: c.ChannelID, Origin: origin, Person: c.UserID, Topic: "habit", Text: words.AutoReadSet(c.UserID, string(mode)),
	}}
	if err == nil && b.tooManyTasks(announcement) {
		return words.TooManyAsks
	}
	if err == nil {
		err = b.jobs.SetSetting(ctx, channelModeKey(b.intake.workspace.Team, c.ChannelID), string(mode))
	}
	if errors.Is(err, post.ErrTooManyMembers) {
		return words.TooManyMembers
	}
	if err != nil {
		b.log.Error("could not change a channel's mode", "channel", c.ChannelID, "error", err)
		return words.NotTaken
	}
	b.log.Info("a person changed a channel's mode", "person", c.UserID, "channel", c.ChannelID)
	if _, err = b.enqueue(ctx, announcement); err != nil {
		b.log.Error("could not announce a channel's mode", "channel", c.ChannelID, "error", err)
		return words.NotAnnounced
	}
	return words.Done
}

// maxStatus is the most jobs in a status, each with a button.
const maxStatus = 10

// status returns the list of a person's running and waiting jobs.
func (b *Bot) status(ctx context.Context, person string) (m post.Message, err error) {
	records, err := b.jobs.ByPerson(ctx, person)
	if err != nil {
		return m, err
	}
	n := 0
	for _, r := range records {
		a, ok := reading.AskOf(r)
		if !ok || !unfinished(r) {
			continue
		}
		if n++; n > maxStatus {
			continue
		}
		line := slack.NewTextBlockObject(slack.PlainTextType, words.StatusLine(a.Title(), time.Since(r.Created)), false, false)
		m.Blocks = append(m.Blocks, slack.NewSectionBlock(line, nil, slack.NewAccessory(reading.StopButton()), slack.SectionBlockOptionBlockID(reading.BlockID(r.Key, 0))))
	}
	m.Fallback = words.Status(n, maxStatus)
	head := slack.NewTextBlockObject(slack.MarkdownType, m.Fallback, false, false)
	m.Blocks = append([]slack.Block{slack.NewSectionBlock(head, nil, nil)}, m.Blocks...)
	return m, nil
}

// forgetQuestion asks a person for confirmation, with a button.
func forgetQuestion() any {
	text := slack.NewTextBlockObject(slack.MarkdownType, words.ForgetQuestion, false, false)
	button := slack.NewButtonBlockElement(forgetID, "", plain(words.ForgetButton)).WithStyle(slack.StyleDanger)
	return ephemeralAnswer(words.ForgetQuestion, slack.NewSectionBlock(text, nil, nil), slack.NewActionBlock(forgetID, button))
}
