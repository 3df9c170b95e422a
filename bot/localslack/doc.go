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
//	w := localslack.New(localslack.Options{})
//	cred := w.Install(localslack.App{Name: "Reader", Scopes: scopes, Events: events})
//	ada := w.AddUser("Ada")
//	general := w.AddChannel("general", false, ada, cred.BotUserID)
//	go w.Serve(ctx, listener)
//	… start the bot with cred and the API address http://HOST/api/ …
//	w.Post(ada, localslack.Post{Channel: general, Text: "hello"})
//	w.Wait(ctx, func() bool { return len(w.Messages(general)) == 2 })
//
// It keeps time with time.Now and timers alone, so that a server on a net.Pipe
// listener runs in the fake time of testing/synctest, clients included.
//
// # State and goroutines
//
// One mutex guards the whole state and is never held over I/O. Stored messages
// are never changed, only replaced. Each Socket Mode connection has two
// goroutines, the handler's, which reads and waits for the other, and one that
// writes, pings, and sends again what was not acked. Serve waits for all of them.
//
// # Methods
//
// Every method checks the token's kind, that it is known and not revoked
// (not_authed, invalid_auth, token_revoked, not_allowed_token_type), its scopes
// (missing_scope with needed and provided) and its rate (429, ratelimited), in
// this order. Arguments come as a form, as multipart or as JSON, the token in the
// header or in a form. Each method's page is https://docs.slack.dev/reference/methods/METHOD;
// other sources are named. Tiers are tier 2: 20, tier 3: 50, tier 4: 100 calls a
// minute and app, ten at once. A call before Retry-After has passed is refused and
// begins the whole wait anew.
//
//	method                 arguments                            limits, and errors besides the common ones
//	api.test               any, error                           –
//	auth.test              –                                    300/min, 30 at once
//	apps.connections.open  –                                    tier 3; app-level token; the address is for one use within 30 s
//	chat.postMessage       channel (id, #name, user id), text,  1/s and 5 at once in a channel, 300/min and 30 at once in all;
//	                       blocks, attachments, metadata,       text cut at 40,000 characters; blocks as below; channel_not_found,
//	                       markdown_text, thread_ts,            not_in_channel (unless chat:write.public), is_archived, no_text,
//	                       reply_broadcast                      markdown_text_conflict, msg_too_long (markdown_text over 12,000),
//	                                                            invalid_thread_ts, thread_not_found (slackapi/bolt-js issue 2307),
//	                                                            invalid_metadata_format, invalid_metadata_schema,
//	                                                            metadata_too_large, invalid_attachments, too_many_attachments
//	chat.postEphemeral     channel, user, text, blocks,         tier 4; as above, user_not_found, user_not_in_channel
//	                       attachments, thread_ts
//	chat.update            channel (id), ts, text, blocks,      tier 3; text over 4,000 bytes after escaping is msg_too_long
//	                       attachments, metadata,               (openclaw/openclaw pull 115027); message_not_found,
//	                       markdown_text                        cant_update_message, is_inactive, no_text. Text without blocks
//	                                                            removes them and marks as edited; blocks leave no mark
//	chat.delete            channel, ts                          tier 3; message_not_found, cant_delete_message
//	chat.getPermalink      channel, message_ts                  channel_not_found, message_not_found
//	conversations.info     channel, include_num_members         tier 3; channel_not_found (also: private and not a member)
//	conversations.history  channel, oldest, latest, inclusive,  tier 3; 100 by default, 999 at most; newest first, without
//	                       limit, cursor,                       replies that were not broadcast; not_in_channel, invalid_cursor,
//	                       include_all_metadata                 invalid_limit, invalid_ts_oldest, invalid_ts_latest
//	conversations.replies  as history, and ts                   tier 3; 1,000 at most; oldest first, the parent on the first page
//	                                                            only; the ts of a reply yields that alone; thread_not_found
//	conversations.members  channel, limit, cursor               tier 4
//	conversations.list     types, exclude_archived, limit,      tier 2; invalid_types; a scope for each type
//	                       cursor
//	conversations.open     users, channel, return_im            tier 3; user_not_found, users_list_not_supplied, too_many_users (8)
//	conversations.join     channel                              tier 3; method_not_supported_for_channel_type, is_archived
//	files.getUploadURLExternal    filename, length, alt_txt     tier 4; 100 MB here; invalid_arguments,
//	                                                            file_upload_size_restricted
//	(POST to the upload address)  raw or multipart content      must have the announced length (400), once (404), within 10 min
//	files.completeUploadExternal  files, channel_id, channels,  tier 4; membership even with chat:write.public; file_not_found
//	                       thread_ts, initial_comment, blocks   (unknown, not uploaded, completed before), channel_not_found,
//	                                                            not_in_channel, is_archived, thread_not_found; a markdown block is
//	                                                            internal_error (slackapi/python-slack-sdk issue 1756). The
//	                                                            answer's files name no share
//	files.info             file                                 tier 4; file_not_found (also: not visible to the app)
//	files.delete           file                                 tier 3; file_not_found, cant_delete_file
//	(GET url_private)      bearer token with files:read         else the sign-in page, status 200 and text/html
//	reactions.add, remove  channel, timestamp, name             tiers 3 and 2; invalid_name, already_reacted, no_reaction,
//	                                                            message_not_found, bad_timestamp, no_item_specified, too_many_emoji
//	reactions.get          channel, timestamp                   tier 3
//	views.open, push       trigger_id, view                     tier 4; a trigger lasts 3 s and one use: expired_trigger_id,
//	                                                            exchanged_trigger_id, invalid_trigger_id; invalid_arguments,
//	                                                            duplicate_external_id, push_limit_reached (3)
//	views.update           view_id, external_id, hash, view     tier 4; not_found, hash_conflict
//	views.publish          user_id, view, hash                  tier 4; user_not_found, hash_conflict
//	users.info, bots.info  user; bot                            tiers 4 and 3; user_not_found, bot_not_found
//	(POST to response_url) text, blocks, thread_ts,             5 uses in 30 minutes, then 404
//	                       response_type, replace_original,
//	                       delete_original
//	any other              –                                    unknown_method
//
// Blocks: 50 in a message, 100 in a view; block_id unique and at most 255
// characters; section text 3,000, ten fields of 2,000; header 150; context ten
// elements; actions 25 elements with action_ids of their own; button text 75; a
// table 100 rows of 20 cells and only one in a message (only_one_table_allowed);
// 12,000 characters of markdown blocks in a message, else msg_blocks_too_long
// (slackapi/bolt-js issue 2509). Other faults in blocks are invalid_blocks with a
// JSON pointer in response_metadata, or invalid_blocks_format.
//
// # Events and Socket Mode
//
// An app gets an event when its bot is a member of the conversation, it
// subscribes to the event and has its scope: message.channels, .groups, .im and
// .mpim (with the app's own posts, and the subtypes file_share, thread_broadcast,
// message_changed, message_deleted, channel_join), app_mention, reaction_added
// and _removed, file_shared, file_deleted, member_joined_channel,
// channel_archive, group_archive. A deleted message with replies is a
// message_changed to a tombstone (openclaw/openclaw pull 22035).
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
// A person fills in a modal with Submit. Required fields, lengths, options, and
// the number, type and size (10 MB) of files are checked as Slack's client does,
// before anything is sent. The files are the person's, in no conversation, and
// the app may see them.
//
// # Who judges it
//
// Besides slack-go, Slack's own clients for Node: Bolt, socket-mode and web-api,
// with no option but the address (testdata/conformance; Node 20 or later). Where a
// client disagrees, this package is wrong.
//
// # Not modelled
//
// Threads in Slack's sidebar (subscriptions, read marks), unfurling, link_names
// and parse in posts of apps, rich_text blocks in posts of people, mrkdwn in
// blocks (stored as sent), conversion of markdown_text, icons and names of
// messages (chat:write.customize), thumbnails, snippets (text files are hosted
// too), remote and Slack Connect files, link sharing, user tokens, token rotation,
// several workspaces, actions in windows and in App Homes, response_urls of
// windows, drafts of what is typed in them, connections that Slack refreshes
// after hours, message_metadata_posted, scheduled messages, streaming, pins,
// stars, user groups, canvases, lists, and the search.
package localslack
