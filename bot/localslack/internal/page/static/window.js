// Windows (modals) that apps open: the newest is shown, the ones under it wait.
import { renderBlocks } from "./blocks.js";
import { h, icon } from "./dom.js";
import { field } from "./inputs.js";
import { doRequest, submitView } from "./net.js";

export class Windows {
  /** dialog becomes the window; warn(sentence) shows what concerns no field. */
  constructor(dialog, store, warn) {
    Object.assign(this, { dialog, store, warn });
    this.views = new Map(); // id → view
    this.drawn = ""; // id and hash of what is shown
    this.fields = new Map(); // block_id → field
    this.kept = new Map(); // view/block/action → what the person had there
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault(); // Esc is the close button
      this.close();
    });
    dialog.addEventListener("paste", (event) => this.paste(event));
  }

  /** load takes the windows of a snapshot. */
  load(views) {
    this.views = new Map((views || []).map((v) => [v.id, v]));
    this.draw();
  }

  opened(view) {
    if (view.type !== "modal") return;
    this.views.set(view.id, view);
    this.draw();
  }

  closed(id) {
    this.views.delete(id);
    for (const key of [...this.kept.keys()]) if (key.startsWith(id + "/")) this.kept.delete(key);
    this.draw();
  }

  /** top is the window that is shown; ids are counted, so the newest has the largest. */
  top() {
    return [...this.views.values()].sort((a, b) => (a.id < b.id ? 1 : -1))[0];
  }

  draw() {
    const view = this.top();
    const now = view ? `${view.id} ${view.hash}` : "";
    if (now === this.drawn) return;
    this.keep();
    const focused = document.activeElement?.id;
    this.drawn = now;
    this.shown = view;
    if (!view) return this.dialog.close();
    this.build(view);
    if (!this.dialog.open) this.dialog.showModal();
    const first = this.dialog.querySelector(".window-body :is(input, textarea, select, button):not([hidden])");
    ((focused && this.dialog.querySelector(`#${CSS.escape(focused)}`)) || first || this.submitButton || this.dialog.querySelector("button")).focus();
  }

  // keep notes what stands in the fields, for the next version of the same window.
  keep() {
    for (const [block, f] of this.fields) this.kept.set(`${this.shown.id}/${block}/${f.action}`, f.keep());
    this.fields.clear();
  }

  build(view) {
    const app = this.store.apps.find((a) => a.id === view.app_id);
    const title = h("h2", { id: "window-title" }, view.title?.text || "");
    const close = h("button.icon", { type: "button", "aria-label": "Close", title: "Close (Esc)" }, icon("close"));
    close.addEventListener("click", () => this.close());
    this.trouble = h("p.trouble", { role: "alert", hidden: true });
    const body = h("div.window-body", { tabindex: "-1" }, (view.blocks || []).map((b) => (b.type === "input" ? this.input(view, b) : h("div.blocks", null, renderBlocks([b], this.store.names)))), this.trouble);
    const cancel = h("button.btn", { type: "button" }, view.close?.text || (view.submit ? "Cancel" : "Close"));
    cancel.addEventListener("click", () => this.close());
    this.submitButton = view.submit ? h("button.btn.primary", { type: "submit" }, view.submit.text) : null;
    this.form = h("form", { novalidate: true, "aria-labelledby": "window-title" },
      h("header", null, h("span.avatar.bot", { "aria-hidden": "true" }, icon("mark")), h("div", null, title, app && h("small", null, app.name)), close),
      body, h("footer", null, this.part = h("progress", { max: "1", hidden: true, "aria-label": "Uploading" }), cancel, this.submitButton));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(view);
    });
    this.dialog.replaceChildren(this.form);
  }

  input(view, block) {
    const e = block.element || {};
    const id = `field-${block.block_id}`;
    const f = field(e, id, this.kept.get(`${view.id}/${block.block_id}/${e.action_id}`), this.warn);
    f.action = e.action_id;
    f.problem = h("p.problem", { id: id + "-problem", hidden: true });
    this.fields.set(block.block_id, f);
    f.node.dataset.block = block.block_id;
    f.node.dataset.action = e.action_id;
    f.node.setAttribute("aria-describedby", `${id}-hint ${id}-problem`);
    if (block.dispatch_action) f.node.addEventListener("change", () => this.onDispatch?.(view, e.action_id, f.values()));
    const group = /checkboxes|radio_buttons/.test(e.type);
    const label = h(group ? "p.label" : "label.label", { id: id + "-label", for: group ? null : id }, block.label?.text, block.optional && h("span.quiet", null, " (optional)"));
    if (group) f.node.setAttribute("aria-labelledby", id + "-label");
    return h("div.input", null, label, f.node, block.hint && h("p.quiet", { id: id + "-hint" }, block.hint.text), f.problem);
  }

  /** typed is what stands in the fields, by block_id. */
  typed() {
    const out = {};
    for (const [block, f] of this.fields) if (f.values()) out[block] = f.values().filter((v) => v !== "");
    return out;
  }

  async submit(view) {
    if (this.form.getAttribute("aria-busy") === "true") return;
    this.busy(true);
    this.say({}, "");
    try {
      const problems = await submitView(view.id, this.fields, (part) => {
        this.part.hidden = part >= 1;
        this.part.value = part;
      });
      this.busy(false);
      this.say(problems || {}, "");
    } catch (err) {
      this.busy(false);
      this.say({}, `We had some trouble connecting. Try again? ${err.message}`);
    }
  }

  busy(yes) {
    this.form.setAttribute("aria-busy", String(yes));
    if (this.submitButton) this.submitButton.disabled = yes;
    if (!yes) this.part.hidden = true;
  }

  // say shows what is wrong under the fields, and what is wrong with all of it.
  say(problems, trouble) {
    let first = null;
    for (const [block, f] of this.fields) {
      const problem = Object.hasOwn(problems, block) ? problems[block] : "";
      f.problem.textContent = problem;
      f.problem.hidden = !problem;
      f.node.closest(".input").classList.toggle("wrong", Boolean(problem));
      const control = f.node.matches("input, select, textarea") ? f.node : f.node.querySelector("button, input:not([hidden])");
      control?.setAttribute("aria-invalid", String(Boolean(problem)));
      if (problem) first ??= control;
    }
    this.trouble.textContent = trouble;
    this.trouble.hidden = !trouble;
    first?.focus();
  }

  close() {
    const view = this.shown;
    if (!view) return;
    this.closed(view.id); // the app's answer is not waited for
    doRequest("close-view", { view: view.id }).catch((err) => this.warn(err.message));
  }

  paste(event) {
    const files = [...(event.clipboardData?.files || [])];
    const target = [...this.fields.values()].find((f) => f.add);
    if (!files.length || !target) return;
    event.preventDefault();
    target.add(files);
  }
}
