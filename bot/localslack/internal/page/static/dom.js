// Building and updating the page's nodes. Everything that comes from a message
// goes through h() as text or as an attribute value, never as HTML.

/**
 * h builds an element: h("p.note", {title: "x"}, "text", node, …).
 * null, undefined, false and true as children or values are left out; nested arrays are flattened.
 */
export function h(selector, props, ...children) {
  const [tag, ...classes] = selector.split(".");
  const el = document.createElement(tag);
  if (classes.length) el.className = classes.join(" ");
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (/^on/i.test(name)) throw new Error("event attributes are not allowed");
    el.setAttribute(name, value === true ? "" : value);
  }
  el.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && typeof c !== "boolean"));
  return el;
}

const SVG = "http://www.w3.org/2000/svg";

/** icon refers to a symbol of index.html. It is decoration: the button names itself. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", "#i-" + name);
  svg.append(use);
  return svg;
}

/** link builds an anchor to an http(s) or mailto address; of anything else only the label stays. */
export function link(address, ...label) {
  const here = inApp(address);
  if (here) return h("a", { href: here }, ...label);
  const href = safeURL(address);
  if (!href) return h("span", null, ...label);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...label);
}

// inApp is the place of this page that a message's permalink means, "" for other
// addresses: the page names the team's domain in its body.
function inApp(address) {
  const domain = document.body.dataset.domain;
  const found = domain && /^https:\/\/([a-z0-9-]+)\.slack\.com\/archives\/([A-Z0-9]+)\/p(\d+)(\d{6})(?:\?(.*))?$/.exec(address);
  if (!found || found[1] !== domain) return "";
  const thread = new URLSearchParams(found[5]).get("thread_ts") || "";
  return `#/${found[2]}/${/^[\d.]+$/.test(thread) ? thread : ""}/${found[3]}.${found[4]}`;
}

/** safeURL answers the normalised absolute address, or "" when its scheme is not one to follow. */
export function safeURL(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

/**
 * morph changes the tree `from` into the tree `to`, touching only what differs,
 * so that a live edit neither flickers nor loses focus, selection or scroll position.
 */
export function morph(from, to) {
  if (from.isEqualNode(to)) return from;
  if (from.nodeName !== to.nodeName || from.getAttribute?.("data-key") !== to.getAttribute?.("data-key")) {
    from.replaceWith(to);
    return to;
  }
  if (from.nodeType !== Node.ELEMENT_NODE) {
    from.nodeValue = to.nodeValue;
    return from;
  }
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  const want = [...to.childNodes];
  want.forEach((child, i) => {
    if (from.childNodes[i]) morph(from.childNodes[i], child);
    else from.append(child);
  });
  while (from.childNodes.length > want.length) from.lastChild.remove();
  return from;
}
