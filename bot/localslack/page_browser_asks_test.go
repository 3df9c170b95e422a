package localslack_test

import (
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

func ignore(map[string]any) any { return nil }

func commands(s *site) {
	const box, rows = `document.querySelector("#composer-text")`, `[...document.querySelectorAll("#composer .commands li")]`
	s.js(box + `.focus(); 1`)
	s.key("/")
	s.wait(rows + `.map((r) => r.querySelector("strong").textContent).join() === "/ocr,/ask,/invite,/remove,/leave,/archive" && ` + rows + `[0].querySelector(".usage").textContent === "[link or help]"`)
	s.key(kb.ArrowDown)
	s.wait(`document.getElementById(` + box + `.getAttribute("aria-activedescendant")).textContent.startsWith("/ask")`)
	s.key("o")
	s.wait(rows + `.length === 1`)
	s.key(kb.Enter) // completes; it does not send yet
	s.wait(box + `.value === "/ocr " && ` + rows + `.length === 1`)
	s.key("last")
	s.key(kb.Enter) // nobody listens: the words come back
	s.wait(`document.querySelector("#toast").textContent === "The app is not connected, so it did not get that." && ` + box + `.value === "/ocr last"`)
	s.key(kb.Escape)
	s.wait(`document.querySelector("#composer .commands").hidden`)

	app := s.connect(func(p map[string]any) any {
		return map[string]any{"text": "Reading the last one", "blocks": []any{
			map[string]any{"type": "section", "text": map[string]string{"type": "mrkdwn", "text": "Reading *the last one*"}},
		}}
	})
	s.key(kb.Enter)
	if p := app.next(); str(p, "command") != "/ocr" || str(p, "text") != "last" || str(p, "channel_id") != s.channel {
		s.t.Errorf("command: %v", p)
	}
	s.wait(`document.querySelector("#messages .private").textContent.startsWith("Only visible to you") && document.querySelector("#messages .b-section strong").textContent === "the last one"`)
	s.js(`document.querySelector("[data-do=dismiss]").click(); 1`)
	s.wait(`!document.querySelector("#messages .private")`)
	s.key("/nobody knows")
	s.key(kb.Enter)
	s.wait(`document.querySelector("#toast").textContent === "No app here knows this command." && ` + box + `.value === "/nobody knows"`)
	s.js(box + `.value = ""; 1`)

	ts := s.botPosts("", "parent")
	s.wait(`document.querySelector('#messages [data-ts="` + ts + `"]')`)
	s.js(`document.querySelector('#messages [data-ts="` + ts + `"] [data-do=thread]').click(); 1`)
	s.wait(`document.activeElement.id === "reply-text"`)
	s.key("/ocr last")
	s.key(kb.Enter)
	s.wait(`document.querySelector("#toast").textContent === "Slash commands cannot be used in threads."`)
	if len(app.asked) != 0 || len(s.w.Messages(s.channel)) != 1 {
		s.t.Errorf("in a thread: %v, messages %+v", len(app.asked), s.w.Messages(s.channel))
	}
}

const uploadWindow = `{"type":"modal","callback_id":"up","notify_on_close":true,"title":{"type":"plain_text","text":"Read pictures"},
 "submit":{"type":"plain_text","text":"Read"},"close":{"type":"plain_text","text":"Never mind"},"blocks":[
 {"type":"section","text":{"type":"mrkdwn","text":"Sent to *example.org*"},"accessory":{"type":"button","action_id":"why","text":{"type":"plain_text","text":"Why?"}}},
 {"type":"input","block_id":"pages","label":{"type":"plain_text","text":"Files"},"element":{"type":"file_input","action_id":"f","max_files":2,"filetypes":["png"]}},
 {"type":"input","block_id":"mode","label":{"type":"plain_text","text":"Mode"},"element":{"type":"static_select","action_id":"m","initial_option":{"value":"text","text":{"type":"plain_text","text":"Text"}},
  "options":[{"value":"text","text":{"type":"plain_text","text":"Text"}},{"value":"figure","text":{"type":"plain_text","text":"Figure"}}]}},
 {"type":"input","block_id":"to","label":{"type":"plain_text","text":"To"},"element":{"type":"radio_buttons","action_id":"t","options":[{"value":"here","text":{"type":"plain_text","text":"Here"}},{"value":"me","text":{"type":"plain_text","text":"Me"}}]}},
 {"type":"input","block_id":"ticks","optional":true,"label":{"type":"plain_text","text":"Ticks"},"element":{"type":"checkboxes","action_id":"c","initial_options":[{"value":"a","text":{"type":"plain_text","text":"A"}}],"options":[{"value":"a","text":{"type":"plain_text","text":"A"}},{"value":"b","text":{"type":"plain_text","text":"B"}}]}},
 {"type":"input","block_id":"note","optional":true,"label":{"type":"plain_text","text":"Note"},"element":{"type":"plain_text_input","action_id":"n","initial_value":"as it was"}}]}`

// askWindowFrom opens the window of uploadWindow on /ocr.
func (s *site) askWindowFrom(app *siteApp) {
	s.t.Helper()
	go s.w.Command(s.t.Context(), s.user, s.channel, "/ocr", "") //nolint:errcheck // the window says whether it came
	app.next()
	s.wait(`document.querySelector("#window[open] #window-title").textContent === "Read pictures"`)
}

func window(s *site) {
	submitted := make(chan any, 10)
	var app *siteApp
	app = s.connect(func(p map[string]any) any {
		switch str(p, "type") {
		case "":
			app.open(p, uploadWindow)
		case "view_submission":
			return <-submitted
		}
		return nil
	})
	s.askWindowFrom(app)
	const submit, problem = `document.querySelector("#window [type=submit]")`, `[...document.querySelectorAll("#window .problem:not([hidden])")].map((p) => p.textContent).join()`

	// The keyboard stays in the window, and everything in it has a name.
	for range 14 {
		s.key(kb.Tab)
		if s.js(`document.activeElement === document.body || document.querySelector("#window").contains(document.activeElement)`) != true {
			s.t.Fatal("Tab leads out of the window")
		}
	}
	if v := s.js(`[...document.querySelectorAll("#window :is(input:not([hidden]), select, textarea, button)")].filter((e) => !(e.labels?.length || e.getAttribute("aria-label") || e.textContent.trim())).length`); v != 0.0 {
		s.t.Errorf("%v controls have no name", v)
	}

	// Required fields are told before the app hears of anything.
	s.js(submit + `.click(); 1`)
	s.wait(problem + ` === "Please complete this required field.,Please complete this required field." && document.activeElement.id === "field-pages" && document.activeElement.getAttribute("aria-invalid") === "true"`)
	s.js(`document.querySelector(".file-field").dispatchEvent(new DragEvent("drop", {dataTransfer: ` + carrying("a.png", "b.txt", "c.png", "d.png") + `, bubbles: true, cancelable: true})); 1`)
	s.wait(`[...document.querySelectorAll("#window .chosen span")].map((e) => e.textContent).join() === "a.png,c.png" && document.querySelector("#toast").textContent.includes("2 files fit here")`)
	s.js(`document.querySelector('[aria-label="Remove c.png"]').click(); document.querySelector("#window input[value=me]").click(); document.querySelector("#window input[value=b]").click(); document.querySelector("#field-mode").value = "figure"; document.querySelector("#field-note").value = ""; 1`)
	s.js(submit + `.click(); 1`)
	s.wait(`document.querySelector("#window form").getAttribute("aria-busy") === "true" && ` + submit + `.disabled`)
	if len(app.asked) > 1 {
		s.t.Error("the app heard of what was refused")
	}
	values := reach(app.next(), []string{"view", "state", "values"})
	want(s.t, values.(map[string]any), "mode.m.selected_option.value", "figure", "to.t.selected_option.value", "me", "note.n.value", "")
	if ticks := reach(values, []string{"ticks", "c", "selected_options"}).([]any); len(ticks) != 2 {
		s.t.Errorf("ticks: %v", ticks)
	}
	if name := reach(values, []string{"pages", "f", "files", "name"}); name != "a.png" {
		s.t.Errorf("files: %v", name)
	}
	// The app's complaint stands under its field; nothing that was typed is lost.
	submitted <- map[string]any{"response_action": "errors", "errors": map[string]string{"pages": "a.png is <b>blurred</b>"}}
	s.wait(problem + ` === "a.png is <b>blurred</b>" && !` + submit + `.disabled && document.querySelector("#field-mode").value === "figure" && document.querySelectorAll("#window .chosen li").length === 1`)

	// A button in the window tells what was typed so far.
	s.js(`document.querySelector("#field-note").value = "typed"; document.querySelector('#window [data-action=why]').click(); 1`)
	if p := app.next(); str(p, "container", "type") != "view" || str(p, "view", "state", "values", "note", "n", "value") != "typed" {
		s.t.Errorf("%v", p)
	}

	// An updated window keeps what was typed where the fields stay.
	submitted <- map[string]any{"response_action": "update", "view": mustView(strings.Replace(uploadWindow, "Read pictures", "Once more", 1))}
	s.js(submit + `.click(); 1`)
	app.next()
	s.wait(`document.querySelector("#window-title").textContent === "Once more" && document.querySelector("#field-note").value === "typed" && document.querySelector("#field-mode").value === "figure" && document.querySelectorAll("#window .chosen li").length === 1`)

	// One over it, and back by Esc.
	submitted <- map[string]any{"response_action": "push", "view": mustView(`{"type":"modal","notify_on_close":true,"title":{"type":"plain_text","text":"On top"},"blocks":[{"type":"markdown","text":"x"}]}`)}
	s.js(submit + `.click(); 1`)
	app.next()
	s.wait(`document.querySelector("#window .trouble:not([hidden])").textContent.includes("Try again?")`) // a markdown block is for messages alone
	submitted <- map[string]any{"response_action": "push", "view": mustView(`{"type":"modal","notify_on_close":true,"title":{"type":"plain_text","text":"On top"},"blocks":[{"type":"divider"}]}`)}
	s.js(submit + `.click(); 1`)
	app.next()
	s.wait(`document.querySelector("#window-title").textContent === "On top" && !document.querySelector("#window [type=submit]")`)
	s.key(kb.Escape)
	if p := app.next(); str(p, "type") != "view_closed" || str(p, "view", "title", "text") != "On top" {
		s.t.Errorf("%v", p)
	}
	s.wait(`document.querySelector("#window-title").textContent === "Once more" && document.querySelector("#field-note").value === "typed"`)
	submitted <- nil // a bare ack closes the window
	s.js(submit + `.click(); 1`)
	app.next()
	s.wait(`!document.querySelector("#window").open`)
}

func windowOnPhone(s *site) {
	var app *siteApp
	app = s.connect(func(p map[string]any) any {
		if str(p, "type") == "" {
			app.open(p, uploadWindow)
		}
		return nil
	})
	s.askWindowFrom(app)
	sideways := func(where string) {
		s.t.Helper()
		if v := s.js(`[...document.querySelectorAll("#window, #window *, .menu, .menu *, .commands, .commands *")].filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 0.5).map((e) => e.className || e.tagName).join()`); v != "" {
			s.t.Errorf("%s: %v lies beyond the edge", where, v)
		}
	}
	sideways("the window")
	if v := s.js(`(() => { const b = document.querySelector("#window [type=submit]").getBoundingClientRect(); return b.bottom <= innerHeight && b.width > 40; })()`); v != true {
		s.t.Error("the submit button is not in view")
	}
	s.js(`document.querySelector("#window header button").click(); 1`)
	s.wait(`!document.querySelector("#window").open`)
	ts := s.botPosts("", strings.Repeat("Donaudampfschifffahrt", 9))
	s.wait(`document.querySelector('[data-ts="` + ts + `"] [data-do=more]')`)
	s.js(`document.querySelector('[data-ts="` + ts + `"] [data-do=more]').click(); 1`)
	s.wait(`document.querySelector(".menu:popover-open")`)
	sideways("the menu")
	s.key(kb.Escape)
	s.js(`document.querySelector("#composer-text").focus(); 1`)
	s.key("/")
	s.wait(`document.querySelectorAll(".commands li").length > 3`)
	sideways("the commands")
}

func buttonsAndMenus(s *site) {
	held := make(chan any)
	app := s.connect(func(p map[string]any) any {
		if str(reach(p, []string{"actions"}).([]any)[0], "action_id") == "stop" {
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
	if a := reach(p, []string{"actions"}).([]any)[0]; str(a, "action_id") != "stop" || str(a, "value") != "7" {
		s.t.Errorf("pressed: %v", a)
	}
	s.wait(button + `.getAttribute("aria-busy") === "true"`)
	s.js(button + `.click(); 1`) // it is being done
	close(held)
	s.wait(`!` + button + `.hasAttribute("aria-busy") && !document.querySelector("#confirm").open`)

	chosen := func(do, action, value string) {
		s.t.Helper()
		s.js(do + `; 1`)
		a := reach(app.next(), []string{"actions"}).([]any)[0]
		if str(a, "action_id") != action || reach(a, []string{"selected_option", "value"}) != value && reach(a, []string{"selected_options", "value"}) != value {
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
	if a := reach(app.next(), []string{"actions"}).([]any)[0]; str(a, "action_id") != "open" || str(a, "url") != link.URL {
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
	s.wait(`location.hash === "#/` + other + `" && document.querySelector("#messages .forward .mrkdwn").textContent === "mine" && document.querySelector("#messages .forward figcaption").textContent === "a.png"`)
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

	s.js(`document.querySelector("[data-do='new-dm']")` + click)
	s.wait(`document.querySelector("#switcher[open]")`)
	s.key("reader")
	s.key(kb.Enter)
	s.wait(`document.querySelector("#channel-about").textContent === "Direct message" && document.querySelector("#channel-title").textContent === "Reader" && document.querySelector("#members").hidden`)
}

// What apps name themselves, their commands, their options and their windows is
// text, never markup.
func hostileApps(s *site) {
	const evil = `<img src=x onerror=pwned++>`
	a := reader(allScopes, allEvents)
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
