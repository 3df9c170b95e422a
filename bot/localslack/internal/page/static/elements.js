// What of a message or a window can be pressed or chosen from: buttons, menus, boxes.
import { h, icon, link, safeURL } from "./dom.js";

const list = (v) => (Array.isArray(v) ? v : []);

/** element draws an interactive element of a block. text(object) draws its text objects. */
export function element(e, block, text) {
  const draw = Object.hasOwn(ELEMENTS, e?.type) ? ELEMENTS[e.type] : null;
  if (!draw) return h("span.quiet", null, `(${String(e?.type)})`);
  return draw(e, { "data-action": e.action_id, "data-block": block.block_id, "aria-label": e.accessibility_label }, text);
}

const ELEMENTS = {
  button: (e, props, text) => {
    const kind = ["primary", "danger"].includes(e.style) ? `.btn.${e.style}` : ".btn";
    if (!safeURL(e.url || "")) return h("button" + kind, { type: "button", "data-do": "action", ...props }, text(e.text));
    const a = link(e.url, text(e.text)); // Slack tells the app of the press as well
    a.className = kind.replaceAll(".", " ").trim();
    for (const [name, value] of Object.entries({ "data-do": "action", ...props })) if (value) a.setAttribute(name, value);
    return a;
  },
  static_select: (e, props) => {
    const chosen = e.initial_option?.value;
    const empty = h("option", { value: "", disabled: true, hidden: true, selected: !chosen }, e.placeholder?.text || "Choose…");
    return h("select.btn", { "data-do": "choose", ...props, "aria-label": props["aria-label"] || e.placeholder?.text || "Choose" }, empty, optionNodes(e, [chosen]));
  },
  overflow: (_, props) => h("button.btn.overflow", { type: "button", "data-do": "overflow", "aria-haspopup": "menu", ...props, "aria-label": props["aria-label"] || "More" }, icon("dots")),
  checkboxes: (e, props, text) => ticks(e, props, text, "checkbox"),
  radio_buttons: (e, props, text) => ticks(e, props, text, "radio"),
};

/** optionNodes are the <option>s of a select, in its groups. */
export function optionNodes(e, chosen) {
  const one = (o) => h("option", { value: o.value, selected: chosen.includes(o.value) }, o.text?.text);
  const groups = list(e.option_groups).map((g) => h("optgroup", { label: g.label?.text }, list(g.options).map(one)));
  return [...list(e.options).map(one), ...groups];
}

function ticks(e, props, text, type) {
  const chosen = [e.initial_option, ...list(e.initial_options)].map((o) => o?.value);
  const boxes = list(e.options).map((o) => h("label.tick", null,
    h("input", { type, name: `${props["data-block"]}/${e.action_id}`, value: o.value, checked: chosen.includes(o.value), "data-do": "choose", ...props }),
    h("span", null, text(o.text), o.description && h("small", null, text(o.description)))));
  return h("div.ticks", { role: type === "radio" ? "radiogroup" : "group" }, boxes);
}

/** find is the element that a node stands for, as its blocks describe it. */
export function find(blocks, node) {
  const { action, block } = node.dataset;
  for (const b of list(blocks)) {
    if (b.block_id !== block) continue;
    for (const e of [...list(b.elements), b.accessory, b.element]) if (e?.action_id === action) return e;
  }
  return null;
}

/** chosen are the values that a node's element has now. */
export function chosen(node) {
  if (node.tagName === "SELECT") return [...node.selectedOptions].map((o) => o.value).filter(Boolean);
  if (node.tagName !== "INPUT") return [];
  return [...node.closest(".ticks").querySelectorAll("input:checked")].map((box) => box.value);
}
