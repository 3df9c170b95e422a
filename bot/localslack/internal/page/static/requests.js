// What a person does to a message: press, choose, react, delete, share.
import { chosen, find } from "./elements.js";
import { ask, openMenu, openPicker } from "./menu.js";
import { doRequest } from "./net.js";

export class Requests {
  /** page is {store, windows, confirm (a dialog), warn, choosePlace(go), go(channel, ts), thread(message), place() → channel}. */
  constructor(page) {
    Object.assign(this, page);
    this.windows.onDispatch = (view, action, values) => this.send({ view: view.id, action_id: action, values, typed: this.windows.typed() });
  }

  /** press is a click on a button, a link or an overflow menu of an app. */
  async press(message, node) {
    const { element, target } = this.find(message, node);
    if (!element) return;
    if (node.dataset.do === "overflow") {
      return openMenu(node, "More", (element.options || []).map((o) => ({ label: o.text?.text || "", run: () => this.agreed(element, target, node, [o.value]) })));
    }
    if (node.tagName === "A") return this.send(target).catch(() => {}); // it opens anyway
    await this.agreed(element, target, node, []);
  }

  /** choose is a change of a menu or of boxes. */
  async choose(message, node) {
    const { element, target } = this.find(message, node);
    if (element) await this.agreed(element, target, node, chosen(node));
  }

  // find answers the element a node stands for, and what an action names of it.
  find(message, node) {
    const view = node.closest("#window") && this.windows.shown;
    const element = find(view ? view.blocks : message.blocks, node);
    const place = view ? { view: view.id, typed: this.windows.typed() } : { channel: this.place(), ts: message.ts };
    return { element, target: { ...place, action_id: node.dataset.action } };
  }

  // agreed sends an action, after the question that the element may want asked.
  async agreed(element, target, node, values) {
    if (node.getAttribute("aria-busy") === "true") return;
    const c = element.confirm;
    const question = c && { title: c.title?.text, text: c.text?.text, confirm: c.confirm?.text, deny: c.deny?.text, style: c.style };
    if (question && !(await ask(this.confirm, question))) return;
    node.setAttribute("aria-busy", "true"); // not disabled: it would lose the focus
    await this.send({ ...target, values }).catch((err) => this.warn(err.message));
    node.removeAttribute("aria-busy");
  }

  send(action) {
    return doRequest("press", action);
  }

  /** react adds the person's emoji, or takes it away again. */
  react(message, name) {
    const mine = (message.reactions || []).some((r) => r.name === name && r.users.includes(this.store.me));
    this.request(mine ? "unreact" : "react", message, { name });
  }

  pick(message, node) {
    openPicker(node, (name) => this.react(message, name));
  }

  request(name, message, more) {
    return doRequest(name, { channel: this.place(), ts: message.ts, ...more }).catch((err) => this.warn(err.message));
  }

  /** more opens the menu of a message. */
  more(message, node) {
    const shortcuts = this.store.apps.flatMap((a) => (a.shortcuts || []).map((s) => ({ label: s.name, note: a.name, icon: "bolt", run: () => this.request("shortcut", message, { name: s.callback_id }) })));
    const mine = message.user === this.store.me;
    const own = mine ? (message.files || []).filter((f) => f.mode !== "tombstone") : [];
    const line = (list) => (list.length ? [null, ...list] : []);
    openMenu(node, "Message", [
      { label: "Add reaction…", icon: "smile", run: () => this.pick(message, node) },
      { label: "Reply in thread", icon: "thread", run: () => this.thread(message) },
      { label: "Forward…", icon: "forward", run: () => this.choosePlace((to) => this.forward(message, to)) },
      { label: "Copy link", icon: "link", run: () => this.copy(message) },
      ...line(shortcuts),
      ...line([
        ...own.map((f) => ({ label: `Delete ${f.name}…`, icon: "trash", danger: true, run: () => this.deleteFile(f) })),
        ...(mine ? [{ label: "Delete message…", icon: "trash", danger: true, run: () => this.remove(message) }] : []),
      ]),
    ]);
  }

  async forward(message, to) {
    const ts = await this.request("forward", message, { name: to });
    if (ts) this.go(to);
  }

  async copy(message) {
    const link = await this.request("link", message);
    if (!link) return;
    await navigator.clipboard.writeText(link).then(() => this.warn("Link copied."), () => this.warn(link));
  }

  async remove(message) {
    const sure = await ask(this.confirm, { title: "Delete message", text: "This can't be undone.", confirm: "Delete", style: "danger" });
    if (sure) this.request("delete", message);
  }

  async deleteFile(file) {
    const sure = await ask(this.confirm, { title: `Delete ${file.name}`, text: "The file disappears from every place where it was shared.", confirm: "Delete", style: "danger" });
    if (sure) this.request("delete-file", {}, { file: file.id });
  }
}
