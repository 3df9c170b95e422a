package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr"
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

// reads waits until an element of the page has a text.
func (v visitor) reads(selector, text string) {
	v.Helper()
	v.sees(includes(selector, text))
}

// clicks waits for a button with a label, in an element of the page, and clicks it.
func (v visitor) clicks(selector, label string) {
	v.Helper()
	button := fmt.Sprintf(`[...document.querySelectorAll(%q)].find((b) => b.innerText === %q)`, selector+" button", label)
	v.sees("!!" + button)
	v.does(button + ".click()")
}

// includes is a condition of the page: that an element has a text.
func includes(selector, text string) string {
	return fmt.Sprintf(`document.querySelector(%q).innerText.includes(%q)`, selector, text)
}

// everyWayToAskInTheDemo goes through the ways that a newcomer has, in the page,
// with the real engine.
func everyWayToAskInTheDemo(t *testing.T) {
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
	v.reads("#replies", wordstest.ReadFiles(3, 3, "markdown"))
	v.sees(`[...document.querySelectorAll("#replies .b-context a")].map((a) => a.innerText).join() === "teahouse.png,wohnung.jpg,lighthouse.png"`)
	v.sees(`document.querySelectorAll("#replies article").length === 5 && document.querySelectorAll("#replies select").length === 3`)

	v.says("#composer", "/ocr help")
	help, _, _ := strings.Cut(words.Help(""), "\n")
	v.reads("#messages", help)

	// The window, its file, and the answer in the channel with its thread.
	v.says("#composer", "/ocr")
	v.sees(`document.querySelector("dialog[open] input[type=file]")`)
	if err := chromedp.Do(v.tab, chromedp.SetUploadFiles(chromedp.CSS("dialog[open] input[type=file]"), []string{receipt})); err != nil {
		t.Fatal(err)
	}
	v.clicks("dialog[open]", words.SubmitButton)
	v.sees(`!document.querySelector("dialog[open]")`)
	v.reads("#messages", words.AskedToRead("receipt.png"))
	v.reads("#messages", wordstest.ReadAs("receipt.png", "markdown"))
	v.does(`[...document.querySelectorAll("#messages button, #messages a")].filter((b) => /\d+ repl(y|ies)/.test(b.innerText)).at(-1).click()`)
	v.reads("#replies", "Corner Bakery")

	// Another way to read it, from the thread and from the menu.
	v.says("#reply-composer", "text")
	v.reads("#replies", words.FileAndMode("receipt.png", wordstest.Mode("text")))
	v.does(fmt.Sprintf(`(() => {
		const menu = document.querySelector("#replies select");
		menu.value = [...menu.options].find((o) => o.textContent === %q).value;
		menu.dispatchEvent(new Event("change", {bubbles: true}));
	})()`, words.Mode(ocr.Locate)))
	v.sees(`document.querySelector("dialog[open] textarea")`)
	v.does(`document.querySelector("dialog[open] textarea").focus()`)
	if err := chromedp.Do(v.tab, chromedp.KeyEvent("Total")); err != nil {
		t.Fatal(err)
	}
	v.clicks("dialog[open]", words.SubmitButton)
	v.reads("#replies", words.Located("receipt.png", "Total", 2, ""))
	v.reads("#replies", "receipt-locate.png")
	v.clicks("#replies", words.DownloadButton)
	v.reads("#replies", "receipt.md")

	v.says("#composer", "/ocr auto off")
	v.reads("#messages", strings.NewReplacer("`", "", "*", "").Replace(words.AutoRead("off")))
	v.says("#composer", "/ocr forget")
	v.reads("#messages", words.ForgetQuestion)
	v.clicks("#messages", words.ForgetButton)
	v.reads("#messages", wordstest.Shared(words.RecordsErased(1), words.RecordsErased(2)))
	v.clicks("#replies", words.DownloadButton)
	v.reads("body", words.NotRemembered)

	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	if s := p.stderr.String(); strings.Contains(s, "panic") || strings.Contains(s, "level=ERROR") {
		t.Errorf("it complained: %s", s)
	}
}
