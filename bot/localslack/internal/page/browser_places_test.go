package page_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

func channels(s *site) {
	const click = `.click(); 1`
	s.w.AddUser("Eve")
	s.wait(`document.querySelector("#places section")`)
	s.js(`document.querySelector("[data-do=create]")` + click)
	s.wait(`document.querySelector("#confirm[open] input")`)
	s.key("general")
	s.key(kb.Enter)
	s.wait(`document.querySelector("#confirm .problem").textContent === "There is a channel of that name already."`)
	s.js(`document.querySelector("#new-channel").value = ""; document.querySelector("#confirm input[type=checkbox]")` + click)
	s.js(`document.querySelector("#new-channel").focus(); 1`)
	s.key("My notes")
	s.key(kb.Enter)
	s.wait(`document.querySelector("#channel-title").textContent === "my-notes" && document.querySelector("#channel-about").textContent === "1 member · private"`)
	channel := strings.TrimPrefix(s.js(`location.hash`).(string), "#/")

	members := func(want int) {
		s.t.Helper()
		s.wait(`document.querySelector("#channel-about").textContent.startsWith("` + map[int]string{1: "1 member", 2: "2 members"}[want] + `")`)
	}
	s.js(`document.querySelector("#composer-text").focus(); 1`)
	s.key("/invite @reader")
	s.key(kb.Enter)
	members(2)
	s.js(`document.querySelector("#members")` + click)
	s.wait(`document.querySelector("#people[open] [data-request=remove]").dataset.user === "` + s.cred.BotUserID + `"`)
	s.js(`document.querySelector("#people [data-request=remove]")` + click)
	members(1)
	s.wait(`document.querySelectorAll("#people [data-request=invite]").length === 2`)
	s.key("eve")
	s.wait(`document.querySelectorAll("#people [data-request=invite]").length === 1 && document.querySelector("#people input").value === "eve"`)
	s.js(`document.querySelector("#people [data-request=invite]")` + click)
	members(2)
	s.key(kb.Escape)
	s.wait(`!document.querySelector("#people").open`)
	s.js(`document.querySelector("#composer-text").focus(); 1`)
	s.key("/kick @Eve")
	s.key(kb.Enter)
	members(1)
	s.key("/invite @nobody")
	s.key(kb.Enter)
	s.wait(`document.querySelector("#toast").textContent.startsWith("Nobody here has that name")`)

	// A public channel can be left, looked at and joined; one that is archived only looked at.
	open := s.w.AddChannel("open", false, s.user)
	s.wait(`document.querySelector('#places [href="#/` + open + `"]')`)
	s.js(`location.hash = "#/` + open + `"; 1`)
	s.wait(`document.querySelector("#channel-title").textContent === "open"`)
	s.js(`document.querySelector("#composer-text").value = ""; document.querySelector("#composer-text").focus(); 1`)
	s.key("/leave")
	s.key(kb.Enter)
	s.wait(`!document.querySelector("#join").hidden && document.querySelector("#composer").hidden`)
	s.js(`document.querySelector("#join button")` + click)
	s.wait(`document.querySelector("#join").hidden && !document.querySelector("#composer").hidden`)
	s.js(`document.querySelector("#members")` + click)
	s.wait(`document.querySelector("#people[open]")`)
	s.js(`document.querySelector("#people [data-request=archive]")` + click)
	s.wait(`document.querySelector("#confirm[open]")`)
	s.js(`document.querySelector("#confirm .danger")` + click)
	s.wait(`document.querySelector("#join").textContent === "This channel is archived." && !document.querySelector("#people").open`)

	// A private one that is left is gone.
	s.js(`location.hash = "#/` + channel + `"; 1`)
	s.wait(`document.querySelector("#channel-title").textContent === "my-notes"`)
	if err := s.w.Kick(s.user, channel, s.user); err != nil {
		s.t.Fatal(err)
	}
	s.wait(`document.querySelector("#channel-title").textContent === "general" && !document.querySelector('#places [href="#/` + channel + `"]')`)

	before := s.w.Pending(s.cred.AppID)
	s.js(`document.querySelector("[data-do='new-dm']")` + click)
	s.wait(`document.querySelector("#switcher[open]")`)
	s.key("reader")
	s.key(kb.Enter)
	s.wait(`document.querySelector("#channel-about").textContent === "Direct message" && document.querySelector("#channel-title").textContent === "Reader" && document.querySelector("#members").hidden`)
	if err := s.w.Wait(s.t.Context(), func() bool { return s.w.Pending(s.cred.AppID) > before }); err != nil {
		s.t.Error("the app was not told that its messages were opened:", err)
	}
}

// What apps name themselves, their commands, their options and their windows is
// text, never markup.
func hostileApps(s *site) {
	const evil = `<img src=x onerror=pwned++>`
	a := reader()
	a.Name = evil
	a.Commands = []localslack.SlashCommand{{Command: "/evil", Description: evil, UsageHint: evil}}
	a.Shortcuts = []localslack.MessageShortcut{{Name: evil, CallbackID: evil, Description: evil}}
	s.cred = s.w.Install(a)
	s.w.Join(s.channel, s.cred.BotUserID)
	s.api = slack.New(s.cred.BotToken, slack.OptionAPIURL(s.url+"/api/"))
	// Every text of a window becomes evil, and ids are such as would break a selector.
	text := func(kind string) string { return `{"type":"` + kind + `","text":"<img src=x onerror=pwned++>"}` }
	option := `{"value":"\"]<b>","text":` + text("plain_text") + `,"description":` + text("plain_text") + `}`
	view := `{"type":"modal","title":{"type":"plain_text","text":"<b>x</b>"},"submit":{"type":"plain_text","text":"<b>go</b>"},"blocks":[
	 {"type":"section","text":` + text("mrkdwn") + `,"accessory":{"type":"overflow","action_id":"\"]<b>","options":[` + option + `]}},
	 {"type":"input","block_id":"\"] > <b>","label":` + text("plain_text") + `,"hint":` + text("plain_text") + `,"element":{"type":"static_select","action_id":"a","placeholder":` + text("plain_text") + `,"options":[` + option + `]}},
	 {"type":"input","block_id":"__proto__","label":` + text("plain_text") + `,"element":{"type":"radio_buttons","action_id":"a","options":[` + option + `]}},
	 {"type":"input","block_id":"constructor","label":` + text("plain_text") + `,"element":{"type":"plain_text_input","action_id":"a","initial_value":"<img src=x onerror=pwned++>"}},
	 {"type":"input","block_id":"files","label":` + text("plain_text") + `,"element":{"type":"file_input","action_id":"a"}}]}`
	var app *siteApp
	app = s.connect(func(p map[string]any) any {
		if str(p, "type") == "" {
			app.open(p, view)
		}
		if str(p, "type") == "view_submission" {
			return map[string]any{"response_action": "errors", "errors": map[string]string{`"] > <b>`: evil, "__proto__": evil, "constructor": evil}}
		}
		return nil
	})
	s.js(`document.querySelector("#composer-text").focus(); 1`)
	s.key("/evil")
	s.wait(`document.querySelector(".commands .about").textContent === "` + evil + `"`)
	s.key(kb.Enter)
	app.next()
	s.wait(`document.querySelector("#window[open] #window-title").textContent === "<b>x</b>"`)
	s.js(`document.querySelector(".file-field").dispatchEvent(new DragEvent("drop", {dataTransfer: ` + carrying(`<img src=x onerror=pwned++>.png`) + `, bubbles: true, cancelable: true})); 1`)
	s.js(`(() => { const e = document.querySelector("#window select"); e.selectedIndex = 1; document.querySelector("#window input[type=radio]").click(); })(); 1`)
	s.js(`document.querySelector("#window [type=submit]").click(); 1`)
	app.next()
	s.wait(`document.querySelectorAll("#window .problem:not([hidden])").length === 3`)
	s.js(`document.querySelector("#window .overflow").click(); 1`)
	s.wait(`document.querySelector(".menu button span").textContent === "` + evil + `"`)
	s.key(kb.Escape)
	s.wait(`!document.querySelector(".menu") && document.querySelector("#window").open`)
	s.key(kb.Escape)
	s.wait(`!document.querySelector("#window").open`)
	ts := s.botPosts("", "hello")
	s.wait(`document.querySelector('[data-ts="` + ts + `"] [data-do=more]')`)
	s.js(`document.querySelector('[data-ts="` + ts + `"] [data-do=more]').click(); 1`)
	s.wait(`document.querySelector(".menu:popover-open").innerText.includes("` + evil + `")`)
	s.do(chromedp.EmulateViewport(800, 600))
	for check, want := range map[string]any{
		`pwned`: 0.0,
		`[...document.querySelectorAll("body *")].filter((e) => e.getAttributeNames().some((a) => a.startsWith("on"))).length`: 0.0,
		`document.querySelectorAll("dialog img, dialog b:not(.card-icon b), .menu img, .commands img").length`:                 0.0,
	} {
		if got := s.js(check); got != want {
			s.t.Errorf("%s = %v", check, got)
		}
	}
}

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
