// The block level of GitHub-flavoured markdown, as Slack's markdown block takes it.
// HTML in it is text, and Slack's escapes are undone in code too. Every loop
// moves forward and nesting is bounded. Text runs in the direction of its own
// letters: dir="auto".
import { h } from "./dom.js";
import { inline } from "./markdown-inline.js";
import { unescape } from "./tokens.js";

const MAX_DEPTH = 8;
const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( |\t|$)/;
const DELIMITERS = /^[ \t]*\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const QUOTE = /^ {0,3}> ?/;
const TASK = /^\[([ xX])\] +/;

/** markdown renders a text; names resolves ids of people and channels. */
export function markdown(text, names) {
  const body = h("div", null, blocks(text.replace(/\r\n?/g, "\n").split("\n"), names, 0));
  rankHeadings(body);
  return [...body.childNodes];
}

// rankHeadings gives the headings tags that leave no level out, whatever levels
// the text uses: the page's own are h1 and h2, so a text's begin at h3. The class
// keeps the size.
function rankHeadings(body) {
  const above = []; // the levels of the headings that the current one is under
  for (const heading of body.querySelectorAll("[class^=md-h]")) {
    const level = Number(heading.className.at(-1));
    while (above.at(-1) >= level) above.pop();
    above.push(level);
    const ranked = h(`h${Math.min(above.length + 2, 6)}.md-h${level}`, { dir: "auto" });
    ranked.append(...heading.childNodes);
    heading.replaceWith(ranked);
  }
}

function blocks(lines, names, depth) {
  const out = [];
  for (let i = 0; i < lines.length; ) {
    if (!lines[i].trim()) {
      i++;
      continue;
    }
    const [node, next] = block(lines, i, names, depth);
    out.push(node);
    i = next;
  }
  return out;
}

// block reads the block that begins at line i and answers its node and the line after it.
function block(lines, i, names, depth) {
  const line = lines[i];
  if (FENCE.test(line)) return fence(lines, i);
  if (HEADING.test(line)) return [heading(line, names), i + 1];
  if (RULE.test(line)) return [h("hr"), i + 1];
  if (isTable(lines, i)) return table(lines, i, names);
  if (depth < MAX_DEPTH && QUOTE.test(line)) return quote(lines, i, names, depth);
  if (depth < MAX_DEPTH && ITEM.test(line)) return list(lines, i, names, depth);
  if (/^( {4}|\t)/.test(line)) return indented(lines, i);
  return paragraph(lines, i, names);
}

function fence(lines, i) {
  const [, mark, info] = FENCE.exec(lines[i]);
  const body = [];
  let j = i + 1;
  // While a text streams in, its last fence has no end yet: then it runs to the end.
  for (; j < lines.length; j++) {
    const end = lines[j].trim();
    if (end.length >= mark.length && end.startsWith(mark) && !end.replaceAll(mark[0], "")) break;
    body.push(lines[j]);
  }
  const language = info.trim().split(/\s/)[0];
  return [h("pre", { "data-language": language || null, tabindex: "0" }, h("code", null, unescape(body.join("\n")))), j + 1];
}

function heading(line, names) {
  const marks = HEADING.exec(line)[1];
  let text = line.trim().slice(marks.length).trim();
  const closing = text.lastIndexOf(" ");
  if (/^#+$/.test(text.slice(closing + 1))) text = text.slice(0, Math.max(closing, 0)).trimEnd();
  return title(marks.length, inline(text, names));
}

function title(level, content) {
  return h(`h3.md-h${level}`, null, content); // rankHeadings gives it its tag
}

function quote(lines, i, names, depth) {
  const inner = [];
  for (; i < lines.length && QUOTE.test(lines[i]); i++) inner.push(lines[i].replace(QUOTE, ""));
  return [h("blockquote", { dir: "auto" }, blocks(inner, names, depth + 1)), i];
}

function indented(lines, i) {
  const body = [];
  for (; i < lines.length && (/^( {4}|\t)/.test(lines[i]) || !lines[i].trim()); i++) body.push(lines[i].replace(/^( {4}|\t)/, ""));
  return [h("pre", { tabindex: "0" }, h("code", null, unescape(body.join("\n").trimEnd()))), i];
}

function list(lines, i, names, depth) {
  const [, , mark] = ITEM.exec(lines[i]);
  const ordered = /\d/.test(mark);
  const kind = mark.at(-1);
  const el = h(ordered ? "ol" : "ul", { dir: "auto", start: ordered && parseInt(mark, 10) !== 1 ? String(parseInt(mark, 10)) : null });
  while (i < lines.length) {
    const start = ITEM.exec(lines[i]);
    if (!start || start[2].at(-1) !== kind || RULE.test(lines[i])) break;
    const [item, next] = listItem(lines, i, start);
    el.append(renderItem(item, names, depth));
    i = next;
    // A blank line between items keeps the list going.
    let peek = i;
    while (peek < lines.length && !lines[peek].trim()) peek++;
    if (peek < lines.length && ITEM.test(lines[peek])) i = peek;
  }
  return [el, i];
}

// listItem collects the lines of one item, without their indentation.
function listItem(lines, i, start) {
  const indent = start[1].length + start[2].length + 1;
  const item = [lines[i].slice(indent)];
  for (i++; i < lines.length; i++) {
    const line = lines[i].replace(/^\t/, "    ");
    const blank = !line.trim();
    const depth = line.length - line.trimStart().length;
    if (blank) {
      // Blank lines belong to the item only if what follows is still inside it.
      const next = lines.slice(i + 1, i + 3).find((l) => l.trim());
      if (!next || next.length - next.trimStart().length < Math.min(indent, 2)) break;
      item.push("");
    } else if (depth >= indent) item.push(line.slice(indent));
    else if (depth >= 2 && ITEM.test(line.trimStart())) item.push(line.trimStart());
    else if (ITEM.test(line) || startsBlock(lines, i) || !item.at(-1).trim()) break;
    else item.push(line.trimStart());
  }
  return [item, i];
}

function renderItem(item, names, depth) {
  const task = TASK.exec(item[0]);
  if (task) item[0] = item[0].slice(task[0].length);
  let content = blocks(item, names, depth + 1);
  // A tight item is its text, not a paragraph in an item.
  if (content[0]?.nodeName === "P") content = [...content[0].childNodes, ...content.slice(1)];
  if (!task) return h("li", { dir: "auto" }, content);
  const done = task[1] !== " ";
  return h("li.task", null, h(done ? "span.box.done" : "span.box", { role: "img", "aria-label": done ? "done" : "to do" }), h("div", null, content));
}

function isTable(lines, i) {
  if (!lines[i].includes("|") || i + 1 >= lines.length) return false;
  const next = lines[i + 1];
  return next.length < 1000 && next.includes("-") && DELIMITERS.test(next) && cells(next).length === cells(lines[i]).length;
}

function table(lines, i, names) {
  const align = cells(lines[i + 1]).map((c) => (c.endsWith(":") ? (c.startsWith(":") ? "center" : "end") : null));
  const row = (tag, line) => {
    const row = cells(line);
    return h("tr", null, align.map((side, n) => h(cellTag(tag, side, row[n] || ""), { dir: "auto", scope: tag === "th" ? "col" : null }, inline(row[n] || "", names))));
  };
  const head = h("thead", null, row("th", lines[i]));
  const body = h("tbody");
  for (i += 2; i < lines.length && lines[i].trim() && !FENCE.test(lines[i]) && !HEADING.test(lines[i]) && !QUOTE.test(lines[i]); i++) body.append(row("td", lines[i]));
  return [scroller(h("table", null, head, body)), i];
}

// A short cell keeps to one line: a date or a sum must not break at its hyphen.
const cellTag = (tag, side, text) => tag + (side ? "." + side : "") + (text.length <= 18 ? ".short" : "");

/** scroller lets a wide table scroll by itself, by keyboard too, so that the page never does. */
export function scroller(table) {
  return h("div.table", { tabindex: "0", role: "region", "aria-label": "Table" }, table);
}

// cells splits a row at its bars; \| is a bar within a cell.
function cells(line) {
  const out = [""];
  const text = line.trim().replace(/^\|/, "");
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\" && text[i + 1] === "|") out[out.length - 1] += text[++i];
    else if (text[i] === "|") out.push("");
    else out[out.length - 1] += text[i];
  }
  if (out.length > 1 && !out.at(-1).trim()) out.pop();
  return out.slice(0, 64).map((c) => c.trim());
}

function startsBlock(lines, i) {
  return FENCE.test(lines[i]) || HEADING.test(lines[i]) || RULE.test(lines[i]) || QUOTE.test(lines[i]) || isTable(lines, i);
}

function paragraph(lines, i, names) {
  const text = [lines[i].trim()];
  for (i++; i < lines.length && lines[i].trim(); i++) {
    const under = /^ {0,3}(=+|-+)[ \t]*$/.exec(lines[i]);
    if (under) return [title(under[1][0] === "=" ? 1 : 2, inline(text.join("\n"), names)), i + 1];
    // As in CommonMark, only a list that begins with 1 may interrupt a paragraph.
    const item = ITEM.exec(lines[i]);
    if (startsBlock(lines, i) || (item && item[3] && (!/\d/.test(item[2]) || parseInt(item[2], 10) === 1))) break;
    text.push(lines[i].trim());
  }
  return [h("p", { dir: "auto" }, inline(text.join("\n"), names)), i];
}
