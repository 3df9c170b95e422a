// The page: it follows the workspace, shows the place the address names, and sends what a person writes.
import { isCommand } from "./commands.js";
import { Composer } from "./composer.js";
import { Requests } from "./requests.js";
import { h } from "./dom.js";
import { drawHead, nameOf, welcome } from "./head.js";
import { MessageList } from "./list.js";
import { avatar } from "./message.js";
import { doRequest, follow, send } from "./net.js";
import { Outbox } from "./outbox.js";
import { People, createChannel } from "./people.js";
import { keyboard, takeFiles } from "./shell.js";
import { Reads, drawNote, drawSidebar, iconOf } from "./sidebar.js";
import { Store, isNotice, isReply } from "./store.js";
import { closeOnBackdrop, notices, switcher, view } from "./viewer.js";
import { Windows } from "./window.js";

const $ = (id) => document.getElementById(id);
const KEY = /Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl";
const wide = matchMedia("(min-width: 900px)");
const phone = matchMedia("(max-width: 719px)");

const store = new Store();
const warn = notices($("toast"));
const column = new MessageList($("messages"), store);
const pane = new MessageList($("replies"), store, { inThread: true });
const outbox = new Outbox(store, () => render());
const composer = new Composer($("composer"), { textID: "composer-text", warn, onSend: (m) => post(m, ""), apps: () => store.apps });
const replyComposer = new Composer($("reply-composer"), { textID: "reply-text", warn, onSend: (m) => post(m, at.thread) });

const windows = new Windows($("window"), store, warn);
const people = new People($("people"), store, $("confirm"), warn);
const requests = new Requests({
  store, windows, warn, go, confirm: $("confirm"), place: () => at.channel,
  thread: (message) => openThread(message.thread_ts || message.ts),
  choosePlace: (to) => jump(to),
});

let reads = new Reads("");
let at = { channel: "", thread: "" };
let unreadFrom = ""; // where the line "New" stands in the open channel
// Until the person opens or closes a thread by hand, the pane opens by itself
// on the answer to the pictures they posted.
let autoThread = true;
let pointTo = ""; // the message that a link leads to, until it is drawn
let focusNext = null; // answers the element to focus when the new place is drawn

// ---- the place: #/CHANNEL, #/CHANNEL/THREAD or #/CHANNEL/THREAD/MESSAGE ----

function readPlace() {
  const [, channel = "", thread = "", message = ""] = location.hash.split("/");
  const known = store.channels.has(channel) ? channel : store.first();
  const next = { channel: known, thread: known === channel ? thread : "" };
  if (next.channel !== at.channel) {
    unreadFrom = reads.unread(known, store).find((m) => !isReply(m))?.ts || "";
    column.reset(`Messages in ${store.title(store.channels.get(known))}`);
  }
  if (next.thread !== at.thread || next.channel !== at.channel) pane.reset("Replies");
  if (next.channel !== at.channel && store.channels.get(known)?.is_im) doRequest("open", { channel: known }).catch(() => {}); // an app may greet
  // On a phone the keyboard would come up unasked and hide half the page.
  if (next.channel !== at.channel && wide.matches) focusNext ??= () => composer.text;
  pointTo = message;
  at = next;
  document.body.dataset.view = location.hash === "#/" ? "list" : at.thread ? "thread" : "channel";
}

function go(channel, thread = "") {
  location.hash = "#/" + channel + (thread ? "/" + thread : "");
}

function openThread(ts) {
  autoThread = false;
  focusNext = () => replyComposer.text;
  go(at.channel, ts);
  render();
}

function closeThread() {
  autoThread = false;
  const link = `#messages [data-ts="${CSS.escape(at.thread)}"] .replies`;
  focusNext = () => document.querySelector(link) || composer.text;
  go(at.channel);
}

addEventListener("hashchange", () => {
  readPlace();
  render();
});

// ---- drawing ----

let drawing = 0;

/** render draws once for all changes of a moment. A hidden tab draws too: its title shows what is unread. */
function render() {
  if (drawing) return;
  drawing = setTimeout(() => {
    drawing = 0;
    draw();
  }, 16);
}

function draw() {
  const channel = store.channels.get(at.channel);
  const title = store.title(channel);
  if (!document.hidden && !(phone.matches && document.body.dataset.view === "list")) markRead();
  const unread = (id) => reads.unread(id, store).length;
  const total = store.places().reduce((n, c) => n + unread(c.id), 0);
  document.body.dataset.domain = store.team.domain || "";
  people.draw();
  const page = `${title || "…"} · ${store.team.name || "Local"}`;
  document.title = (total ? `(${total}) ` : "") + page;
  $("title").textContent = page;
  $("team").textContent = store.team.name || "Local";
  drawSidebar($("places"), store, at.channel, unread);
  const me = store.author({ user: store.me });
  $("me").replaceChildren(avatar(me), h("span", null, me.name), me.name === "you" ? "" : h("small", null, "you"));
  if (!channel) return;
  drawChannel(channel, title);
  drawThread();
  focusNext?.().focus({ preventScroll: true });
  focusNext = null;
  if (pointTo && (column.point(pointTo) || pane.point(pointTo))) pointTo = "";
}

function drawChannel(channel, title) {
  composer.open(at.channel, `Message ${placeName()}`);
  drawHead(channel, title, store);
  const messages = [...store.roots(at.channel), ...outbox.waiting(at.channel, "")];
  const begun = messages.some((m) => !store.author(m).bot && !isNotice(m));
  column.show(messages, { unreadFrom, welcome: begun || $("composer").hidden ? null : welcome(KEY, store) });
}

function drawThread() {
  const open = Boolean(at.thread) && store.thread(at.channel, at.thread).length > 0;
  $("thread").hidden = !open;
  document.body.classList.toggle("has-thread", open);
  if (!open) {
    if (document.body.dataset.view === "thread") document.body.dataset.view = "channel";
    return;
  }
  $("thread-about").textContent = placeName();
  replyComposer.open(`${at.channel}/${at.thread}`, "Reply…");
  pane.show([...store.thread(at.channel, at.thread), ...outbox.waiting(at.channel, at.thread)]);
}

// placeName is the open conversation as people write it.
const placeName = () => nameOf(store.channels.get(at.channel), store);

function markRead() {
  const last = store.list(at.channel).at(-1);
  if (last) reads.mark(at.channel, last.ts);
}

// ---- following the workspace ----

follow({
  state(state) {
    store.load(state);
    drawNote($("note"), store);
    windows.load(state.views);
    reads = new Reads(store.team.id || "");
    for (const c of store.places()) if (!reads.knows(c.id)) reads.mark(c.id, store.list(c.id).at(-1)?.ts || "0");
    readPlace();
    render();
  },
  change(change) {
    if (change.type === "view") windows.opened(change.view);
    if (change.type === "view_closed") windows.closed(change.ts);
    const { channel, message, kind } = store.apply(change);
    if (change.type === "channel_gone" && change.ts === at.channel) location.hash = "";
    if (kind === "new") arrived(channel, message);
    if (kind === "edit" && channel === at.channel) [column, pane].forEach((list) => list.edited(message.ts));
    if (kind === "delete" && message && channel === at.channel && message.ts === at.thread) go(at.channel);
    render();
  },
  online(yes) {
    $("connection").hidden = yes;
  },
});

function arrived(channel, message) {
  if (message.user === store.me) {
    outbox.arrived(channel, message);
    if (channel !== at.channel) return;
    (isReply(message) ? pane : column).toBottom();
    return;
  }
  if (channel !== at.channel) return;
  if (!isReply(message)) column.arrived();
  else if (message.thread_ts === at.thread) pane.arrived();
  else followAnswer(channel, message);
  announce(message);
}

// followAnswer opens the thread in which a bot begins to answer the person's pictures.
function followAnswer(channel, message) {
  const parent = store.message(channel, message.thread_ts);
  const mine = parent?.user === store.me && parent.files?.length;
  const busy = replyComposer.text.value || document.activeElement === replyComposer.text;
  if (autoThread && wide.matches && mine && store.author(message).bot && !busy) go(channel, message.thread_ts);
}

// announce speaks new messages, never edits: a live text would chatter.
function announce(message) {
  const text = (message.text || "").replace(/\s+/g, " ").slice(0, 120);
  $("announce").textContent = `${store.author(message).name}: ${text}`;
}

// ---- what a person does ----

function post({ text, files }, thread) {
  const channel = at.channel;
  if (isCommand(text) && !files.length) return command({ channel, thread, text, files });
  (thread ? pane : column).toBottom();
  outbox.post({ channel, thread, text, files }, send);
}

// command sends what is no message: nothing is shown of it, and what fails comes back into the box.
function command(sent) {
  const box = sent.thread ? replyComposer : composer;
  send(sent, () => {}).catch((err) => {
    warn(err.message);
    if (!box.text.value) box.fill(sent.text);
  });
}

const ACTIONS = {
  thread: (message) => openThread(message.thread_ts || message.ts),
  retry: (message) => outbox.retry(message.ts, send),
  discard: (message) => outbox.discard(message.ts),
  browse: () => composer.input.click(),
  view: (message, button) => {
    const file = message.files.find((f) => f.id === button.dataset.file);
    if (file) view($("viewer"), message, file, store.names);
  },
  action: (message, button) => requests.press(message, button),
  overflow: (message, button) => requests.press(message, button),
  react: (message, button) => requests.react(message, button.dataset.name),
  pick: (message, button) => requests.pick(message, button),
  more: (message, button) => requests.more(message, button),
  dismiss: (message) => {
    store.dismiss(at.channel, message.ts);
    render();
  },
  join: () => doRequest("join", { channel: at.channel }).catch((err) => warn(err.message)),
  members: () => people.open(at.channel),
  create: () => createChannel($("confirm"), go),
  "new-dm": () => switcher($("switcher"), everybody(), (user) => doRequest("dm", { user }).then(go, (err) => warn(err.message)), "Write to…"),
};

const everybody = () => [...store.users.values()].filter((u) => u.id !== store.me && u.id !== "USLACKBOT").map((u) => ({ id: u.id, title: store.userName(u.id), icon: u.is_bot ? "mark" : "people" }));

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) ACTIONS[button.dataset.do]?.(messageOf(button), button);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-do=choose]")) requests.choose(messageOf(event.target), event.target);
});

function messageOf(node) {
  const ts = node.closest("[data-ts]")?.dataset.ts || "";
  return store.message(at.channel, ts) || outbox.message(ts) || {};
}

$("thread-close").addEventListener("click", closeThread);
$("thread-back").addEventListener("click", closeThread);
$("to-list").addEventListener("click", () => (location.hash = "#/"));
$("jump").addEventListener("click", () => jump(go));
$("jump").querySelector("kbd").textContent = KEY + " K";
[$("viewer"), $("switcher"), $("people")].forEach(closeOnBackdrop);

// jump lets the person choose a conversation; to(id) gets it.
function jump(to) {
  if (document.querySelector("dialog[open]")) return;
  switcher($("switcher"), store.places().map((c) => ({ id: c.id, title: store.title(c), icon: iconOf(c, store) })), to);
}

keyboard({ store, place: () => at, go, jump: () => jump(go), closeThread });
takeFiles({ composer, replyComposer, placeName });

document.addEventListener("visibilitychange", render);
setInterval(render, 30_000); // "5 minutes ago" goes stale
