'use strict';
const { check, group, refusal, assert } = require('./harness');

const section = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } });

group('sending', () => {
  check('a post can be changed and deleted', async (world) => {
    const inbox = await world.listen(['message'], { ignoreSelf: false });
    const web = world.web();
    const posted = await web.chat.postMessage({ channel: world.channel, text: 'Reading…' });
    assert.equal(posted.ok, true);
    assert.equal(posted.channel, world.channel);
    assert.equal(posted.message.bot_id, world.botId);
    const { ts } = posted;
    const updated = await web.chat.update({ channel: world.channel, ts, text: 'Read' });
    assert.equal(updated.ts, ts);
    assert.equal(updated.text, 'Read');
    const changed = await inbox.next(({ event }) => event.subtype === 'message_changed');
    assert.equal(changed.event.message.text, 'Read');
    assert.equal(changed.event.message.bot_id, world.botId);
    const { permalink } = await web.chat.getPermalink({ channel: world.channel, message_ts: ts });
    assert.ok(permalink.endsWith(`/archives/${world.channel}/p${ts.replace('.', '')}`));
    await web.chat.delete({ channel: world.channel, ts });
    await inbox.next(({ event }) => event.subtype === 'message_deleted');
    assert.equal((await refusal(web.chat.update({ channel: world.channel, ts, text: 'late' }))).error, 'message_not_found');
  });

  check('a reply goes to its thread', async (world) => {
    const web = world.web();
    const ts = await world.act('post', { text: 'question' });
    const reply = await web.chat.postMessage({ channel: world.channel, thread_ts: ts, text: 'answer' });
    assert.equal(reply.message.thread_ts, ts);
    await web.chat.postMessage({ channel: world.channel, thread_ts: ts, text: 'for all', reply_broadcast: true });
    const { messages } = await web.conversations.replies({ channel: world.channel, ts });
    assert.deepEqual(messages.map((m) => m.text), ['question', 'answer', 'for all']);
    assert.equal(messages[0].reply_count, 2);
    assert.deepEqual(messages[0].reply_users, [world.botUserId]);
    assert.equal(messages[0].latest_reply, messages[2].ts);
    assert.equal(messages[2].subtype, 'thread_broadcast');
    const history = await web.conversations.history({ channel: world.channel });
    assert.deepEqual(history.messages.map((m) => m.text), ['for all', 'question']);
  });

  check('a thread comes in pages that begin with its parent', async (world) => {
    const web = world.web();
    const ts = await world.act('post', { text: 'question' });
    for (const text of ['one', 'two', 'three', 'four']) await world.act('post', { text, thread: ts });
    const pages = [];
    for await (const { messages } of web.paginate('conversations.replies', { channel: world.channel, ts, limit: 3 })) pages.push(messages.map((m) => m.text));
    assert.deepEqual(pages, [['question', 'one', 'two'], ['question', 'three', 'four']]);
  });

  check('blocks can be tried', async (world) => {
    const web = world.web();
    assert.equal((await web.apiCall('blocks.validate', { message: { text: 'x', blocks: [section('fine')] } })).ok, true);
    const bad = await refusal(web.apiCall('blocks.validate', { blocks: [section('x'.repeat(3001))] }));
    assert.equal(bad.error, 'invalid_blocks');
    assert.equal(bad.errors[0].pointer, '/0/text/text');
    assert.deepEqual(await world.act('messages'), []);
  });

  check('blocks are kept, and text alone removes them', async (world) => {
    const web = world.web();
    const { ts, message } = await web.chat.postMessage({ channel: world.channel, text: 'plain', blocks: [section('*bold*'), { type: 'divider' }] });
    assert.deepEqual(message.blocks.map((b) => b.type), ['section', 'divider']);
    assert.ok(message.blocks.every((b) => b.block_id));
    const withBlocks = await web.chat.update({ channel: world.channel, ts, text: 'plain 2', blocks: [section('other')] });
    assert.equal(withBlocks.message.edited, undefined);
    const bare = await web.chat.update({ channel: world.channel, ts, text: 'bare' });
    assert.equal(bare.message.blocks, undefined);
    assert.equal(bare.message.edited.user, world.botUserId);
  });

  check('markdown goes as a block and as markdown_text', async (world) => {
    const web = world.web();
    const { message } = await web.chat.postMessage({ channel: world.channel, text: 'a table', blocks: [{ type: 'markdown', text: '| a |\n|---|\n| b |' }] });
    assert.equal(message.blocks[0].type, 'rich_text');
    const parts = await web.chat.postMessage({ channel: world.channel, text: 'a page', blocks: [{ type: 'markdown', text: '# A\n\ntext\n\n---' }] });
    assert.deepEqual(parts.message.blocks.map((b) => b.type), ['header', 'rich_text', 'divider']);
    await web.chat.postMessage({ channel: world.channel, markdown_text: '**bold**' });
    const conflict = await refusal(web.chat.postMessage({ channel: world.channel, markdown_text: '**bold**', text: 'plain' }));
    assert.equal(conflict.error, 'markdown_text_conflict');
    const long = await refusal(web.chat.postMessage({ channel: world.channel, text: 'long', blocks: [{ type: 'markdown', text: 'x'.repeat(12_001) }] }));
    assert.equal(long.error, 'invalid_blocks');
    const half = { type: 'markdown', text: 'x'.repeat(6_001) };
    const longer = await refusal(web.chat.postMessage({ channel: world.channel, text: 'long', blocks: [half, half] }));
    assert.equal(longer.error, 'msg_blocks_too_long');
  });

  check('what is wrong with blocks is said', async (world) => {
    const bad = await refusal(world.web().chat.postMessage({ channel: world.channel, text: 'x', blocks: [section('x'.repeat(3001))] }));
    assert.equal(bad.error, 'invalid_blocks');
    assert.match(bad.response_metadata.messages[0], /json-pointer:\/blocks\/0\/text\/text/);
    const long = await world.web().chat.postMessage({ channel: world.channel, text: 'short' });
    const update = await refusal(world.web().chat.update({ channel: world.channel, ts: long.ts, text: '€'.repeat(1334) }));
    assert.equal(update.error, 'msg_too_long');
    assert.equal((await refusal(world.web().chat.postMessage({ channel: world.channel }))).error, 'no_text');
  });

  check('an ephemeral is for one person', async (world) => {
    const { message_ts } = await world.web().chat.postEphemeral({ channel: world.channel, user: world.user, text: 'only you' });
    assert.ok(message_ts);
    const [seen] = await world.act('ephemerals');
    assert.equal(seen.Message.text, 'only you');
    assert.deepEqual(await world.act('ephemerals', { user: world.other }), []);
    assert.deepEqual(await world.act('messages'), []);
  });

  check('metadata is kept for who asks for it', async (world) => {
    const inbox = await world.listen(['message'], { ignoreSelf: false });
    const web = world.web();
    const metadata = { event_type: 'page_read', event_payload: { file: 'F1', pages: 3 } };
    const { ts } = await web.chat.postMessage({ channel: world.channel, text: 'with', metadata });
    assert.equal((await inbox.next()).event.metadata, undefined);
    const plain = await web.conversations.history({ channel: world.channel });
    assert.equal(plain.messages[0].metadata, undefined);
    const all = await web.conversations.history({ channel: world.channel, include_all_metadata: true });
    assert.deepEqual(all.messages[0].metadata, metadata);
    const thread = await web.conversations.replies({ channel: world.channel, ts, include_all_metadata: true });
    assert.deepEqual(thread.messages[0].metadata, metadata);
    const bad = await refusal(web.chat.postMessage({ channel: world.channel, text: 'x', metadata: { event_type: 'x' } }));
    assert.equal(bad.error, 'invalid_metadata_schema');
  });

  check("another's message cannot be changed", async (world) => {
    const ts = await world.act('post', { text: 'mine' });
    const web = world.web();
    assert.equal((await refusal(web.chat.update({ channel: world.channel, ts, text: 'yours' }))).error, 'cant_update_message');
    assert.equal((await refusal(web.chat.delete({ channel: world.channel, ts }))).error, 'cant_delete_message');
  });

  check('pages follow one another', async (world) => {
    for (let i = 0; i < 5; i++) await world.act('post', { text: `${i}` });
    const texts = [];
    let pages = 0;
    for await (const page of world.web().paginate('conversations.history', { channel: world.channel, limit: 2 })) {
      pages++;
      texts.push(...page.messages.map((m) => m.text));
    }
    assert.deepEqual(texts, ['4', '3', '2', '1', '0']);
    assert.equal(pages, 3);

    const members = [];
    for await (const page of world.web().paginate('conversations.members', { channel: world.channel, limit: 1 })) members.push(...page.members);
    assert.deepEqual(members.sort(), [world.user, world.other, world.botUserId].sort());

    await world.act('channel', { name: 'second', users: [world.botUserId] });
    const names = [];
    for await (const page of world.web().paginate('conversations.list', { limit: 1 })) names.push(...page.channels.map((c) => c.name));
    assert.deepEqual(names.sort(), ['general', 'second']);
  });

  check('a conversation, a user and a bot are described', async (world) => {
    const web = world.web();
    const { channel } = await web.conversations.info({ channel: world.channel, include_num_members: true });
    assert.equal(channel.name, 'general');
    assert.equal(channel.is_member, true);
    assert.equal(channel.is_channel, true);
    assert.equal(channel.is_private, false);
    assert.equal(channel.num_members, 3);
    const { user } = await web.users.info({ user: world.user });
    assert.equal(user.real_name, 'Ada Lovelace');
    assert.equal(user.is_bot, false);
    assert.equal(user.profile.display_name, 'Ada Lovelace');
    const { bot } = await web.bots.info({ bot: world.botId });
    assert.equal(bot.user_id, world.botUserId);
    assert.equal(bot.app_id, world.appId);
  });
});
