package page_test

import (
	"strings"

	"github.com/chromedp/chromedp/kb"
)

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
	s.wait(`[...document.querySelectorAll("#window .chosen span")].map((e) => e.textContent).join() === "a.png,c.png" && document.querySelector("#toast").textContent.includes("Only 2 files can go here")`)
	s.js(`document.querySelector('[aria-label="Remove c.png"]').click(); document.querySelector("#window input[value=me]").click(); document.querySelector("#window input[value=b]").click(); document.querySelector("#field-mode").value = "figure"; document.querySelector("#field-note").value = ""; 1`)
	s.js(submit + `.click(); 1`)
	s.wait(`document.querySelector("#window form").getAttribute("aria-busy") === "true" && ` + submit + `.disabled`)
	if len(app.asked) > 1 {
		s.t.Error("the app heard of what was refused")
	}
	values := reach(app.next(), "view", "state", "values")
	if str(values, "mode", "m", "selected_option", "value") != "figure" || str(values, "to", "t", "selected_option", "value") != "me" || str(values, "note", "n", "value") != "" {
		s.t.Errorf("sent: %v", values)
	}
	if ticks := reach(values, "ticks", "c", "selected_options").([]any); len(ticks) != 2 {
		s.t.Errorf("ticks: %v", ticks)
	}
	if name := reach(values, "pages", "f", "files", "name"); name != "a.png" {
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
