'use strict';
const { Inbox, check, group, refusal, assert } = require('./harness');

// The start of a PNG file and bytes that no text survives with.
const picture = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from(Uint8Array.from({ length: 2000 }, (_, i) => i))]);
const upload = { Name: 'page one.png', Data: picture.toString('base64') };

async function download(url, token) {
  const answer = await fetch(url, { headers: token ? { Authorization: `Bearer ${token}` } : {} });
  return { status: answer.status, type: answer.headers.get('content-type'), bytes: Buffer.from(await answer.arrayBuffer()) };
}

group('files', () => {
  check("a person's files come with their message", async (world) => {
    const inbox = await world.listen(['message', 'file_shared']);
    await world.act('post', { text: 'two', files: [upload, { ...upload, Name: 'doc.pdf' }] });
    const { event } = await inbox.next(({ event }) => event.type === 'message');
    assert.equal(event.subtype, 'file_share');
    assert.equal(event.text, 'two');
    assert.equal(event.upload, true);
    const [file, pdf] = event.files;
    assert.equal(file.name, 'page one.png');
    assert.equal(file.mimetype, 'image/png');
    assert.equal(file.filetype, 'png');
    assert.equal(file.size, picture.length);
    assert.equal(file.mode, 'hosted');
    assert.equal(file.is_external, false);
    assert.equal(file.user, world.user);
    assert.equal(pdf.mimetype, 'application/pdf');
    const shared = await inbox.next(({ event }) => event.type === 'file_shared');
    assert.equal(shared.event.file_id, file.id);
    assert.equal(shared.event.file.id, file.id);
    assert.equal(shared.event.channel_id, world.channel);
  });

  check('a download needs the token', async (world) => {
    const inbox = await world.listen(['message']);
    await world.act('post', { files: [upload] });
    const [file] = (await inbox.next()).event.files;
    for (const url of [file.url_private, file.url_private_download]) {
      const whole = await download(url, world.botToken);
      assert.equal(whole.type, 'image/png');
      assert.deepEqual(whole.bytes, picture);
      for (const token of [undefined, 'xoxb-not-a-token', world.appToken]) {
        const page = await download(url, token);
        assert.equal(page.status, 200);
        assert.match(page.type, /^text\/html/);
      }
    }
  });

  check('a download needs files:read', async (world) => {
    const inbox = await world.listen(['message']);
    await world.act('post', { files: [upload] });
    const [file] = (await inbox.next()).event.files;
    assert.match((await download(file.url_private, world.botToken)).type, /^text\/html/);
    assert.equal((await refusal(world.web().files.info({ file: file.id }))).needed, 'files:read');
  }, { scopes: ['channels:history'], events: ['message.channels'] });

  check('files.info says where a file is', async (world) => {
    const inbox = await world.listen(['message']);
    const ts = await world.act('post', { files: [upload] });
    const [{ id }] = (await inbox.next()).event.files;
    const { file } = await world.web().files.info({ file: id });
    assert.equal(file.id, id);
    assert.deepEqual(file.channels, [world.channel]);
    assert.equal(file.shares.public[world.channel][0].ts, ts);
    assert.deepEqual((await download(file.url_private, world.botToken)).bytes, picture);
    assert.equal((await refusal(world.web().files.info({ file: 'F0' }))).error, 'file_not_found');
  });

  check('a file is uploaded in three steps into a thread', async (world) => {
    const inbox = await world.listen(['message'], { ignoreSelf: false });
    const web = world.web();
    const ts = await world.act('post', { text: 'question' });
    const done = await web.files.uploadV2({
      channel_id: world.channel, thread_ts: ts, filename: 'result.md', title: 'The result', initial_comment: 'as a file', content: '# Résumé\n',
    });
    const [file] = done.files[0].files;
    assert.equal(file.name, 'result.md');
    assert.equal(file.title, 'The result');
    const { event } = await inbox.next(({ event }) => event.subtype === 'file_share');
    assert.equal(event.thread_ts, ts);
    assert.equal(event.text, 'as a file');
    assert.equal(event.bot_id, world.botId);
    const own = event.files.find((f) => f.id === file.id);
    assert.equal((await download(own.url_private_download, world.botToken)).bytes.toString(), '# Résumé\n');
    assert.equal((await web.files.info({ file: file.id })).file.size, 11);
  });

  check('several files make one message', async (world) => {
    await world.web().files.uploadV2({
      channel_id: world.channel, initial_comment: 'both',
      file_uploads: [{ file: picture, filename: 'a.png' }, { file: Buffer.from('b'), filename: 'b.txt' }],
    });
    const [message, ...more] = await world.act('messages');
    assert.deepEqual(more, []);
    assert.deepEqual(message.files.map((f) => f.name), ['a.png', 'b.txt']);
    assert.equal(message.text, 'both');
  });

  check('an upload is kept to oneself until it is shared', async (world) => {
    const done = await world.web().files.uploadV2({ filename: 'mine.txt', content: 'mine' });
    assert.deepEqual(await world.act('messages'), []);
    const { file } = await world.web().files.info({ file: done.files[0].files[0].id });
    assert.equal(file.user, world.botUserId);
    assert.equal(file.is_public, false);
  });

  check('sharing wants membership', async (world) => {
    const channel = await world.act('channel', { name: 'elsewhere', users: [world.user] });
    const refused = await refusal(world.web().files.uploadV2({ channel_id: channel, filename: 'a.txt', content: 'a' }));
    assert.equal(refused.error, 'not_in_channel');
  });

  check('a deleted file is announced', async (world) => {
    const inbox = await world.listen(['message', 'file_deleted']);
    await world.act('post', { text: 'look', files: [upload] });
    const [{ id, url_private: url }] = (await inbox.next()).event.files;
    await world.act('deleteFile', { file: id });
    const { event } = await inbox.next(({ event }) => event.type === 'file_deleted');
    assert.equal(event.file_id, id);
    const changed = await inbox.next(({ event }) => event.subtype === 'message_changed');
    assert.equal(changed.event.message.files[0].mode, 'tombstone');
    assert.equal((await refusal(world.web().files.info({ file: id }))).error, 'file_deleted');
    assert.match((await download(url, world.botToken)).type, /^text\/html/);
  });

  check('an app deletes its own files only', async (world) => {
    const inbox = await world.listen(['message']);
    await world.act('post', { files: [upload] });
    const [{ id }] = (await inbox.next()).event.files;
    const web = world.web();
    assert.equal((await refusal(web.files.delete({ file: id }))).error, 'cant_delete_file');
    const done = await web.files.uploadV2({ filename: 'mine.txt', content: 'mine' });
    const own = done.files[0].files[0].id;
    await web.files.delete({ file: own });
    assert.equal((await refusal(web.files.info({ file: own }))).error, 'file_deleted');
  });

  check('a window takes files', async (world) => {
    const inbox = new Inbox();
    await world.bolt((app) => {
      app.command('/ocr', async ({ ack, client, body }) => {
        await ack();
        await client.views.open({ trigger_id: body.trigger_id, view: uploadWindow(body.channel_id) });
      });
      app.view('upload', async ({ ack, view, body }) => { await ack(); inbox.put({ view, body }); });
    });
    await world.act('command', { name: '/ocr' });
    const open = await windowOf(world);
    assert.deepEqual(await world.act('submit', { view: open.id }), { pages: 'Please complete this required field.' });
    const wrong = await world.act('submit', { view: open.id, picked: { pages: [{ ...upload, Name: 'tune.mp3' }] } });
    assert.deepEqual(Object.keys(wrong), ['pages']);
    await world.act('submit', { view: open.id, picked: { pages: [upload] }, values: { mode: ['figure'], note: ['for Ada'] } });
    const { view, body } = await inbox.next();
    assert.equal(inbox.all.length, 1);
    assert.equal(body.type, 'view_submission');
    assert.equal(body.user.id, world.user);
    assert.equal(view.private_metadata, world.channel);
    const { values } = view.state;
    assert.equal(values.mode.which.selected_option.value, 'figure');
    assert.equal(values.mode.which.selected_option.text.text, 'Figure');
    assert.equal(values.note.words.value, 'for Ada');
    const [file] = values.pages.files.files;
    assert.equal(values.pages.files.type, 'file_input');
    assert.equal(file.name, 'page one.png');
    assert.deepEqual((await download(file.url_private_download, world.botToken)).bytes, picture);
    assert.equal((await world.web().files.info({ file: file.id })).file.user, world.user);
    assert.deepEqual(await world.act('views'), null); // none is open
  });
});

function uploadWindow(channel) {
  const plain = (text) => ({ type: 'plain_text', text });
  const option = (value, text) => ({ value, text: plain(text) });
  return {
    type: 'modal', callback_id: 'upload', private_metadata: channel, title: plain('Read images'), submit: plain('Read'),
    blocks: [
      { type: 'input', block_id: 'pages', label: plain('Images'), element: { type: 'file_input', action_id: 'files', filetypes: ['png', 'jpg'], max_files: 5 } },
      { type: 'input', block_id: 'mode', label: plain('Mode'), element: { type: 'static_select', action_id: 'which', initial_option: option('text', 'Text'), options: [option('text', 'Text'), option('figure', 'Figure')] } },
      { type: 'input', block_id: 'note', optional: true, label: plain('Note'), element: { type: 'plain_text_input', action_id: 'words' } },
    ],
  };
}

// windowOf is the window that the person has open, as soon as there is one.
async function windowOf(world) {
  await world.act('wait', { views: 1 });
  return (await world.act('views')).at(-1);
}
