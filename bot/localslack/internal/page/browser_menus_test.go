package page_test

import (
	"github.com/chromedp/chromedp/kb"
	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

func ignore(map[string]any) any { return nil }

func buttonsAndMenus(s *site) {
	held := make(chan any)
	app := s.connect(func(p map[string]any) any {
		if str(p, "actions", "action_id") == "stop" {
			<-held
		}
		return nil
	})
	plain := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject("plain_text", text, false, false)
	}
	options := []*slack.OptionBlockObject{slack.NewOptionBlockObject("text", plain("Text"), nil), slack.NewOptionBlockObject("figure", plain("Figure"), nil)}
	stop := slack.NewButtonBlockElement("stop", "7", plain("Stop")).WithStyle("danger")
	stop.Confirm = slack.NewConfirmationBlockObject(plain("Stop reading?"), plain("The text stays."), plain("Do stop"), plain("Go on"))
	link := slack.NewButtonBlockElement("open", "", plain("Open"))
	link.URL = s.url + "/page/icon.svg"
	s.botPosts("", "x", slack.NewActionBlock("row", stop, slack.NewOptionsSelectBlockElement("static_select", plain("Read again as…"), "again", options...),
		slack.NewOverflowBlockElement("more", options...), slack.NewCheckboxGroupsBlockElement("ticks", options...), link))
	s.wait(`document.querySelector("#messages select")`)
	const button = `document.querySelector("#messages [data-action=stop]")`

	// The question first; who says no has done nothing.
	s.js(button + `.focus(); 1`)
	s.key(kb.Enter)
	s.wait(`document.querySelector("#confirm[open] h2").textContent === "Stop reading?" && document.querySelector("#confirm p").textContent === "The text stays."`)
	s.key(kb.Escape)
	s.wait(`!document.querySelector("#confirm").open && document.activeElement === ` + button)
	s.key(kb.Enter)
	s.wait(`document.querySelector("#confirm[open]")`)
	s.js(`document.querySelector("#confirm .btn.primary").click(); 1`)
	p := app.next()
	if a := reach(p, "actions"); str(a, "action_id") != "stop" || str(a, "value") != "7" {
		s.t.Errorf("pressed: %v", a)
	}
	s.wait(button + `.getAttribute("aria-busy") === "true"`)
	s.js(button + `.click(); 1`) // it is being done
	close(held)
	s.wait(`!` + button + `.hasAttribute("aria-busy") && !document.querySelector("#confirm").open`)

	chosen := func(do, action, value string) {
		s.t.Helper()
		s.js(do + `; 1`)
		a := reach(app.next(), "actions")
		if str(a, "action_id") != action || reach(a, "selected_option", "value") != value && reach(a, "selected_options", "value") != value {
			s.t.Errorf("%s: %v", action, a)
		}
	}
	chosen(`(() => { const e = document.querySelector("#messages select"); e.value = "figure"; e.dispatchEvent(new Event("change", {bubbles: true})); })()`, "again", "figure")
	chosen(`document.querySelector("#messages .ticks input[value=text]").click()`, "ticks", "text")
	s.js(`document.querySelector("#messages .overflow").focus(); 1`)
	s.key(kb.Enter)
	s.wait(`document.querySelector(".menu:popover-open") && document.activeElement.textContent === "Text"`)
	s.key(kb.ArrowDown)
	s.wait(`document.activeElement.textContent === "Figure"`)
	s.key(kb.Enter)
	chosen(`1`, "more", "figure")
	s.wait(`!document.querySelector(".menu") && document.activeElement.classList.contains("overflow")`)
	s.js(`document.querySelector("#messages [data-action=open]").addEventListener("click", (e) => e.preventDefault()); 1`) // no second tab here
	s.js(`document.querySelector("#messages [data-action=open]").click(); 1`)
	if a := reach(app.next(), "actions"); str(a, "action_id") != "open" || str(a, "url") != link.URL {
		s.t.Errorf("a link that is a button: %v", a)
	}

	// Buttons work in what only the person sees, and change it in place.
	if _, err := s.api.PostEphemeralContext(s.t.Context(), s.channel, s.user, slack.MsgOptionText("x", false),
		slack.MsgOptionBlocks(slack.NewActionBlock("e", slack.NewButtonBlockElement("yes", "1", plain("Yes"))))); err != nil {
		s.t.Fatal(err)
	}
	s.wait(`document.querySelector("#messages [data-action=yes]")`)
	s.js(`document.querySelector("#messages [data-action=yes]").click(); 1`)
	p = app.next()
	if str(p, "container", "is_ephemeral") != "true" || p["message"] != nil {
		s.t.Errorf("%v", p)
	}
	app.respond(p, `{"replace_original":true,"text":"Thank you"}`)
	s.wait(`document.querySelectorAll("#messages .private").length === 1 && document.querySelector("#messages .msg:has(.private)").innerText.includes("Thank you")`)
	app.respond(p, `{"delete_original":true}`)
	s.wait(`!document.querySelector("#messages .private")`)
}

func messageMenu(s *site) {
	app := s.connect(ignore)
	other := s.w.AddChannel("receipts", false, s.user)
	eve := s.w.AddUser("Eve")
	s.w.Join(s.channel, eve)
	theirs, err := s.w.Post(eve, localslack.Post{Channel: s.channel, Text: "theirs"})
	if err != nil {
		s.t.Fatal(err)
	}
	mine, err := s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: "mine", Files: []localslack.Upload{{Name: "a.png", Data: []byte("x")}}})
	if err != nil {
		s.t.Fatal(err)
	}
	node := func(ts string) string { return `document.querySelector('#messages [data-ts="` + ts + `"]')` }
	item := func(ts, label string) {
		s.t.Helper()
		s.wait(node(ts) + ` && !document.querySelector(".menu")`)
		s.js(node(ts) + `.querySelector("[data-do=more]").click(); 1`)
		s.wait(`document.querySelector(".menu:popover-open")`)
		if s.js(`(() => { const item = [...document.querySelectorAll(".menu button")].find((b) => b.querySelector("span").textContent === "`+label+`"); item?.click(); return Boolean(item); })()`) != true {
			s.t.Fatalf("no %q in the menu", label)
		}
		s.wait(`!document.querySelector(".menu:popover-open:not(.picker)")`)
	}

	// What is no picture, though it is called one, is shown as a file.
	s.wait(node(mine) + `.querySelector(".card strong").textContent === "a.png" && !` + node(mine) + `.querySelector(".picture")`)

	// A reaction by keyboard alone; its pill takes it away and brings it back.
	s.wait(node(theirs))
	s.js(node(theirs) + `.querySelector(".tools [data-do=pick]").focus(); 1`)
	s.key(kb.Enter)
	s.wait(`document.activeElement.getAttribute("aria-label") === "page_facing_up"`)
	s.key(kb.Enter)
	const pill = ` .reactions [data-name=page_facing_up]`
	s.wait(`document.querySelector('[data-ts="` + theirs + `"]` + pill + `').getAttribute("aria-pressed") === "true"`)
	s.js(`document.querySelector('[data-ts="` + theirs + `"]` + pill + `').click(); 1`)
	s.wait(node(theirs) + `.querySelector(".reactions") === null`)
	if r := s.w.Thread(s.channel, theirs)[0].Reactions; len(r) != 0 {
		s.t.Errorf("reactions %v", r)
	}

	item(theirs, "Extract text")
	if p := app.next(); str(p, "callback_id") != "extract" || str(p, "message", "ts") != theirs {
		s.t.Errorf("the shortcut: %v", p)
	}
	if s.js(`[...document.querySelectorAll(".menu button")].length`) != 0.0 {
		s.t.Error("the menu stays")
	}
	s.js(node(theirs) + `.querySelector("[data-do=more]").click(); 1`)
	s.wait(`document.querySelector(".menu:popover-open")`)
	if s.js(`document.querySelector(".menu").innerText.includes("Delete")`) != false {
		s.t.Error("others' messages can be deleted")
	}
	s.key(kb.Escape)

	s.js(`navigator.clipboard.writeText = (t) => { copied = t; return Promise.resolve(); }; copied = ""; 1`)
	item(mine, "Copy link")
	s.wait(`copied === "` + s.w.Permalink(s.channel, mine) + `"`)

	// A link of the team leads to its place on this page.
	if _, err := s.w.Post(s.user, localslack.Post{Channel: other, Text: "see " + s.w.Permalink(s.channel, mine)}); err != nil {
		s.t.Fatal(err)
	}
	item(mine, "Forward…")
	s.wait(`document.querySelector("#switcher[open]")`)
	s.key("receipts")
	s.wait(`document.querySelectorAll("#switcher li").length === 1`)
	s.js(`document.querySelector("#switcher li").click(); 1`)
	s.wait(`location.hash === "#/` + other + `" && document.querySelector("#messages .forward .mrkdwn").textContent === "mine" && document.querySelector("#messages .forward .card strong").textContent === "a.png"`)
	s.js(`document.querySelector("#messages .mrkdwn a").click(); 1`)
	s.wait(node(mine) + `.classList.contains("pointed")`)

	sure := func() {
		s.t.Helper()
		s.wait(`document.querySelector("#confirm[open]")`)
		s.js(`document.querySelector("#confirm .danger").click(); 1`)
	}
	s.botPosts(mine, "Read a.png")
	item(mine, "Delete a.png…")
	sure()
	s.wait(node(mine) + `.querySelector(".card-name").textContent === "This file was deleted."`)
	item(mine, "Delete message…")
	s.wait(`document.querySelector("#confirm[open]")`)
	s.key(kb.Escape)
	s.wait(`!document.querySelector("#confirm").open`)
	item(mine, "Delete message…")
	sure()
	s.wait(node(mine) + `.innerText.includes("This message was deleted.") && !` + node(mine) + `.querySelector(".tools")`)
}
