// Slack's mrkdwn: *bold*, _italic_, ~strike~, `code`, fences, > quotes, <…> tokens.
import { h } from "./dom.js";
import { emoji, token, unescape } from "./tokens.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };

/** mrkdwn renders a text object's text; names resolves ids of people and channels. */
export function mrkdwn(text, names) {
  const out = [];
  // Odd parts are inside a fence. An unclosed fence stays as it was typed.
  const parts = text.split("```");
  if (parts.length % 2 === 0) {
    const tail = parts.pop();
    parts.push(parts.pop() + "```" + tail);
  }
  parts.forEach((part, i) => {
    if (i % 2) out.push(h("pre", null, h("code", null, unescape(part.replace(/^\n|\n$/g, "")))));
    else out.push(...lines(part, names));
  });
  return out;
}

function lines(text, names) {
  const out = [];
  let quote = null;
  let first = true;
  for (const line of text.split("\n")) {
    const quoted = /^(?:&gt;|>) ?/.exec(line);
    if (quoted) {
      if (!quote) out.push((quote = h("blockquote")));
      else quote.append(h("br"));
      quote.append(...inline(line.slice(quoted[0].length), names));
    } else {
      if (!first && !quote) out.push(h("br"));
      quote = null;
      out.push(...inline(line, names));
    }
    first = false;
  }
  return out;
}

/** inline renders one line without fences and quotes. Nesting is bounded: hostile text must not exhaust the stack. */
export function inline(text, names, depth = 0) {
  const out = [];
  let plain = "";
  const flush = () => {
    if (plain) out.push(unescape(plain).replace(/:([a-z0-9_+-]{1,40}):/g, (_, name) => emoji(name)));
    plain = "";
  };
  for (let i = 0; i < text.length; ) {
    const hit = special(text, i, names, depth);
    if (hit) {
      flush();
      out.push(hit.node);
      i = hit.end;
    } else plain += text[i++];
  }
  flush();
  return out;
}

function special(text, i, names, depth) {
  const c = text[i];
  if (c === "`") {
    const end = text.indexOf("`", i + 1);
    if (end > i + 1) return { node: h("code", null, unescape(text.slice(i + 1, end))), end: end + 1 };
  }
  if (c === "<") {
    const end = text.indexOf(">", i + 1);
    const node = end > 0 && token(text.slice(i + 1, end), names);
    if (node) return { node, end: end + 1 };
  }
  if (STYLES[c] && depth < 6 && !/\w/.test(text[i - 1] || "") && /[^\s]/.test(text[i + 1] || " ")) {
    const end = closing(text, i);
    if (end > 0) return { node: h(STYLES[c], null, inline(text.slice(i + 1, end), names, depth + 1)), end: end + 1 };
  }
  return null;
}

// closing finds the mark that ends the style opened at i: not after a space, not before a letter.
// It looks at most 3,000 characters ahead, a section's whole limit, so that time stays bounded.
function closing(text, i) {
  const c = text[i];
  const stop = Math.min(text.length, i + 3000);
  for (let j = i + 2; j < stop; j++) {
    if (text[j] === c && !/\s/.test(text[j - 1]) && !/\w/.test(text[j + 1] || "")) return j;
  }
  return -1;
}
