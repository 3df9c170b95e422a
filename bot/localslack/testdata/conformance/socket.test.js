'use strict';
const { Inbox, check, group, assert } = require('./harness');

// connected starts a client whose acked events go into an inbox.
async function connected(world, options) {
  const client = world.socket(options);
  const inbox = new Inbox();
  client.on('message', async ({ ack, event, envelope_id, retry_num, retry_reason }) => {
    await ack();
    inbox.put({ text: event.text, envelope_id, retry_num, retry_reason });
  });
  await client.start();
  return { client, inbox };
}

const restarted = (client) => new Promise((resolve) => { client.once('reconnecting', () => client.once('connected', resolve)); });

group('socket', () => {
  check('a client connects and acks', async (world) => {
    const { inbox } = await connected(world);
    await world.act('wait', { connections: 1 });
    await world.act('post', { text: 'one' });
    const got = await inbox.next();
    assert.equal(got.text, 'one');
    assert.equal(got.retry_num, 0);
    await world.act('wait', { pending: 0 });
  });

  check('a client that was dropped comes back', async (world) => {
    const { client, inbox } = await connected(world);
    const again = restarted(client);
    await world.act('closeSockets');
    await world.act('wait', { connections: 0 });
    await world.act('post', { text: 'while away' });
    await again;
    await world.act('wait', { connections: 1 });
    await world.act('post', { text: 'are you there?' });
    await inbox.next(({ text }) => text === 'are you there?');
    await world.act('wait', { pending: 1 }); // the other one waits for its second try
  });

  for (const reason of ['warning', 'refresh_requested']) {
    check(`a client that is told to go (${reason}) comes back`, async (world) => {
      const { client, inbox } = await connected(world);
      const again = restarted(client);
      await world.act('disconnect', { reason });
      await world.act('wait', { connections: 0 });
      await again;
      await world.act('post', { text: 'are you there?' });
      await inbox.next(({ text }) => text === 'are you there?');
      await world.act('wait', { connections: 1, pending: 0 });
    });
  }

  check('Bolt comes back too', async (world) => {
    const inbox = new Inbox();
    const app = await world.bolt((bolt) => bolt.message(async ({ message }) => inbox.put(message)));
    const again = restarted(app.receiver.client);
    await world.act('disconnect', { reason: 'refresh_requested' });
    await again;
    await world.act('post', { text: 'are you there?' });
    assert.equal((await inbox.next()).text, 'are you there?');
  });

  check('what was not acked comes again', async (world) => {
    const client = world.socket();
    const inbox = new Inbox();
    client.on('message', async (args) => {
      if (args.retry_num > 0) await args.ack();
      inbox.put(args);
    });
    await client.start();
    const sent = Date.now();
    await world.act('post', { text: 'hear me' });
    const first = await inbox.next();
    const second = await inbox.next();
    assert.ok(Date.now() - sent >= 2900, 'it came again before its three seconds were over');
    assert.deepEqual([first.retry_num, second.retry_num], [0, 1]);
    assert.equal(second.retry_reason, 'timeout');
    assert.equal(second.body.event_id, first.body.event_id);
    assert.deepEqual(second.event, first.event);
    assert.notEqual(second.envelope_id, first.envelope_id);
    await world.act('wait', { pending: 0 });
  }, { strict: true });

  check('a lost ack brings the event again', async (world) => {
    await world.act('fail', { fault: { method: 'ack', times: 1 } });
    const { inbox } = await connected(world);
    await world.act('post', { text: 'twice' });
    await inbox.next();
    assert.equal((await inbox.next()).retry_num, 1);
    await world.act('wait', { pending: 0 });
  }, { strict: true });

  check('two connections share the events, and none comes twice', async (world) => {
    const [a, b] = [await connected(world), await connected(world)];
    await world.act('wait', { connections: 2 });
    const sent = Array.from({ length: 10 }, (_, i) => `${i}`);
    for (const text of sent) await world.act('post', { text });
    await world.act('wait', { pending: 0 });
    const texts = [a, b].map(({ inbox }) => inbox.all.map(({ text }) => text));
    assert.deepEqual(texts.flat().sort(), sent);
    assert.ok(texts.every((t) => t.length > 0), 'one of them got nothing');
  });

  check('when one connection goes the other gets everything', async (world) => {
    const [a, b] = [await connected(world), await connected(world)];
    await a.client.disconnect();
    await world.act('wait', { connections: 1 });
    for (const text of ['1', '2', '3']) await world.act('post', { text });
    await world.act('wait', { pending: 0 });
    assert.deepEqual(b.inbox.all.map(({ text }) => text), ['1', '2', '3']);
  });

  check('pings come, and pings are answered', async (world) => {
    const pings = new Inbox();
    const reconnects = [];
    const quiet = () => {};
    const logger = {
      debug: (message) => { if (message.includes('received p')) pings.put(message); },
      info: quiet, warn: quiet, error: quiet, setLevel: quiet, setName: quiet, getLevel: () => 'debug',
    };
    // With these limits the client would leave a server that is slow to ping or answer.
    const { client } = await connected(world, { logger, pingPongLoggingEnabled: true, serverPingTimeout: 15_000, clientPingTimeout: 2_000 });
    client.on('close', () => reconnects.push('closed'));
    await pings.next((message) => message.includes('received pong'));
    await pings.next((message) => message.includes('received ping'));
    await pings.next((message) => message.includes('received ping'));
    assert.deepEqual(reconnects, []);
  });

  check('a bad app-level token ends the client', async (world) => {
    await assert.rejects(world.socket({ appToken: 'xapp-1-none' }).start(), { data: { ok: false, error: 'invalid_auth', response_metadata: {} } });
    await world.act('revoke', { token: world.appToken });
    await assert.rejects(world.socket().start(), { data: { ok: false, error: 'invalid_auth', response_metadata: {} } });
  });
}, 20);
