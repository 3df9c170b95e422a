package page_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

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
