'use strict';
const { check, group, assert } = require('./harness');

const { directMention } = require('@slack/bolt');

group('messages', () => {
  check("a person's message reaches the app", async (world) => {
    const inbox = await world.listen(['message']);
    const ts = await world.act('post', { text: 'fish & chips <now>' });
    const { event, body, context } = await inbox.next();
    assert.equal(event.type, 'message');
    assert.equal(event.subtype, undefined);
    assert.equal(event.text, 'fish &amp; chips &lt;now&gt;');
    assert.equal(event.user, world.user);
    assert.equal(event.channel, world.channel);
    assert.equal(event.channel_type, 'channel');
    assert.equal(event.ts, ts);
    assert.equal(event.event_ts, ts);
    assert.ok(event.client_msg_id);
    assert.equal(body.type, 'event_callback');
    assert.equal(body.api_app_id, world.appId);
    assert.equal(body.authorizations[0].user_id, world.botUserId);
    assert.equal(context.botUserId, world.botUserId);
    assert.equal(context.botId, world.botId);
    assert.equal(context.teamId, event.team);
    await world.act('wait', { pending: 0 });
  });

  check('say answers in the channel', async (world) => {
    await world.bolt((app) => app.message(/hello/, async ({ say }) => { await say('hello yourself'); }));
    await world.act('post', { text: 'hello' });
    await world.act('wait', { messages: 2 });
    const [, answer] = await world.act('messages');
    assert.equal(answer.text, 'hello yourself');
    assert.equal(answer.bot_id, world.botId);
    assert.equal(answer.user, world.botUserId);
  });

  check('an app hears its own post, as of a bot', async (world) => {
    const inbox = await world.listen(['message'], { ignoreSelf: false });
    const { ts } = await world.web().chat.postMessage({ channel: world.channel, text: 'it is me' });
    const { event } = await inbox.next();
    assert.equal(event.ts, ts);
    assert.equal(event.bot_id, world.botId);
    assert.equal(event.app_id, world.appId);
    assert.equal(event.user, world.botUserId);
    assert.equal(event.bot_profile.name, 'Reader');
    assert.equal(event.subtype, undefined);
  });

  check("Bolt's ignoreSelf knows the app's own posts and edits", async (world) => {
    const inbox = await world.listen(['message']);
    const { ts } = await world.web().chat.postMessage({ channel: world.channel, text: 'it is me' });
    await world.web().chat.update({ channel: world.channel, ts, text: 'still me' });
    await world.act('post', { text: 'and this is not' });
    await inbox.next(({ event }) => event.text === 'and this is not');
    const own = inbox.all.filter(({ event }) => event.bot_id);
    assert.deepEqual(own, []);
  });

  check("another app's post comes as of a bot", async (world) => {
    const inbox = await world.listen(['message']);
    const other = await world.act('install', { app: { Name: 'Echo', Scopes: ['chat:write'] } });
    await world.act('join', { user: other.botUserId });
    await world.web(other.botToken).chat.postMessage({ channel: world.channel, text: 'echo' });
    const { event } = await inbox.next(({ event }) => event.text === 'echo');
    assert.equal(event.bot_id, other.botId);
    assert.equal(event.user, other.botUserId);
    assert.equal(event.subtype, undefined);
  });

  check('a mention comes as app_mention', async (world) => {
    const inbox = await world.listen(['app_mention']);
    const ts = await world.act('post', { text: '@Reader look at this' });
    const { event } = await inbox.next();
    assert.equal(event.type, 'app_mention');
    assert.equal(event.text, `<@${world.botUserId}> look at this`);
    assert.equal(event.user, world.user);
    assert.equal(event.ts, ts);
    assert.equal(event.channel, world.channel);
  });

  check("Bolt's directMention knows who is meant", async (world) => {
    let said;
    const heard = new Promise((resolve) => { said = resolve; });
    await world.bolt((app) => app.message(directMention, async ({ message }) => said(message)));
    await world.act('post', { text: '@Grace Hopper not you' });
    await world.act('post', { text: '@Reader you' });
    assert.equal((await heard).text, `<@${world.botUserId}> you`);
  });
});
