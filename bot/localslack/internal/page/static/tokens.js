// What Slack's text is made of besides letters: <…> tokens, entities, emoji names.
import { h, link } from "./dom.js";

const EMOJI = {
  "+1": "👍", "-1": "👎", thumbsup: "👍", eyes: "👀", tada: "🎉", heart: "❤️", smile: "😄", wave: "👋", pray: "🙏",
  fire: "🔥", rocket: "🚀", sparkles: "✨", bulb: "💡", memo: "📝", pencil: "📝", pencil2: "✏️", mag: "🔍", gear: "⚙️",
  page_facing_up: "📄", page_with_curl: "📃", bookmark_tabs: "📑", paperclip: "📎", camera: "📷", frame_with_picture: "🖼️",
  file_folder: "📁", books: "📚", clipboard: "📋", inbox_tray: "📥", outbox_tray: "📤", robot_face: "🤖",
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", no_entry: "⛔", octagonal_sign: "🛑",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", repeat: "🔁", arrows_counterclockwise: "🔄", wastebasket: "🗑️", raised_hands: "🙌",
};

/** PICKS are the names offered as reactions. */
export const PICKS = ["page_facing_up", "+1", "-1", "eyes", "tada", "heart", "smile", "pray", "wave", "fire", "rocket", "sparkles",
  "bulb", "memo", "mag", "white_check_mark", "x", "warning"];

/** emoji answers the character for a name, or the name between colons when it is not known here. */
export function emoji(name) {
  return Object.hasOwn(EMOJI, name) ? EMOJI[name] : `:${name}:`;
}

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/** unescape undoes Slack's three entities, once. */
export function unescape(text) {
  return text.replace(/&(?:amp|lt|gt);/g, (e) => ENTITIES[e]);
}

/** escape is what a Slack client does to what a person types. */
export function escape(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/**
 * token turns the inside of <…> into a node: a mention, a channel, or a link.
 * It answers null when the inside is not a token Slack knows.
 */
export function token(inside, names) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : unescape(inside.slice(bar + 1));
  if (/^@[UWB][A-Z0-9]+$/.test(target)) {
    const id = target.slice(1);
    return h(id === names.me ? "span.mention.me" : "span.mention", null, "@" + names.user(id));
  }
  if (/^#[CDG][A-Z0-9]+$/.test(target)) {
    const id = target.slice(1);
    return h("a.mention", { href: "#/" + id }, "#" + (label || names.channel(id)));
  }
  if (/^!(here|channel|everyone)$/.test(target)) return h("span.mention.me", null, "@" + target.slice(1));
  if (target.startsWith("!")) return h("span.mention", null, label || target.slice(1).replace(/^subteam\^/, "@"));
  if (/^(https?:|mailto:)/i.test(target)) {
    const address = unescape(target);
    return link(address, label || address.replace(/^mailto:/i, ""));
  }
  return null;
}
