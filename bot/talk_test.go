package bot_test

import (
	"strings"
	"testing"
	"time"
)

// ordinary are sentences of people at work, which the bot leaves alone.
const ordinary = `text me when you are there
text is too small on the second page
text: see above
text, then image, I would say
text!
texts
plain text
Text editor or IDE?
the text
describe it to me again please
describe, do not prescribe
describe: what do you see?
describe.
Describe the bug in the ticket
described above
again and again
again, the build is red
again?
again!
Again: no deploys on Fridays
not again
here we go again
once more
figure it out tomorrow
figure 3 is wrong
figure: see page 2
figures
Go figure
figure?
locate
locate the invoice please
locate it and tell me
locate total
locate:
locate :
located
prompt
prompt payment gets 2 percent off
prompt:
prompt :
prompts
a prompt answer would help
markdown?
markdown is fine
markdown: yes
in markdown please
read
read it again
read this
please read
extract text
ocr
ocr it
OCR?
stop
stop it
Stop.
status
help
help!
help me with this
last
last one
auto off
auto all
forget
forget it
forget about the text
download
yes
no
ok
OK, again tomorrow
thanks
thanks, again
thank you for the text
lgtm
+1
:+1:
:page_facing_up:
who took this picture?
what does the text say?
can you describe what happened
I read it
the figure looks right
nice figure
locate and describe
text figure describe
describe again
again describe
“text”
"text"
'again'
*text* me
_again_ and again
> text me
- text: one
1. describe the steps
/ocr
/ocr help
ocr: again
hey bot, again
the @channel text
see https://example.com/text
mail me at text@example.com
こんにちは、テキスト
再び
текст
noch einmal
décris-le
🖼️ again
again 🙂
again.
text…
`

// TestOrdinaryTalkStartsNothing, in a thread where the bot has read something
// and in the channel.
func TestOrdinaryTalkStartsNothing(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.post("a.png")
		h.closed(ts)
		said := len(h.said(h.channel))
		sentences := 0
		for line := range strings.Lines(ordinary) {
			line = strings.TrimSpace(line)
			if line == "text" {
				continue // that is a mode, see TestThreadReplyReadsAgain
			}
			sentences++
			h.talk(h.ann, h.channel, ts, line)
			h.talk(h.ann, h.channel, "", line)
			h.pass(3 * time.Second)
		}
		if sentences < 100 {
			t.Errorf("%d sentences", sentences)
		}
		h.talk(h.ann, h.channel, "", "text") // a mode's word outside of threads
		h.talk(h.ann, h.channel, "", "again")
		h.idle(1, "talk")
		if n, w := len(h.said(h.channel)), h.whispers(h.ann); n != said || len(w) > 0 {
			t.Errorf("it says %q and whispers %q", h.said(h.channel)[said:], w)
		}
	})
}
