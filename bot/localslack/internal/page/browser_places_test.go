package page_test

import (
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
	s.wait(`document.querySelector("#people[open] [data-deed=remove]").dataset.user === "` + s.cred.BotUserID + `"`)
	s.js(`document.querySelector("#people [data-deed=remove]")` + click)
	members(1)
	s.wait(`document.querySelectorAll("#people [data-deed=invite]").length === 2`)
	s.key("eve")
	s.wait(`document.querySelectorAll("#people [data-deed=invite]").length === 1 && document.querySelector("#people input").value === "eve"`)
	s.js(`document.querySelector("#people [data-deed=invite]")` + click)
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
	s.js(`document.querySelector("#people [data-deed=archive]")` + click)
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
