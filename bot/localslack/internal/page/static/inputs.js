// The fields of a window. Each is {node, values(), files(), keep()}: keep is what
// a new version of the same window begins with.
import { h, icon } from "./dom.js";
import { chosen, optionNodes } from "./elements.js";
import { size } from "./message.js";

/** field makes the control of an input block's element. kept is what the person had there before, if anything. */
export function field(e, id, kept, warn) {
  if (e.type === "file_input") return fileField(e, id, kept, warn);
  const make = Object.hasOwn(FIELDS, e.type) ? FIELDS[e.type] : unknown;
  const node = make(e, id, kept);
  const values = () => (node.matches("input, textarea, select") && node.tagName !== "SELECT" ? [node.value] : chosen(node.querySelector?.("input") || node));
  return { node, values, files: () => [], keep: values };
}

const startOf = (e) => [e.initial_option, ...(e.initial_options || [])].filter(Boolean).map((o) => o.value);
const typed = (type) => (e, id, kept) => h("input.field", { id, type, value: kept?.[0] ?? e.initial_value ?? e.initial_date ?? "", placeholder: e.placeholder?.text, autocomplete: "off" });
const unknown = (e) => h("p.quiet", null, `(${String(e.type)}, which this page can't show)`);

const FIELDS = {
  plain_text_input: (e, id, kept) => {
    const text = kept?.[0] ?? e.initial_value ?? "";
    const props = { id, placeholder: e.placeholder?.text, autocomplete: "off", maxlength: e.max_length || 3000 };
    if (!e.multiline) return h("input.field", { ...props, type: "text", value: text });
    return h("textarea.field", { ...props, rows: "3" }, text);
  },
  email_text_input: typed("email"),
  url_text_input: typed("url"),
  number_input: typed("number"),
  datepicker: typed("date"),
  timepicker: typed("time"),
  static_select: (e, id, kept) => select(e, id, kept, false),
  multi_static_select: (e, id, kept) => select(e, id, kept, true),
  checkboxes: (e, id, kept) => boxes(e, id, kept, "checkbox"),
  radio_buttons: (e, id, kept) => boxes(e, id, kept, "radio"),
};

function select(e, id, kept, multiple) {
  const start = kept ?? startOf(e);
  const empty = !multiple && h("option", { value: "", selected: !start.length }, e.placeholder?.text || "Choose…");
  return h("select.field", { id, multiple }, empty, optionNodes(e, start));
}

function boxes(e, id, kept, type) {
  const start = kept ?? startOf(e);
  return h("div.ticks", { id, role: type === "radio" ? "radiogroup" : "group" }, (e.options || []).map((o) => h("label.tick", null,
    h("input", { type, name: id, value: o.value, checked: start.includes(o.value) }),
    h("span", null, o.text?.text, o.description && h("small", null, o.description.text)))));
}

// fileField is a place to choose files or to drop them on, with the list of those chosen.
function fileField(e, id, kept, warn) {
  const most = e.max_files || 10;
  const types = (e.filetypes || []).map((t) => t.toLowerCase());
  const files = [...(kept || [])];
  const input = h("input", { type: "file", hidden: true, multiple: most > 1, accept: types.map((t) => "." + t).join(",") || null });
  const names = h("ul.chosen", { "aria-label": "Chosen files" });
  const button = h("button.btn", { id, type: "button" }, "Choose files");
  const node = h("div.file-field", null, h("div.drop-here", null, icon("file"), button, h("span.only-keyboard", null, "or drop them here")), names, input);
  const draw = () => {
    names.replaceChildren(...files.map((file, i) => {
      const remove = h("button.icon", { type: "button", "aria-label": `Remove ${file.name}`, title: "Remove" }, icon("close"));
      remove.addEventListener("click", () => {
        files.splice(i, 1);
        draw();
        button.focus();
      });
      return h("li", null, icon("file"), h("span", { title: file.name }, file.name), h("small", null, size(file.size)), remove);
    }));
    names.hidden = !files.length;
  };
  const add = (more) => {
    for (const file of more) {
      const kind = file.name.split(".").pop().toLowerCase();
      if (types.length && !types.includes(kind)) warn(`${file.name} isn't a type of file that can go here.`);
      else if (files.length >= most) warn(most === 1 ? "You can attach one file here." : `Only ${most} files can go here, so the first ${most} were kept.`);
      else files.push(file);
    }
    draw();
  };
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  for (const [type, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    node.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      node.classList.toggle("over", over);
      if (type === "drop") add([...event.dataTransfer.files]);
    });
  }
  draw();
  return { node, values: () => null, files: () => files, keep: () => files, add };
}
