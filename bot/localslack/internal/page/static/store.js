// What this page knows of the workspace: a snapshot, kept current by changes.

/** byTS orders messages: timestamps are decimal strings of one length. */
const byTS = (a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0);

export class Store {
  constructor() {
    this.load({});
  }

  /** load replaces everything by a snapshot, save what only this page was told. */
  load(state) {
    const whispers = [...(this.messages || [])].flatMap(([channel, known]) => [...known.values()].filter((m) => m.ephemeral).map((m) => [channel, m]));
    this.seq = state.seq || 0;
    this.version = (this.version || 0) + 1; // of names: they appear in messages
    this.team = state.team || {};
    this.me = state.me || "";
    this.note = state.note || "";
    this.users = new Map((state.users || []).map((u) => [u.id, u]));
    this.channels = new Map((state.channels || []).map((c) => [c.id, c]));
    this.apps = state.apps || [];
    this.messages = new Map();
    for (const [channel, list] of Object.entries(state.messages || {})) {
      this.messages.set(channel, new Map([...(list || [])].sort(byTS).map((m) => [m.ts, m])));
    }
    for (const [channel, m] of whispers) this.messages.get(channel)?.set(m.ts, m);
    this.names = {
      me: this.me,
      user: (id) => this.userName(id),
      channel: (id) => this.channels.get(id)?.name || id,
    };
  }

  /** apply takes one change in and answers {channel, message, kind: "new" | "edit" (of what it says) | "delete" | "other"}. */
  apply(change) {
    this.seq = change.seq || this.seq;
    const channel = change.channel;
    const known = this.messages.get(channel) || new Map();
    switch (change.type) {
      case "message":
      case "ephemeral": {
        const message = change.type === "ephemeral" ? { ...change.message, ephemeral: true } : change.message;
        const old = known.get(message.ts);
        // A new reply changes its parent's counters: that is no edit of the parent.
        const kind = !old ? "new" : JSON.stringify([old.text, old.blocks]) !== JSON.stringify([message.text, message.blocks]) ? "edit" : "other";
        known.set(message.ts, message);
        this.messages.set(channel, known);
        return { channel, message, kind };
      }
      case "message_deleted": {
        const message = known.get(change.ts);
        known.delete(change.ts);
        return { channel, message, kind: "delete" };
      }
      case "channel":
        this.version++;
        if (change.channel_info) this.channels.set(change.channel_info.id, change.channel_info);
        break;
      case "channel_gone":
        this.channels.delete(change.ts);
        this.messages.delete(change.ts);
        break;
      case "app":
        this.apps = [...this.apps.filter((a) => a.id !== change.app.id), change.app];
        break;
      case "user":
        this.version++;
        if (change.user) this.users.set(change.user.id, change.user);
    }
    return { channel, kind: "other" };
  }

  /** roots lists what the channel's own column shows, oldest first. */
  roots(channel) {
    return this.list(channel).filter((m) => !isReply(m) || m.subtype === "thread_broadcast");
  }

  /** thread lists a thread: the parent, if it is still there, then the replies. */
  thread(channel, ts) {
    return this.list(channel).filter((m) => m.ts === ts || m.thread_ts === ts);
  }

  /** dismiss forgets a message that only this person saw. */
  dismiss(channel, ts) {
    if (this.message(channel, ts)?.ephemeral) this.messages.get(channel).delete(ts);
  }

  message(channel, ts) {
    return this.messages.get(channel)?.get(ts);
  }

  list(channel) {
    return [...(this.messages.get(channel)?.values() || [])].sort(byTS);
  }

  /** userName is the name to show for a person or a bot. */
  userName(id) {
    const user = this.users.get(id);
    return user?.real_name || user?.name || id;
  }

  /** author answers who wrote a message: {id, name, bot}. */
  author(message) {
    const user = this.users.get(message.user);
    const bot = Boolean(message.bot_id || user?.is_bot);
    const id = message.user || message.bot_id || "";
    return { id, bot, name: user?.real_name || user?.name || message.username || message.bot_profile?.name || id || "Unknown" };
  }

  isDM(channel) {
    return Boolean(channel?.is_im || channel?.is_mpim);
  }

  /** title is a conversation's name without its sign: of a direct message, the others in it. */
  title(channel) {
    if (!channel) return "";
    if (!this.isDM(channel)) return channel.name || channel.id;
    const others = (channel.members || [channel.user]).filter((id) => id && id !== this.me);
    return others.map((id) => this.userName(id)).join(", ") || this.userName(this.me);
  }

  /** first is the conversation to open when none is named: the oldest public channel. */
  first() {
    const places = this.places().sort((a, b) => (a.id < b.id ? -1 : 1));
    return (places.find((c) => c.is_channel && !c.is_private) || places[0])?.id || "";
  }

  /** places are the conversations in the order of the sidebar: channels, then direct messages. */
  places() {
    const all = [...this.channels.values()].filter((c) => !c.is_archived);
    const byTitle = (a, b) => this.title(a).localeCompare(this.title(b));
    return [...all.filter((c) => !this.isDM(c)).sort(byTitle), ...all.filter((c) => this.isDM(c)).sort(byTitle)];
  }
}

/** isNotice says whether Slack itself wrote a message into a channel, as when somebody joins. */
export function isNotice(message) {
  return ["channel_join", "group_join", "channel_leave", "group_leave", "channel_archive", "group_archive"].includes(message.subtype);
}

/** isReply says whether a message is a reply in a thread, not its parent. */
export function isReply(message) {
  return Boolean(message.thread_ts && message.thread_ts !== message.ts);
}
