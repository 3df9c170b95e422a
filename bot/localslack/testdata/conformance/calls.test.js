'use strict';
const { WebClientEvent } = require('@slack/web-api');
const { check, group, refusal, assert } = require('./harness');

const quick = { retryConfig: { retries: 2, minTimeout: 10, maxTimeout: 50 } };

group('calls', () => {
  check('auth.test says who the app is', async (world) => {
    const me = await world.web().auth.test();
    assert.equal(me.user_id, world.botUserId);
    assert.equal(me.bot_id, world.botId);
    assert.ok(me.team_id.startsWith('T'));
    assert.equal(me.is_enterprise_install, false);
    assert.ok(me.response_metadata.scopes.includes('chat:write'));
    assert.equal(me.url, 'https://local.slack.com/');
  });

  check('accepted scopes are named', async (world) => {
    const sent = await world.web().chat.postMessage({ channel: world.channel, text: 'x' });
    assert.deepEqual(sent.response_metadata.acceptedScopes, ['chat:write']);
  });

  check('a bad token is refused', async (world) => {
    const bad = await refusal(world.web('xoxb-not-a-token').auth.test());
    assert.deepEqual([bad.ok, bad.error], [false, 'invalid_auth']);
    assert.equal((await refusal(world.web('').auth.test())).error, 'not_authed');
    assert.equal((await refusal(world.web(world.appToken).auth.test())).error, 'not_allowed_token_type');
    assert.equal((await refusal(world.web().apps.connections.open())).error, 'not_allowed_token_type');
  });

  check('a revoked token is refused', async (world) => {
    const web = world.web();
    await web.auth.test();
    await world.act('revoke', { token: world.botToken });
    assert.equal((await refusal(web.auth.test())).error, 'token_revoked');
  });

  check('a missing scope is named', async (world) => {
    const missing = await refusal(world.web().reactions.add({ channel: world.channel, timestamp: '1', name: 'eyes' }));
    assert.equal(missing.error, 'missing_scope');
    assert.equal(missing.needed, 'reactions:write');
    assert.equal(missing.provided, 'chat:write,channels:read');
  }, { scopes: ['chat:write', 'channels:read'], events: [] });

  check('an unknown method is refused', async (world) => {
    assert.equal((await refusal(world.web().apiCall('chat.shout'))).error, 'unknown_method');
  });

  check('errors of arguments have their codes', async (world) => {
    const web = world.web();
    assert.equal((await refusal(web.chat.postMessage({ channel: 'C0', text: 'x' }))).error, 'channel_not_found');
    const hidden = await world.act('channel', { name: 'hidden', private: true, users: [world.user] });
    assert.equal((await refusal(web.conversations.info({ channel: hidden }))).error, 'channel_not_found');
    const elsewhere = await world.act('channel', { name: 'elsewhere', users: [world.user] });
    assert.equal((await refusal(web.chat.postMessage({ channel: elsewhere, text: 'x' }))).error, 'not_in_channel');
    await web.conversations.join({ channel: elsewhere });
    await web.chat.postMessage({ channel: elsewhere, text: 'x' });
    assert.equal((await refusal(web.users.info({ user: 'U0' }))).error, 'user_not_found');
  });

  check("the SDK's own retry gets over a 429", async (world) => {
    const web = world.web(undefined, quick);
    const told = [];
    web.on(WebClientEvent.RATE_LIMITED, (seconds) => told.push(seconds));
    await world.act('fail', { fault: { method: 'chat.postMessage', times: 1, status: 429, retryAfter: 1e9 } });
    const { ok } = await web.chat.postMessage({ channel: world.channel, text: 'at last' });
    assert.equal(ok, true);
    assert.deepEqual(told, [1]);
    assert.equal((await world.act('messages')).length, 1);
  });

  check('a channel takes some posts at once, then says how long to wait', async (world) => {
    const hasty = world.web(undefined, { rejectRateLimitedCalls: true });
    const posts = await Promise.allSettled(Array.from({ length: 15 }, () => hasty.chat.postMessage({ channel: world.channel, text: 'now' })));
    const refused = posts.filter(({ status }) => status === 'rejected');
    assert.ok(refused.length > 0 && refused.length <= 10, `${refused.length} of 15 were refused`);
    for (const { reason } of refused) assert.equal(reason.retryAfter, 1);
    await world.web().chat.postMessage({ channel: world.channel, text: 'in time' });
    assert.equal((await world.act('messages')).at(-1).text, 'in time');
  });

  check('other failures reach the SDK as what they are', async (world) => {
    const web = world.web(undefined, { retryConfig: { retries: 0 } });
    await world.act('fail', { fault: { method: 'auth.test', times: 1, status: 503 } });
    await assert.rejects(web.auth.test(), { statusCode: 503 });
    await world.act('fail', { fault: { method: 'auth.test', times: 1, reset: true } });
    await assert.rejects(web.auth.test(), { code: 'slack_webapi_request_error' });
    await world.act('fail', { fault: { method: 'auth.test', times: 1, error: 'internal_error' } });
    assert.equal((await refusal(web.auth.test())).error, 'internal_error');
    await web.auth.test();
  });

  check('an applied call whose answer was lost is done twice by a retry', async (world) => {
    const web = world.web(undefined, quick);
    await world.act('fail', { fault: { method: 'chat.postMessage', times: 1, applied: true, reset: true } });
    await web.chat.postMessage({ channel: world.channel, text: 'once?' });
    assert.equal((await world.act('messages')).length, 2);
  });
});
