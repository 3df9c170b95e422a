// The list of commands over the box to write in, while a text begins with a slash.
import { h } from "./dom.js";

// What Slack itself understands; the rest are the installed apps'.
const OWN = [
  { command: "/invite", usage_hint: "@name", description: "Add somebody or an app to this channel" },
  { command: "/remove", usage_hint: "@name", description: "Remove somebody or an app from this channel" },
  { command: "/leave", usage_hint: "", description: "Leave this channel" },
  { command: "/archive", usage_hint: "", description: "Archive this channel" },
];

/** isCommand says whether a text goes as a command: a slash and a word at its beginning. */
export function isCommand(text) {
  return /^\/[a-z0-9][a-z0-9_-]*(?:\s|$)/.test(text);
}

export class CommandList {
  /** textarea is where the person types; apps() are the installed ones. */
  constructor(textarea, apps) {
    Object.assign(this, { textarea, apps, found: [], at: 0, dismissed: "" });
    this.node = h("ul.commands", { id: textarea.id + "-commands", role: "listbox", "aria-label": "Commands", hidden: true });
    textarea.setAttribute("aria-controls", this.node.id);
    this.node.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the box keeps the focus
      const row = event.target.closest("[data-at]");
      if (row) this.take(Number(row.dataset.at));
    });
    textarea.addEventListener("blur", () => (this.node.hidden = true));
    textarea.addEventListener("focus", () => this.draw());
  }

  /** draw shows the commands that fit what is typed; once a command stands there, how it goes on. */
  draw() {
    const text = this.textarea.value;
    const [word] = text.split(/\s/, 1);
    const typing = word === text;
    const all = [...this.apps().flatMap((a) => (a.commands || []).map((c) => ({ ...c, app: a.name }))), ...OWN];
    const here = document.activeElement === this.textarea;
    this.found = here && text.startsWith("/") && text !== this.dismissed ? all.filter((c) => (typing ? c.command.startsWith(word) : c.command === word)) : [];
    this.choosing = typing && !(this.found.length === 1 && this.found[0].command === word);
    this.at = Math.max(0, Math.min(this.at, this.found.length - 1));
    this.node.hidden = !this.found.length;
    this.node.replaceChildren(...this.found.map((c, i) => this.row(c, i)));
    if (this.choosing && this.found.length) this.textarea.setAttribute("aria-activedescendant", `${this.node.id}-${this.at}`);
    else this.textarea.removeAttribute("aria-activedescendant");
    this.node.children[this.at]?.scrollIntoView({ block: "nearest" });
  }

  row(c, i) {
    const chosen = this.choosing && i === this.at;
    return h("li", { id: `${this.node.id}-${i}`, role: "option", "aria-selected": String(chosen), "data-at": i },
      h("strong", null, c.command), c.usage_hint && h("span.usage", null, c.usage_hint), h("span.about", null, c.description), c.app && h("small", null, c.app));
  }

  /** key takes the keys that belong to the list and answers whether it did. */
  key(event) {
    if (this.node.hidden) return false;
    if (event.key === "Escape") {
      this.dismissed = this.textarea.value;
    } else if (!this.choosing) {
      return false;
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.at = (this.at + (event.key === "ArrowDown" ? 1 : -1) + this.found.length) % this.found.length;
    } else if ((event.key === "Tab" && !event.shiftKey) || event.key === "Enter") {
      this.take(this.at);
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    this.draw();
    return true;
  }

  take(i) {
    if (!this.choosing || !this.found[i]) return;
    this.textarea.value = this.found[i].command + " ";
    this.textarea.dispatchEvent(new Event("input"));
  }
}
