'use strict';
const { Inbox, check, group, refusal, assert } = require('./harness');

const plain = (text) => ({ type: 'plain_text', text });
const option = (value) => ({ value, text: plain(value) });
const menus = [{
  type: 'actions', block_id: 'row', elements: [
    { type: 'button', action_id: 'stop', value: '7', text: plain('Stop') },
    { type: 'static_select', action_id: 'mode', placeholder: plain('Mode'), options: ['text', 'figure'].map(option) },
    { type: 'overflow', action_id: 'more', options: [option('again')] },
    { type: 'checkboxes', action_id: 'ticks', options: ['a', 'b'].map(option) },
  ],
}];

// listening is an app that acks the actions of these ids.
async function listening(world, ...ids) {
  const inbox = new Inbox();
  await world.bolt((app) => {
    for (const id of ids) app.action(id, async (args) => { await args.ack(); inbox.put(args); });
  });
  return inbox;
}

group('menus', () => {
  check('what is chosen comes with the action', async (world) => {
    const inbox = await listening(world, 'mode', 'more', 'ticks');
    const { ts } = await world.web().chat.postMessage({ channel: world.channel, text: 'x', blocks: menus });
    await world.act('choose', { ts, name: 'mode', chosen: ['figure'] });
    const mode = await inbox.next();
    assert.equal(mode.action.type, 'static_select');
    assert.equal(mode.action.selected_option.value, 'figure');
    assert.equal(mode.action.selected_option.text.text, 'figure');
    assert.equal(mode.action.options, undefined);
    assert.equal(mode.body.state.values.row.mode.selected_option.value, 'figure');
    assert.deepEqual(mode.body.state.values.row.ticks, { type: 'checkboxes', selected_options: [] });
    await world.act('choose', { ts, name: 'more', chosen: ['again'] });
    assert.equal((await inbox.next()).action.selected_option.value, 'again');
    await world.act('choose', { ts, name: 'ticks', chosen: ['b', 'a'] });
    assert.deepEqual((await inbox.next()).action.selected_options.map((o) => o.value), ['b', 'a']);
    await assert.rejects(world.act('choose', { ts, name: 'mode', chosen: ['other'] }), { code: 'no_such_option' });
  });

  check('a press in an ephemeral message changes it through respond', async (world) => {
    const inbox = await listening(world, 'stop');
    const { message_ts } = await world.web().chat.postEphemeral({ channel: world.channel, user: world.user, text: 'x', blocks: menus });
    await world.act('press', { ts: message_ts, name: 'stop' });
    const { body, respond } = await inbox.next();
    assert.equal(body.container.is_ephemeral, true);
    assert.equal(body.container.message_ts, message_ts);
    assert.equal(body.message, undefined);
    await respond({ replace_original: true, text: 'stopped' });
    assert.deepEqual((await world.act('ephemerals')).map((e) => e.Message.text), ['stopped']);
    await respond({ delete_original: true });
    assert.deepEqual(await world.act('ephemerals'), []);
    await assert.rejects(world.act('press', { ts: message_ts, name: 'stop' }), { code: 'no_such_action' });
  });

  check('an action in a window tells what is typed, and may change it', async (world) => {
    const inbox = new Inbox();
    const view = (title) => ({
      type: 'modal', callback_id: 'ask', private_metadata: 'kept', title: plain(title), submit: plain('Go'),
      blocks: [{ type: 'input', block_id: 'name', label: plain('Name'), element: { type: 'plain_text_input', action_id: 'typed' } }, menus[0]],
    });
    await world.bolt((app) => {
      app.command('/ask', async ({ ack, client, command }) => {
        await ack();
        inbox.put({ opened: (await client.views.open({ trigger_id: command.trigger_id, view: view('One') })).view });
      });
      app.action('mode', async (args) => {
        await args.ack();
        await args.client.views.update({ view_id: args.body.view.id, hash: args.body.view.hash, view: view('Two') });
        inbox.put(args);
      });
      app.view('ask', async (args) => { await args.ack(); inbox.put(args); });
    });
    await world.act('command', { name: '/ask' });
    const { opened } = await inbox.next((item) => item.opened);
    await world.act('pressView', { view: opened.id, name: 'mode', chosen: ['text'], values: { name: ['Ada'] } });
    const { body } = await inbox.next();
    assert.deepEqual(body.container, { type: 'view', view_id: opened.id });
    assert.equal(body.view.private_metadata, 'kept');
    assert.equal(body.view.state.values.name.typed.value, 'Ada');
    assert.equal(body.channel, undefined);
    assert.equal(body.response_url, undefined);
    assert.equal((await world.act('views'))[0].title.text, 'Two');
    await world.act('submit', { view: opened.id, values: { name: ['Ada'] } });
    const { view: sent } = await inbox.next();
    assert.equal(sent.state.values.row.mode.selected_option.value, 'text');
  });

  check('commands and shortcuts are those of the manifest', async (world) => {
    await world.bolt((app) => {
      app.command(/.*/, async ({ ack }) => { await ack(); });
      app.shortcut(/.*/, async ({ ack }) => { await ack(); });
    });
    await assert.rejects(world.act('command', { name: '/other' }), { code: 'dispatch_unknown_command' });
    const ts = await world.act('post', { text: 'x' });
    await assert.rejects(world.act('shortcut', { ts, name: 'other' }), { code: 'dispatch_unknown_command' });
    const guest = await world.act('external', { name: 'Zoe' });
    await assert.rejects(world.act('command', { user: guest, name: '/ocr' }), { code: 'dispatch_unknown_command' });
    await world.act('shortcut', { ts, name: 'extract' });
  });

  check('invitations and removals reach the app', async (world) => {
    const inbox = await world.listen(['member_joined_channel', 'channel_left']);
    const channel = await world.act('channel', { name: 'receipts', users: [world.user] });
    await world.act('invite', { channel, user: world.botUserId });
    const joined = await inbox.next();
    assert.equal(joined.event.user, world.botUserId);
    assert.equal(joined.event.inviter, world.user);
    await world.act('kick', { channel, user: world.botUserId });
    const left = await inbox.next();
    assert.equal(left.event.type, 'channel_left');
    assert.equal(left.event.channel, channel);
    assert.equal((await refusal(world.web().chat.postMessage({ channel, text: 'x' }))).error, 'not_in_channel');
  });

  check('a forwarded message carries its files', async (world) => {
    const inbox = await world.listen(['message']);
    const ts = await world.act('post', { text: 'look', files: [{ Name: 'a.png', Data: 'AAAA' }] });
    const original = await inbox.next();
    await world.act('forward', { ts, text: 'see' });
    const { event } = await inbox.next();
    const [shared] = event.attachments;
    assert.equal(event.text, 'see');
    assert.equal(event.files, undefined);
    assert.equal(shared.is_share, true);
    assert.equal(shared.channel_id, world.channel);
    assert.equal(shared.ts, ts);
    assert.equal(shared.files[0].id, original.event.files[0].id);
    const { permalink } = await world.web().chat.getPermalink({ channel: world.channel, message_ts: ts });
    assert.equal(shared.from_url, permalink);
    const { url } = await world.web().auth.test();
    assert.ok(permalink.startsWith(url));
  });

  check('a guest makes the channel a shared one', async (world) => {
    const inbox = await world.listen(['message']);
    const guest = await world.act('external', { name: 'Zoe' });
    await inbox.next(({ event }) => event.subtype === 'channel_join');
    await world.act('post', { user: guest, text: 'hello', files: [{ Name: 'a.png', Data: 'AAAA' }] });
    const { event, body } = await inbox.next();
    assert.equal(body.is_ext_shared_channel, true);
    assert.equal(event.files[0].file_access, 'check_file_info');
    const { user } = await world.web().users.info({ user: guest });
    assert.equal(user.is_stranger, false);
    assert.equal(event.team, user.team_id);
    assert.equal(event.user_team, undefined);
    assert.equal(body.team_id, user.team_id);
    assert.notEqual(body.context_team_id, user.team_id);
    const { file } = await world.web().files.info({ file: event.files[0].id });
    assert.equal(file.name, 'a.png');
  });

  check('people of an organisation come from all of its workspaces', async (world) => {
    const inbox = await world.listen(['message', 'app_mention']);
    const colleague = await world.act('person', { name: 'Zoe', home: 2 }); // HomeOrganization
    await inbox.next(({ event }) => event.subtype === 'channel_join');
    await world.act('post', { user: colleague, text: '@Reader hello' });
    const { event, body } = await inbox.next(({ event }) => event.type === 'app_mention');
    assert.equal(body.is_ext_shared_channel, false);
    assert.match(event.user_team, /^E/);
    const { enterprise_id, team_id } = await world.web().auth.test();
    assert.equal(event.user_team, enterprise_id);
    assert.equal(event.team, team_id);
    const { user } = await world.web().users.info({ user: colleague });
    assert.equal(user.team_id, undefined);
    assert.equal(user.enterprise_user.enterprise_id, enterprise_id);
  });

  check('opening the messages of an app tells it', async (world) => {
    const inbox = await world.listen(['app_home_opened']);
    const dm = await world.act('openHome', { name: 'messages' });
    const { event } = await inbox.next();
    assert.equal(event.tab, 'messages');
    assert.equal(event.channel, dm);
    assert.equal(event.user, world.user);
  });
});
