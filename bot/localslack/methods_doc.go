// # Methods
//
// Each method's page is https://docs.slack.dev/reference/methods/METHOD. Its entry
// says what arguments it takes and which of the documented ones it ignores; its
// limits; which documented errors real conditions bring about; which others do
// (also), with the source if there is one; and which documented errors nothing here
// brings about. Those come when they are switched on, as Fault.Error.
//
// Every method first checks the request and the token, in this order. Arguments
// come by GET, as a form, as multipart or as JSON, the token in the header or in a
// form. The methods that only read take no JSON: they ignore it
// (rneatherway/gh-slack issue 74). A required argument that is missing is
// invalid_arguments where the entry has that. Tiers are tier 2: 20, tier 3: 50,
// tier 4: 100 calls a minute and app, ten at once. A call before Retry-After has
// passed is refused and begins the whole wait anew.
//
//	every method
//	    errors:    invalid_charset, invalid_form_data, invalid_post_type,
//	               missing_post_type, invalid_arg_name, invalid_array_arg,
//	               unknown_method, not_authed, invalid_auth, account_inactive,
//	               token_revoked, not_allowed_token_type, missing_scope (with
//	               needed and provided), ratelimited (429)
//	    also:      invalid_json, json_not_object, request_too_large (413, over
//	               1 MiB)
//	    switch on: access_denied, accesslimited, deprecated_endpoint,
//	               ekm_access_denied, enterprise_is_restricted, fatal_error,
//	               internal_error, method_deprecated, no_permission,
//	               org_login_required, request_timeout, service_unavailable,
//	               team_access_not_granted, team_added_to_org, token_expired,
//	               two_factor_setup_required
//
//	api.test
//	    takes:     any, error
//	    limits:    none (Slack: tier 4); no token is needed
//
//	auth.test
//	    takes:     –
//	    limits:    300 a minute, 30 at once; in an organisation enterprise_id, and for an app
//	               installed in all of it is_enterprise_install and E… as team_id
//
//	blocks.validate
//	    takes:     one of blocks, message, view
//	    limits:    300 a minute, 30 at once (Slack: "special"); nothing is carried out; the
//	               answer's errors have pointer, code and message
//	    errors:    invalid_blocks, invalid_message, invalid_view, invalid_arguments
//
//	apps.connections.open
//	    takes:     –
//	    limits:    tier 3; app-level token; the address is for one use within 30 s
//	    errors:    insecure_request (by GET)
//	    switch on: forbidden_team, missing_args
//
//	chat.postMessage
//	    takes:     channel (id, #name, user id), text, blocks, attachments, metadata,
//	               markdown_text, thread_ts, reply_broadcast
//	    limits:    1 a second and 5 at once in a channel, 300 a minute and 30 at once in all;
//	               text is cut at 40,000 characters; metadata 8,000 bytes (Slack names no
//	               number); 100 attachments; blocks as the package says under Blocks
//	    errors:    channel_not_found, not_in_channel (without chat:write.public), is_archived,
//	               no_text, markdown_text_conflict, invalid_blocks, invalid_blocks_format,
//	               msg_blocks_too_long, invalid_metadata_format, invalid_metadata_schema,
//	               metadata_too_large, too_many_attachments
//	    also:      msg_too_long (markdown_text over 12,000 characters), invalid_attachments,
//	               invalid_thread_ts (jenkinsci/slack-plugin issue 584), thread_not_found
//	               (slackapi/bolt-js issue 2307)
//	    switch on: app_access_restricted, as_user_not_supported,
//	               attachment_payload_limit_exceeded, cannot_reply_to_message,
//	               draft_already_deleted, draft_already_sent, draft_has_conflict,
//	               draft_not_found, duplicate_channel_not_found, duplicate_message_not_found,
//	               message_limit_exceeded, messages_tab_disabled,
//	               metadata_must_be_sent_from_app, missing_file_data, rate_limited,
//	               restricted_action, restricted_action_non_threadable_channel,
//	               restricted_action_read_only_channel, restricted_action_thread_locked,
//	               restricted_action_thread_only_channel, send_on_behalf_not_allowed,
//	               slack_connect_canvas_sharing_blocked,
//	               slack_connect_file_link_sharing_blocked,
//	               slack_connect_lists_sharing_blocked, team_not_found, too_many_contact_cards
//	    ignores:   as_user, current_draft_last_updated_ts, icon_emoji, icon_url, link_names,
//	               mrkdwn, parse, unfurl_app_links, unfurl_links, unfurl_media, username
//
//	chat.postEphemeral
//	    takes:     channel, user, text, blocks, attachments, markdown_text, thread_ts
//	    limits:    tier 4; in a thread without replies it is not shown; text 40,000 characters
//	               (Slack names no number)
//	    errors:    channel_not_found, not_in_channel, is_archived, user_not_in_channel,
//	               no_text, msg_too_long, markdown_text_conflict, invalid_attachments,
//	               too_many_attachments, invalid_blocks, invalid_blocks_format
//	    also:      msg_blocks_too_long, invalid_thread_ts, thread_not_found (as
//	               chat.postMessage)
//	    switch on: cannot_reply_to_message, message_limit_exceeded, messages_tab_disabled,
//	               restricted_action
//	    ignores:   as_user, icon_emoji, icon_url, link_names, metadata, parse, username
//
//	chat.update
//	    takes:     channel (id), ts, text, blocks, attachments, metadata, markdown_text
//	    limits:    tier 3; text 4,000 bytes after escaping (Slack says characters;
//	               openclaw/openclaw pull 115027); text without blocks removes them and marks
//	               as edited, blocks leave no mark
//	    errors:    channel_not_found, message_not_found, cant_update_message, is_inactive,
//	               no_text, msg_too_long, markdown_text_conflict, block_mismatch,
//	               invalid_blocks, invalid_blocks_format, invalid_attachments,
//	               too_many_attachments, invalid_metadata_format, invalid_metadata_schema,
//	               metadata_too_large
//	    also:      msg_blocks_too_long (slackapi/bolt-js issue 2509)
//	    switch on: as_user_not_supported, blocked_file_type, cant_broadcast_message,
//	               edit_window_closed, external_channel_migrating, file_deleted,
//	               file_is_deleted, file_not_found, file_share_limit_reached,
//	               max_file_sharing_exceeded, message_limit_exceeded,
//	               metadata_must_be_sent_from_app, no_dual_broadcast_content_update,
//	               posting_to_channel_denied, slack_connect_blocked_file_type,
//	               slack_connect_canvas_sharing_blocked, slack_connect_clip_sharing_blocked,
//	               slack_connect_file_link_sharing_blocked,
//	               slack_connect_file_upload_sharing_blocked, streaming_state_conflict,
//	               team_not_found, unable_to_share_files, update_failed
//	    ignores:   as_user, file_ids, link_names, parse, reply_broadcast, unfurled_attachments
//
//	chat.delete
//	    takes:     channel (id), ts
//	    limits:    tier 3
//	    errors:    channel_not_found, message_not_found, cant_delete_message
//	    ignores:   as_user
//
//	chat.getPermalink
//	    takes:     channel, message_ts
//	    limits:    300 a minute, 30 at once
//	    errors:    channel_not_found, message_not_found
//
//	conversations.info
//	    takes:     channel, include_num_members
//	    limits:    tier 3; one that is private and not the app's is not found
//	    errors:    channel_not_found, invalid_arguments
//	    switch on: channel_is_limited_access
//	    ignores:   include_locale
//
//	conversations.history
//	    takes:     channel, oldest, latest, inclusive, limit, cursor, include_all_metadata
//	    limits:    tier 3; 100 by default, 999 at most; newest first, without replies that were
//	               not broadcast
//	    errors:    channel_not_found, not_in_channel, invalid_cursor, invalid_ts_oldest,
//	               invalid_ts_latest, invalid_arguments
//	    switch on: channel_is_limited_access, invalid_metadata_filter_keys
//
//	conversations.replies
//	    takes:     channel, ts, oldest, latest, inclusive, limit, cursor, include_all_metadata
//	    limits:    tier 3; 1,000 at most; oldest first, the parent on every page and whatever
//	               the time range (rusq/slackdump); the ts of a reply yields that alone; now
//	               and then no messages at all (Fault.NoMessages, rusq/slackdump)
//	    errors:    channel_not_found, thread_not_found, invalid_cursor, invalid_ts_oldest,
//	               invalid_ts_latest, invalid_arguments (slack-edge/slack-edge issue 54)
//	    also:      not_in_channel (as conversations.history)
//	    switch on: invalid_metadata_filter_keys, list_record_comment_fetch_failed,
//	               method_not_supported_for_channel_type
//
//	conversations.members
//	    takes:     channel, limit, cursor
//	    limits:    tier 4; 100 by default, 999 at most
//	    errors:    channel_not_found, invalid_cursor, invalid_limit, invalid_arguments
//	    switch on: fetch_members_failed, method_not_supported_for_channel_type
//
//	conversations.list
//	    takes:     types, exclude_archived, limit, cursor, team_id
//	    limits:    tier 2; 100 by default, 999 at most; a scope for each type
//	    errors:    invalid_types, invalid_cursor, invalid_limit, missing_argument (team_id, for
//	               an app that is installed in an organisation: slackapi/python-slack-sdk
//	               issue 1383)
//	    switch on: method_not_supported_for_channel_type
//
//	conversations.open
//	    takes:     users, channel, return_im
//	    limits:    tier 3; eight people
//	    errors:    channel_not_found, method_not_supported_for_channel_type,
//	               users_list_not_supplied, user_not_found, not_enough_users, too_many_users
//	    switch on: invalid_user_combination, user_disabled, user_not_visible
//	    ignores:   prevent_creation
//
//	conversations.join
//	    takes:     channel
//	    limits:    tier 3
//	    errors:    channel_not_found, method_not_supported_for_channel_type, is_archived,
//	               invalid_arguments (vluzrmos/laravel-slack-api issue 38)
//	    switch on: channel_is_limited_access, too_many_members
//
//	files.getUploadURLExternal
//	    takes:     filename, length, alt_txt
//	    limits:    tier 4; a file 100 MB (here); alt_txt 1,000 characters
//	    errors:    missing_argument (length 0), file_upload_size_restricted, alt_txt_too_large,
//	               invalid_arguments (Octember/earshot pull 10)
//	    switch on: file_type_not_allowed, file_uploads_disabled,
//	               file_uploads_except_images_disabled, snippet_too_large,
//	               storage_limit_reached (also when all files reach 1 GiB),
//	               unknown_snippet_type, unknown_subtype
//	    ignores:   snippet_type
//
//	files.completeUploadExternal
//	    takes:     files, channel_id, channels (ids of people too), thread_ts, initial_comment,
//	               blocks
//	    limits:    tier 4; 100 files, 100 channels; membership even with chat:write.public; the
//	               answer's files name no share, which may come later or never
//	               (Fault.ShareDelay and NeverShared, slackapi/python-slack-sdk issue 1575)
//	    errors:    channel_not_found (channel_id), invalid_channel (channels), not_in_channel,
//	               channels_limit_exceeded, file_not_found (unknown, not uploaded, completed
//	               before), invalid_blocks, invalid_arguments (channel_id of another form,
//	               slackapi/bolt-js issue 2115)
//	    also:      is_archived, invalid_thread_ts, thread_not_found (as chat.postMessage),
//	               internal_error (a markdown block, slackapi/python-slack-sdk issue 1756)
//	    switch on: file_type_not_allowed, file_update_failed,
//	               file_uploads_except_images_disabled, posting_to_channel_denied,
//	               user_is_external_guest
//	    ignores:   icon_emoji, icon_url, username
//
//	files.info
//	    takes:     file
//	    limits:    tier 4; a new file may lack addresses or types (Behaviour.Scan,
//	               slackapi/node-slack-sdk issue 2040)
//	    errors:    file_not_found (unknown, or not to be seen by the app), file_deleted
//	    switch on: canvas_disabled_file_team, canvas_disabled_user_team,
//	               canvas_globally_disabled, not_visible, slack_connect_canvas_sharing_blocked,
//	               template_not_visible
//	    ignores:   count, cursor, limit, page
//
//	files.delete
//	    takes:     file
//	    limits:    tier 3
//	    errors:    file_not_found, file_deleted, cant_delete_file
//	    switch on: delete_not_allowed, file_deleting_disabled
//
//	reactions.add
//	    takes:     channel, timestamp, name
//	    limits:    tier 3; 50 emoji a message, 23 a person
//	    errors:    channel_not_found, is_archived, message_not_found, bad_timestamp,
//	               no_item_specified, invalid_name, already_reacted, too_many_emoji,
//	               too_many_reactions
//	    also:      not_in_channel
//	    switch on: external_channel_migrating, no_access, not_reactable, thread_locked
//
//	reactions.remove
//	    takes:     channel, timestamp, name
//	    limits:    tier 2
//	    errors:    channel_not_found, message_not_found, bad_timestamp, no_item_specified,
//	               invalid_name, no_reaction
//	    also:      not_in_channel, is_archived
//	    switch on: external_channel_migrating, file_comment_not_found, file_not_found,
//	               no_access, thread_locked
//	    ignores:   file, file_comment
//
//	reactions.get
//	    takes:     channel, timestamp
//	    limits:    tier 3
//	    errors:    channel_not_found, message_not_found, bad_timestamp, no_item_specified
//	    also:      not_in_channel
//	    switch on: file_comment_not_found, file_not_found
//	    ignores:   file, file_comment, full
//
//	views.open
//	    takes:     trigger_id, view
//	    limits:    tier 4; a trigger lasts 3 s and one use; a view 250,000 bytes
//	    errors:    expired_trigger_id, exchanged_trigger_id, invalid_trigger_id,
//	               duplicate_external_id, view_too_large, invalid_arguments
//	               (slackapi/java-slack-sdk pull 302)
//	    ignores:   interactivity_pointer
//
//	views.push
//	    takes:     trigger_id, view
//	    limits:    as views.open; three views on top of each other
//	    errors:    expired_trigger_id, exchanged_trigger_id, invalid_trigger_id,
//	               duplicate_external_id, view_too_large, invalid_arguments, not_found,
//	               push_limit_reached
//	    ignores:   interactivity_pointer
//
//	views.update
//	    takes:     view_id, external_id, hash, view
//	    limits:    tier 4
//	    errors:    not_found, hash_conflict, duplicate_external_id, view_too_large,
//	               invalid_arguments
//
//	views.publish
//	    takes:     user_id, view, hash
//	    limits:    tier 4
//	    errors:    hash_conflict, duplicate_external_id, view_too_large, invalid_arguments
//	    also:      user_not_found
//	    switch on: missing_profile_id, not_enabled, not_implemented
//	    ignores:   interactivity_pointer
//
//	users.info
//	    takes:     user
//	    limits:    tier 4; enterprise_user of people in an organisation, some of whom have no
//	               team_id (looker/lookerbot issue 184); is_restricted of guests
//	    errors:    user_not_found
//	    switch on: too_many_users, user_not_visible
//	    ignores:   include_locale
//
//	users.conversations
//	    takes:     types, exclude_archived, limit, cursor, user, team_id
//	    limits:    tier 3; 100 by default, 999 at most; a scope for each type; the conversations
//	               of the bot, or of another user as far as the app may see them; without
//	               is_member and num_members (looker-open-source/actions pull 476)
//	    errors:    invalid_types, invalid_cursor, invalid_limit, missing_argument (team_id, as
//	               conversations.list)
//	    also:      user_not_found
//	    switch on: method_not_supported_for_channel_type
//	    ignores:   exclude_muted
//
//	bots.info
//	    takes:     bot
//	    limits:    tier 3
//	    errors:    bot_not_found
//	    switch on: bots_not_found, missing_argument, team_not_found
//	    ignores:   team_id
//
// And what is no method:
//
//	POST to the upload address   raw or multipart; must have the announced length
//	                             (400), once (404), within ten minutes
//	GET url_private              bearer token with files:read, else 302 to
//	                             /?redir=…, the sign-in page, which is text/html
//	                             with status 200 (slackapi/node-slack-sdk issue
//	                             1750); of a PDF 302 to a page on another host
//	                             (curie-eng/curie issue 2715); see
//	                             Behaviour.Redirect and Fault.ServingError
//	GET url_private_download     the same, but the file for a PDF
//	POST to a response_url       text, blocks, thread_ts, response_type,
//	                             replace_original, delete_original (of an ephemeral
//	                             message too); 5 uses in 30 minutes, then 404; no
//	                             membership is needed
//
// And what only some workspaces do, or Slack at some times, with who saw it:
//
//	Behaviour.Redirect           NousResearch/hermes-agent pull 114483,
//	                             openclaw/openclaw issue 62960
//	Behaviour.Scan               slackapi/node-slack-sdk issue 2040,
//	                             NousResearch/hermes-agent issue 45407
//	Behaviour.OctetStream        slackapi/node-slack-sdk issue 2170
//	Behaviour.OddParts, PostAs   rusq/slackdump issue 492; the kinds of blocks:
//	                             https://docs.slack.dev/changelog
//	Fault.NeverShared            slackapi/python-slack-sdk issue 1575
//	Fault.NoMessages             rusq/slackdump
//	Person.Home                  slackapi/bolt-python tests/slack_bolt/request/
//	                             test_internals.py, slackapi/bolt-js issue 1875,
//	                             looker/lookerbot issue 184
//	Person.Guest                 https://docs.slack.dev/reference/objects/user-object
//	App.OrgInstall               slackapi/python-slack-sdk issue 1383
//	OpenHome                     https://docs.slack.dev/reference/events/app_home_opened
//	MentionLabels                https://docs.slack.dev/messaging/formatting-message-text
package localslack
