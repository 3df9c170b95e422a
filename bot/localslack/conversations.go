package localslack

import (
	"cmp"
	"slices"
	"strings"

	"slackocr/bot/localslack/internal/webapi"
)

func conversationsInfo(c *call) (answer, error) {
	conv, err := c.readable("read")
	if err != nil {
		return nil, err
	}
	v := conv.view(c.app.BotUserID)
	if c.Bool("include_num_members") {
		v.NumMembers = new(len(conv.members))
	}
	return answer{"channel": v}, nil
}

const (
	historyDefault, historyMost = 100, 999
	repliesDefault, repliesMost = 1000, 1000
	listDefault, listMost       = 100, 999
)

// conversationsHistory returns the channel's messages, newest first. Replies
// are included only if they were also sent to the channel.
func conversationsHistory(c *call) (answer, error) {
	conv, err := c.member("history")
	if err != nil {
		return nil, err
	}
	var ms []*Message
	for _, m := range slices.Backward(conv.messages) {
		if !m.isReply() || m.Subtype == "thread_broadcast" {
			ms = append(ms, m)
		}
	}
	return c.pageOfMessages(conv, nil, ms, historyDefault, historyMost)
}

// conversationsReplies returns a thread, oldest first. The parent comes first
// on every page (rusq/slackdump) and counts towards limit, whatever oldest and
// latest are. For the ts of a reply the result is that reply alone.
func conversationsReplies(c *call) (answer, error) {
	conv, err := c.member("history")
	if err != nil {
		return nil, err
	}
	m := conv.message(c.Args["ts"])
	if m == nil {
		return nil, webapi.Err("thread_not_found")
	}
	thread := conv.replies(m)
	return c.pageOfMessages(conv, thread[0], thread[1:], repliesDefault, repliesMost)
}

// pageOfMessages applies oldest, latest, inclusive, limit and cursor to ms, in
// order. If first is not nil, first precedes them on every page.
func (c *call) pageOfMessages(conv *conversation, first *Message, ms []*Message, def, most int) (answer, error) {
	in, err := c.inTimeRange(ms)
	if err != nil {
		return nil, err
	}
	limit, err := c.Limit(def, most)
	if err != nil { // these methods have no invalid_limit
		return nil, webapi.Err("invalid_arguments", "[ERROR] must be an integer greater than 0 [json-pointer:/limit]")
	}
	again := first != nil && c.Has("cursor")
	switch {
	case again:
		limit = max(1, limit-1) // a page must have something new
	case first != nil:
		in = slices.Insert(in, 0, first)
	}
	part, next, err := webapi.PageOf(in, c.Args["cursor"], func(m *Message) string { return m.TS }, limit)
	if err != nil {
		return nil, err
	}
	if again {
		part = slices.Insert(part, 0, first)
	}
	if c.fault.NoMessages {
		part, next = nil, ""
	}
	views := make([]Message, len(part))
	for i, m := range part {
		views[i] = c.w.appView(conv, m, c.base, c.Bool("include_all_metadata"))
	}
	ans := answer{"messages": views, "has_more": next != "", "pin_count": 0}
	if next != "" {
		ans["response_metadata"] = map[string]string{"next_cursor": next}
	}
	return ans, nil
}

// inTimeRange returns the messages between oldest and latest.
func (c *call) inTimeRange(ms []*Message) ([]*Message, error) {
	oldest, latest := int64(0), int64(1)<<62
	for _, arg := range []struct {
		name string
		to   *int64
	}{{"oldest", &oldest}, {"latest", &latest}} {
		if !c.Has(arg.name) {
			continue
		}
		us, ok := parseTS(c.Args[arg.name])
		if !ok {
			return nil, webapi.Err("invalid_ts_" + arg.name)
		}
		*arg.to = us
	}
	inclusive := c.Bool("inclusive")
	return slices.DeleteFunc(slices.Clone(ms), func(m *Message) bool {
		us, _ := parseTS(m.TS)
		if inclusive {
			return us < oldest || us > latest
		}
		return us <= oldest && c.Has("oldest") || us >= latest
	}), nil
}

func conversationsMembers(c *call) (answer, error) {
	conv, err := c.readable("read")
	if err != nil {
		return nil, err
	}
	part, next, err := webapi.Page(c.Args, conv.members, func(s string) string { return s }, listDefault, listMost)
	if err != nil {
		return nil, err
	}
	return answer{"members": part, "response_metadata": map[string]string{"next_cursor": next}}, nil
}

// conversationsList lists the conversations that the app may see.
func conversationsList(c *call) (answer, error) {
	page, next, err := c.pageOfConversations(inOrder(c.w.convs))
	if err != nil {
		return nil, err
	}
	return answer{"channels": page, "response_metadata": map[string]string{"next_cursor": next}}, nil
}

// usersConversations lists the conversations of which the user, by default the
// app's bot, is a member. A private conversation of another user is listed only
// if the bot is a member too.
func usersConversations(c *call) (answer, error) {
	user := cmp.Or(c.Args["user"], c.app.BotUserID)
	if c.w.users[user] == nil {
		return nil, webapi.Err("user_not_found")
	}
	convs := slices.DeleteFunc(inOrder(c.w.convs), func(conv *conversation) bool { return !conv.has(user) })
	page, next, err := c.pageOfConversations(convs)
	if err != nil {
		return nil, err
	}
	for i := range page {
		page[i].IsMember = nil
	}
	return answer{"channels": page, "response_metadata": map[string]string{"next_cursor": next}}, nil
}

// pageOfConversations returns a page of those of convs that the app may see and
// whose types are requested, public channels by default. The token of an app
// that is installed in an organization must name the workspace
// (slackapi/python-slack-sdk issue 1383).
func (c *call) pageOfConversations(convs []*conversation) (page []conversationObject, next string, err error) {
	if c.app.OrgInstall && c.Args["team_id"] != c.w.team.ID {
		return nil, "", webapi.Err("missing_argument")
	}
	kinds := map[string]bool{}
	for t := range strings.SplitSeq(cmp.Or(c.Args["types"], "public_channel"), ",") {
		kind, ok := map[string]string{"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}[strings.TrimSpace(t)]
		if !ok {
			return nil, "", webapi.Err("invalid_types")
		}
		if err := c.needAny(kind + ":read"); err != nil {
			return nil, "", err
		}
		kinds[kind] = true
	}
	var list []conversationObject
	for _, conv := range convs {
		if kinds[conv.kind()] && conv.visible(c.app.BotUserID) && !(conv.info.IsArchived && c.Bool("exclude_archived")) {
			list = append(list, conv.view(c.app.BotUserID))
		}
	}
	return webapi.Page(c.Args, list, func(v conversationObject) string { return v.ID }, listDefault, listMost)
}

// conversationsOpen opens the direct message with users, or returns the open
// channel.
func conversationsOpen(c *call) (answer, error) {
	if c.Has("channel") {
		conv, err := c.conversation()
		switch {
		case err != nil:
			return nil, err
		case !conv.info.IsIM && !conv.info.IsMPIM:
			return nil, webapi.Err("method_not_supported_for_channel_type")
		}
		return c.opened(conv, true)
	}
	if !c.Has("users") {
		return nil, webapi.Err("users_list_not_supplied")
	}
	ids := []string{c.app.BotUserID}
	for id := range strings.SplitSeq(c.Args["users"], ",") {
		id = strings.TrimSpace(id)
		if c.w.users[id] == nil {
			return nil, webapi.Err("user_not_found")
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	scope := "im:write"
	switch {
	case len(ids) == 1:
		return nil, webapi.Err("not_enough_users")
	case len(ids) > 9:
		return nil, webapi.Err("too_many_users")
	case len(ids) > 2:
		scope = "mpim:write"
	}
	if err := c.needAny(scope); err != nil {
		return nil, err
	}
	before := len(c.w.convs)
	conv := c.w.openDM(ids)
	return c.opened(conv, len(c.w.convs) == before)
}

// opened returns the id alone unless return_im asks for the whole object.
func (c *call) opened(conv *conversation, already bool) (answer, error) {
	ans := answer{"channel": map[string]string{"id": conv.info.ID}}
	if c.Bool("return_im") {
		ans["channel"] = conv.view(c.app.BotUserID)
	}
	if already {
		ans["no_op"], ans["already_open"] = true, true
	}
	return ans, nil
}

func conversationsJoin(c *call) (answer, error) {
	conv, err := c.conversation()
	switch {
	case err != nil:
		return nil, err
	case conv.kind() != "channels":
		return nil, webapi.Err("method_not_supported_for_channel_type")
	case conv.info.IsArchived:
		return nil, webapi.Err("is_archived")
	}
	ans := answer{}
	if conv.has(c.app.BotUserID) {
		ans["warning"] = "already_in_channel"
		ans["response_metadata"] = map[string]any{"warnings": []string{"already_in_channel"}}
	}
	c.w.join(conv, c.app.BotUserID, "")
	ans["channel"] = conv.view(c.app.BotUserID)
	return ans, nil
}
