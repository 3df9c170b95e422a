'use strict';
// What every check needs: a workspace of its own, clients for it, and a way to
// wait for what an app gets. The workspaces live in the Go test, which also lets
// the checks act as people (post, press, …) and switch faults on.

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');
const { App, LogLevel } = require('@slack/bolt');
const { SocketModeClient } = require('@slack/socket-mode');
const { WebClient } = require('@slack/web-api');

const patience = 20_000; // ms that a check waits for one thing

// ask calls the Go test. What it refuses is thrown with Slack's code.
async function ask(path, params = {}) {
  const answer = await fetch(process.env.LOCALSLACK_CONTROL + path, { method: 'POST', body: JSON.stringify(params) });
  const { error, result } = await answer.json();
  if (error) throw Object.assign(new Error(`${path}: ${error}`), { code: error });
  return result;
}

// Inbox keeps what an app got until the check asks for it.
class Inbox {
  all = [];
  #unread = [];
  #waiting = [];

  put(item) {
    this.all.push(item);
    const i = this.#waiting.findIndex(({ match }) => match(item));
    if (i < 0) this.#unread.push(item);
    else this.#waiting.splice(i, 1)[0].resolve(item);
  }

  // next is the first unread item that match accepts, now or when it comes.
  next(match = () => true) {
    const i = this.#unread.findIndex(match);
    if (i >= 0) return Promise.resolve(this.#unread.splice(i, 1)[0]);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing such came within ${patience} ms; unread: ${JSON.stringify(this.#unread)}`)), patience);
      this.#waiting.push({ match, resolve: (item) => { clearTimeout(timer); resolve(item); } });
    });
  }
}

// World is a workspace with an installed app, two people and a channel in which
// all of them are.
class World {
  constructor(t, made) {
    this.t = t;
    Object.assign(this, made);
  }

  // act does something from outside the app, such as post, press or fail.
  act(name, params) {
    return ask(`/worlds/${this.id}/${name}`, params);
  }

  // web is a Web API client, with the bot's token unless told otherwise.
  web(token = this.botToken, options = {}) {
    return new WebClient(token, { slackApiUrl: this.api, logLevel: LogLevel.ERROR, ...options });
  }

  // socket is a Socket Mode client that ends with the check. It is not started.
  socket(options = {}) {
    const client = new SocketModeClient({
      appToken: this.appToken, logLevel: LogLevel.ERROR, clientOptions: { slackApiUrl: this.api }, ...options,
    });
    this.t.after(() => client.disconnect());
    return client;
  }

  // bolt starts a Bolt app that ends with the check.
  async bolt(setup, options = {}) {
    const app = new App({
      token: this.botToken, appToken: this.appToken, socketMode: true, logLevel: LogLevel.ERROR,
      clientOptions: { slackApiUrl: this.api }, ...options,
    });
    setup(app);
    this.t.after(() => app.stop());
    await app.start();
    return app;
  }

  // listen starts a Bolt app that collects the events of these types.
  async listen(types, options) {
    const inbox = new Inbox();
    await this.bolt((app) => {
      for (const type of types) {
        app.event(type, async ({ event, body, context }) => inbox.put({ event, body, context }));
      }
    }, options);
    return inbox;
  }
}

let current = ''; // the group that is being declared

// check declares one check, which gets a workspace of its own. With { strict: true }
// an app has Slack's three seconds for an ack, otherwise more, since this machine may
// be busy.
function check(name, run, options = {}) {
  it(`${current}/${name}`, { timeout: 55_000 }, async (t) => run(new World(t, await ask('/worlds', options))));
}

// group declares checks that run side by side.
function group(name, declare, concurrency = 6) {
  describe(name, { concurrency }, () => {
    current = name;
    declare();
  });
}

// refusal is the error that the SDK throws for an answer that is not ok.
async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error.data ?? error;
  }
  assert.fail('the call was not refused');
}

module.exports = { Inbox, check, group, refusal, assert, patience };
