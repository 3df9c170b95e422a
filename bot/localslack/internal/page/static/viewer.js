// Dialogs: pictures in full, text files, jumping to a conversation; and short notices.
import { h, icon } from "./dom.js";
import { ifUnshown, isImage } from "./message.js";
import { markdown } from "./markdown.js";
import { fileURL } from "./net.js";

const MAX_PREVIEW = 200_000; // characters of a text file that are drawn

/** closeOnBackdrop makes a press beside the dialog's content close it. Esc does so by itself. */
export function closeOnBackdrop(dialog) {
  dialog.addEventListener("click", (e) => e.target === dialog && dialog.close());
}

/** view opens a file of a message. Left and right go through the message's pictures. */
export function view(dialog, message, file, names) {
  const pictures = (message.files || []).filter(isImage);
  let at = pictures.findIndex((f) => f.id === file.id);
  const close = h("button.icon", { type: "button", "aria-label": "Close", title: "Close (Esc)" }, icon("close"));
  close.addEventListener("click", () => dialog.close());
  const draw = () => {
    const f = at < 0 ? file : pictures[at];
    const body = at < 0 ? textBody(f, names) : shown(f);
    dialog.className = at < 0 ? "shows-text" : "shows-picture";
    const count = pictures.length > 1 && at >= 0 ? h("span", null, `${at + 1} of ${pictures.length}`) : null;
    const download = h("a.icon", { href: fileURL(f) + "?download=1", download: f.name || "", "aria-label": `Download ${f.name}`, title: "Download" }, icon("down"));
    dialog.replaceChildren(h("header", null, h("strong", { title: f.name }, f.title || f.name), count, download, close), h("div.content", { tabindex: "0" }, body, at >= 0 && pictures.length > 1 && [step(-1, "back", "Previous"), step(1, "next", "Next")]));
  };
  const step = (by, name, label) => {
    const button = h(`button.icon.step.${name}`, { type: "button", "aria-label": label }, icon(name));
    button.addEventListener("click", () => turn(by));
    return button;
  };
  const turn = (by) => {
    at = (at + by + pictures.length) % pictures.length;
    draw();
    close.focus();
  };
  dialog.onkeydown = (e) => {
    if (at < 0 || pictures.length < 2) return;
    if (e.key === "ArrowLeft") turn(-1);
    if (e.key === "ArrowRight") turn(1);
  };
  draw();
  dialog.showModal();
  close.focus();
}

function shown(file) {
  const img = h("img", { src: fileURL(file), alt: file.title || file.name });
  ifUnshown(img, () => img.replaceWith(h("p.quiet", null, "This picture is damaged and can't be shown, but you can download it.")));
  return img;
}

function textBody(file, names) {
  const el = h("div.md", null, h("p.quiet", null, "Loading…"));
  fetch(fileURL(file))
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(`the workspace returned status ${answer.status}`))))
    .then((text) => {
      const rest = text.length > MAX_PREVIEW && h("p.quiet", null, "Download the file to see the rest.");
      el.replaceChildren(...(/\.(md|markdown)$/i.test(file.name) ? markdown(text.slice(0, MAX_PREVIEW), names) : [h("pre", null, text.slice(0, MAX_PREVIEW))]), rest || "");
    })
    .catch((err) => el.replaceChildren(h("p.quiet", null, `This file can't be shown: ${err.message}.`)));
  return el;
}

/** switcher opens the list of conversations to jump to; go(id) is called with the choice. */
export function switcher(dialog, places, go, title = "Jump to a channel or person…") {
  const input = h("input", { type: "text", placeholder: title, "aria-label": title, role: "combobox", "aria-expanded": "true", "aria-controls": "jump-list", autocomplete: "off" });
  const options = h("ul", { id: "jump-list", role: "listbox", "aria-label": "Conversations" });
  let found = places;
  let at = 0;
  const draw = () => {
    const wanted = input.value.trim().toLowerCase().replace(/^[#@]/, "");
    found = places.filter((p) => p.title.toLowerCase().includes(wanted));
    at = Math.max(0, Math.min(at, found.length - 1));
    input.setAttribute("aria-activedescendant", found.length ? `jump-${at}` : "");
    options.replaceChildren(...(found.length ? found.map((p, i) => h("li", { id: `jump-${i}`, role: "option", "aria-selected": String(i === at), "data-at": i }, icon(p.icon), p.title)) : [h("li.quiet", null, "Nothing by that name")]));
    options.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const choose = () => {
    if (!found[at]) return;
    dialog.close();
    go(found[at].id);
  };
  input.addEventListener("input", () => ((at = 0), draw()));
  input.addEventListener("keydown", (e) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (by && found.length) at = (at + by + found.length) % found.length;
    else if (e.key === "Enter") choose();
    else return;
    e.preventDefault();
    draw();
  });
  options.addEventListener("click", (e) => {
    const li = e.target.closest("[data-at]");
    if (!li) return;
    at = Number(li.dataset.at);
    choose();
  });
  dialog.replaceChildren(input, options);
  draw();
  dialog.showModal();
  input.focus();
}

const NOTICE_MS = 6000;

/** notices answers a function that shows a sentence for a few seconds. */
export function notices(el) {
  let timer;
  return (sentence) => {
    // A dialog lies over everything that is not in it.
    ([...document.querySelectorAll("dialog[open]")].at(-1) || document.body).append(el);
    el.textContent = sentence;
    el.classList.add("shown");
    clearTimeout(timer);
    timer = setTimeout(() => el.classList.remove("shown"), NOTICE_MS);
  };
}
