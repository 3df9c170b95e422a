'use strict';
const { Inbox, check, group, refusal, assert } = require('./harness');

const plain = (text) => ({ type: 'plain_text', text });
const ephemeral = async (world) => (await world.act('ephemerals') ?? []).map((e) => e.Message.text);
const buttons = (...ids) => [{ type: 'actions', block_id: 'row', elements: ids.map((id) => ({ type: 'button', action_id: id, value: `v-${id}`, text: plain(id) })) }];
const modal = (title, more = {}) => ({
  type: 'modal', callback_id: 'ask', title: plain(title), submit: plain('Go'), close: plain('No'),
  blocks: [{ type: 'input', block_id: 'name', label: plain('Name'), element: { type: 'plain_text_input', action_id: 'typed' } }], ...more,
});

// asking is an app that opens a modal on /ask and answers its submission with ack.
async function asking(world, view, ack) {
  const inbox = new Inbox();
  await world.bolt((app) => {
    app.command('/ask', async ({ ack: accept, client, command }) => {
      await accept();
      inbox.put({ opened: await client.views.open({ trigger_id: command.trigger_id, view }) });
    });
    app.view('ask', async (args) => { await args.ack(ack); inbox.put(args); });
    app.view({ callback_id: 'ask', type: 'view_closed' }, async (args) => { await args.ack(); inbox.put(args); });
  });
  await world.act('command', { name: '/ask' });
  const { opened } = await inbox.next((item) => item.opened);
  return { inbox, opened: opened.view };
}

group('interactive', () => {
  check('a command is acked and answered through respond', async (world) => {
    const inbox = new Inbox();
    await world.bolt((app) => app.command('/ocr', async ({ command, ack, respond }) => {
      await ack();
      await respond('to you');
      await respond({ text: 'to all', response_type: 'in_channel' });
      inbox.put(command);
    }));
    await world.act('command', { name: '/ocr', text: 'last one' });
    const command = await inbox.next();
    assert.equal(command.command, '/ocr');
    assert.equal(command.text, 'last one');
    assert.equal(command.user_id, world.user);
    assert.equal(command.channel_id, world.channel);
    assert.equal(command.channel_name, 'general');
    assert.ok(command.trigger_id);
    assert.deepEqual(await ephemeral(world), ['to you']);
    assert.deepEqual((await world.act('messages')).map((m) => m.text), ['to all']);
  });

  check('the ack of a command may be its answer', async (world) => {
    let answer = 'a string';
    await world.bolt((app) => app.command('/ocr', async ({ ack }) => { await ack(answer); }));
    await world.act('command', { name: '/ocr' });
    answer = { text: 'with blocks', blocks: [{ type: 'divider' }] };
    await world.act('command', { name: '/ocr' });
    answer = { text: 'for all', response_type: 'in_channel' };
    await world.act('command', { name: '/ocr' });
    assert.deepEqual(await ephemeral(world), ['a string', 'with blocks']);
    assert.deepEqual((await world.act('messages')).map((m) => m.text), ['for all']);
  });

  check('a command that nobody acks fails for the person', async (world) => {
    await assert.rejects(world.act('command', { name: '/ocr' }), { code: 'dispatch_failed' });
    await world.bolt((app) => app.command('/other', async ({ ack }) => { await ack(); }));
    await assert.rejects(world.act('command', { name: '/ocr' }), { code: 'operation_timeout' });
  }, { strict: true });

  check('respond works five times', async (world) => {
    const inbox = new Inbox();
    await world.bolt((app) => app.command('/ocr', async ({ ack, respond }) => { await ack(); inbox.put(respond); }));
    await world.act('command', { name: '/ocr' });
    const respond = await inbox.next();
    for (let i = 0; i < 5; i++) await respond(`${i}`);
    await assert.rejects(respond('6'), { statusCode: 404 });
    assert.equal((await ephemeral(world)).length, 5);
  });

  check('a button press comes as block_actions', async (world) => {
    const inbox = new Inbox();
    await world.bolt((app) => app.action('stop', async ({ ack, action, body, respond }) => {
      await ack();
      await respond({ text: 'stopped', replace_original: true });
      inbox.put({ action, body });
    }));
    const { ts } = await world.web().chat.postMessage({ channel: world.channel, text: 'Reading…', blocks: buttons('stop', 'go') });
    await world.act('press', { ts, name: 'stop' });
    const { action, body } = await inbox.next();
    assert.equal(action.type, 'button');
    assert.equal(action.block_id, 'row');
    assert.equal(action.value, 'v-stop');
    assert.ok(action.action_ts);
    assert.equal(body.user.id, world.user);
    assert.equal(body.channel.id, world.channel);
    assert.equal(body.message.ts, ts);
    assert.equal(body.container.message_ts, ts);
    assert.equal(body.container.type, 'message');
    assert.deepEqual(body.state, { values: {} });
    const [message] = await world.act('messages');
    assert.equal(message.text, 'stopped');
    assert.equal(message.blocks, undefined);
  });

  check('respond can take a message away', async (world) => {
    const inbox = new Inbox();
    await world.bolt((app) => app.action('away', async ({ ack, respond }) => { await ack(); await respond({ delete_original: true }); inbox.put(1); }));
    const { ts } = await world.web().chat.postMessage({ channel: world.channel, text: 'x', blocks: buttons('away') });
    await world.act('press', { ts, name: 'away' });
    await inbox.next();
    assert.deepEqual(await world.act('messages'), []);
  });

  check('what is not public is not named', async (world) => {
    const names = new Inbox();
    await world.bolt((app) => {
      app.command('/ocr', async ({ ack, command }) => { await ack(); names.put(command.channel_name); });
      app.action('stop', async ({ ack, body }) => { await ack(); names.put(body.channel.name); });
    });
    const dm = await world.act('dm', { users: [world.user, world.botUserId] });
    const secret = await world.act('channel', { name: 'secret', private: true, users: [world.user, world.botUserId] });
    for (const [channel, name] of [[world.channel, 'general'], [dm, 'directmessage'], [secret, 'privategroup']]) {
      await world.act('command', { channel, name: '/ocr' });
      assert.equal(await names.next(), name);
      const { ts } = await world.web().chat.postMessage({ channel, text: 'x', blocks: buttons('stop') });
      await world.act('press', { channel, ts, name: 'stop' });
      assert.equal(await names.next(), name);
    }
  });

  check('the ack of a press says nothing', async (world) => {
    await world.bolt((app) => app.action('stop', async ({ ack }) => { await ack({ text: 'not shown' }); }));
    const { ts } = await world.web().chat.postMessage({ channel: world.channel, text: 'x', blocks: buttons('stop') });
    await world.act('press', { ts, name: 'stop' });
    assert.deepEqual(await ephemeral(world), []);
    assert.equal((await world.act('messages')).length, 1);
  });

  check('a message shortcut brings the message', async (world) => {
    const inbox = new Inbox();
    await world.bolt((app) => app.shortcut({ callback_id: 'extract', type: 'message_action' }, async ({ ack, shortcut, respond }) => {
      await ack();
      await respond('on it');
      inbox.put(shortcut);
    }));
    const ts = await world.act('post', { text: 'read me', files: [{ Name: 'a.png', Data: 'AAAA' }] });
    await world.act('shortcut', { ts, name: 'extract' });
    const shortcut = await inbox.next();
    assert.equal(shortcut.message.ts, ts);
    assert.equal(shortcut.message_ts, ts);
    assert.equal(shortcut.message.files[0].name, 'a.png');
    assert.equal(shortcut.channel.id, world.channel);
    assert.ok(shortcut.trigger_id);
    assert.deepEqual(await ephemeral(world), ['on it']);
  });

  check('a trigger opens one window', async (world) => {
    const inbox = new Inbox();
    await world.bolt((app) => app.command('/ask', async ({ ack, command }) => { await ack(); inbox.put(command.trigger_id); }));
    await world.act('command', { name: '/ask' });
    const trigger_id = await inbox.next();
    const web = world.web();
    const { view } = await web.views.open({ trigger_id, view: modal('One') });
    assert.ok(view.id.startsWith('V'));
    assert.equal(view.callback_id, 'ask');
    assert.equal(view.root_view_id, view.id);
    assert.equal(view.app_installed_team_id, view.team_id);
    assert.equal((await refusal(web.views.open({ trigger_id, view: modal('Two') }))).error, 'exchanged_trigger_id');
    assert.equal((await refusal(web.views.open({ trigger_id: '1.2', view: modal('Two') }))).error, 'invalid_trigger_id');
    const changed = await web.views.update({ view_id: view.id, hash: view.hash, view: modal('Changed') });
    assert.equal(changed.view.id, view.id);
    assert.equal(changed.view.title.text, 'Changed');
    assert.equal((await refusal(web.views.update({ view_id: view.id, hash: view.hash, view: modal('Late') }))).error, 'hash_conflict');
  });

  check('an ack closes the window', async (world) => {
    const { inbox, opened } = await asking(world, modal('Who?', { private_metadata: 'kept' }));
    await world.act('submit', { view: opened.id, values: { name: ['Ada'] } });
    const { view, body, context } = await inbox.next();
    assert.equal(view.id, opened.id);
    assert.equal(view.private_metadata, 'kept');
    assert.deepEqual(view.state.values.name.typed, { type: 'plain_text_input', value: 'Ada' });
    assert.equal(body.type, 'view_submission');
    assert.equal(body.api_app_id, world.appId);
    assert.deepEqual(body.response_urls, []);
    assert.equal(context.userId, world.user);
    assert.equal(await world.act('views'), null);
    await assert.rejects(world.act('submit', { view: opened.id, values: { name: ['Ada'] } }), { code: 'not_found' });
  });

  check('an ack with errors keeps the window', async (world) => {
    const { opened } = await asking(world, modal('Who?'), { response_action: 'errors', errors: { name: 'not you' } });
    assert.deepEqual(await world.act('submit', { view: opened.id, values: { name: ['Ada'] } }), { name: 'not you' });
    assert.equal((await world.act('views')).length, 1);
  });

  check('an ack changes the window', async (world) => {
    const { opened } = await asking(world, modal('Who?'), { response_action: 'update', view: modal('Thanks') });
    await world.act('submit', { view: opened.id, values: { name: ['Ada'] } });
    const [view, ...more] = await world.act('views');
    assert.deepEqual(more, []);
    assert.equal(view.id, opened.id);
    assert.equal(view.title.text, 'Thanks');
  });

  check('an ack pushes a window, and the next clears all', async (world) => {
    const ack = { response_action: 'push', view: modal('More?') };
    const { opened } = await asking(world, modal('Who?'), ack);
    await world.act('submit', { view: opened.id, values: { name: ['Ada'] } });
    const [first, second] = await world.act('views');
    assert.equal(first.id, opened.id);
    assert.equal(second.previous_view_id, first.id);
    assert.equal(second.root_view_id, first.id);
    ack.response_action = 'clear';
    delete ack.view;
    await world.act('submit', { view: second.id, values: { name: ['Grace'] } });
    assert.equal(await world.act('views'), null);
  });

  check('a closed window is told where it asks for that', async (world) => {
    const { inbox, opened } = await asking(world, modal('Who?', { notify_on_close: true }));
    await world.act('closeView', { view: opened.id });
    const { body, view } = await inbox.next();
    assert.equal(body.type, 'view_closed');
    assert.equal(body.is_cleared, false);
    assert.equal(body.trigger_id, undefined);
    assert.equal(view.id, opened.id);
    assert.equal(await world.act('views'), null);
  });

  check('an App Home is published', async (world) => {
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'Hello' } }];
    const home = { user_id: world.user, view: { type: 'home', blocks } };
    const { view } = await world.web().views.publish(home);
    assert.equal(view.type, 'home');
    const again = await world.web().views.publish({ ...home, hash: view.hash });
    assert.equal(again.view.id, view.id);
    assert.equal((await world.act('views')).length, 1);
    assert.equal((await refusal(world.web().views.publish({ ...home, hash: view.hash }))).error, 'hash_conflict');
  });
});
