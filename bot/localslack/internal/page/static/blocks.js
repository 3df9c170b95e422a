// Block Kit: what blocks look like, in messages and in windows.
import { h, link, safeURL } from "./dom.js";
import { element as interactive } from "./elements.js";
import { markdown, scroller } from "./markdown.js";
import { mrkdwn } from "./mrkdwn.js";
import { emoji } from "./tokens.js";

/**
 * renderBlocks draws the blocks of a message or of a window, except input blocks (window.js).
 * A block or element this page does not know says so, quietly.
 */
export function renderBlocks(blocks, names) {
  return blocks.map((block) => {
    const draw = Object.hasOwn(BLOCKS, block?.type) ? BLOCKS[block.type] : unknown;
    return draw(block, names);
  });
}

const BLOCKS = {
  section: (b, n) =>
    h("div.b-section", null,
      h("div", null,
        b.text && h("div.mrkdwn", null, textObject(b.text, n)),
        list(b.fields).length > 0 && h("div.b-fields", null, list(b.fields).map((f) => h("div.mrkdwn", null, textObject(f, n))))),
      b.accessory && element(b.accessory, b, n)),
  context: (b, n) => h("div.b-context", null, list(b.elements).map((e) => (e?.type === "image" ? image(e) : h("span.mrkdwn", null, textObject(e, n))))),
  markdown: (b, n) => h("div.md", null, markdown(String(b.text ?? ""), n)),
  divider: () => h("hr"),
  header: (b, n) => h("h3.b-header", null, textObject(b.text, n)),
  image: (b, n) => h("figure.b-image", null, b.title && h("figcaption", null, textObject(b.title, n)), image(b)),
  video: (b, n) => video(b, n),
  actions: (b, n) => h("div.b-actions", null, list(b.elements).map((e) => element(e, b, n))),
  rich_text: (b, n) => h("div.md", null, list(b.elements).map((e) => richPart(e, n))),
  table: (b, n) => tableBlock(b, n),
};

const list = (v) => (Array.isArray(v) ? v : []);
const unknown = (b) => h("p.quiet", null, `(a block of type “${String(b?.type)}”, which this page can't show)`);

/** textObject draws a text object: mrkdwn, or plain text with its emoji names and its lines. */
function textObject(t, names) {
  const text = String(t?.text ?? "");
  if (t?.type === "mrkdwn") return mrkdwn(text, names);
  const shown = text.replace(/:([a-z0-9_+-]{1,40}):/g, (_, name) => emoji(name));
  return shown.includes("\n") ? h("span.lines", null, shown) : shown;
}

// The page loads nothing from outside, so an image elsewhere is a link to it.
function image(b) {
  const url = safeURL(b.image_url || "");
  const alt = String(b.alt_text || "image");
  return ownImage(url, alt) || (url ? link(url, alt) : h("span.quiet", null, alt));
}

/** ownImage draws an image of this workspace. For others it returns null. */
function ownImage(url, alt) {
  return url && new URL(url).origin === location.origin ? h("img", { src: url, alt }) : null;
}

// As in Slack, the thumbnail leads to the video and the title to its page. A thumbnail
// elsewhere is its text, and no player is embedded.
function video(b, names) {
  const title = textObject(b.title, names);
  const alt = String(b.alt_text || "video");
  const by = [b.provider_name, b.author_name].filter(Boolean).join(" · ");
  const thumbnail = ownImage(safeURL(b.thumbnail_url || ""), alt) || [h("span", { "aria-hidden": "true" }, "▶ "), alt];
  return h("figure.b-video", null,
    h("figcaption", null,
      by && h("div.quiet", null, by),
      h("strong", null, b.title_url ? link(b.title_url, title) : title),
      b.description && h("div", null, textObject(b.description, names))),
    link(b.video_url, thumbnail));
}

function element(e, block, names) {
  return e?.type === "image" ? image(e) : interactive(e, block, (t) => textObject(t, names));
}

function tableBlock(b, names) {
  const cell = (c) => (c?.type === "rich_text" ? list(c.elements).map((e) => richPart(e, names)) : String(c?.text ?? ""));
  const side = (i) => ({ right: ".end", center: ".center" })[b.column_settings?.[i]?.align] || "";
  const rows = list(b.rows).slice(0, 100);
  return scroller(h("table", null, h("tbody", null, rows.map((r) => h("tr", null, list(r).slice(0, 20).map((c, i) => h("td" + side(i), null, cell(c))))))));
}

function richPart(part, names) {
  const inner = () => list(part.elements).map((e) => richInline(e, names));
  switch (part?.type) {
    case "rich_text_section":
      return h("p", null, inner());
    case "rich_text_quote":
      return h("blockquote", null, inner());
    case "rich_text_preformatted":
      return h("pre", { tabindex: "0" }, h("code", null, inner()));
    case "rich_text_list":
      return h(part.style === "ordered" ? "ol" : "ul", null, list(part.elements).map((s) => h("li", null, list(s?.elements).map((e) => richInline(e, names)))));
  }
  return unknown(part);
}

function richInline(e, names) {
  let node;
  switch (e?.type) {
    case "text":
      node = String(e.text ?? "");
      break;
    case "link":
      node = link(e.url, e.text || e.url);
      break;
    case "user":
      node = h(e.user_id === names.me ? "span.mention.me" : "span.mention", null, "@" + names.user(e.user_id));
      break;
    case "channel":
      node = h("a.mention", { href: "#/" + e.channel_id }, "#" + names.channel(e.channel_id));
      break;
    case "broadcast":
      node = h("span.mention.me", null, "@" + e.range);
      break;
    case "emoji":
      node = emoji(String(e.name));
      break;
    default:
      node = "";
  }
  for (const [style, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) if (e?.style?.[style]) node = h(tag, null, node);
  return node;
}
