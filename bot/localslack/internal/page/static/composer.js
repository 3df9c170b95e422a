// The box a person writes in: text, files waiting to be sent, a draft for each place.
import { h, icon } from "./dom.js";
import { CommandList } from "./commands.js";
import { ifUnshown, isImage, size } from "./message.js";

const MAX_FILES = 10;
const MAX_BYTES = 100e6;

export class Composer {
  /** form becomes the composer. onSend({text, files}) sends what is in it; warn(sentence) shows a problem; apps() have commands, if any are to be offered. */
  constructor(form, { onSend, warn, textID, apps }) {
    Object.assign(this, { form, onSend, warn, apps });
    this.drafts = new Map(); // place → {text, files}
    this.files = []; // {file, url}
    this.build(textID);
  }

  build(textID) {
    this.previews = h("ul.previews", { "aria-label": "Files to send", hidden: true });
    this.text = h("textarea", { id: textID, rows: "1", "aria-describedby": textID + "-hint", enterkeyhint: "send", autocomplete: "off" });
    this.input = h("input", { type: "file", multiple: true, hidden: true });
    this.button = h("button.send", { type: "submit", "aria-label": "Send", title: "Send", disabled: true }, icon("send"));
    const clip = h("button.icon.clip", { type: "button", "aria-label": "Attach files", title: "Attach files" }, icon("clip"));
    this.hint = h("p.hint", { id: textID + "-hint" }, h("span", null, h("kbd", null, "Enter"), " sends"), h("span", null, h("kbd", null, "Shift"), " ", h("kbd", null, "Enter"), " new line"));
    this.commands = this.apps && new CommandList(this.text, this.apps);
    this.form.append(this.commands ? this.commands.node : "", h("div.box", null, this.previews, h("div.line", null, clip, this.text, this.button)), this.input, this.hint);

    clip.addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => {
      this.add([...this.input.files]);
      this.input.value = "";
    });
    this.text.addEventListener("input", () => this.changed());
    addEventListener("resize", () => this.grow());
    // A line break whose key went down elsewhere, such as in the list of places,
    // is none of ours.
    this.text.addEventListener("focus", () => (this.pressed = false));
    this.text.addEventListener("keydown", (e) => this.key(e));
    this.text.addEventListener("beforeinput", (e) => this.lineBreak(e));
    this.form.addEventListener("submit", (e) => {
      e.preventDefault();
      this.submit();
    });
  }

  key(event) {
    this.pressed = true;
    this.shift = event.shiftKey;
    this.taken = this.commands?.key(event);
    if (this.taken) return;
    // Enter that ends a word in an input method is not a wish to send.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  // Some phones' keyboards tell of Enter only by the line break they are about to make.
  lineBreak(event) {
    if (event.inputType !== "insertLineBreak" || this.shift) return;
    event.preventDefault();
    if (this.pressed && !this.taken) this.submit(); // else the key has chosen a command
  }

  /** open shows the draft of a place, keeping the one of the place before. */
  open(place, placeholder) {
    if (this.place !== place) {
      if (this.place) this.drafts.set(this.place, { text: this.text.value, files: this.files });
      const draft = this.drafts.get(place) || { text: "", files: [] };
      this.place = place;
      this.text.value = draft.text;
      this.files = draft.files;
    }
    this.placeholder = placeholder;
    this.text.setAttribute("aria-label", placeholder);
    this.changed();
  }

  /** add takes files that were picked, dropped or pasted. */
  add(files) {
    const room = MAX_FILES - this.files.length;
    if (files.length > room) this.warn(`A message can have up to ${MAX_FILES} files, so only the first ${MAX_FILES} were kept.`);
    let total = this.files.reduce((sum, f) => sum + f.file.size, 0);
    for (const file of files.slice(0, Math.max(room, 0))) {
      if (!file.size) {
        this.warn(`“${file.name}” is empty or a folder, so it was left out.`);
        continue;
      }
      if ((total += file.size) > MAX_BYTES) {
        this.warn("A message can have up to 100 MB of files. Send fewer or smaller ones.");
        break;
      }
      this.files.push({ file, url: isImage(file) ? URL.createObjectURL(file) : "" });
    }
    this.changed();
    this.text.focus();
  }

  /** fill puts a text into the box. */
  fill(text) {
    this.text.value = text;
    this.changed();
  }

  remove(entry) {
    if (entry.url) URL.revokeObjectURL(entry.url);
    this.files = this.files.filter((f) => f !== entry);
    this.changed();
    this.text.focus();
  }

  changed() {
    this.button.disabled = !this.text.value.trim() && !this.files.length;
    this.form.classList.toggle("ready", !this.button.disabled);
    this.text.placeholder = this.files.length ? "Add a note, or just send" : this.placeholder || "";
    this.previews.hidden = !this.files.length;
    this.previews.replaceChildren(...this.files.map((f) => this.preview(f)));
    this.commands?.draw();
    this.grow();
  }

  /** grow makes the box as high as its text; CSS sets the greatest height. */
  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  preview(entry) {
    const { file, url } = entry;
    const remove = h("button.remove", { type: "button", "aria-label": `Remove ${file.name}`, title: "Remove" }, icon("close"));
    remove.addEventListener("click", () => this.remove(entry));
    const doc = h("span.doc", null, icon("file"), h("span", null, file.name));
    const img = url && h("img", { src: url, alt: file.name });
    if (img) ifUnshown(img, () => img.replaceWith(doc));
    return h("li", { title: `${file.name} · ${size(file.size)}` }, img || doc, remove);
  }

  submit() {
    const text = this.text.value.trim();
    if (!text && !this.files.length) return;
    const files = this.files;
    this.files = [];
    this.text.value = "";
    this.changed();
    this.onSend({ text, files });
  }
}

/** pastedFiles are the files on a clipboard. A picture copied from a page has no telling name: it gets one. */
export function pastedFiles(event) {
  return [...(event.clipboardData?.files || [])].map((file, i) => {
    if (file.name && file.name !== "image.png") return file;
    const stamp = new Date().toTimeString().slice(0, 8).replaceAll(":", ".");
    return new File([file], `Pasted ${stamp}${i ? ` ${i + 1}` : ""}.${file.type.split("/")[1] || "png"}`, { type: file.type });
  });
}

/**
 * dropZone shows the overlay while files are dragged over the window and hands
 * them to drop(files, event). place(event) names where they would go.
 */
export function dropZone(overlay, { place, drop }) {
  const carriesFiles = (e) => [...(e.dataTransfer?.types || [])].includes("Files");
  const hide = () => (overlay.hidden = true);
  // A window has a place of its own for files.
  const inWindow = () => document.querySelector("#window[open]");
  const over = (e) => {
    if (!carriesFiles(e)) return;
    e.preventDefault();
    if (inWindow()) {
      e.dataTransfer.dropEffect = e.target.closest?.(".file-field") ? "copy" : "none";
      return;
    }
    e.dataTransfer.dropEffect = "copy";
    overlay.querySelector("strong").textContent = place(e);
    overlay.hidden = false;
  };
  addEventListener("dragenter", over);
  addEventListener("dragover", over);
  // Leaving the window, not just one element for the next.
  addEventListener("dragleave", (e) => !e.relatedTarget && hide());
  addEventListener("dragend", hide);
  addEventListener("drop", (e) => {
    if (!carriesFiles(e)) return;
    e.preventDefault(); // the browser would open the file instead of the page
    if (inWindow()) return;
    hide();
    drop([...e.dataTransfer.files], e);
  });
}
