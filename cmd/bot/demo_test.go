package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"slackocr/ocr/page/pagetest"
)

// visitor is somebody who tries the demo in a browser.
type visitor struct {
	*testing.T
	tab context.Context
}

// says types a text into the composer of the channel, or of the thread, and sends it.
func (v visitor) says(composer, text string) {
	v.Helper()
	evaluate(v.T, v.tab, `(() => { const box = document.querySelector("`+composer+` textarea"); box.focus(); })(); 1`)
	if err := chromedp.Do(v.tab, chromedp.KeyEvent(text)); err != nil {
		v.Fatal(err)
	}
	evaluate(v.T, v.tab, `document.querySelector("`+composer+`").requestSubmit(); 1`)
}

func (v visitor) sees(expression string) {
	v.Helper()
	until(v.T, v.tab, expression)
}

// does clicks the last button, or chooses in the last menu, with that name.
func (v visitor) does(script string) {
	v.Helper()
	evaluate(v.T, v.tab, script+`; 1`)
}

// TestEveryWayToAskInTheDemo goes through the ways that a newcomer has, in the
// page, with the real engine.
func TestEveryWayToAskInTheDemo(t *testing.T) {
	p, address := demoProcess(t)
	v := visitor{t, newTab(t)}
	receipt := filepath.Join(t.TempDir(), "receipt.png")
	if err := os.WriteFile(receipt, pagetest.PNG(pagetest.Receipt, pagetest.Layout{}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(v.tab, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	v.sees(`document.querySelector("#messages").innerText.includes("The chairs are mended")`)

	// Three pictures of one message: one reply, a line with a link for each.
	v.sees(`document.querySelectorAll("#messages .replies").length === 2`)
	v.does(`[...document.querySelectorAll("#messages .replies")].at(-1).click()`)
	v.sees(`/Read 3 files · /.test(document.querySelector("#replies").innerText)`)
	v.sees(`[...document.querySelectorAll("#replies .b-context a")].map((a) => a.innerText).join() === "teahouse.png,wohnung.jpg,lighthouse.png"`)
	v.sees(`document.querySelectorAll("#replies article").length === 5 && document.querySelectorAll("#replies select").length === 3`)

	v.says("#composer", "/ocr help")
	v.sees(`document.querySelector("#messages").innerText.includes("I read the text in pictures and put it in the thread.")`)

	// The window, its file, and the answer in the channel with its thread.
	v.says("#composer", "/ocr")
	v.sees(`document.querySelector("dialog[open] input[type=file]")`)
	if err := chromedp.Do(v.tab, chromedp.SetUploadFiles(chromedp.CSS("dialog[open] input[type=file]"), []string{receipt})); err != nil {
		t.Fatal(err)
	}
	v.does(`[...document.querySelectorAll("dialog[open] button")].find((b) => b.innerText === "Read").click()`)
	v.sees(`!document.querySelector("dialog[open]") && document.querySelector("#messages").innerText.includes("asked me to read receipt.png")`)
	v.sees(`/Read receipt.png · \d+ words/.test(document.querySelector("#messages").innerText)`)
	v.does(`[...document.querySelectorAll("#messages button, #messages a")].filter((b) => /\d+ repl(y|ies)/.test(b.innerText)).at(-1).click()`)
	v.sees(`document.querySelector("#replies").innerText.includes("Corner Bakery")`)

	// Another way to read it, from the thread and from the menu.
	v.says("#reply-composer", "text")
	v.sees(`/receipt.png as plain text/.test(document.querySelector("#replies").innerText)`)
	v.does(`(() => {
		const menu = document.querySelector("#replies select");
		menu.value = [...menu.options].find((o) => o.textContent.startsWith("Where words")).value;
		menu.dispatchEvent(new Event("change", {bubbles: true}));
	})()`)
	v.sees(`document.querySelector("dialog[open] textarea")`)
	v.does(`document.querySelector("dialog[open] textarea").focus()`)
	if err := chromedp.Do(v.tab, chromedp.KeyEvent("Total")); err != nil {
		t.Fatal(err)
	}
	v.does(`[...document.querySelectorAll("dialog[open] button")].find((b) => b.innerText === "Read").click()`)
	v.sees(`document.querySelector("#replies").innerText.includes("Found “Total” twice in receipt.png")`)
	v.sees(`document.querySelector("#replies").innerText.includes("receipt-locate.png")`)
	v.does(`[...document.querySelectorAll("#replies button")].find((b) => b.innerText === "Download").click()`)
	v.sees(`document.querySelector("#replies").innerText.includes("receipt.md")`)

	v.says("#composer", "/ocr auto off")
	v.sees(`document.querySelector("#messages").innerText.includes("changed what I do in this channel")`)
	v.says("#composer", "/ocr forget")
	v.sees(`[...document.querySelectorAll("#messages button")].some((b) => b.innerText === "Erase my records")`)
	v.does(`[...document.querySelectorAll("#messages button")].find((b) => b.innerText === "Erase my records").click()`)
	v.sees(`/I erased my records of \d+ files?/.test(document.querySelector("#messages").innerText)`)
	v.does(`[...document.querySelectorAll("#replies button")].find((b) => b.innerText === "Download").click()`)
	v.sees(`document.body.innerText.includes("I no longer remember this file")`)

	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	if s := p.stderr.String(); strings.Contains(s, "panic") || strings.Contains(s, "level=ERROR") {
		t.Errorf("it complained: %s", s)
	}
}
