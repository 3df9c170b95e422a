package page_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/slack-go/slack"

	"slackocr/bot/slackmd"
)

var updateDrawn = flag.Bool("update-drawn", false, "write what the page draws into the documents")

// outline is a script that tells what the page drew for a message's
// markdown: a line for each block, with inline elements in braces.
const outline = `(() => {
  const words = (el) => [...el.childNodes].map((n) => {
    if (n.nodeType === Node.TEXT_NODE) return n.nodeValue.replaceAll("\n", "⏎");
    if (n.nodeName === "BR") return "⏎";
    if (["UL", "OL", "PRE", "P"].includes(n.nodeName)) return "";
    if (n.classList.contains("box")) return n.classList.contains("done") ? "☑ " : "☐ ";
    return n.nodeName === "DIV" ? words(n) : "{" + n.nodeName.toLowerCase() + " " + words(n) + "}";
  }).join("");
  const out = [];
  const block = (el, indent) => {
    const name = el.className.startsWith("md-h") ? el.className.slice(3) : el.nodeName.toLowerCase();
    if (name === "ul" || name === "ol") for (const li of el.children) {
      out.push(indent + name + ": " + words(li));
      for (const inner of li.querySelectorAll(":scope > ul, :scope > ol, :scope > p, :scope > pre, :scope > div > ul, :scope > div > ol")) block(inner, indent + "  ");
    } else if (name === "div") {
      for (const tr of el.querySelectorAll("tr")) out.push([...tr.children].map((td) => td.nodeName.toLowerCase() + (td.classList.contains("end") ? ">" : "") + " " + words(td)).join(" | "));
    } else if (name === "pre") out.push("pre " + (el.dataset.language || "") + ":" + "\n" + el.textContent);
    else if (name === "blockquote") for (const inner of el.children) block(inner, indent + "quote ");
    else out.push(indent + name + ": " + words(el));
  };
  for (const el of document.querySelector("#messages .md").children) block(el, "");
  return out.join("\n") + "\n";
})()`

// TestPageDrawsTypicalDocuments: what the blocks say is what people see. The
// documents are those of slackmd's tests: receipts, invoices, letters and so
// on, each with the markdown that the bot posts and what the page draws of it.
func TestPageDrawsTypicalDocuments(t *testing.T) {
	files, err := filepath.Glob("../../../slackmd/testdata/documents/*.txtar")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d documents, %v", len(files), err)
	}
	chromium := browser(t)
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			s := open(t, chromium, 1000, 900)
			want, drawn := "", -1
			for j, f := range archive.Files {
				if f.Name == "drawn" {
					want, drawn = string(f.Data), j
				}
				if strings.HasPrefix(f.Name, "part 1") {
					s.botPosts("", "the text", slack.NewMarkdownBlock("", strings.TrimSuffix(string(f.Data), "\n")))
				}
			}
			s.wait(`document.querySelector("#messages .md")`)
			defer s.sound()
			got, _ := s.js(outline).(string)
			if n := s.js(`document.querySelectorAll("#messages .md a, #messages .md img, #messages .md .mention").length`); n != 0.0 {
				t.Errorf("%v links, pictures and mentions", n)
			}
			if got == want {
				return
			}
			if !*updateDrawn {
				t.Errorf("the page draws\n%s\nwant\n%s", got, want)
				return
			}
			if drawn < 0 {
				archive.Files = append(archive.Files, txtar.File{Name: "drawn"})
				drawn = len(archive.Files) - 1
			}
			archive.Files[drawn].Data = []byte(got)
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// aliveScript draws texts as messages are drawn, and returns those in which
// something is alive: a link, a picture, a control, a mention, or an emoji that was
// written as a name. Its arguments are texts in markdown and in mrkdwn.
const aliveScript = `(async (markdowns, lines) => {
  const { markdown } = await import("/markdown.js");
  const { mrkdwn } = await import("/mrkdwn.js");
  const names = { me: "U1", user: (id) => id, channel: (id) => id };
  const alive = [];
  const judge = (draw, text) => {
    const box = document.createElement("div");
    box.append(...draw(text, names));
    const found = box.querySelector("a, img, svg, script, iframe, object, form, button, input, video, audio, .mention, [href], [src], [onerror], [onload]");
    const drawn = /\p{Extended_Pictographic}/u.exec(box.textContent);
    if (found) alive.push(text + " → " + found.outerHTML);
    if (drawn && !text.includes(drawn[0])) alive.push(text + " → " + drawn[0]);
  };
  for (const text of markdowns) judge(markdown, text);
  for (const text of lines) judge(mrkdwn, text);
  return alive;
})`

// TestPageDrawsNoDisguise: no text of a picture becomes alive on the page, however
// it is written: neither in a result nor in a live reply, a notification or a name.
func TestPageDrawsNoDisguise(t *testing.T) {
	list, err := os.ReadFile("../../../slackmd/testdata/disguises.json")
	if err != nil {
		t.Fatal(err)
	}
	var disguises, markdowns, lines []string
	if err := json.Unmarshal(list, &disguises); err != nil || len(disguises) < 200 {
		t.Fatalf("%d disguises, %v", len(disguises), err)
	}
	for _, text := range disguises {
		for _, part := range slackmd.Messages(text).Parts {
			markdowns = append(markdowns, part.Text)
			lines = append(lines, slackmd.Notification("page.png", part.Text))
		}
		markdowns = append(markdowns, slackmd.Tail(text, 3800, 40), slackmd.PlainTail(text, 3800))
		lines = append(lines, slackmd.Line(text), slackmd.Line(slackmd.Name(text)), slackmd.Line(slackmd.FileName(text, ".md")))
	}
	s := open(t, browser(t), 800, 600)
	modules := httptest.NewServer(http.FileServer(http.Dir("static"))) // one by one, not as the page's single script
	defer modules.Close()
	s.do(chromedp.Navigate(modules.URL))
	alive := func(markdowns, lines []string) []any {
		arguments, err := json.Marshal([][]string{markdowns, lines})
		if err != nil {
			t.Fatal(err)
		}
		found, _ := s.js(aliveScript + "(..." + string(arguments) + ")").([]any)
		return found
	}
	// What the bot does not escape is alive, or else the script would prove nothing.
	raw := []string{"https://e.example", "[x](https://e.example)", "![x](https://e.example/a.png)", "<@U012AB3CD>", "<!here>", ":tada:"}
	if found := alive(raw, raw[3:]); len(found) < len(raw) {
		t.Errorf("of %q only %q are alive", raw, found)
	}
	for _, found := range alive(markdowns, lines) {
		t.Error(found)
	}
}
