package page_test

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

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
