// One message as the page shows it.
import { h, icon, link } from "./dom.js";
import { renderBlocks } from "./blocks.js";
import { mrkdwn } from "./mrkdwn.js";
import { fileURL } from "./net.js";
import { isNotice } from "./store.js";
import { ago, clockTime, fullTime } from "./time.js";
import { emoji } from "./tokens.js";

/**
 * renderMessage draws a message. options: grouped (its author and time were
 * just shown), inThread (no link to the thread it is in already), near (its
 * pictures are loaded at once).
 */
export function renderMessage(message, store, { grouped = false, inThread = false, near = false } = {}) {
  const author = store.author(message);
  const pending = message.pending;
  const body = h("div.body", null,
    !grouped && byline(message, author),
    message.ephemeral && h("p.quiet.private", null, icon("eye"), "Only visible to you · ", h("button.plain", { type: "button", "data-do": "dismiss" }, "Dismiss")),
    content(message, store),
    forwards(message, store),
    files(message, near),
    pending && progress(pending),
    reactions(message, store),
    !inThread && message.reply_count > 0 && threadLink(message, store));
  const tools = !pending && !message.ephemeral && message.subtype !== "tombstone" && h("div.tools", null,
    tool("pick", "Add a reaction", "smile", "menu"),
    !inThread && tool("thread", "Reply in a thread", "thread"),
    tool("more", "More actions", "dots", "menu"));
  const kinds = [grouped && ".grouped", pending && ".pending", isNotice(message) && ".system"].filter(Boolean).join("");
  return h("article.msg" + kinds, { "data-key": message.ts, "data-ts": message.ts, "aria-label": label(message, author) },
    h("div.gutter", null, grouped ? time(message, "at") : avatar(author)), body, tools);
}

function tool(does, label, sign, popup) {
  return h("button.icon", { type: "button", "data-do": does, title: label, "aria-label": label, "aria-haspopup": popup }, icon(sign));
}

// forwards are the messages that this one shares.
function forwards(message, store) {
  return (message.attachments || []).map((a) => h("blockquote.forward", null,
    h("p.by", null, h("strong", null, a.author_name || a.title || "")),
    a.text && h("div.mrkdwn", null, mrkdwn(a.text, store.names)),
    files(a),
    (a.footer || a.from_url) && h("p.quiet", null, a.footer, a.from_url && [" · ", link(a.from_url, "View message")])));
}

function byline(message, author) {
  return h("p.by", null, h("strong", null, author.name), author.bot && h("span.badge", null, "App"), message.pending ? h("span.at", null, message.pending.error ? "Not sent" : "Sending…") : time(message, "at"));
}

function label(message, author) {
  const when = message.pending ? (message.pending.error ? "not sent" : "sending") : clockTime(message.ts);
  return `${author.name}, ${when}`;
}

function time(message, kind) {
  if (message.pending) return h("span." + kind);
  return h("time." + kind, { title: fullTime(message.ts), datetime: new Date(parseFloat(message.ts) * 1000).toISOString() }, clockTime(message.ts));
}

/** avatar is a coloured tile with initials; its hue comes from the id, so that it stays. */
export function avatar({ id, name, bot }) {
  const tile = h(bot ? "span.avatar.bot" : "span.avatar", { "aria-hidden": "true" }, bot ? icon("mark") : initials(name));
  let hash = 7;
  for (const c of id) hash = (hash * 31 + c.codePointAt(0)) % 360;
  tile.classList.add("hue-" + (hash % 8));
  return tile;
}

function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((w) => [...w][0] || "");
  return letters.join("").toUpperCase() || "?";
}

function content(message, store) {
  if (message.subtype === "tombstone") return [h("p.quiet", null, "This message was deleted.")];
  if (message.blocks?.length) return [h("div.blocks", null, renderBlocks(message.blocks, store.names))];
  if (!message.text) return [];
  // Slack shows the mark only where an edit changed the text itself.
  const edited = message.edited && h("span.edited", { title: message.edited.ts ? fullTime(message.edited.ts) : null }, " (edited)");
  return [h("div.mrkdwn", null, mrkdwn(message.text, store.names), edited)];
}

const INLINE = ["png", "jpg", "jpeg", "gif", "webp"];

/** isImage says whether the page can show a file as a picture. HEIC and TIFF it cannot. */
export function isImage(file) {
  return INLINE.includes(fileType(file));
}

function fileType(file) {
  const kind = (file.filetype || /\.([^.]+)$/.exec(file.name || "")?.[1] || "").toLowerCase();
  return { markdown: "md", text: "txt" }[kind] || kind;
}

const isText = (file) => ["md", "txt"].includes(fileType(file));

function files(message, near) {
  const all = message.files || [];
  if (!all.length) return null;
  const pictures = all.filter(isImage);
  return h("div.files", null,
    pictures.length > 0 && h(pictures.length > 1 ? "div.pictures.many" : "div.pictures", null, pictures.map((f) => picture(f, message, near))),
    all.filter((f) => !isImage(f)).map((f) => card(f, message)));
}

// The addresses of files that are no pictures, whatever they are called.
const unseen = new Set();

function picture(file, message, near) {
  const name = file.title || file.name || "image";
  const src = file.preview || fileURL(file);
  if (unseen.has(src)) return card(file, message);
  const img = h("img", { src, alt: "", loading: near ? null : "lazy", decoding: "async" });
  ifUnshown(img, () => {
    unseen.add(src);
    img.closest("figure")?.replaceWith(card(file, message));
  });
  return h("figure", { "data-key": file.id },
    h("button.picture", { type: "button", "data-do": "view", "data-file": file.id, "aria-label": `Open ${name}`, disabled: Boolean(message.pending) }, img),
    h("figcaption", { title: name }, name));
}

/** ifUnshown calls then() if the browser cannot show a picture, or if the picture ends before its first point. */
export function ifUnshown(img, then) {
  img.addEventListener("error", then);
  img.addEventListener("load", () => isBlank(img) && then());
}

// isBlank says whether nothing of a loaded picture would be seen.
function isBlank(img) {
  const canvas = new OffscreenCanvas(4, 4).getContext("2d", { willReadFrequently: true }); // not by way of the graphics card
  canvas.drawImage(img, 0, 0, 4, 4);
  return canvas.getImageData(0, 0, 4, 4).data.every((value) => value === 0);
}

function card(file, message) {
  const name = file.title || file.name || "file";
  const kind = fileType(file);
  if (file.mode === "tombstone") return h("div.card", null, h("span.card-name", null, "This file was deleted."));
  return h("div.card", { "data-key": file.id },
    h("span.card-icon", { "data-kind": kind.slice(0, 4) }, icon("file"), h("b", null, kind.slice(0, 4) || "file")),
    h("span.card-name", null, h("strong", { title: name }, name), h("small", null, [kind.toUpperCase(), size(file.size)].filter(Boolean).join(" · "))),
    !message.pending && isText(file) && h("button.icon", { type: "button", "data-do": "view", "data-file": file.id, title: "Preview", "aria-label": `Preview ${name}` }, icon("eye")),
    !message.pending && h("a.icon", { href: fileURL(file) + "?download=1", download: file.name || "", title: "Download", "aria-label": `Download ${name}` }, icon("down")));
}

/** size writes a number of bytes for people; nothing for none. */
export function size(bytes) {
  if (!bytes) return "";
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function progress({ part, error }) {
  if (error) {
    return h("p.failed", { role: "alert" }, error, " ", h("button.btn", { type: "button", "data-do": "retry" }, "Try again"), h("button.btn", { type: "button", "data-do": "discard" }, "Discard"));
  }
  return h("progress", { max: "1", value: part > 0 && part < 1 ? String(part) : null, "aria-label": "Uploading" });
}

function reactions(message, store) {
  const all = (message.reactions || []).filter((r) => r.count > 0);
  if (!all.length) return null;
  return h("ul.reactions", { "aria-label": "Reactions" }, all.map((r) => {
    const who = (r.users || []).map((id) => store.userName(id)).join(", ");
    const mine = (r.users || []).includes(store.me);
    return h("li", null, h("button", { type: "button", "data-do": "react", "data-name": r.name, "aria-pressed": String(mine), title: `${who}: ${r.name}`, "aria-label": `${r.name}, ${r.count}` }, emoji(r.name), " ", String(r.count)));
  }), h("li", null, h("button", { type: "button", "data-do": "pick", "aria-label": "Add a reaction", title: "Add a reaction", "aria-haspopup": "menu" }, icon("smile"))));
}

function threadLink(message, store) {
  const people = (message.reply_users || []).slice(0, 3).map((id) => avatar(store.author({ user: id })));
  const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  return h("button.replies", { type: "button", "data-do": "thread" }, h("span.faces", null, people), h("strong", null, count),
    message.latest_reply && h("span", { title: fullTime(message.latest_reply) }, `Last reply ${ago(message.latest_reply)}`));
}
