package page_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
	"slackocr/bot/localslack/internal/nodetest"
)

// TestPageIsAccessible lets axe-core judge every state of the page: light and
// dark, on a wide screen and on a phone.
func TestPageIsAccessible(t *testing.T) {
	modules := nodetest.Modules(t, "../../testdata/conformance")
	axe, err := os.ReadFile(filepath.Join(modules, "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	b := browser(t)
	for _, c := range []struct {
		name          string
		width, height int64
		scheme        string
		run           func(*site)
	}{
		{"wide", 1440, 900, "light", axeWide},
		{"wide and dark", 1440, 900, "dark", axeWide},
		{"phone", 390, 844, "light", axePhone},
		{"phone and dark", 390, 844, "dark", axePhone},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, b, c.width, c.height)
			media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: c.scheme},
				{Name: "prefers-reduced-motion", Value: "reduce"}, // half-faded text has no contrast to judge
			}}
			if _, err := chromedp.Call(s.tab, emulation.SetEmulatedMedia, media); err != nil {
				t.Fatal(err)
			}
			s.js(string(axe) + "; 1")
			c.run(s)
			s.sound()
		})
	}
}

// judge fails the test for every rule that the page breaks as it is now.
func (s *site) judge(state string) {
	s.t.Helper()
	found, ok := s.js(`axe.run(document, {resultTypes: ["violations"]}).then((r) => JSON.stringify(
		{rules: r.passes.length, violations: r.violations.map((v) => v.id + " (" + v.help + "): " + v.nodes.map((n) => n.html.slice(0, 160) + " " + (n.any[0]?.message || "")).slice(0, 3).join(" | "))}))`).(string)
	var report struct {
		Rules      int
		Violations []string
	}
	if err := json.Unmarshal([]byte(found), &report); !ok || err != nil || report.Rules < 10 {
		s.t.Fatalf("%s: axe-core has not judged the page: %v %v", state, found, err)
	}
	for _, v := range report.Violations {
		s.t.Errorf("%s: %s", state, v)
	}
}

// picture is a picture that every browser shows.
func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 60, 40)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// axeApp fills the site with one of everything and connects its app, which opens
// a window on /ocr.
func axeApp(s *site) (app *siteApp, parent string) {
	s.t.Helper()
	plain := func(text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject("plain_text", text, false, false)
	}
	options := []*slack.OptionBlockObject{slack.NewOptionBlockObject("text", plain("Text"), nil), slack.NewOptionBlockObject("figure", plain("Figure"), nil)}
	s.w.AddUser("Eve")
	s.w.AddDM(s.user, s.cred.BotUserID)
	parent, err := s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: "> as it stands\nHello *all* `code` https://example.org <@" + s.cred.BotUserID + ">", Files: []localslack.Upload{
		{Name: "page.jpg", Data: picture(s.t)}, {Name: "broken.png", Data: []byte("no picture")}, {Name: "notes.md", Data: []byte("# Notes\n\ntext")}, {Name: "paper.pdf", Data: []byte("%PDF-")},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.botPosts(parent, "Read", markdownBlock("# Invoice\n\n## Items\n\n### Small\n\n#### Smaller\n\n| item | sum |\n| --- | ---: |\n| chair | 12 |\n\n> quoted\n\n- [x] done\n- [ ] open\n\n```\ncode\n```\n\n1. one\n2. two\n\n---\n\n[link](https://example.org) **bold** `code`"),
		slack.NewContextBlock("", slack.NewTextBlockObject("mrkdwn", "page.jpg · 12 words", false, false)),
		slack.NewActionBlock("row", slack.NewButtonBlockElement("stop", "7", plain("Stop")).WithStyle("danger"), slack.NewButtonBlockElement("go", "7", plain("Go")).WithStyle("primary"),
			slack.NewOptionsSelectBlockElement("static_select", plain("Read again as…"), "again", options...), slack.NewOverflowBlockElement("more", options...), slack.NewCheckboxGroupsBlockElement("ticks", options...), slack.NewRadioButtonsBlockElement("one", options...)))
	s.botPosts("", "a text that begins with a small heading", markdownBlock("### Small\n\ntext\n\n##### Smaller\n\ntext"))
	s.botPosts("", "fields", slack.NewHeaderBlock(plain("Header")), slack.NewDividerBlock(), slack.NewImageBlock("https://example.org/p.png", "a picture", "", plain("Title")),
		slack.NewVideoBlock("https://example.org/v", "https://example.org/t.png", "a film", "", plain("Film")).WithTitleURL("https://example.org/film").WithAuthorName("Ada").WithProviderName("Tube").WithDescription(plain("what it shows")),
		slack.NewVideoBlock("https://example.org/v", s.url+"/page/icon.svg", "our film", "", plain("Own film")),
		slack.NewSectionBlock(plain("Section"), []*slack.TextBlockObject{plain("a"), plain("b")}, slack.NewAccessory(slack.NewButtonBlockElement("why", "", plain("Why?")))))
	if err := s.api.AddReactionContext(s.t.Context(), "eyes", slack.NewRefToMessage(s.channel, parent)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.api.PostEphemeralContext(s.t.Context(), s.channel, s.user, slack.MsgOptionText("only you", false)); err != nil {
		s.t.Fatal(err)
	}
	app = s.connect(func(p map[string]any) any {
		if str(p, "type") == "" {
			app.open(p, uploadWindow)
		}
		return nil
	})
	s.wait(`document.querySelector("#messages .private") && document.querySelector("#messages .reactions") && document.querySelector("#messages .replies")`)
	return app, parent
}

func axeWide(s *site) {
	s.judge("nothing said yet")
	app, parent := axeApp(s)
	s.judge("the channel")
	s.js(`document.querySelector("#messages .replies").click(); 1`)
	s.wait(`document.querySelector("#replies table")`)
	s.judge("the thread")

	row := `document.querySelector('#messages [data-ts="` + parent + `"] `
	s.js(row + `[data-do=more]').click(); 1`)
	s.wait(`document.querySelector(".menu:popover-open")`)
	s.judge("the menu of a message")
	s.key(kb.Escape)
	s.wait(`!document.querySelector(".menu")`)
	s.js(row + `[data-do=pick]').click(); 1`)
	s.wait(`document.querySelector(".menu.picker:popover-open")`)
	s.judge("the reactions")
	s.key(kb.Escape)
	s.wait(`!document.querySelector(".menu")`)
	s.js(`document.querySelector("#composer-text").focus(); 1`)
	s.key("/")
	s.wait(`document.querySelectorAll(".commands li").length > 3`)
	s.judge("the commands")
	s.js(`document.querySelector("#composer-text").value = ""; 1`)

	for _, d := range []struct{ name, button, open string }{
		{"a picture", row + `.picture')`, "#viewer"},
		{"a text file", row + `.card [data-do=view]')`, "#viewer"},
		{"the switcher", `document.querySelector("#jump")`, "#switcher"},
		{"the people", `document.querySelector("#members")`, "#people"},
		{"a new channel", `document.querySelector("[data-do=create]")`, "#confirm"},
	} {
		s.js(d.button + `.click(); 1`)
		s.wait(`document.querySelector("` + d.open + `[open]")`)
		s.judge(d.name)
		s.js(`document.querySelector("` + d.open + `").close(); 1`)
	}
	axeWindow(s, app)
	s.js(`XMLHttpRequest.prototype.open = ((open) => function () { open.call(this, "POST", "/page/nothing") })(XMLHttpRequest.prototype.open); document.querySelector("#composer-text").focus(); 1`)
	s.js(`document.querySelector("#composer-text").value = "unsent"; document.querySelector("#composer").requestSubmit(); 1`)
	s.wait(`document.querySelector("#messages .failed")`)
	s.judge("a message that was not sent")
	s.js(`document.querySelector("[data-do=discard]").click(); dispatchEvent(new DragEvent("dragenter", {dataTransfer: ` + carrying("a.png") + `, clientX: 600, clientY: 300, bubbles: true, cancelable: true})); 1`)
	s.wait(`!document.querySelector("#drop").hidden`)
	s.judge("files over the page")
	s.js(`document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: ` + carrying("a.png", "b.md") + `, clientX: 600, clientY: 300, bubbles: true, cancelable: true})); 1`)
	s.wait(`document.querySelectorAll("#composer .previews li").length === 2`)
	s.judge("files to send")
	s.stop()
	s.wait(`!document.querySelector("#connection").hidden`)
	s.judge("no connection")
}

func axeWindow(s *site, app *siteApp) {
	s.t.Helper()
	s.askWindowFrom(app)
	s.judge("a window")
	s.js(`document.querySelector("#window [type=submit]").click(); 1`)
	s.wait(`document.querySelector("#window .problem:not([hidden])")`)
	s.judge("a window with a complaint")
	s.js(`document.querySelector("#window header button").click(); 1`)
	s.wait(`!document.querySelector("#window").open`)
}

func axePhone(s *site) {
	s.judge("nothing said yet")
	app, _ := axeApp(s)
	s.judge("the channel")
	s.js(`document.querySelector("#messages .replies").click(); 1`)
	s.wait(`document.querySelector("#replies table")`)
	s.judge("the thread")
	s.js(`document.querySelector("#thread-back").click(); 1`)
	s.wait(`document.querySelector("#to-list").checkVisibility()`)
	s.js(`document.querySelector("#to-list").click(); 1`)
	s.wait(`document.querySelector("#places").checkVisibility()`)
	s.judge("the list")
	s.js(`document.querySelector("#places a").click(); 1`)
	s.wait(`document.querySelector("#messages").checkVisibility()`)
	axeWindow(s, app)
}
