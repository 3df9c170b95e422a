// A scrolling column of messages: keyed, so that an edit touches only its own message.
import { h, icon, morph } from "./dom.js";
import { renderMessage } from "./message.js";
import { ago, dayKey, dayName } from "./time.js";

const GROUP_SECONDS = 300;
const NEAR_BOTTOM = 48;
const LIVE_MS = 2500;
const POINT_MS = 2500;
const NEAR = 10; // the messages at the end of the column that are looked at first

export class MessageList {
  /** root is the scrolling element; options.inThread as for renderMessage. */
  constructor(root, store, { inThread = false } = {}) {
    Object.assign(this, { root, store, inThread });
    // key → {node, of, sign}. A changed message is another object, so a row is
    // drawn again when its message or anything else it shows is not the same.
    this.items = new Map();
    this.live = new Map(); // ts → timer of a message that was just edited
    this.inner = h("div.inner", { role: "region" });
    this.pill = h("button.pill", { type: "button", hidden: true });
    root.append(this.inner, h("div.pill-box", null, this.pill));
    this.stuck = true; // at the bottom, and to stay there
    this.top = 0;
    this.missed = 0; // messages that came while not
    root.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.pill.addEventListener("click", () => this.toBottom());
    // Pictures and fonts load late: whoever was at the bottom stays there.
    const sizes = new ResizeObserver(() => this.stuck && this.toBottom());
    sizes.observe(this.inner);
    sizes.observe(root);
  }

  /** reset forgets what is shown, before another conversation comes into the same column. */
  reset(label) {
    this.items.clear();
    this.inner.replaceChildren();
    this.inner.setAttribute("aria-label", label);
    this.stuck = true;
    this.missed = 0;
    this.showPill();
  }

  /**
   * show draws messages, oldest first. options: welcome (a node that goes
   * below them), unreadFrom (a ts: the line "New" goes before it).
   */
  show(messages, { welcome = null, unreadFrom = "" } = {}) {
    const rows = this.rows(messages, unreadFrom);
    if (welcome) rows.push({ key: "welcome", sign: "", draw: () => welcome });
    const keep = new Set(rows.map((r) => r.key));
    for (const [key, item] of this.items) {
      if (keep.has(key)) continue;
      item.node.remove();
      this.items.delete(key);
    }
    let place = this.inner.firstChild;
    for (const row of rows) {
      const node = this.place(row, place);
      place = node.nextSibling;
    }
    if (this.stuck) this.toBottom();
  }

  // place draws a row if it changed and puts it before the node `before`.
  place(row, before) {
    const had = this.items.get(row.key);
    if (!had) {
      const node = row.draw();
      this.items.set(row.key, { node, of: row.of, sign: row.sign });
      this.inner.insertBefore(node, before);
      return node;
    }
    if (had.of !== row.of || had.sign !== row.sign) {
      const live = had.node.classList.contains("live");
      had.node = morph(had.node, row.draw());
      had.node.classList.toggle("live", live);
      had.of = row.of;
      had.sign = row.sign;
    }
    if (had.node !== before) this.inner.insertBefore(had.node, before);
    return had.node;
  }

  rows(messages, unreadFrom) {
    const rows = [];
    let previous = null; // the message this one may continue
    let day = "";
    messages.forEach((m, i) => {
      if (dayKey(m.ts) !== day) {
        day = dayKey(m.ts);
        previous = null;
        rows.push(divider("day-" + day, dayName(m.ts), "day"));
      }
      if (m.ts === unreadFrom) {
        previous = null;
        rows.push(divider("unread", "New", "unread"));
      }
      const grouped = follows(previous, m, this.store);
      const sign = [grouped, this.store.version, m.latest_reply && ago(m.latest_reply)].join();
      rows.push({ key: m.ts, of: m, sign, draw: () => renderMessage(m, this.store, { grouped, inThread: this.inThread, near: i >= messages.length - NEAR }) });
      previous = m;
      if (this.inThread && i === 0 && messages.length > 1) {
        const n = messages.length - 1;
        rows.push(divider("count", n === 1 ? "1 reply" : `${n} replies`, "count"));
        previous = null;
      }
    });
    return rows;
  }

  /** arrived counts a message that came while the person reads further up. */
  arrived() {
    if (this.stuck) return;
    this.missed++;
    this.showPill();
  }

  /** point brings a message into view and marks it for a moment. It answers false while the message is not here. */
  point(ts) {
    const node = this.items.get(ts)?.node;
    if (!node) return false;
    this.stuck = false;
    node.scrollIntoView({ block: "center" });
    node.classList.add("pointed");
    setTimeout(() => node.classList.remove("pointed"), POINT_MS);
    return true;
  }

  /** edited marks a message as being written for a moment. */
  edited(ts) {
    const node = this.items.get(ts)?.node;
    if (!node) return;
    clearTimeout(this.live.get(ts));
    node.classList.add("live");
    this.live.set(ts, setTimeout(() => {
      this.live.delete(ts);
      this.items.get(ts)?.node.classList.remove("live");
    }, LIVE_MS));
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.root;
    // Only moving up lets go of the bottom: the column may have grown between
    // our own scrolling and the event that tells of it.
    if (scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM) this.stuck = true;
    else if (scrollTop < this.top) this.stuck = false;
    this.top = scrollTop;
    if (this.stuck && this.missed) {
      this.missed = 0;
      this.showPill();
    }
  }

  toBottom() {
    this.stuck = true;
    this.root.scrollTop = this.root.scrollHeight;
    this.missed = 0;
    this.showPill();
  }

  showPill() {
    this.pill.hidden = this.missed === 0;
    this.pill.replaceChildren(icon("arrow"), this.missed === 1 ? "1 new message" : `${this.missed} new messages`);
  }
}

function divider(key, text, kind) {
  return { key, sign: text, draw: () => h(`div.divider.${kind}`, { "data-key": key, role: "separator", "aria-label": text }, h("span", null, text)) };
}

// follows says whether m continues what the same author just wrote.
function follows(previous, m, store) {
  if (!previous || previous.subtype === "tombstone" || previous.ephemeral || m.ephemeral || previous.reply_count > 0) return false;
  const a = store.author(previous);
  return a.id === store.author(m).id && parseFloat(m.ts) - parseFloat(previous.ts) < GROUP_SECONDS;
}
