package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/fetch"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/words"
)

// resolve returns the files of a Search, or an error with the reason why this
// person gets none.
func (b *Bot) resolve(ctx context.Context, s Search) (files []FoundFile, err error) {
	switch {
	case s.URL != "":
		name, err := fetch.CheckLink(s.URL)
		if err != nil {
			return nil, userError(words.CannotFollow(reading.FailureOf(err)))
		}
		files = []FoundFile{{File: slack.File{Name: name}, Web: s.URL}}
	case s.Message != nil:
		files, err = b.inMessage(ctx, *s.Message)
	case s.Linked != nil:
		// To a person who cannot see the message, the message does not exist.
		if err = b.requireMember(ctx, s.Linked.Channel, s.Person, words.NotForYou); err == nil {
			files, err = b.inMessage(ctx, *s.Linked)
		}
	case s.File != "":
		files = []FoundFile{{File: slack.File{ID: s.File}, Named: true}}
	case s.Thread != "":
		files, err = b.inThread(ctx, s)
	case s.Last:
		files, err = b.newest(ctx, s)
	default:
		files = s.Files
	}
	if err == nil && len(files) > 0 {
		return b.permitted(ctx, s, files)
	}
	if err == nil {
		err = userError(words.NoPictureThere)
		if s.Thread != "" {
			err = userError(words.HowToUse(ask.Direct(s.Channel)))
		}
	}
	return files, err
}

// permitted removes files that the bot must not read for the person: files of
// a conversation in which the bot must not work, and named files that the
// person cannot see.
func (b *Bot) permitted(ctx context.Context, s Search, files []FoundFile) (left []FoundFile, err error) {
	for _, f := range files {
		if f.Source.Channel != "" && !b.config.allows(f.Source.Channel) {
			continue
		}
		if f.Named {
			seen, err := b.visible(ctx, s, f.File.ID)
			if _, refused := errors.AsType[userError](err); refused {
				continue
			}
			if err != nil {
				return nil, err
			}
			if f.File = seen.File; s.File != "" {
				f.Source = seen.Source
			}
		}
		left = append(left, f)
	}
	if len(left) == 0 {
		return nil, userError(words.NotForYou)
	}
	return left, nil
}

// inMessage returns the files of a message.
func (b *Bot) inMessage(ctx context.Context, at ask.MessageRef) ([]FoundFile, error) {
	m, err := b.client.Message(ctx, at.Channel, at.TS)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, userError(words.NotForYou)
	}
	return b.filesOf(m.Msg, at.Channel), nil
}

// requireMember returns a userError with the refusal if a person is not in a
// conversation.
func (b *Bot) requireMember(ctx context.Context, channel, person, refusal string) error {
	member, err := b.client.IsMember(ctx, channel, person)
	if err == nil && !member {
		err = userError(refusal)
	}
	return err
}

// maxShares is the most conversations of a file that are checked for the
// asking person.
const maxShares = 5

// visible returns a file for a person who names the file: its owner, or a
// member of a conversation with the file. If the file was shared in the
// channel of the request, the answer goes there. A file that is only in
// conversations in which the bot must not work is returned to nobody.
func (b *Bot) visible(ctx context.Context, s Search, id string) (file FoundFile, err error) {
	info, err := b.client.File(ctx, id)
	switch post.Code(err) {
	case "file_not_found", "file_deleted":
		return FoundFile{}, userError(words.NotForYou)
	}
	if err != nil {
		return FoundFile{}, fmt.Errorf("looking up a file: %w", err)
	}
	file = FoundFile{File: ask.Slim(*info)}
	shares := slices.Concat(info.Channels, info.Groups, info.IMs)
	unshared := len(shares) == 0
	shares = slices.DeleteFunc(shares, func(channel string) bool { return !b.config.allows(channel) })
	if i := slices.Index(shares, s.Channel); i > 0 {
		shares[0], shares[i] = shares[i], shares[0] // the channel of the request comes first
	}
	for _, channel := range shares[:min(len(shares), maxShares)] {
		member, err := b.client.IsMember(ctx, channel, s.Person)
		if err != nil {
			return FoundFile{}, err
		}
		if member {
			file.Source = ask.MessageRef{Channel: channel, TS: sharedAt(info, channel)}
			return file, nil
		}
	}
	if info.User == s.Person && (unshared || len(shares) > 0) {
		return file, nil
	}
	return FoundFile{}, userError(words.NotForYou)
}

// sharedAt returns the first message of a conversation with the file, as far
// as known. When that message is deleted, the file's results are deleted too.
func sharedAt(info *slack.File, channel string) (ts string) {
	for _, share := range slices.Concat(info.Shares.Public[channel], info.Shares.Private[channel]) {
		if ts == "" || share.Ts < ts {
			ts = share.Ts
		}
	}
	return ts
}

// inThread returns the files that people posted in a thread, and the files of
// the bot's replies there, the newest first. Without a mention, the bot may
// read a thread only if the bot has read something there before.
func (b *Bot) inThread(ctx context.Context, s Search) (files []FoundFile, err error) {
	known := func(f FoundFile) bool {
		return slices.ContainsFunc(files, func(g FoundFile) bool { return g.File.ID == f.File.ID && g.Web == f.Web })
	}
	own := false
	for m, err := range b.client.Messages(ctx, s.Channel, s.Thread) {
		if err != nil {
			return nil, err
		}
		var here []FoundFile
		switch key := strings.TrimSuffix(post.Key(m), reading.ReplyKey); {
		case m.User != b.intake.self:
			here = likelyPictures(b.filesOf(m.Msg, s.Channel))
		case key != post.Key(m):
			own = true
			if here, err = b.filesOfReply(ctx, key); err != nil {
				return nil, err
			}
		}
		for _, f := range slices.Backward(here) {
			if !known(f) {
				files = append(files, f)
			}
		}
	}
	if s.Silent && !own {
		return nil, nil
	}
	return files, nil
}

// filesOfReply returns the files of a reply, if they are still known.
func (b *Bot) filesOfReply(ctx context.Context, key string) (files []FoundFile, err error) {
	record, err := b.record(ctx, key)
	if isUnknownJob(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if a, ok := reading.AskOf(record); ok {
		for _, f := range a.Files {
			files = append(files, FoundFile{File: f.Slack, Web: f.Web, Source: f.Source})
		}
	}
	return files, nil
}

// newest returns the newest picture in the channel of the request.
func (b *Bot) newest(ctx context.Context, s Search) ([]FoundFile, error) {
	if err := b.requireMember(ctx, s.Channel, s.Person, words.AddMeFirst(b.intake.self)); err != nil {
		return nil, err
	}
	for m, err := range b.client.Messages(ctx, s.Channel, "") {
		switch post.Code(err) {
		case "not_in_channel", "channel_not_found":
			return nil, userError(words.AddMeFirst(b.intake.self))
		}
		if err != nil {
			return nil, err
		}
		if files := likelyPictures(b.filesOf(m.Msg, s.Channel)); m.User != b.intake.self && len(files) > 0 {
			return files[len(files)-1:], nil // the newest image only
		}
	}
	return nil, userError(words.NoPictureHere)
}

// isUnknownJob reports whether err means that a job is unknown, or its record damaged.
func isUnknownJob(err error) bool {
	return errors.Is(err, jobs.ErrNotFound) || errors.Is(err, jobs.ErrCorrupt)
}

// filesOf returns the files of a message, including forwarded files, unless
// the bot may not work in the channel that they come from. For a message
// without files, filesOf returns the images that an app shows in the message.
func (b *Bot) filesOf(m slack.Msg, channel string) (all []FoundFile) {
	at := FoundFile{Source: ask.MessageRef{Channel: channel, TS: m.Timestamp}, Root: cmp.Or(m.ThreadTimestamp, m.Timestamp)}
	files := slices.Clone(m.Files)
	for _, a := range m.Attachments {
		from, _ := ask.ParseLink(a.FromURL, b.intake.home)
		if a.IsShare && (from.Message.Channel == "" || b.config.allows(from.Message.Channel)) { // the preview of a link may show private content
			files = append(files, a.Files...)
		}
	}
	for _, f := range ask.Distinct(files) {
		if ask.Picture(f) {
			at.File = ask.Slim(f)
			all = append(all, at)
		}
	}
	if len(all) > 0 {
		return all
	}
	shown := imagesIn(m.Blocks)
	for _, a := range m.Attachments {
		if a.FromURL == "" && a.OriginalURL == "" { // otherwise the preview of a link
			shown = append(append(shown, FoundFile{Web: a.ImageURL}), imagesIn(a.Blocks)...)
		}
	}
	for _, f := range shown {
		if f.Web != "" {
			name, err := fetch.CheckLink(f.Web)
			if err != nil {
				continue
			}
			f.File.Name = name
		}
		if f.Web != "" || f.File.ID != "" {
			f.Source, f.Root = at.Source, at.Root
			all = append(all, f)
		}
	}
	return all
}

// likelyPictures returns the files whose type or name is that of a picture, and all
// files that somebody pointed at.
func likelyPictures(files []FoundFile) []FoundFile {
	return slices.DeleteFunc(files, func(f FoundFile) bool { return f.Web == "" && ask.Undeclared(f.File) && !ask.ReadUnasked(f.File) })
}

// imagesIn returns the image blocks of a message.
// https://docs.slack.dev/reference/block-kit/blocks/image-block
func imagesIn(blocks slack.Blocks) (all []FoundFile) {
	for _, block := range blocks.BlockSet {
		image, ok := block.(*slack.ImageBlock)
		if !ok {
			continue
		}
		f := FoundFile{Web: image.ImageURL}
		if image.SlackFile != nil {
			f.File.ID, f.File.FileAccess, f.Named = image.SlackFile.ID, "check_file_info", true
		}
		all = append(all, f)
	}
	return all
}
