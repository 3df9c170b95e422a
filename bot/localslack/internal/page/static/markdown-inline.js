// The inline level of markdown: emphasis by CommonMark's delimiter rules, code, links, entities, Slack's tokens.
import { h, link, safeURL } from "./dom.js";
import { emoji, token, unescape } from "./tokens.js";

const ENTITY = /^&(?:amp|lt|gt|quot|nbsp|#39);/;
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&nbsp;": "\u00a0", "&#39;": "'" };
const PUNCTUATION = /[\p{P}\p{S}]/u;

/** inline renders text without block structure into nodes and strings. A line break stays one. */
export function inline(text, names, depth = 0) {
  const parts = [];
  let plain = "";
  const push = (part) => {
    if (plain) parts.push(plain);
    plain = "";
    if (part) parts.push(part);
  };
  for (let i = 0; i < text.length; ) {
    const hit = special(text, i, names, depth);
    if (!hit) plain += text[i++];
    else {
      if (typeof hit.part === "string") plain += hit.part;
      else push(hit.part);
      i = hit.end;
    }
  }
  push();
  return emphasis(parts);
}

// special answers what begins at i (a string, a node, or a run of delimiters) and where it ends; null for a plain character.
function special(text, i, names, depth) {
  switch (text[i]) {
    case "\\":
      if (text[i + 1] === "\n") return { part: h("br"), end: i + 2 };
      return /[!-/:-@[-`{-~]/.test(text[i + 1] || "") ? { part: text[i + 1], end: i + 2 } : null;
    case "\n":
      return { part: h("br"), end: i + 1 };
    case "`":
      return code(text, i);
    case "&": {
      const entity = ENTITY.exec(text.slice(i, i + 8));
      return entity && { part: ENTITIES[entity[0]], end: i + entity[0].length };
    }
    case "<": {
      const end = text.indexOf(">", i + 1);
      const node = end > 0 && end - i < 3000 && token(text.slice(i + 1, end), names);
      return node ? { part: node, end: end + 1 } : null;
    }
    case "!":
    case "[":
      return depth < 4 ? bracket(text, i, names, depth) : null;
    case ":": {
      const name = /^:([a-z0-9_+-]{1,40}):/.exec(text.slice(i, i + 42));
      const char = name && emoji(name[1]);
      return char && char !== name[0] ? { part: char, end: i + name[0].length } : null;
    }
    case "h":
      return bareLink(text, i);
    case "*":
    case "_":
    case "~":
      return run(text, i);
  }
  return null;
}

function code(text, i) {
  const ticks = /^`+/.exec(text.slice(i, i + 100))[0];
  let end = i + ticks.length;
  for (;;) {
    end = text.indexOf(ticks, end);
    if (end < 0) return { part: ticks, end: i + ticks.length };
    let after = end + ticks.length;
    if (text[after] !== "`") {
      let body = text.slice(i + ticks.length, end).replace(/\n/g, " ");
      if (body.startsWith(" ") && body.endsWith(" ") && body.trim()) body = body.slice(1, -1);
      return { part: h("code", null, unescape(body)), end: after };
    }
    while (text[after] === "`") after++;
    end = after;
  }
}

// bracket reads [label](address) and ![alt](address). An image of somewhere else is shown as a link: the page loads nothing from outside.
function bracket(text, i, names, depth) {
  const open = text[i] === "!" ? i + 1 : i;
  if (text[open] !== "[") return null;
  const close = match(text, open, "[", "]");
  if (close < 0 || text[close + 1] !== "(") return null;
  const end = match(text, close + 1, "(", ")");
  if (end < 0) return null;
  const target = text.slice(close + 2, end).trim().split(/\s/)[0].replace(/^<|>$/g, "").replace(/&amp;/g, "&");
  const label = text.slice(open + 1, close);
  if (!safeURL(target)) return null;
  return { part: link(target, inline(label || target, names, depth + 1)), end: end + 1 };
}

// match finds the bracket that closes the one at i, within 2,000 characters.
function match(text, i, open, close) {
  let depth = 0;
  for (let j = i; j < Math.min(text.length, i + 2000); j++) {
    if (text[j] === "\\") j++;
    else if (text[j] === open) depth++;
    else if (text[j] === close && --depth === 0) return j;
  }
  return -1;
}

function bareLink(text, i) {
  if (/\w/.test(text[i - 1] || "")) return null;
  const address = /^https?:\/\/[^\s<>"`]{1,2000}/.exec(text.slice(i, i + 2010));
  if (!address) return null;
  let url = address[0].replace(/&(?:lt|gt);.*$/s, "").replace(/[.,;:!?*_~'")\]]+$/, "");
  return safeURL(url) ? { part: link(url.replace(/&amp;/g, "&"), url.replace(/&amp;/g, "&")), end: i + url.length } : null;
}

// run reads a run of *, _ or ~ and says whether it may open or close emphasis (CommonMark 6.2).
function run(text, i) {
  const mark = text[i];
  let end = i;
  while (text[end] === mark) end++;
  const before = text[i - 1] || " ";
  const after = text[end] || " ";
  const left = !/\s/.test(after) && (!PUNCTUATION.test(after) || /\s/.test(before) || PUNCTUATION.test(before));
  const right = !/\s/.test(before) && (!PUNCTUATION.test(before) || /\s/.test(after) || PUNCTUATION.test(after));
  const size = end - i;
  if (mark === "~" && size > 2) return { part: mark.repeat(size), end };
  const opens = mark === "_" ? left && (!right || PUNCTUATION.test(before)) : left;
  const closes = mark === "_" ? right && (!left || PUNCTUATION.test(after)) : right;
  return { part: { mark, size, full: size, opens, closes }, end };
}

// emphasis pairs the delimiter runs and answers the finished nodes. Where no
// opener was found for a kind of run, later runs do not look below that place
// again: without it a hostile text would take quadratic time.
function emphasis(parts) {
  const bottoms = new Map();
  for (let c = 0; c < parts.length; c++) {
    const closer = parts[c];
    if (!closer.mark || !closer.closes) continue;
    while (closer.size) {
      const kind = closer.mark + (closer.full % 3) + closer.opens + (closer.mark === "~" ? closer.size : "");
      const o = opener(parts, c, bottoms.get(kind) ?? -1);
      if (o < 0) {
        bottoms.set(kind, c - 1);
        break;
      }
      const strong = Math.min(parts[o].size, closer.size) >= 2;
      const used = closer.mark === "~" ? closer.size : strong ? 2 : 1;
      const tag = closer.mark === "~" ? "s" : strong ? "strong" : "em";
      const node = h(tag, null, parts.slice(o + 1, c).map(plain));
      parts[o].size -= used;
      closer.size -= used;
      // The node takes the place of the parts between; what is left of the opener stays before it.
      parts.splice(o + 1, c - o - 1, node);
      c = o + 2;
      for (const [k, b] of bottoms) if (b > o) bottoms.set(k, o);
    }
  }
  return parts.map(plain);
}

function opener(parts, c, bottom) {
  const closer = parts[c];
  for (let o = c - 1; o > bottom; o--) {
    const p = parts[o];
    if (p.mark !== closer.mark || !p.opens || !p.size) continue;
    if (closer.mark === "~" && p.size !== closer.size) continue;
    const odd = (p.closes || closer.opens) && (p.full + closer.full) % 3 === 0 && !(p.full % 3 === 0 && closer.full % 3 === 0);
    if (!odd) return o;
  }
  return -1;
}

// plain shows delimiters that paired with nothing as they were typed.
function plain(part) {
  return part.mark ? part.mark.repeat(part.size) : part;
}
