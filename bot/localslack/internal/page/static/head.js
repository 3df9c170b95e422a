// The head of the open conversation, and what stands in it before anybody has spoken.
import { h, icon } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { iconOf } from "./sidebar.js";

/** nameOf is a conversation as people write it: #general, or a name. */
export function nameOf(channel, store) {
  return (store.isDM(channel) ? "" : "#") + store.title(channel);
}

/** drawHead draws the title of a conversation, and below it the box to write in or why there is none. */
export function drawHead(channel, title, store) {
  const $ = (id) => document.getElementById(id);
  const dm = store.isDM(channel);
  $("channel-title").replaceChildren(icon(iconOf(channel, store)), title);
  const people = (channel.members || []).length;
  const about = [people === 1 ? "1 member" : `${people} members`, channel.is_private && "private", channel.is_ext_shared && "shared with another workspace", !channel.is_member && "you are not a member"];
  $("channel-about").textContent = dm ? "Direct message" : about.filter(Boolean).join(" · ");
  const open = channel.is_member && !channel.is_archived;
  $("composer").hidden = !open;
  $("members").hidden = dm || !open;
  $("join").hidden = open;
  if (open) return;
  const join = h("button.btn.primary", { type: "button", "data-do": "join" }, "Join channel");
  $("join").replaceChildren(h("p", null, channel.is_archived ? "This channel is archived." : `You are looking at ${nameOf(channel, store)}.`), channel.is_archived ? "" : join);
}

/** welcome says what to do where nobody has said anything yet, and the note of the workspace. key is the one that pastes. */
export function welcome(key, store) {
  const browse = h("button.btn.primary", { type: "button", "data-do": "browse" }, "Choose a file");
  return h("div.empty", { "data-key": "welcome" }, h("div.sheet", { "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i"), h("b")),
    h("h3", null, "Drop a file here, or say something"),
    h("p", null, "Send a picture, a PDF or any other file. Apps answer here, or in a thread under your message."),
    h("p.ways", null, browse, h("span.only-keyboard", null, "or paste a picture with ", h("kbd", null, key + " V"))),
    store.note && h("p.note.quiet", null, mrkdwn(store.note, store.names)));
}
