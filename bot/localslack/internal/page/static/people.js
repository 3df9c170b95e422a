// Dialogs about channels: who is in one, and making a new one.
import { h, icon, morph } from "./dom.js";
import { avatar } from "./message.js";
import { ask } from "./menu.js";
import { doRequest } from "./net.js";

/** People shows who is in a channel and lets people and apps be added and removed. */
export class People {
  /** confirm is the dialog for questions, warn(sentence) shows what went wrong. */
  constructor(dialog, store, confirm, warn) {
    Object.assign(this, { dialog, store, confirm, warn, channel: "" });
    dialog.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-request]");
      if (button) this.request(button);
    });
    dialog.addEventListener("input", () => this.draw());
  }

  open(channel) {
    this.channel = channel;
    this.dialog.replaceChildren();
    this.draw();
    this.dialog.showModal();
    this.dialog.querySelector("input").focus();
  }

  /** draw brings the dialog up to date, if it is open. */
  draw() {
    const channel = this.store.channels.get(this.channel);
    if (!channel || !channel.is_member || channel.is_archived) return this.dialog.close();
    const wanted = (this.dialog.querySelector("input")?.value || "").trim().toLowerCase().replace(/^@/, "");
    const fits = (u) => u.id !== "USLACKBOT" && [u.real_name, u.name].some((n) => n?.toLowerCase().includes(wanted));
    const all = [...this.store.users.values()].filter(fits);
    const members = all.filter((u) => channel.members.includes(u.id));
    const others = all.filter((u) => !channel.members.includes(u.id));
    const fresh = h("dialog", null,
      h("header", null, h("h2", null, `People in #${channel.name}`), h("button.icon", { type: "button", "aria-label": "Close", title: "Close (Esc)", "data-request": "close" }, icon("close"))),
      h("input.field", { type: "text", autocomplete: "off", placeholder: "Find people and apps", "aria-label": "Find people and apps" }),
      h("div.people", { tabindex: "-1" },
        members.length > 0 && [h("h3", null, "In this channel"), h("ul", null, members.map((u) => this.row(u, "remove", "Remove")))],
        others.length > 0 && [h("h3", null, "Add people and apps"), h("ul", null, others.map((u) => this.row(u, "invite", "Add")))],
        !all.length && h("p.quiet", null, "Nobody by that name")),
      h("footer", null, h("button.btn", { type: "button", "data-request": "leave" }, "Leave"), h("button.btn.danger", { type: "button", "data-request": "archive" }, "Archive channel")));
    if (!this.dialog.firstChild) this.dialog.replaceChildren(...fresh.childNodes);
    else [...fresh.childNodes].forEach((node, i) => morph(this.dialog.childNodes[i], node));
  }

  row(user, request, label) {
    const me = user.id === this.store.me;
    const name = this.store.userName(user.id);
    return h("li", { "data-key": user.id }, avatar({ id: user.id, name, bot: user.is_bot }), h("span.name", null, name), user.is_bot && h("span.badge", null, "App"), me && h("small", null, "you"),
      !me && h("button.btn", { type: "button", "data-request": request, "data-user": user.id, "aria-label": `${label} ${name}` }, label));
  }

  async request(button) {
    const { request, user } = button.dataset;
    const channel = this.store.channels.get(this.channel);
    if (request === "close") return this.dialog.close();
    const question = {
      archive: { title: `Archive #${channel.name}?`, text: "Nobody can post in it any more.", confirm: "Archive", style: "danger" },
      leave: channel.is_private && { title: `Leave #${channel.name}?`, text: "You can only come back if somebody adds you.", confirm: "Leave", style: "danger" },
    }[request];
    if (question && !(await ask(this.confirm, question))) return;
    button.disabled = true;
    await doRequest(request === "leave" ? "remove" : request, { channel: channel.id, user: request === "leave" ? this.store.me : user }).catch((err) => this.warn(err.message));
    button.disabled = false;
  }
}

/** createChannel asks for a name and makes the channel; go(id) opens it. */
export function createChannel(dialog, go) {
  const name = h("input.field", { id: "new-channel", type: "text", maxlength: "80", placeholder: "receipts", autocomplete: "off", required: true, "aria-describedby": "new-channel-problem" });
  const secret = h("input", { type: "checkbox" });
  const problem = h("p.problem", { id: "new-channel-problem", role: "alert", hidden: true });
  const cancel = h("button.btn", { type: "button" }, "Cancel");
  const form = h("form", { novalidate: true }, h("h2", null, "Create a channel"),
    h("div.input", null, h("label.label", { for: "new-channel" }, "Name"), name, problem),
    h("label.tick", null, secret, h("span", null, "Private", h("small", null, "Only members can see it"))),
    h("footer", null, cancel, h("button.btn.primary", { type: "submit" }, "Create")));
  cancel.addEventListener("click", () => dialog.close());
  name.addEventListener("input", () => (name.value = name.value.toLowerCase().replace(/\s/g, "-")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const id = await doRequest("create", { name: name.value, private: secret.checked });
      dialog.close();
      go(id);
    } catch (err) {
      problem.textContent = err.message;
      problem.hidden = false;
      name.focus();
    }
  });
  dialog.setAttribute("aria-label", "Create a channel");
  dialog.replaceChildren(form);
  dialog.showModal();
  name.focus();
}
