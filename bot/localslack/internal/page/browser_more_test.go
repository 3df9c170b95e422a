package page_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"strings"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

func keyboard(s *site) {
	second := s.w.AddChannel("receipts", false, s.user)
	s.w.AddDM(s.user, s.cred.BotUserID)
	s.wait(`document.querySelectorAll("#places li").length === 3`)
	s.js(`document.querySelector("#composer-text").focus(); 1`)
	s.key("one")
	s.key(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierShift))
	s.key("two")
	s.key(kb.Enter)
	if m := s.messages(1)[0]; m.Text != "one\ntwo" {
		s.t.Errorf("text = %q", m.Text)
	}
	s.key(kb.Enter) // an empty box sends nothing
	s.key("draft")
	// The line break of a key that went down elsewhere, before the focus came here.
	s.js(`(() => {
		const text = document.querySelector("#composer-text");
		text.blur(); text.focus();
		text.dispatchEvent(new InputEvent("beforeinput", {inputType: "insertLineBreak", cancelable: true, bubbles: true}));
	})(); 1`)
	s.wait(`document.querySelector("#composer-text").value === "draft"`)

	s.key(kb.ArrowDown, chromedp.KeyModifiers(chromedp.ModifierAlt))
	s.wait(`location.hash === "#/` + second + `" && document.querySelector("#channel-title").textContent === "receipts" && document.querySelector("#composer-text").value === ""`)
	s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: "own words are not unread"})
	s.botPosts("", "but the bot's are")
	s.wait(`document.querySelector("#places .unread .name").textContent === "general" && document.querySelector("#places .count").textContent === "1" && document.title.startsWith("(1)")`)

	s.key("k", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	s.wait(`document.querySelector("#switcher").open`)
	s.key("gen")
	s.wait(`document.querySelectorAll("#switcher li").length === 1`)
	s.key(kb.Enter)
	s.wait(`location.hash === "#/` + s.channel + `" && document.querySelector("#composer-text").value === "draft" && !document.querySelector("#places .unread")`)
	s.wait(`document.querySelector("#messages .divider.unread")`)

	// By Tab alone to the thread of the first message, and back by Esc.
	s.js(`document.querySelector("#jump").focus(); 1`)
	reached := false
	for range 30 {
		s.key(kb.Tab)
		if s.js(`document.activeElement.dataset.do === "thread"`) == true {
			reached = true
			break
		}
	}
	if !reached {
		s.t.Fatal("Tab never reaches a message's thread button")
	}
	if s.js(`getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement.parentElement).opacity`) != "solid1" {
		s.t.Error("the focused button cannot be seen")
	}
	s.key(kb.Enter)
	s.wait(`!document.querySelector("#thread").hidden && document.activeElement.id === "reply-text"`)
	s.key(kb.Escape)
	s.wait(`document.querySelector("#thread").hidden`)

	// A press that nobody takes says so in words.
	s.botPosts("", "x", slack.NewActionBlock("", slack.NewButtonBlockElement("stop", "1", slack.NewTextBlockObject("plain_text", "Stop", false, false))))
	s.wait(`document.querySelector("#messages [data-do=action]").textContent === "Stop"`)
	s.js(`document.querySelector("#messages [data-do=action]").focus(); 1`)
	s.key(kb.Enter)
	s.wait(`document.querySelector("#toast").textContent === "The app is not connected, so it did not get that."`)

	s.botPosts("", "spoken")
	s.wait(`document.querySelector("#announce").textContent.includes("spoken")`)
	if s.js(`document.querySelectorAll("[role=log], #messages [aria-live]").length`) != 0.0 {
		s.t.Error("the column itself is a live region: each edit would be read out")
	}
}

// hostileTexts would do something if any of them became markup.
var hostileTexts = []string{
	`<script>pwned++</script><img src=x onerror=pwned++>`,
	`<svg onload=pwned++><iframe srcdoc="<script>parent.pwned++</script>"></iframe>`,
	`[click](javascript:pwned++) ![x](javascript:pwned++) [d](data:text/html,<script>pwned++</script>)`,
	`<javascript:pwned++|click> <data:text/html,x|y> <https://ok.example/"onmouseover="pwned++|ok>`,
	"```\"><script>pwned++</script>\n<b>bold</b>\n```",
	"| <img src=x onerror=pwned++> | b |\n|---|---|\n| <script>pwned++</script> | [x](vbscript:pwned++) |",
	`&lt;img src=x onerror=pwned++&gt; &amp;lt;script&amp;gt;`,
	`![pixel](https://tracker.example/p.png) https://ok.example/<script>pwned++</script>`,
}

func hostile(s *site) {
	evil := s.w.AddUser(`<img src=x onerror=pwned++>`)
	s.w.AddChannel(`"><script>pwned++</script>`, false, s.user, evil)
	s.w.Join(s.channel, evil)
	for _, text := range hostileTexts {
		s.w.Post(evil, localslack.Post{Channel: s.channel, Text: text, Files: []localslack.Upload{
			{Name: `"><img src=x onerror=pwned++>.png`, Data: []byte(`<svg onload=pwned++>`)},
			{Name: `<b onclick=pwned++>.md`, Data: []byte(text)},
		}})
	}
	everything := strings.Join(hostileTexts, "\n\n")
	s.botPosts("", "x", markdownBlock(everything),
		slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", everything, false, false), []*slack.TextBlockObject{slack.NewTextBlockObject("mrkdwn", hostileTexts[0], false, false)}, nil),
		slack.NewContextBlock("", slack.NewTextBlockObject("plain_text", hostileTexts[0], false, false)),
		slack.NewHeaderBlock(slack.NewTextBlockObject("plain_text", "<b>head</b>", false, false)),
		slack.NewActionBlock("", slack.NewButtonBlockElement("a", hostileTexts[0], slack.NewTextBlockObject("plain_text", hostileTexts[0], false, false))),
		slack.NewImageBlock("https://tracker.example/p.png", `"onerror="pwned++`, "", nil),
		slack.NewVideoBlock("https://tracker.example/v", "javascript:pwned++", hostileTexts[0], "", slack.NewTextBlockObject("plain_text", hostileTexts[0], false, false)).
			WithTitleURL(`https://ok.example/"onmouseover="pwned++`).WithAuthorName("<svg onload=pwned++>").WithProviderIconURL("https://tracker.example/i.png"))
	s.wait(`document.querySelectorAll("#messages .msg").length === 10 && document.querySelector(".b-header").textContent === "<b>head</b>"`)
	s.js(`document.querySelectorAll("#messages a, #messages [data-do], #messages code").forEach((e) => { e.dispatchEvent(new MouseEvent("mouseover", {bubbles: true})); if (e.tagName !== "A") e.click(); document.querySelector("dialog[open]")?.close(); }); 1`)
	s.js(`new Promise((done) => setTimeout(done, 100))`) // what would run, runs now
	for check, want := range map[string]any{
		`pwned`: 0.0,
		`document.querySelectorAll("#messages script, #messages iframe, #messages svg:not([aria-hidden]), #messages b[onclick], #messages img:not(.picture img)").length`:                  0.0,
		`[...document.querySelectorAll("body *")].filter((e) => e.getAttributeNames().some((a) => a.startsWith("on"))).length`:                                                             0.0,
		`[...document.querySelectorAll("#messages a:not(.mention)")].filter((a) => !/^(https?|mailto):/.test(a.href)).length`:                                                              0.0,
		`[...document.querySelectorAll("#messages a[target]")].filter((a) => a.rel !== "noopener noreferrer" || a.target !== "_blank").length`:                                             0.0,
		`[...document.querySelectorAll("#places .name")].some((n) => n.textContent.includes("<script>")) && document.querySelector("#messages .by strong").textContent.startsWith("<img")`: true,
		`[...document.querySelectorAll("#messages .mrkdwn")].some((e) => e.textContent === "<script>pwned++</script><img src=x onerror=pwned++>")`:                                         true,
	} {
		if got := s.js(check); got != want {
			s.t.Errorf("%s = %v", check, got)
		}
	}
}

// videos looks at video blocks in a message and in a window. A thumbnail elsewhere is
// a link, and not loaded, which site.sound checks.
func videos(s *site) {
	plain := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject("plain_text", text, false, false)
	}
	full := slack.NewVideoBlock("https://tube.example/embed", "https://tube.example/t.png", "A cat asleep", "", plain("The cat")).
		WithTitleURL("https://tube.example/cat").WithAuthorName("Ada").WithProviderName("Tube").
		WithProviderIconURL("https://tube.example/i.png").WithDescription(plain("It sleeps " + strings.Repeat("z", 150)))
	own := slack.NewVideoBlock("https://tube.example/embed", s.url+"/page/icon.svg", "Our mark", "", plain("Ours"))
	look := func(where string) {
		s.t.Helper()
		s.wait(`(part = (n, selector) => document.querySelectorAll("` + where + ` .b-video")[n].querySelector(selector), part(1, "img").complete)`)
		for check, want := range map[string]any{
			`part(0, "strong a").textContent + " " + part(0, "strong a").href`:   "The cat https://tube.example/cat",
			`part(0, "figcaption").innerText.replace(/z+/, "z")`:                 "Tube · Ada\nThe cat\nIt sleeps z",
			`part(0, ":scope > a").innerText + " " + part(0, ":scope > a").href`: "▶ A cat asleep https://tube.example/embed",
			`part(0, "img")`:                  nil,
			`part(1, "figcaption").innerText`: "Ours",
			`part(1, "figcaption a")`:         nil,
			`part(1, ":scope > a > img").alt`: "Our mark",
			`document.querySelector("` + where + ` .b-video").scrollWidth > document.querySelector("` + where + ` .b-video").clientWidth`: false,
		} {
			if got := s.js(check); got != want {
				s.t.Errorf("%s: %s = %q, want %q", where, check, got, want)
			}
		}
	}
	s.botPosts("", "videos", full, own)
	look("#messages")
	s.askWindowFrom(s.connect(func(p map[string]any) any {
		view := mustView(uploadWindow)
		view.Blocks.BlockSet = append(view.Blocks.BlockSet, full, own)
		s.api.OpenViewContext(s.t.Context(), str(p, "trigger_id"), view) //nolint:errcheck // the window says whether it came
		return nil
	}))
	look("#window")
}

func phone(s *site) {
	noSideways := func(where string) {
		s.t.Helper()
		if v := s.js(`[...document.querySelectorAll("html, body, #messages, #replies, #places")].filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth).map((e) => e.id || e.tagName).join()`); v != "" {
			s.t.Errorf("%s: %v scrolls sideways", where, v)
		}
		if v := s.js(`[...document.querySelectorAll("button, a, textarea, .msg, h2")].filter((e) => e.checkVisibility() && !e.closest(".table, .skip") && !e.matches(".skip") && e.getBoundingClientRect().right > innerWidth + 0.5).length`); v != 0.0 {
			s.t.Errorf("%s: %v things lie beyond the edge", where, v)
		}
	}
	long := strings.Repeat("Donaudampfschifffahrt", 20)
	parent, err := s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: long + " https://example.org/" + long, Files: []localslack.Upload{
		{Name: long[:200] + ".md", Data: []byte("x")}, {Name: long[:200] + ".png", Data: []byte("\x89PNG\r\n\x1a\n")},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	row := "|" + strings.Repeat(" a wide column |", 15)
	wide := long + "\n\n" + row + "\n|" + strings.Repeat("---|", 15) + "\n" + row + "\n\n```\n" + long + "\n```\n\n# " + long
	s.botPosts(parent, "Reading…", markdownBlock(wide))
	s.wait(`document.querySelector("#messages .replies strong").textContent === "1 reply"`)
	if s.js(`document.querySelector("#thread").checkVisibility()`) != false {
		s.t.Error("on a phone the thread opened by itself")
	}
	noSideways("channel")
	s.js(`document.querySelector("#messages .replies").click(); 1`)
	s.wait(`document.querySelector("#replies").checkVisibility() && !document.querySelector("#messages").checkVisibility() && document.querySelector("#replies table")`)
	noSideways("thread")
	s.js(`document.querySelector("#thread-back").click(); 1`)
	s.wait(`document.querySelector("#messages").checkVisibility() && !document.querySelector("#replies").checkVisibility()`)
	s.js(`document.querySelector("#to-list").click(); 1`)
	s.wait(`document.querySelector("#places").checkVisibility() && !document.querySelector("#messages").checkVisibility()`)
	noSideways("list")
	s.js(`document.querySelector("#places a").click(); 1`)
	s.wait(`document.querySelector("#messages").checkVisibility()`)
	s.js(`history.back(); 1`)
	s.wait(`document.querySelector("#places").checkVisibility()`)
	for _, nonsense := range []string{"#/%", "#/C0/../..", "#/__proto__/x", "#" + strings.Repeat("/", 3000)} {
		s.js(`location.hash = "` + nonsense + `"; 1`)
		s.wait(`document.querySelector("#channel-title").textContent === "general"`)
	}
}

// A message that cannot be sent is kept, and the page finds back by itself.
func connectionLost(s *site) {
	s.js(`realOpen = XMLHttpRequest.prototype.open; XMLHttpRequest.prototype.open = function () { realOpen.call(this, "POST", "/page/nothing") }; document.querySelector("#composer-text").focus(); 1`)
	s.key("kept words")
	s.key(kb.Enter)
	s.wait(`document.querySelector("#messages .failed") && document.querySelector("#messages .pending").innerText.includes("kept words") && document.querySelector("#messages .pending .at").textContent === "Not sent"`)
	s.js(`XMLHttpRequest.prototype.open = realOpen; document.querySelector("[data-do=retry]").click(); 1`)
	if m := s.messages(1)[0]; m.Text != "kept words" {
		s.t.Errorf("after trying again: %+v", m)
	}
	s.wait(`document.querySelectorAll("#messages .msg").length === 1 && !document.querySelector(".pending")`)

	// On a slow line the person sees how far the upload is.
	slow := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{{DownloadThroughput: -1, UploadThroughput: 400_000}}}
	if _, err := chromedp.Call(s.tab, network.EmulateNetworkConditionsByRule, slow); err != nil {
		s.t.Fatal(err)
	}
	s.js(`dispatchEvent(new DragEvent("drop", {dataTransfer: (() => { const t = new DataTransfer(); t.items.add(new File([new Uint8Array(400_000)], "large.bin")); return t })(), bubbles: true, cancelable: true})); 1`)
	s.key(kb.Enter)
	s.wait(`document.querySelector("#messages .pending progress").value > 0.2 && document.querySelector("#messages .pending .card-name").textContent.startsWith("large.bin")`)
	if m := s.messages(2)[1]; len(m.Files) != 1 || m.Files[0].Size != 400_000 {
		s.t.Errorf("the large file: %+v", m)
	}
	s.wait(`!document.querySelector(".pending")`)
	slow.MatchedNetworkConditions[0].UploadThroughput = -1
	if _, err := chromedp.Call(s.tab, network.EmulateNetworkConditionsByRule, slow); err != nil {
		s.t.Fatal(err)
	}

	s.stop()
	s.wait(`!document.querySelector("#connection").hidden`)
	s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: "said meanwhile"})
	s.serve(strings.TrimPrefix(s.url, "http://"))
	s.wait(`document.querySelector("#messages").innerText.includes("said meanwhile") && document.querySelector("#connection").hidden`)
	s.botPosts("", "and after")
	s.wait(`document.querySelector("#messages").innerText.includes("and after")`)
}

func liveEdits(s *site) {
	s.wait(`document.querySelector(".empty h3") && document.querySelector("#note").hidden`)
	ts := s.botPosts("", "first", markdownBlock("# Page one\n\nThe first words"))
	node := fmt.Sprintf(`document.querySelector('#messages [data-ts="%s"]')`, ts)
	s.wait(node + `.querySelector(".md p").textContent === "The first words"`)
	s.js(`kept = ` + node + `; title = kept.querySelector(".md-h1"); getSelection().selectAllChildren(title); 1`)
	s.botEdits(ts, "second", markdownBlock("# Page one\n\nThe first words, and **more** of them\n\n| a | b |\n|---|--:|\n| 1 | 2 |"))
	s.wait(node + `.querySelector("td.end").textContent === "2"`)
	if v := s.js(node + ` === kept && title.isConnected && getSelection().toString() === "Page one"`); v != true {
		s.t.Error("the edit replaced what had not changed: node, title or selection was lost")
	}
	if v := s.js(node + `.querySelector(".edited") === null && ` + node + `.classList.contains("live")`); v != true {
		s.t.Error("an edit with blocks shows (edited), or does not show that it is being written")
	}
	status := slack.NewTextBlockObject("plain_text", "Reading 2 files…\na.png · 3 words\nb.png · next", false, false)
	s.botEdits(ts, "third", slack.NewSectionBlock(status, nil, nil))
	s.wait(node + `.querySelector(".b-section").innerText === "Reading 2 files…\na.png · 3 words\nb.png · next"`)
	s.botEdits(ts, "> quoted\nnot quoted")
	s.wait(node + `.querySelector("blockquote").textContent === "quoted"`)
	s.botEdits(ts, "only text")
	s.wait(node + `.querySelector(".edited").textContent.trim() === "(edited)"`)
	if _, _, err := s.api.DeleteMessageContext(s.t.Context(), s.channel, ts); err != nil {
		s.t.Fatal(err)
	}
	s.wait(node + ` === null`)
}

func scrolling(s *site) {
	var last string
	for i := range 40 {
		last, _ = s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: fmt.Sprint("line ", i)})
	}
	const list, fromBottom = `document.querySelector("#messages")`, `(document.querySelector("#messages").scrollHeight - document.querySelector("#messages").scrollTop - document.querySelector("#messages").clientHeight)`
	s.wait(`document.querySelector('[data-ts="` + last + `"]') && ` + fromBottom + ` < 2`)
	ts := s.botPosts("", "x", markdownBlock("start"))
	s.botEdits(ts, "x", markdownBlock("start\n\n"+strings.Repeat("more\n\n", 30)))
	s.wait(`document.querySelectorAll('[data-ts="` + ts + `"] p').length > 30 && ` + fromBottom + ` < 2`)

	// What grows late, and a box to write in that grows, push nobody from the bottom.
	s.js(`[...document.querySelectorAll("#messages .msg")].at(-1).style.minHeight = "1700px"; 1`)
	s.wait(fromBottom + ` < 2`)
	s.do(chromedp.EmulateViewport(1024, 500))
	s.wait(`innerHeight === 500 && ` + fromBottom + ` < 2`)

	s.js(list + `.scrollTop = 200; 1`)
	s.wait(list + `.scrollTop === 200`)
	s.js(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`)
	s.botEdits(ts, "x", markdownBlock("start\n\n"+strings.Repeat("even more\n\n", 60)))
	second := s.botPosts("", "another message")
	s.wait(`document.querySelector('[data-ts="` + second + `"]') && !document.querySelector("#messages .pill").hidden`)
	if top := s.js(list + `.scrollTop`); top != 200.0 {
		s.t.Errorf("reading further up, the column moved from 200 to %v", top)
	}
	s.js(`document.querySelector("#messages .pill").click(); 1`)
	s.wait(fromBottom + ` < 2 && document.querySelector("#messages .pill").hidden`)
}

// damagedPictures shows pictures that a browser takes for pictures and of which it
// can show nothing, or only a part.
func damagedPictures(s *site) {
	canvas := image.NewRGBA(image.Rect(0, 0, 300, 200))
	for i := range canvas.Pix {
		canvas.Pix[i] = byte(i * i)
	}
	var whole bytes.Buffer
	if err := jpeg.Encode(&whole, canvas, nil); err != nil {
		s.t.Fatal(err)
	}
	data := whole.Bytes()
	start := bytes.Index(data, []byte{0xff, 0xda}) // where the points begin
	if _, err := s.w.Post(s.user, localslack.Post{Channel: s.channel, Files: []localslack.Upload{
		{Name: "text.png", Data: []byte("no picture")},
		{Name: "head.jpg", Data: data[:start+60]},
		{Name: "half.jpg", Data: data[:(start+len(data))/2]},
		{Name: "whole.jpg", Data: data},
	}}); err != nil {
		s.t.Fatal(err)
	}
	s.wait(`[...document.querySelectorAll("#messages .card strong")].map((e) => e.textContent).join() === "text.png,head.jpg"`)
	s.wait(`[...document.querySelectorAll("#messages .picture img")].map((e) => e.naturalWidth).join() === "300,300"`)

	// In the viewer a sentence stands in place of nothing.
	s.js(`document.querySelector('[aria-label="Open whole.jpg"]').click(); 1`)
	s.wait(`document.querySelector("#viewer[open] header").innerText.includes("4 of 4")`)
	s.js(`document.querySelector("#viewer [aria-label=Next]").click(); 1`)
	s.wait(`document.querySelector("#viewer .content p") && !document.querySelector("#viewer img")`)
}

// touch looks at the page as a phone does, which has no mouse to hover with.
func touch(s *site) {
	s.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	s.wait(`matchMedia("(hover: none)").matches`)
	long := strings.Repeat("A line that goes on to the very edge of the screen. ", 5)
	parent, err := s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: long})
	if err != nil {
		s.t.Fatal(err)
	}
	s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: "x"})
	for range 3 {
		s.botPosts(parent, long, slack.NewContextBlock("", slack.NewTextBlockObject("plain_text", long, false, false)), markdownBlock("# "+long+"\n\n"+long))
	}
	s.wait(`document.querySelector("#messages .replies")`)
	covers := func(list string) {
		s.t.Helper()
		s.wait(`document.querySelectorAll("` + list + ` [data-do=more]").length > 1`)
		if v := s.js(`(() => {
			const touching = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
			const texts = [...document.querySelectorAll("` + list + ` .body")].flatMap((body) => { const r = document.createRange(); r.selectNodeContents(body); return [...r.getClientRects()]; });
			const tools = [...document.querySelectorAll("` + list + ` [data-do=more]")].map((e) => e.getBoundingClientRect());
			const faces = [...document.querySelectorAll("` + list + ` .gutter .avatar")].map((e) => e.getBoundingClientRect());
			return tools.filter((t, i) => !t.width || [...texts, ...faces, ...tools.slice(i + 1)].some((r) => touching(t, r))).length;
		})()`); v != 0.0 {
			s.t.Errorf("%s: %v of the buttons for more actions are not there or cover something", list, v)
		}
	}
	covers("#messages")
	s.js(`document.querySelector("#messages .replies").click(); 1`)
	covers("#replies")
	s.js(`document.querySelector("#replies [data-do=more]").click(); 1`)
	s.wait(`document.querySelector(".menu:popover-open").getBoundingClientRect().right <= innerWidth`)
}
