// Messages on their way: shown at once, with the progress of their files, until the workspace has them.
import { isReply } from "./store.js";
import { escape } from "./tokens.js";

export class Outbox {
  /** changed is called when what waits has changed. */
  constructor(store, changed) {
    Object.assign(this, { store, changed });
    this.items = [];
  }

  /** waiting lists what is on its way to a channel, or to a thread of it, as messages to draw. */
  waiting(channel, thread) {
    return this.items.filter((i) => i.post.channel === channel && i.post.thread === thread).map((i) => i.message);
  }

  message(ts) {
    return this.items.find((i) => i.message.ts === ts)?.message;
  }

  /** post sends a message. post.files are the composer's entries {file, url}. */
  post(post, send) {
    const files = post.files.map(({ file, url }, n) => ({ id: `local-${n}`, name: file.name, size: file.size, preview: url }));
    // A local time as key: it sorts last, and is replaced by the real one.
    const ts = (Date.now() / 1000).toFixed(6);
    const item = { post, message: { ts, user: this.store.me, text: escape(post.text), files, pending: { part: 0 } } };
    this.items.push(item);
    this.send(item, send);
  }

  async send(item, send) {
    this.update(item, { part: 0 });
    try {
      await send({ ...item.post, files: item.post.files.map((f) => f.file) }, (part) => this.update(item, { part }));
      this.remove(item);
    } catch (err) {
      this.update(item, { error: err.message });
    }
  }

  update(item, pending) {
    item.message = { ...item.message, pending };
    this.changed();
  }

  /** arrived drops the copy of an own message that has come back by the stream, before its request was answered. */
  arrived(channel, message) {
    const thread = isReply(message) ? message.thread_ts : "";
    const sent = this.items.find((i) => !i.message.pending.error && i.post.channel === channel && i.post.thread === thread && i.post.files.length === (message.files || []).length);
    if (sent) this.remove(sent);
  }

  retry(ts, send) {
    const item = this.items.find((i) => i.message.ts === ts);
    if (item) this.send(item, send);
  }

  discard(ts) {
    const item = this.items.find((i) => i.message.ts === ts);
    if (item) this.remove(item);
  }

  remove(item) {
    if (!this.items.includes(item)) return;
    this.items = this.items.filter((i) => i !== item);
    for (const { url } of item.post.files) if (url) URL.revokeObjectURL(url);
    this.changed();
  }
}
