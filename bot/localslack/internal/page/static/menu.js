// Small menus that open at a button, the emoji to choose from, and questions to confirm.
import { h, icon } from "./dom.js";
import { PICKS, emoji } from "./tokens.js";

/**
 * openMenu opens a menu at the element anchor. items are {label, icon, note, danger, run} or null for a line.
 * Arrow keys walk through it; Esc and a press beside it close it.
 */
export function openMenu(anchor, label, items) {
  const rows = items.map((item) => (item ? row(item) : h("hr", { role: "separator" })));
  const menu = h("div.menu", { popover: "auto", role: "menu", "aria-label": label }, rows);
  items.forEach((item, i) => item && rows[i].addEventListener("click", () => {
    menu.hidePopover();
    item.run();
  }));
  walk(menu, "[role=menuitem]", 1);
  show(anchor, menu);
}

function row({ label, icon: sign, note, danger }) {
  return h(danger ? "button.danger" : "button", { type: "button", role: "menuitem", tabindex: "-1" },
    sign && icon(sign), h("span", null, label), note && h("small", null, note));
}

const COLUMNS = 6;

/** openPicker opens the emoji to choose from; choose(name) gets the one. */
export function openPicker(anchor, choose) {
  const cells = PICKS.map((name) => h("button", { type: "button", role: "menuitem", tabindex: "-1", "aria-label": name, title: `:${name}:` }, emoji(name)));
  const menu = h("div.menu.picker", { popover: "auto", role: "menu", "aria-label": "Choose a reaction" }, cells);
  cells.forEach((cell, i) => cell.addEventListener("click", () => {
    menu.hidePopover();
    choose(PICKS[i]);
  }));
  walk(menu, "[role=menuitem]", COLUMNS);
  show(anchor, menu);
}

// walk moves the focus with the arrow keys, by rows of so many items.
function walk(menu, selector, columns) {
  menu.addEventListener("keydown", (event) => {
    const all = [...menu.querySelectorAll(selector)];
    const at = all.indexOf(document.activeElement);
    const by = { ArrowDown: columns, ArrowUp: -columns, ArrowRight: columns > 1 && 1, ArrowLeft: columns > 1 && -1 }[event.key];
    let to = by ? (at + by + all.length) % all.length : -1;
    if (event.key === "Home") to = 0;
    if (event.key === "End") to = all.length - 1;
    if (event.key === "Tab") menu.hidePopover();
    if (to < 0) return;
    event.preventDefault();
    all[to].focus();
  });
}

// show places the menu near its anchor, inside the window, and gives the focus back when it closes.
function show(anchor, menu) {
  const host = anchor.closest("dialog, main") || document.body;
  host.append(menu);
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "open") return;
    anchor.setAttribute("aria-expanded", "false");
    if (menu.contains(document.activeElement) || document.activeElement === document.body) anchor.focus({ preventScroll: true });
    menu.remove();
  });
  // Above a dialog Esc would close that too.
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    menu.hidePopover();
  });
  menu.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + 4 + height <= innerHeight;
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - height - 4)}px`;
  menu.querySelector("[role=menuitem]")?.focus();
}

/** ask opens a confirmation (Slack's confirm object) and answers whether the person agreed. */
export function ask(dialog, { title, text, confirm, deny, style }) {
  return new Promise((answer) => {
    const yes = h(style === "danger" ? "button.btn.danger" : "button.btn.primary", { type: "button" }, confirm || "Yes");
    const no = h("button.btn", { type: "button" }, deny || "Cancel");
    let agreed = false;
    yes.addEventListener("click", () => {
      agreed = true;
      dialog.close();
    });
    no.addEventListener("click", () => dialog.close());
    const closed = () => {
      if (dialog.open) return; // the late word of the question before
      dialog.removeEventListener("close", closed);
      answer(agreed);
    };
    dialog.addEventListener("close", closed);
    dialog.setAttribute("aria-label", title || "Are you sure?");
    dialog.replaceChildren(h("h2", null, title || "Are you sure?"), text && h("p", null, text) || "", h("footer", null, no, yes));
    dialog.showModal();
    (style === "danger" ? no : yes).focus();
  });
}
