'use strict';
const { check, group, refusal, assert } = require('./harness');

group('changes', () => {
  check('an edit comes as message_changed', async (world) => {
    const inbox = await world.listen(['message']);
    const ts = await world.act('post', { text: 'frist' });
    await world.act('edit', { ts, text: 'first' });
    const { event } = await inbox.next(({ event }) => event.subtype);
    assert.equal(event.subtype, 'message_changed');
    assert.equal(event.hidden, true);
    assert.equal(event.channel, world.channel);
    assert.equal(event.message.text, 'first');
    assert.equal(event.message.ts, ts);
    assert.equal(event.message.edited.user, world.user);
    assert.equal(event.previous_message.text, 'frist');
    assert.notEqual(event.ts, ts);
  });

  check('a deleted message comes as message_deleted', async (world) => {
    const inbox = await world.listen(['message']);
    const ts = await world.act('post', { text: 'gone soon' });
    await world.act('delete', { ts });
    const { event } = await inbox.next(({ event }) => event.subtype);
    assert.equal(event.subtype, 'message_deleted');
    assert.equal(event.deleted_ts, ts);
    assert.equal(event.previous_message.text, 'gone soon');
    assert.deepEqual(await world.act('messages'), []);
  });

  check('a deleted message with replies comes as a tombstone', async (world) => {
    const inbox = await world.listen(['message']);
    const ts = await world.act('post', { text: 'gone soon' });
    await world.act('post', { text: 'I replied', thread: ts });
    await world.act('delete', { ts });
    const { event } = await inbox.next(({ event }) => event.subtype);
    assert.equal(event.subtype, 'message_changed');
    assert.equal(event.message.subtype, 'tombstone');
    assert.equal(event.message.ts, ts);
    assert.equal(event.message.reply_count, 1);
    assert.equal(event.previous_message.text, 'gone soon');
    const { messages } = await world.web().conversations.replies({ channel: world.channel, ts });
    assert.deepEqual(messages.map((m) => m.subtype), ['tombstone', undefined]);
  });

  check("a person's reply names its thread", async (world) => {
    const inbox = await world.listen(['message']);
    const ts = await world.act('post', { text: 'question' });
    await world.act('post', { text: 'answer', thread: ts });
    const { event } = await inbox.next(({ event }) => event.text === 'answer');
    assert.equal(event.thread_ts, ts);
    assert.equal(event.parent_user_id, world.user);
    assert.equal(event.subtype, undefined);
  });

  check('a reaction comes and goes', async (world) => {
    const inbox = await world.listen(['reaction_added', 'reaction_removed'], { ignoreSelf: false });
    const ts = await world.act('post', { text: 'look' });
    await world.act('react', { ts, name: 'eyes' });
    const { event } = await inbox.next();
    assert.equal(event.type, 'reaction_added');
    assert.equal(event.reaction, 'eyes');
    assert.equal(event.user, world.user);
    assert.equal(event.item_user, world.user);
    assert.deepEqual([event.item.type, event.item.channel, event.item.ts], ['message', world.channel, ts]);

    const web = world.web();
    await web.reactions.add({ channel: world.channel, timestamp: ts, name: 'eyes' });
    assert.equal((await inbox.next()).event.user, world.botUserId);
    const { message } = await web.reactions.get({ channel: world.channel, timestamp: ts });
    assert.deepEqual(message.reactions, [{ name: 'eyes', users: [world.user, world.botUserId], count: 2 }]);
    await web.reactions.remove({ channel: world.channel, timestamp: ts, name: 'eyes' });
    const removed = (await inbox.next()).event;
    assert.equal(removed.type, 'reaction_removed');
    assert.equal(removed.item.ts, ts);
  });

  check('somebody joining comes as member_joined_channel', async (world) => {
    const inbox = await world.listen(['member_joined_channel']);
    const channel = await world.act('channel', { name: 'later', users: [world.user] });
    await world.act('join', { channel, user: world.botUserId });
    await world.act('join', { channel, user: world.other });
    for (const user of [world.botUserId, world.other]) {
      const { event } = await inbox.next();
      assert.equal(event.user, user);
      assert.equal(event.channel, channel);
      assert.equal(event.channel_type, 'C');
    }
  });

  check('an archived channel is announced and closed', async (world) => {
    const inbox = await world.listen(['channel_archive']);
    await world.act('archive');
    const { event } = await inbox.next();
    assert.equal(event.channel, world.channel);
    assert.equal(event.user, world.user);
    assert.equal((await refusal(world.web().chat.postMessage({ channel: world.channel, text: 'x' }))).error, 'is_archived');
  });

  check('a direct message has the type im', async (world) => {
    const inbox = await world.listen(['message', 'app_mention']);
    const { channel } = await world.web().conversations.open({ users: world.user });
    assert.ok(channel.id.startsWith('D'));
    await world.act('post', { channel: channel.id, text: 'psst, @Reader' });
    const { event } = await inbox.next();
    assert.equal(event.type, 'message');
    assert.equal(event.channel, channel.id);
    assert.equal(event.channel_type, 'im');
    await world.web().chat.postMessage({ channel: world.user, text: 'yes?' }); // a user's id opens the same
    const messages = await world.act('messages', { channel: channel.id });
    assert.deepEqual(messages.map((m) => m.text), [`psst, <@${world.botUserId}>`, 'yes?']);
  });

  check('only what was subscribed to comes', async (world) => {
    const inbox = await world.listen(['message', 'reaction_added', 'app_mention']);
    const ts = await world.act('post', { text: '@Reader in public' });
    await world.act('react', { ts, name: 'eyes' });
    const channel = await world.act('channel', { name: 'secret', private: true, users: [world.user, world.botUserId] });
    await world.act('post', { channel, text: 'in private' });
    await inbox.next(({ event }) => event.text === 'in private');
    assert.equal(inbox.all.length, 1);
  }, { events: ['message.groups', 'reaction_added'], scopes: ['chat:write', 'groups:history', 'channels:history'] });

  check('nothing comes from where the app is not', async (world) => {
    const inbox = await world.listen(['message']);
    const channel = await world.act('channel', { name: 'elsewhere', users: [world.user] });
    await world.act('post', { channel, text: 'not for apps' });
    await world.act('post', { text: 'for apps' });
    await inbox.next(({ event }) => event.text === 'for apps');
    assert.equal(inbox.all.length, 1);
  });
});
