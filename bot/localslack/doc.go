// Package localslack is a Slack workspace in one process: the Web API, Socket
// Mode, files and a chat page, with Slack's limits, rates and errors, and with
// faults that a test can switch on. It is for tests and for trying a bot without
// an account.
//
// It behaves as Slack's documentation (https://docs.slack.dev) says, and where
// others have measured Slack doing something else, as they measured. Where
// neither says, it is the stricter of the likely ones: a stand-in kinder than
// Slack would hide mistakes. Nothing here was compared with a live workspace.
//
// A test makes a workspace, serves it, starts the bot with its tokens, and then is
// the person who uses the bot:
//
//	w := localslack.New(localslack.Options{})
//	server := httptest.NewServer(w.Handler())
//	bot := w.Install(localslack.FullApp("greeter"))
//	ada := w.AddUser("Ada")
//	general := w.AddChannel("general", false, ada, bot.BotUserID)
//	… start the bot with bot.BotToken, bot.AppToken and the API address server.URL + "/api/" …
//	w.Post(ada, localslack.Post{Channel: general, Text: "hello"})
//	err := w.Wait(ctx, func() bool { return len(w.Messages(general)) == 2 })
//
// ParseManifest makes the app of a manifest, Fail makes calls fail, and Press,
// Command, Submit and others do what a person does with the mouse. A browser shows
// the workspace at server.URL. The examples are whole tests.
//
// The workspace keeps time with time.Now and timers alone, so that a server on a
// NewPipe listener runs in the fake time of testing/synctest, clients included.
//
// # Where to read
//
//	workspace.go, server.go                   the workspace; how it is served
//	api.go                                    calls of the Web API, and the table of its methods
//	chat.go, conversations.go, reactions.go,  the methods, by their names; chat.go checks
//	filesapi.go, views.go                     the contents of messages
//	apps.go, people.go                        apps and their tokens; people of this and other workspaces
//	channels.go, message.go, files.go         conversations, messages and files as they are stored
//	events.go                                 events and Socket Mode; internal/socketmode has the connections
//	client.go, interactive.go, submit.go      acts of a person: posts; commands and presses; windows
//	behaviour.go, faults.go                   what Slack does at some times, and what a test makes fail
//	page.go, page_state.go                    the page's requests and its state; internal/page has its scripts
//
// # State and goroutines
//
// One mutex guards the workspace's state, and is never held over I/O; Socket Mode
// and the faults have their own. Stored messages are never changed, only replaced.
// Each Socket Mode connection has two goroutines, the handler's, which reads and
// waits for the other, and one that writes, pings, and sends again what was not
// acked. Serve waits for all of them. What Fault.ShareDelay puts off runs from a
// timer, which Serve stops.
//
// # Blocks
//
// 50 in a message, 100 in a view; block_id unique and at most 255
// characters; no null in any field (HubSpot/slack-client pull 306); section text
// 3,000, ten fields of 2,000; header 150; context ten elements; actions 25 elements
// with action_ids of their own, context_actions five; button text 75; each kind of
// element only in the blocks that take it; a table 100 rows of 20 cells and only one
// in a message (only_one_table_allowed); video title and description less than 200,
// author_name less than 50, video_url and title_url HTTPS; 12,000 characters in
// markdown blocks and 13,200 in all blocks of a message, else msg_blocks_too_long
// (slackapi/bolt-js issue 2509). Other faults in blocks are invalid_blocks with a
// JSON pointer in response_metadata, or invalid_blocks_format; in views
// invalid_arguments. The table blockKinds of internal/blockkit has the kinds.
//
// A markdown block counts as one block for each heading, each rule and each run
// between them, and comes back as these (header, divider, rich_text) in answers,
// history and events (darkgaldragon/slack-markdown-parser docs/spec.md). Messages,
// Thread and the page have it as it was sent.
//
// # Events and Socket Mode
//
// An app gets an event when its bot is a member of the conversation, it
// subscribes to the event and has its scope: message.channels, .groups, .im and
// .mpim (with the app's own posts, and the subtypes file_share, thread_broadcast,
// message_changed, message_deleted, channel_join, channel_leave and
// channel_archive, in private channels group_join and so on), app_mention,
// app_home_opened, reaction_added and _removed, file_shared, file_deleted, member_joined_channel
// and member_left_channel, channel_archive, group_archive; and channel_left or
// group_left once its bot is out. A deleted message with replies is a
// message_changed to a tombstone (openclaw/openclaw pull 22035). testdata/events has
// each event's shape with its source, and names documented fields that are not
// sent.
//
// There are at most ten connections an app; the eleventh is told
// too_many_websockets. Addresses are for one use. Pings come every ten seconds; a
// client that answers none for thirty is dropped. An event not acked within 3 s
// is sent again at once, then a minute later, then five minutes later, each
// counted from the failure before, in a new envelope. Attempts also lapse while
// no connection is up. Commands, presses, shortcuts and windows are sent once.
// The ack of a command may be its answer, and that of a window say what becomes
// of it (response_action); others say nothing.
//
// # Commands, presses, windows
//
// An app gets the commands and message shortcuts that its manifest declares, in
// every conversation of the person who uses them, whether its bot is there or not;
// and, if its manifest enables interactivity, presses and choices in its messages,
// in those that one person sees, and in its windows. testdata/interactions has each
// payload's shape with its source. Each is sent once; without an ack within 3 s the
// person sees that it failed. A response_url needs no membership and works five
// times in half an hour.
//
// A person fills in a modal with Submit. Required fields, lengths, options, and
// the number, type and size (10 MB) of files are checked as Slack's client does,
// before anything is sent. The files are the person's, in no conversation, and
// the app may see them.
//
// # Who may see what
//
// A file is seen by its owner, by the members of the conversations it was shared
// in, by all where one of those is public, and by the apps it was given to in a
// window; for others it does not exist (file_not_found, and the sign-in page in
// place of its content). Forwarding a message shows its files and gives nobody
// the right to them. A conversation with a person of another workspace
// (HomePartner) is shared: is_ext_shared, files to be looked up first.
//
// AddPerson adds guests, people of a sister workspace in the same organisation, and
// people of partners, with the ids that Slack's events carry of each.
//
// # What Slack does at some times
//
// Behaviour is what some workspaces do: downloads that lead to a second file host,
// files that are not ready, types that say nothing, parts of messages that no library
// knows, mentions with a label, a clock that is minutes off. Fault is what a call does
// once: errors, delays, lost answers, uploads that are never shared, threads answered
// as empty. SwitchOn switches both on by name.
//
// People's words reach apps as Slack sends them: &, < and > as entities, addresses of
// the web and of mail in < >, names as mentions.
//
// Links to messages and files begin with the team's address, https://NAME.slack.com,
// which auth.test tells; the page shows what they lead to.
//
// # Who judges it
//
// Besides slack-go, Slack's own clients for Node: Bolt, socket-mode and web-api,
// with no option but the address (testdata/conformance; Node 20 or later). Where a
// client disagrees, this package is wrong. axe-core judges the page.
//
// # Not modelled
//
// Threads in Slack's sidebar (subscriptions, read marks), unfurling, link_names
// and parse in posts of apps, rich_text blocks in posts of people, mrkdwn in
// blocks (stored as sent), conversion of markdown_text, icons and names of
// messages (chat:write.customize), thumbnails, snippets (text files are hosted
// too), remote files, link sharing, user tokens, token rotation, apps of other
// workspaces, global shortcuts, App Homes on the page and actions in them,
// response_urls of windows, input blocks in messages, alert, card, carousel,
// container, data_table, data_visualization, plan and task_card blocks (refused),
// context_actions on the page and presses in them, the scope (links.embed:write) and
// the unfurl domains that a video block needs, message_replied, connections that
// Slack refreshes after hours, message_metadata_posted, scheduled messages,
// streaming, pins, stars, user groups, canvases, lists, and the search.
package localslack
