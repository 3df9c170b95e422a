// What works all over the page: keys that lead elsewhere, files that are pasted or dropped.
import { dropZone, pastedFiles } from "./composer.js";

/** keyboard listens for Ctrl K (jump), Alt and the arrows (the next conversation), and Esc (closeThread). place() is the open {channel, thread}. */
export function keyboard({ store, place, go, jump, closeThread }) {
  const step = (by) => {
    const places = store.places();
    const i = places.findIndex((c) => c.id === place().channel);
    if (places.length) go(places[(i + by + places.length) % places.length].id);
  };
  document.addEventListener("keydown", (event) => {
    const inDialog = document.querySelector("dialog[open]");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      jump();
    } else if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
      event.preventDefault();
      step(event.key === "ArrowUp" ? -1 : 1);
    } else if (event.key === "Escape" && !inDialog && !event.defaultPrevented && place().thread && !event.isComposing) closeThread();
  });
}

/** takeFiles gives files that are pasted or dropped to the box they are meant for. placeName() is the open conversation's. */
export function takeFiles({ composer, replyComposer, placeName }) {
  addEventListener("paste", (event) => {
    const files = pastedFiles(event);
    if (!files.length || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    (document.activeElement === replyComposer.text ? replyComposer : composer).add(files);
  });
  // The pane may lie over the column, so where the pointer is decides.
  const target = (event) => {
    const pane = document.getElementById("thread");
    const box = pane.getBoundingClientRect();
    const inPane = !pane.hidden && event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top;
    return inPane ? replyComposer : composer;
  };
  dropZone(document.getElementById("drop"), {
    place(event) {
      document.querySelector("dialog[open]")?.close(); // it would hide the overlay
      return target(event) === replyComposer ? "Drop to reply in the thread" : `Drop to add to ${placeName()}`;
    },
    drop: (files, event) => target(event).add(files),
  });
}
