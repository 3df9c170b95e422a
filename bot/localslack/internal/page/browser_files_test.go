package page_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const redPNG = `iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR42mP4z8CABzGMSmNDALfKY53W1e90AAAAAElFTkSuQmCC`

// carrying makes a DataTransfer with these files, in the page.
func carrying(names ...string) string {
	return fmt.Sprintf(`(() => { const t = new DataTransfer(); const bytes = Uint8Array.from(atob("%s"), (c) => c.charCodeAt(0)); for (const n of "%s".split("/")) t.items.add(new File([bytes], n, {type: "image/png"})); return t; })()`, redPNG, strings.Join(names, "/"))
}

func filesThreeWays(s *site) {
	dir := s.t.TempDir()
	path := filepath.Join(dir, "picked.md")
	if err := os.WriteFile(path, []byte("# A title\n\n<img src=x onerror=pwned++>"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.do(chromedp.SetUploadFiles(chromedp.CSS("#composer input[type=file]"), []string{path}))
	s.wait(`document.querySelector("#composer .previews li").title.startsWith("picked.md") && document.querySelector("#composer-text").placeholder.endsWith("just send")`)

	s.js(`dispatchEvent(new DragEvent("dragenter", {dataTransfer: ` + carrying("a.png") + `, clientX: 600, clientY: 300, bubbles: true, cancelable: true})); 1`)
	s.wait(`!document.querySelector("#drop").hidden && document.querySelector("#drop strong").textContent.includes("#general")`)
	s.js(`document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: ` + carrying("dropped.png", "unwanted.png") + `, clientX: 600, clientY: 300, bubbles: true, cancelable: true})); 1`)
	s.wait(`document.querySelector("#drop").hidden && document.querySelectorAll("#composer .previews li").length === 3`)

	s.js(`document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: ` + carrying("image.png") + `, bubbles: true, cancelable: true})); 1`)
	s.wait(`document.querySelectorAll("#composer .previews li").length === 4`)
	s.js(`document.querySelector('[aria-label="Remove unwanted.png"]').click(); 1`)
	s.wait(`document.querySelectorAll("#composer .previews li").length === 3 && document.activeElement.id === "composer-text"`)
	// The stream often is faster than the answer to the request; here it always is.
	s.js(`loaded = Object.getOwnPropertyDescriptor(XMLHttpRequestEventTarget.prototype, "onload"); Object.defineProperty(XMLHttpRequest.prototype, "onload", {set(f) { loaded.set.call(this, () => setTimeout(f, 200)) }}); 1`)
	s.js(`most = 0; new MutationObserver(() => most = Math.max(most, document.querySelectorAll("#messages .msg").length)).observe(document.querySelector("#messages"), {childList: true, subtree: true}); 1`)
	s.key("Three files")
	s.key(kb.Enter)

	s.js(`sentAt = performance.now(); 1`)

	m := s.messages(1)[0]
	if m.Text != "Three files" || len(m.Files) != 3 || m.Files[0].Name != "picked.md" || m.Files[1].Name != "dropped.png" || !strings.HasPrefix(m.Files[2].Name, "Pasted ") {
		s.t.Fatalf("message = %+v", m)
	}
	s.wait(`[...document.querySelectorAll("#messages .picture img")].filter((i) => i.naturalWidth === 10 && i.src.includes("/page/files/")).length === 2`)
	s.wait(`document.querySelectorAll("#messages .msg").length === 1 && !document.querySelector(".pending") && document.querySelector("#composer-text").value === ""`)

	s.wait(`performance.now() > sentAt + 400`)
	if most := s.js(`most`); most != 1.0 {
		s.t.Errorf("the message was shown %v times while it was sent", most)
	}
	s.js(`document.querySelector("#messages .picture").click(); 1`)
	s.wait(`document.querySelector("#viewer[open] img").naturalWidth === 10 && document.querySelector("#viewer header").innerText.includes("1 of 2")`)
	s.key(kb.ArrowRight)
	s.wait(`document.querySelector("#viewer header").innerText.includes("2 of 2")`)
	s.key(kb.Escape)
	s.wait(`!document.querySelector("#viewer").open`)
	s.js(`document.querySelector('[aria-label="Preview picked.md"]').click(); 1`)
	s.wait(`document.querySelector("#viewer[open] .md-h1").textContent === "A title" && document.querySelector("#viewer .md p").textContent.startsWith("<img")`)
	if s.js(`pwned`) != 0.0 {
		s.t.Error("a previewed file ran a script")
	}
}

func threadOpens(s *site) {
	s.js(`document.querySelector("#composer-text").focus(); window.dispatchEvent(new DragEvent("drop", {dataTransfer: ` + carrying("page.png") + `, clientX: 600, clientY: 300, bubbles: true, cancelable: true})); 1`)
	s.wait(`document.querySelectorAll("#composer .previews li").length === 1`)
	s.key(kb.Enter)
	parent := s.messages(1)[0].TS
	reply := s.botPosts(parent, "Reading page.png…")
	s.wait(`!document.querySelector("#thread").hidden && document.querySelector("#replies").innerText.includes("Reading page.png…")`)
	for _, text := range []string{"The quick", "The quick brown fox", "The quick brown fox jumps over the lazy dog"} {
		s.botEdits(reply, "text", markdownBlock(text))
		s.wait(`document.querySelector('#replies [data-ts="` + reply + `"] .md').textContent === "` + text + `"`)
	}
	s.wait(`document.querySelector("#messages .replies strong").textContent === "1 reply"`)
	if s.js(`document.activeElement.id`) != "composer-text" {
		s.t.Error("the thread that opened by itself took the focus")
	}
	// A reply of the person's own, in the pane.
	s.js(`document.querySelector("#reply-text").focus(); 1`)
	s.key("thanks")
	s.key(kb.Enter)
	if m := s.messages(3)[2]; m.ThreadTS != parent || m.Text != "thanks" {
		s.t.Errorf("reply = %+v", m)
	}
	s.wait(`document.querySelector("#replies").innerText.includes("thanks") && !document.querySelector("#messages").innerText.includes("thanks")`)
	// Who closes the pane does not get it again.
	s.key(kb.Escape)
	s.wait(`document.querySelector("#thread").hidden && document.activeElement.className === "replies"`)
	s.js(`document.querySelector("#composer-text").focus(); window.dispatchEvent(new DragEvent("drop", {dataTransfer: ` + carrying("two.png") + `, clientX: 600, clientY: 300, bubbles: true, cancelable: true})); 1`)
	s.key(kb.Enter)
	second := s.messages(4)[3].TS
	s.botPosts(second, "Reading two.png…")
	s.wait(`document.querySelector('#messages [data-ts="` + second + `"] .replies')`)
	if s.js(`document.querySelector("#thread").hidden`) != true {
		s.t.Error("the thread opened again after it was closed by hand")
	}
}
