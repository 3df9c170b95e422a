// Talking to the workspace: the snapshot, the stream of changes, sending.

/**
 * follow keeps a copy of the workspace current for as long as the page lives.
 * on.state gets a snapshot (at first, and after every gap), on.change each
 * change, on.online whether the stream stands.
 */
export async function follow(on) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      const answer = await fetch("/page/state");
      if (!answer.ok) throw new Error(`the workspace returned status ${answer.status}`);
      const state = await answer.json();
      on.state(state);
      const gap = await stream(state.seq, on, () => (wait = 250));
      if (!gap) on.online(false);
    } catch (err) {
      console.warn("connection lost:", err.message);
      on.online(false);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

// stream reads changes until there is a gap (true) or the connection is lost (false). A
// dropped stream is not resumed: a fresh snapshot is cheap and cannot miss anything.
function stream(seq, on, opened) {
  return new Promise((resolve) => {
    const source = new EventSource(`/page/events?since=${seq}`);
    const end = (gap) => {
      source.close();
      resolve(gap);
    };
    source.onopen = () => {
      opened();
      on.online(true);
    };
    source.onmessage = (event) => on.change(JSON.parse(event.data));
    source.addEventListener("reset", () => end(true));
    source.onerror = () => end(false);
  });
}

/**
 * send posts a message with files. progress gets 0…1 while it uploads.
 * It resolves to the message's ts, or rejects with an error whose message is a sentence to show.
 */
export async function send({ channel, thread, text, files }, progress) {
  const form = new FormData();
  form.set("channel", channel);
  if (thread) form.set("thread_ts", thread);
  form.set("text", text);
  for (const file of files) form.append("files", file, file.name);
  return (await upload("/page/messages", form, progress)).ts;
}

/** submitView submits a window. It answers what is wrong, by block_id, or nothing. */
export async function submitView(view, fields, progress) {
  const form = new FormData();
  for (const [id, f] of fields) {
    const block = encodeURIComponent(id); // a form's names bear no quotes
    const values = f.values()?.filter((v) => v !== "");
    if (values) for (const v of values.length ? values : [""]) form.append(`value:${block}`, v); // an empty one: nothing is chosen
    for (const file of f.files()) form.append(`file:${block}`, file, file.name);
  }
  return (await upload(`/page/views/${encodeURIComponent(view)}`, form, progress)).problems;
}

// upload posts a form. An answer with problems is none to reject.
function upload(path, form, progress) {
  return new Promise((resolve, reject) => {
    // fetch cannot report the progress of an upload.
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    request.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total);
    request.onload = () => {
      const answer = request.response;
      if (answer?.ok || answer?.problems) resolve(answer);
      else reject(new Error(answer?.error || `The workspace returned status ${request.status}.`));
    };
    request.onerror = () => reject(new Error("The workspace can't be reached."));
    request.send(form);
  });
}

/** doRequest does something, such as "press" or "invite". It resolves to the result, or rejects with a sentence to show. */
export async function doRequest(name, request) {
  const answer = await fetch(`/page/do/${name}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(request) }).catch(() => {
    throw new Error("The workspace can't be reached.");
  });
  const said = await answer.json().catch(() => ({}));
  if (!said.ok) throw new Error(said.error || `The workspace returned status ${answer.status}.`);
  return said.result;
}

/** fileURL is where this page gets a file's content. */
export function fileURL(file) {
  return `/page/files/${encodeURIComponent(file.id)}/${encodeURIComponent(file.name || "file")}`;
}
