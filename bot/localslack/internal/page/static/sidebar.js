// The list of conversations, and what in them is unread.
import { h, icon, morph } from "./dom.js";
import { avatar } from "./message.js";
import { mrkdwn } from "./mrkdwn.js";

/** iconOf names the sign in front of a conversation. */
export function iconOf(channel, store) {
  if (store.isDM(channel)) return "thread";
  return channel.is_private ? "lock" : "hash";
}

/** drawSidebar brings the sidebar up to date. unread(id) answers the number of unread messages. */
export function drawSidebar(root, store, current, unread) {
  const places = store.places();
  const section = (title, add, does, list) => h("section", null, h("header", null, h("h2", null, title), h("button.icon", { type: "button", "data-do": does, "aria-label": add, title: add }, icon("plus"))), h("ul", null, list.map((c) => place(c, store, current, unread(c.id)))));
  morph(root, h("div", { id: root.id },
    section("Channels", "Create a channel", "create", places.filter((c) => !store.isDM(c))),
    section("Direct messages", "New direct message", "new-dm", places.filter((c) => store.isDM(c)))));
}

/** drawNote shows what the one who serves the workspace says of it, if anything. */
export function drawNote(root, store) {
  root.hidden = !store.note;
  root.replaceChildren(...mrkdwn(store.note, store.names));
}

function place(channel, store, current, unread) {
  const title = store.title(channel);
  const peers = (channel.members || [channel.user]).filter((id) => id && id !== store.me);
  const sign = channel.is_im ? avatar(store.author({ user: peers[0] || store.me })) : icon(iconOf(channel, store));
  return h("li", { "data-key": channel.id },
    h(unread ? "a.unread" : "a", { href: "#/" + channel.id, "aria-current": channel.id === current ? "page" : null }, sign, h("span.name", null, title),
      unread > 0 && h("span.count", { "aria-label": `${unread} unread` }, unread > 99 ? "99+" : String(unread))));
}

/** Reads keeps, in this browser, up to which message each conversation was read. */
export class Reads {
  constructor(team) {
    this.key = `read:${team}`;
    try {
      this.upTo = JSON.parse(sessionStorage.getItem(this.key)) || {};
    } catch {
      this.upTo = {}; // storage may be off: then it lasts as long as the page
    }
  }

  knows(channel) {
    return Object.hasOwn(this.upTo, channel);
  }

  mark(channel, ts) {
    if (!ts || (this.upTo[channel] || "") >= ts) return;
    this.upTo[channel] = ts;
    try {
      sessionStorage.setItem(this.key, JSON.stringify(this.upTo));
    } catch {
      // As above.
    }
  }

  /** unread lists a conversation's messages by others that came after the last one read. */
  unread(channel, store) {
    const since = this.upTo[channel] || "";
    return store.list(channel).filter((m) => m.ts > since && m.user !== store.me && m.subtype !== "tombstone");
  }
}
